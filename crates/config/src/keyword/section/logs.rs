//! `ring`, `log-forward`, `log-profile` and `traces` (manual 12.5, 12.6, 8.3.5, 12.1).

use config_parse::address::{AddressKind, Ports};
use config_parse::quantity::Unit;
use diag::{Diagnostic, codes};

use super::super::{BIND_OPTIONS, SERVER_OPTIONS, Table, log};
use super::{Other, one_value, table, word};
use crate::lower::{AddressUse, Directive, spanned};
use crate::model::{Bind, ProfileStep, Server};

pub(super) static RING: Table<Other> = table(&[&[
    word("backing-file", "<file>", "12.5", "a file that holds its memory", |line, _| {
        one_value(line, "a file");
    })
    .refused("messages wait in memory only"),
    word("description", "<text>", "12.5", "a text", |line, _| one_value(line, "a text")),
    word("format", "<format>", "12.5", "the format of its messages", |line, to| {
        line.mark_head();
        let Some(format) = line.arg("a format") else { return };
        if log::FORMATS.contains(&format.text.as_ref()) {
            to.ring.format = Some(spanned(format));
        } else {
            line.not_one_of(format, "a format of log messages", log::FORMATS);
        }
    }),
    word("maxlen", "<n>", "12.5", "the longest message", |line, to| {
        let len = line.lenient("a length", 1..=i64::MAX);
        to.ring.maxlen = len.map(|len| len.map(|len| u32::try_from(len).unwrap_or(u32::MAX)));
    }),
    word("size", "<size>", "12.5", "its memory", |line, to| {
        to.ring.size = line.size("a size");
        if let Some(none) = to.ring.size.filter(|size| size.value == 0) {
            line.error(codes::E0304, none.span, "a ring of 0 bytes holds nothing");
        }
    }),
    word("server", "<name> <address> [options]", "12.5", "where its messages go", |line, to| {
        line.mark_head();
        let Some(name) = line.text("a name and an address") else { return };
        to.once(line, &name, "server");
        let Some(address) = line.arg("an address") else { return };
        let address = line.address(address, AddressUse::Server);
        let mut settings = to.default_server.clone();
        line.options(&SERVER_OPTIONS, &mut settings);
        if let Some(address) = address {
            to.ring.servers.push(Server { name, address, settings, span: line.span() });
        }
    }),
    word("timeout", "connect|server <time>", "12.5", "the times of its servers", |line, to| {
        line.mark_head();
        let phases = ["connect", "server", "client", "check", "tunnel", "queue"];
        let Some(phase) = line.choice("a phase", &phases.map(|name| (name, name))) else { return };
        let time = line.duration("a time", Unit::Millisecond);
        match phase.value {
            "connect" => to.ring.connect = time,
            "server" => to.ring.server = time,
            _ => {}
        }
    }),
]]);

pub(super) static LOG_FORWARD: Table<Other> = table(&[&[
    word("backlog", "<n>", "12.6", "the system's queue", |line, _| one_value(line, "a number"))
        .ignored("the system's own queue is used"),
    word("bind", "<address>:<port> [options]", "12.6", "takes messages over TCP", |line, to| {
        let Some(address) = line.arg("an address") else { return };
        let addresses = line.bind_addresses(address);
        to.log_forward.streams.extend(addresses.into_iter().flatten());
        line.options(&BIND_OPTIONS, &mut Bind::new(line.span()));
    }),
    word("dgram-bind", "<address>:<port> [options]", "12.6", "takes datagrams", |line, to| {
        let Some(address) = line.word() else { return };
        let read = line.address(address, AddressUse::Log);
        if let Some(AddressKind::Inet { ports: Ports::Unset | Ports::One(0), .. }) =
            read.as_ref().map(|address| &address.kind)
        {
            line.error(codes::E0305, address.span, "a port is missing");
        }
        to.log_forward.datagrams.extend(read);
        line.options(&BIND_OPTIONS, &mut Bind::new(line.span()));
    }),
    word("log", "<target> <facility>|global", "12.6", "where messages go", |line, to| {
        log::log(line, &mut to.log_forward.log);
    }),
    word("maxconn", "<n>", "12.6", "connections at a time", |line, to| {
        line.mark_head();
        let most = line.lenient("a number", 0..=i64::from(u32::MAX));
        to.log_forward.maxconn = most.map(|most| most.map(|most| most as u32));
        line.end();
    }),
    word("option", "<name>", "12.6", "switches a behaviour on", |line, to| {
        line.mark_head();
        if line.target.is_2_6() {
            let at = line.keyword_span();
            line.error(codes::E0202, at, "HAProxy 2.6 knows no `option` in this section");
            return;
        }
        let options = ["assume-rfc6587-ntf", "dont-parse-log", "host"].map(|name| (name, name));
        let Some(option) = line.choice("an option", &options) else { return };
        match option.value {
            "assume-rfc6587-ntf" => to.log_forward.line_framed = true,
            "dont-parse-log" => to.log_forward.opaque = true,
            _ => {
                let ways = ["replace", "fill", "keep", "append"].map(|name| (name, name));
                let way = line.choice("what becomes of the host", &ways);
                to.log_forward.host = way.map(|way| way.map(str::to_owned));
            }
        }
    }),
    word("timeout", "client <time>", "12.6", "silence of a client", |line, to| {
        line.mark_head();
        if line.choice("`client`", &[("client", ())]).is_some() {
            to.log_forward.client = line.duration("a time", Unit::Millisecond);
        }
    }),
]]);

pub(super) static LOG_PROFILE: Table<Other> = table(&[&[
    word("log-tag", "<tag>", "8.3.5", "the tag of its lines", |line, to| {
        to.profile.tag = line.text("a tag").or(to.profile.tag.take());
        line.skip_rest();
    }),
    word("on", "<step> [drop] [format <fmt>] [sd <fmt>]", "8.3.5", "the line of a step", on),
]]);

const STEPS: &[&str] = &[
    "accept",
    "any",
    "close",
    "connect",
    "error",
    "http-after-res",
    "http-req",
    "http-res",
    "quic-init",
    "request",
    "response",
    "tcp-req-conn",
    "tcp-req-cont",
    "tcp-req-sess",
    "tcp-res-cont",
];

fn on(line: &mut Directive<'_>, to: &mut Other) {
    line.mark_head();
    let Some(step) = line.arg("a step and what to do") else { return };
    if !STEPS.contains(&step.text.as_ref()) {
        line.not_one_of(step, "a step of a stream", STEPS);
        return;
    }
    let (mut drop, mut format, mut data) = (false, None, None);
    let mut said = false;
    while let Some(word) = line.word() {
        said = true;
        match word.text.as_ref() {
            "drop" => drop = true,
            "format" => match line.log_format("a format") {
                Some(read) => format = Some(read.value),
                None => return,
            },
            "sd" => match line.log_format("a format") {
                Some(read) => data = Some(read.value),
                None => return,
            },
            _ => {
                line.not_one_of(word, "an argument of `on`", &["drop", "format", "sd"]);
                return;
            }
        }
    }
    if !said {
        let at = line.keyword_span();
        let message = "`on` needs `drop`, `format` or `sd`";
        line.report(Diagnostic::new(codes::E0204, at, message));
        return;
    }
    let (step, span) = (step.text.to_string(), line.span());
    to.profile.steps.push(ProfileStep { step, drop, format, data, span });
}

pub(super) static TRACES: Table<Other> = table(&[&[word(
    "trace",
    "<source> [options]",
    "12.1",
    "what the program tells of itself",
    |line, _| {
        line.mark_head();
        // Quirk: without a source nothing is traced.
        line.word();
        trace(line);
    },
)]]);

/// What is traced, each word with its value; the names of events and verbosities are those of the source.
fn trace(line: &mut Directive<'_>) {
    const WORDS: &[&str] = &[
        "event",
        "filter",
        "follow",
        "level",
        "lock",
        "pause",
        "sink",
        "start",
        "stop",
        "verbosity",
    ];
    const LEVELS: &[&str] = &["error", "user", "proto", "state", "data", "developer"];
    while let Some(word) = line.word() {
        if !WORDS.contains(&word.text.as_ref()) {
            line.not_one_of(word, "an option of `trace`", WORDS);
            return line.skip_rest();
        }
        let Some(value) = line.word() else { return };
        if word.text == "level" && !LEVELS.contains(&value.text.as_ref()) {
            line.not_one_of(value, "a level of `trace`", LEVELS);
        }
    }
}
