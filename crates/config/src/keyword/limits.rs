//! Limits and retries of a proxy (manual 4.2).

use diag::{Spanned, codes};

use super::shape::COUNT;
use super::{Keyword, Places, Shape};
use crate::lower::{Directive, Draft};
use crate::model::{HttpReuse, Setting};

const MANUAL: &str = "4.2";

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "maxconn",
        Places::FRONT,
        "<n>",
        MANUAL,
        "connections at a time",
        |line, draft| {
            count(line, &mut draft.proxy.maxconn);
        },
    ),
    Keyword::new(
        "fullconn",
        Places::BACK,
        "<n>",
        MANUAL,
        "the load at which servers reach their `maxconn`",
        |line, draft| count(line, &mut draft.proxy.fullconn),
    ),
    Keyword::new("backlog", Places::FRONT, "<n>", MANUAL, "the system's queue", |line, draft| {
        count(line, &mut draft.proxy.backlog);
    }),
    Keyword::new(
        "rate-limit",
        Places::FRONT,
        "sessions <rate>",
        MANUAL,
        "new sessions a second",
        |line, draft: &mut Draft| {
            if line.choice("`sessions`", &[("sessions", ())]).is_some() {
                count(line, &mut draft.proxy.rate_limit_sessions);
            }
        },
    ),
    Keyword::new("retries", Places::BACK, "<n>", MANUAL, "connection attempts", |line, draft| {
        let number = line.lenient("a number of attempts", i64::MIN..=i64::MAX);
        line.end();
        if let Some(number) = number {
            // Quirk: a negative number is no retry at all, and one that is too large wraps.
            let retries = (number.value as i32).max(0) as u32;
            draft.proxy.retries = Some(Spanned::new(retries, line.span()));
        }
    }),
    Keyword::new(
        "retry-on",
        Places::BACK.strict(),
        "<events>",
        MANUAL,
        "which failures are tried again on a server",
        retry_on,
    ),
    Keyword::new(
        "http-reuse",
        Places::BACK,
        "never|safe|aggressive|always",
        MANUAL,
        "who may use an idle connection to a server",
        |line, draft| {
            let modes = [
                ("never", HttpReuse::Never),
                ("safe", HttpReuse::Safe),
                ("aggressive", HttpReuse::Aggressive),
                ("always", HttpReuse::Always),
            ];
            let Some(mode) = line.choice("a reuse mode", &modes) else { return };
            line.end();
            draft.proxy.http_reuse = Some(Spanned::new(mode.value, line.span()));
        },
    ),
    Keyword::new(
        "max-keep-alive-queue",
        Places::BACK,
        "<n>",
        MANUAL,
        "queue length above which a kept connection's server is left",
        |line, _| line.skip_rest(),
    )
    .shaped(Shape::Then(&Shape::AnyBase))
    .ignored("a client keeps the server that its rules choose"),
    Keyword::new(
        "max-session-srv-conns",
        Places::FRONT,
        "<n>",
        MANUAL,
        "server connections one client may hold",
        |line, _| line.skip_rest(),
    )
    .shaped(Shape::Then(&COUNT))
    .ignored("idle connections to servers belong to threads, not to clients"),
];

fn count(line: &mut Directive<'_>, to: &mut Setting<u32>) {
    let number = line.lenient("a number", i64::MIN..=i64::MAX);
    line.end();
    if let Some(number) = number {
        let value = u32::try_from(number.value.max(0)).unwrap_or(u32::MAX);
        *to = Some(Spanned::new(value, line.span()));
    }
}

/// Words of `retry-on` (manual 4.2); codes are status codes that a server may send.
const RETRY_ON: &[&str] = &[
    "none",
    "conn-failure",
    "empty-response",
    "junk-response",
    "response-timeout",
    "0rtt-rejected",
    "all-retryable-errors",
    "401",
    "403",
    "404",
    "408",
    "421",
    "425",
    "429",
    "500",
    "501",
    "502",
    "503",
    "504",
];

fn retry_on(line: &mut Directive<'_>, draft: &mut Draft) {
    let mut words = Vec::new();
    if line.peek().is_none() {
        line.arg("a list of events");
    }
    while let Some(word) = line.word() {
        if !RETRY_ON.contains(&word.text.as_ref()) {
            line.not_one_of(word, "an event of `retry-on`", RETRY_ON);
            continue;
        }
        words.push(word.text.to_string());
    }
    if let Some(word) = line.last().filter(|_| words.len() > 1 && words.iter().any(|w| w == "none"))
    {
        line.error(codes::E0310, word.span, "`none` stands alone in `retry-on`");
    } else if !words.is_empty() {
        draft.proxy.retry_on = Some(Spanned::new(words, line.span()));
    }
}
