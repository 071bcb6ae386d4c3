//! `bind` lines and their options (manual 4.2, 5.1).

use config_parse::quantity::Unit;
use diag::{Diagnostic, Span, codes};

use super::shape::{COUNT, NOT_NEGATIVE};
use super::{Keyword, Places, Shape, Table, tls_options};
use crate::lower::{Directive, Draft};
use crate::model::{Bind, Level, Shards, ThreadSet, V6};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[Keyword::new(
    "bind",
    Places::FRONT.no_defaults(),
    "<address>[:<port>][, ...] [options]",
    "4.2",
    "listens for connections",
    |line, draft| {
        if let Some(bind) = bind(line) {
            draft.proxy.binds.push(bind);
        }
    },
)];

/// The options.
pub(crate) static BIND_OPTIONS: Table<Bind> = Table {
    noun: "bind option",
    keywords: &[OPTIONS, IGNORED, &tls_options::BIND_COMMON, tls_options::BIND, REFUSED],
    missing: &[],
};

impl Bind {
    /// A listener on nothing yet.
    pub fn new(span: Span) -> Self {
        Self {
            addresses: Vec::new(),
            name: None,
            id: None,
            backlog: None,
            maxconn: None,
            nice: None,
            accept_proxy: false,
            transparent: false,
            v6: None,
            defer_accept: false,
            tfo: false,
            mss: None,
            interface: None,
            tcp_ut: None,
            mode: None,
            user: None,
            group: None,
            level: None,
            expose_fd: false,
            tls: None,
            threads: Vec::new(),
            shards: None,
            congestion_control: None,
            severity: None,
            ignored: Vec::new(),
            span,
        }
    }
}

fn bind(line: &mut Directive<'_>) -> Option<Bind> {
    let mut bind = Bind::new(line.span());
    let word = line.arg("an address and a port")?;
    let addresses = line.bind_addresses(word);
    line.options(&BIND_OPTIONS, &mut bind);
    bind.addresses = addresses?;
    Some(bind)
}

const fn option(
    name: &'static str,
    args: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Bind),
) -> Keyword<Bind> {
    Keyword::new(name, Places::INSIDE, args, "5.1", doc, lower)
}

const OPTIONS: &[Keyword<Bind>] = &[
    option("name", "<name>", "its name in statistics", |line, to| {
        to.name = line.value("a name").map(|word| word.text.to_string());
    }),
    option("id", "<n>", "its number", |line, to| count(line, &mut to.id, 1))
        .shaped(Shape::Whole(1, i32::MAX)),
    option("backlog", "<n>", "the system's queue", |line, to| {
        count(line, &mut to.backlog, i64::MIN)
    })
    .shaped(NOT_NEGATIVE),
    option("maxconn", "<n>", "connections at a time", |line, to| {
        count(line, &mut to.maxconn, i64::MIN)
    })
    .shaped(NOT_NEGATIVE),
    option("nice", "<n>", "its share of the CPU, -1024 to 1024", |line, to| {
        to.nice = line.wrapping("from -1024 to 1024", -1024..=1024).map(|n| n.value as i32);
    })
    .ignored("streams of a thread take turns"),
    option("accept-proxy", "", "connections begin with a PROXY header", |_, to| {
        to.accept_proxy = true
    }),
    option("transparent", "", "takes connections for foreign addresses", |_, to| {
        to.transparent = true
    }),
    option("v4v6", "", "`::` takes IPv4 too", |_, to| to.v6 = Some(V6::Both)),
    option("v6only", "", "`::` takes IPv6 only", |_, to| to.v6 = Some(V6::Only)),
    option("defer-accept", "", "wakes when data comes", |_, to| to.defer_accept = true),
    option("tfo", "", "TCP fast open", |_, to| to.tfo = true),
    option("mss", "<n>", "the segment size; negative: less than the system's", |line, to| {
        to.mss = line.wrapping("a size", i64::MIN..=i64::MAX).map(|n| n.value as i32);
    })
    .shaped(Shape::NotZero(65_535)),
    option("interface", "<name>", "the interface it listens on", |line, to| {
        to.interface = line.value("the name of an interface").map(|word| word.text.to_string());
    }),
    option("tcp-ut", "<time>", "how long sent data may wait for its ACK", |line, to| {
        to.tcp_ut = line.duration("a time", Unit::Millisecond).map(|time| time.value);
    }),
    option("thread", "<thread set>", "which threads listen", threads),
    option("shards", "<n>|by-thread|by-group|by-process", "how many sockets", shards),
    option("cc", "<algorithm>", "the congestion control of its connections", |line, to| {
        to.congestion_control = line.value("a value").map(|word| word.text.to_string());
    }),
    option(
        "severity-output",
        "none|number|string",
        "marks answers with their severity",
        |line, to| {
            to.severity = line.peek().map(|word| word.text.to_string());
            line.value("a value");
        },
    )
    .shaped(Shape::OneOf(&["none", "number", "string"])),
    option("mode", "<octal>", "permissions of a unix socket", |line, to| {
        let Some(word) = line.value("a mode, in octal") else { return };
        if !word.text.chars().all(|c| ('0'..='7').contains(&c)) {
            let message = format!("`{}` is not a mode in octal", word.text);
            line.error(codes::E0302, word.span, message);
        }
        to.mode = u32::from_str_radix(&word.text, 8).ok();
    }),
    option("user", "<name>", "the owner of a unix socket", |line, to| {
        to.user = line.value("a user").map(|word| word.text.to_string());
    }),
    option("uid", "<n>", "the owner of a unix socket", |line, to| {
        to.user = line.value("a number").map(|word| word.text.to_string());
    }),
    option("group", "<name>", "the group of a unix socket", |line, to| {
        to.group = line.value("a group").map(|word| word.text.to_string());
    }),
    option("gid", "<n>", "the group of a unix socket", |line, to| {
        to.group = line.value("a number").map(|word| word.text.to_string());
    }),
    option("level", "user|operator|admin", "what a `stats socket` allows", |line, to| {
        let levels =
            [("user", Level::User), ("operator", Level::Operator), ("admin", Level::Admin)];
        to.level = line.choice("a level", &levels).map(|level| level.value);
    }),
    option("expose-fd", "listeners", "a new process may take the listeners over", |line, to| {
        if line.choice("`listeners`", &[("listeners", ())]).is_some() {
            to.expose_fd = true;
        }
    }),
];

const IGNORED: &[Keyword<Bind>] = &[
    ignored("process", "all threads of one process listen")
        .shaped(Shape::Changed(&Shape::OneOf(PROCESSES), &Shape::Gone("write `thread`"))),
    ignored("label", "statistics do not use it"),
    ignored("guid-prefix", "statistics are not kept over restarts by this name"),
];

const fn ignored(name: &'static str, why: &'static str) -> Keyword<Bind> {
    option(name, "<value>", why, |line, to| {
        if let Some(name) = line.last() {
            to.ignored.push(name.text.to_string());
        }
        line.value("a value");
    })
    .ignored(why)
}

const PROCESSES: &[&str] = &["all", "odd", "even", "1", "1-1"];
const WITHOUT_QUIC: Shape = Shape::Unknown("as distributions build it: without QUIC");

fn shards(line: &mut Directive<'_>, to: &mut Bind) {
    to.shards = match line.peek_text() {
        "by-thread" => Some(Shards::ByThread),
        // There is one process and one group.
        "by-process" | "by-group" => Some(Shards::Count(1)),
        text => text.parse().ok().map(Shards::Count),
    };
    match to.shards {
        Some(Shards::ByThread) => line.skip(1),
        _ if matches!(line.peek_text(), "by-process" | "by-group") => line.skip(1),
        _ => Shape::Number(1, 64).read(line),
    }
}

/// `1-4`, `1/1-4,2/all`: threads of groups.
fn threads(line: &mut Directive<'_>, to: &mut Bind) {
    let most = if line.target.is_2_6() { 64 } else { 1024 };
    let Some(word) = line.word() else {
        // Quirk: HAProxy 3.5 takes no threads as all.
        if line.target.is_2_6() {
            line.value("a set of threads");
        }
        return;
    };
    let is_number = |text: &str| {
        let number = text.parse::<u32>();
        number.is_ok_and(|number| number >= 1 && number <= most)
    };
    let is_set = |part: &str| {
        let (group, part) = part.split_once('/').unwrap_or(("1", part));
        let named = matches!(part, "" | "all" | "odd" | "even")
            || part.split('-').all(|number| number.is_empty() || is_number(number));
        let groups = if line.target.is_2_6() { 1 } else { 32 };
        named && group.parse().is_ok_and(|group| (1..=groups).contains(&group))
    };
    to.threads = word.text.split(',').filter_map(thread_set).collect();
    if !word.text.split(',').all(is_set) {
        let message = format!("`{}` is not a set of threads", word.text);
        let finding = Diagnostic::new(codes::E0302, word.span, message);
        line.report(finding.help(format!("such as `all` or `1-4`, up to {most}")));
    }
}

/// A part of a set, of whatever group: there is one.
fn thread_set(part: &str) -> Option<ThreadSet> {
    let part = part.split_once('/').map_or(part, |(_, part)| part);
    Some(match part {
        "" | "all" => ThreadSet::All,
        "odd" => ThreadSet::Odd,
        "even" => ThreadSet::Even,
        range => {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let bound =
                |text: &str, open| if text.is_empty() { Some(open) } else { text.parse().ok() };
            ThreadSet::Range(bound(first, 1)?, bound(last, u32::MAX)?)
        }
    })
}

const REFUSED: &[Keyword<Bind>] = &[
    refused("accept-netscaler-cip", "a NetScaler header comes first")
        .shaped(Shape::NotZero(i32::MAX)),
    refused("idle-ping", "asks silent clients").shaped(Shape::Time(i32::MAX as u64)),
    option("namespace", "<name>", "the network namespace it listens in", |line, to| {
        line.value("a value");
        to.ignored.push("namespace".to_owned());
    })
    .refused("entering a namespace takes rights that the process gives up before a reload would need them"),
    refused("nbconn", "connections it opens by itself").shaped(Shape::Experimental(&COUNT)),
    refused("quic-cc-algo", "the congestion control of QUIC").shaped(WITHOUT_QUIC),
    refused("quic-force-retry", "every client proves its address").shaped(WITHOUT_QUIC),
    refused("quic-socket", "a socket for each connection").shaped(WITHOUT_QUIC),
    refused("tcp-md5sig", "signs segments"),
    refused("tcp-ss", "keeps SYN packets").shaped(Shape::Whole(0, 2)),
];

const fn refused(name: &'static str, doc: &'static str) -> Keyword<Bind> {
    option(name, "<value>", doc, |line, _| {
        line.value("a value");
    })
    .refused("this option is not built yet")
}

fn count(line: &mut Directive<'_>, to: &mut Option<u32>, low: i64) {
    if let Some(number) = line.lenient("a number, at least 1", low..=i64::MAX) {
        *to = Some(u32::try_from(number.value.max(0)).unwrap_or(u32::MAX));
    }
}
