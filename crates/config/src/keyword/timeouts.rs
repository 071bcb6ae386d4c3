//! `timeout`: how long each phase of a stream may take (manual 4.2).

use std::time::Duration;

use config_parse::quantity::Unit;
use diag::Spanned;

use super::{Keyword, Missing, Places, Table};
use crate::lower::{Directive, Draft};
use crate::model::{Setting, Timeouts};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[Keyword::new(
    "timeout",
    Places::ANY,
    "<phase> <time>",
    "4.2",
    "how long a phase of a stream may take",
    |line, draft| {
        let Some(word) = line.peek() else {
            line.arg("a phase and a time");
            return;
        };
        if !line.keyword(&TIMEOUTS, &mut draft.proxy.timeouts) {
            line.unknown(&TIMEOUTS, word);
        }
    },
)];

const fn timeout(
    name: &'static str,
    places: Places,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Timeouts),
) -> Keyword<Timeouts> {
    Keyword::new(name, places, "<time>", "4.2", doc, lower)
}

/// The phases.
pub(crate) static TIMEOUTS: Table<Timeouts> = Table {
    noun: "timeout",
    keywords: &[&[
        timeout("check", Places::BACK, "to read a health check's answer", |line, to| {
            set(line, &mut to.check);
        }),
        timeout("client", Places::FRONT, "silence of the client", |line, to| {
            set(line, &mut to.client);
        }),
        timeout(
            "client-fin",
            Places::FRONT,
            "silence of a client that is half closed",
            |line, to| {
                set(line, &mut to.client_fin);
            },
        ),
        timeout("client-hs", Places::FRONT, "a client's handshake", |line, to| {
            set(line, &mut to.client_hs);
        }),
        timeout("connect", Places::BACK, "the connection to a server", |line, to| {
            set(line, &mut to.connect);
        }),
        timeout("http-keep-alive", Places::ANY, "the wait for the next request", |line, to| {
            set(line, &mut to.http_keep_alive);
        }),
        timeout("http-request", Places::ANY, "the whole head of a request", |line, to| {
            set(line, &mut to.http_request);
        }),
        timeout("queue", Places::BACK, "the wait for a free server", |line, to| {
            set(line, &mut to.queue);
        }),
        timeout("server", Places::BACK, "silence of the server", |line, to| {
            set(line, &mut to.server);
        }),
        timeout(
            "server-fin",
            Places::BACK,
            "silence of a server that is half closed",
            |line, to| {
                set(line, &mut to.server_fin);
            },
        ),
        timeout("tarpit", Places::ANY, "how long a tarpit holds", |line, to| {
            set(line, &mut to.tarpit);
        }),
        timeout("tunnel", Places::BACK, "silence on both sides of a tunnel", |line, to| {
            set(line, &mut to.tunnel);
        }),
    ]],
    missing: &[Missing::removed(
        "write `timeout client`, `timeout connect` or `timeout server`",
        &[("clitimeout", 1), ("contimeout", 1), ("srvtimeout", 1)],
    )],
};

fn set(line: &mut Directive<'_>, to: &mut Setting<Duration>) {
    let time = line.duration("a time, such as `30s`", Unit::Millisecond);
    line.end();
    if let Some(time) = time {
        *to = Some(Spanned::new(time.value, line.span()));
    }
}
