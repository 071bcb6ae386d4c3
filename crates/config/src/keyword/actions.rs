//! The actions of rules, and the rule sets that have them (manual 4.3, 4.4).

use config_parse::quantity::Unit;
use diag::{Diagnostic, Spanned, codes};

use super::{Keyword, Missing, Places, Table, log, redirect, reply};
use crate::lower::{Directive, spanned};
use crate::model::{Action, CaptureSlot, NameMatch, Reply, TimeoutValue};

/// A rule set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    TcpConnection = 1,
    TcpSession = 2,
    TcpContent = 4,
    TcpResponse = 8,
    HttpRequest = 16,
    HttpResponse = 32,
    HttpAfterResponse = 64,
}

impl Set {
    /// The words of its lines.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TcpConnection => "tcp-request connection",
            Self::TcpSession => "tcp-request session",
            Self::TcpContent => "tcp-request content",
            Self::TcpResponse => "tcp-response content",
            Self::HttpRequest => "http-request",
            Self::HttpResponse => "http-response",
            Self::HttpAfterResponse => "http-after-response",
        }
    }
}

/// Some rule sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sets(u8);

impl Sets {
    pub(crate) const ALL: Self = Self(127);
    const CONNECTION: Self = Self(1);
    const SESSION: Self = Self(2);
    const CONTENT: Self = Self(4);
    const TCP_RESPONSE: Self = Self(8);
    const REQUEST: Self = Self(16);
    const RESPONSE: Self = Self(32);
    const AFTER: Self = Self(64);
    const TCP: Self = Self::CONNECTION.or(Self::SESSION).or(Self::CONTENT).or(Self::TCP_RESPONSE);
    const HTTP: Self = Self::REQUEST.or(Self::RESPONSE).or(Self::AFTER);
    const ADDRESS: Self = Self::CONNECTION.or(Self::SESSION).or(Self::CONTENT).or(Self::REQUEST);
    const MOST: Self = Self::TCP.or(Self::REQUEST).or(Self::RESPONSE);

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn holds(self, set: Set) -> bool {
        self.0 & set as u8 != 0
    }
}

/// Where an action is read to.
pub(crate) struct Slot {
    /// `None` after reading: it cannot be read, and was reported.
    pub(crate) action: Option<Action>,
}

const fn action(
    name: &'static str,
    sets: Sets,
    args: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Slot),
) -> Keyword<Slot> {
    Keyword { sets, ..Keyword::new(name, Places::INSIDE, args, "4.4", doc, lower) }
}

/// The actions.
pub(crate) static ACTIONS: Table<Slot> =
    Table { noun: "action", keywords: &[FINAL, HEADERS, URI, STATE, SOCKET], missing: MISSING };

/// Actions that end their rule set, or may.
const FINAL: &[Keyword<Slot>] = &[
    action("allow", Sets::HTTP, "", "ends the rules, the stream goes on", |_, to| {
        to.action = Some(Action::Allow);
    }),
    action("accept", Sets::TCP, "", "ends the rules, the stream goes on", |_, to| {
        to.action = Some(Action::Allow);
    }),
    action(
        "deny",
        Sets::REQUEST.or(Sets::RESPONSE),
        "[status <code>] [response]",
        "answers with an error",
        |line, to| {
            to.action = denial(line).map(Action::Deny);
        },
    ),
    action(
        "tarpit",
        Sets::REQUEST,
        "[status <code>] [response]",
        "answers with an error, late",
        |line, to| {
            to.action = denial(line).map(Action::Tarpit);
        },
    ),
    action(
        "return",
        Sets::REQUEST.or(Sets::RESPONSE),
        "[status <code>] [response]",
        "answers",
        |line, to| {
            to.action = reply::reply(line).map(Action::Return);
        },
    ),
    action("reject", Sets::TCP.or(Sets::REQUEST), "", "closes the connection", |_, to| {
        to.action = Some(Action::Reject);
    }),
    action(
        "silent-drop",
        Sets::MOST,
        "[rst-ttl <n>]",
        "drops the connection without a word",
        |line, to| {
            if line.take("rst-ttl") && line.number("a hop count", 0..=255).is_none() {
                return;
            }
            to.action = Some(Action::SilentDrop);
        },
    ),
    action(
        "auth",
        Sets::REQUEST,
        "[realm <text>]",
        "asks for a name and a password",
        |line, to| {
            let mut realm = None;
            if line.take("realm") {
                let Some(text) = line.log_format("a text") else { return };
                realm = Some(text.value);
            }
            to.action = Some(Action::Auth { realm });
        },
    ),
    action(
        "redirect",
        Sets::REQUEST.or(Sets::RESPONSE),
        "location|prefix|scheme <to> [options]",
        "answers with a redirect",
        |line, to| {
            to.action = redirect::redirect(line).map(Action::Redirect);
        },
    ),
    action("close", Sets::TCP_RESPONSE, "", "closes the server's connection", |_, to| {
        to.action = Some(Action::Close);
    }),
    action("switch-mode", Sets::CONTENT, "http", "goes on as HTTP", |line, to| {
        if !line.place.has_frontend() {
            let message = "`switch-mode` cannot stand in a `backend` section";
            line.error(codes::E0203, line.keyword_span(), message);
            return;
        }
        if line.choice("a mode", &[("http", ())]).is_none() {
            return;
        }
        if line.take("proto") {
            let Some(word) = line.value("a protocol") else { return };
            line.refuse_as(codes::E0207, "only HTTP/1 is built", word);
        }
        to.action = Some(Action::SwitchMode);
    }),
    action(
        "wait-for-body",
        Sets::REQUEST.or(Sets::RESPONSE),
        "time <time> [at-least <size>]",
        "waits for the body",
        wait_for_body,
    ),
];

const HEADERS: &[Keyword<Slot>] = &[
    action("add-header", Sets::HTTP, "<name> <fmt>", "adds a header", |line, to| {
        to.action = name_value(line).map(|(name, value)| Action::AddHeader { name, value });
    }),
    action(
        "set-header",
        Sets::HTTP,
        "<name> <fmt>",
        "replaces headers of a name by one",
        |line, to| {
            to.action = name_value(line).map(|(name, value)| Action::SetHeader { name, value });
        },
    ),
    action("del-header", Sets::HTTP, "<name> [-m <method>]", "removes headers", del_header),
    action(
        "replace-header",
        Sets::HTTP,
        "<name> <regex> <fmt>",
        "rewrites whole values",
        |line, to| {
            to.action = replace(line).map(|(name, regex, value)| Action::ReplaceHeader {
                name,
                regex,
                value,
            });
        },
    ),
    action(
        "replace-value",
        Sets::HTTP,
        "<name> <regex> <fmt>",
        "rewrites each value of a list",
        |line, to| {
            to.action = replace(line).map(|(name, regex, value)| Action::ReplaceValue {
                name,
                regex,
                value,
            });
        },
    ),
    action("early-hint", Sets::REQUEST, "<name> <fmt>", "sends a 103 response", |line, to| {
        to.action = name_value(line).map(|(name, value)| Action::EarlyHint { name, value });
    }),
];

const URI: &[Keyword<Slot>] = &[
    action("set-method", Sets::REQUEST, "<fmt>", "replaces the method", |line, to| {
        to.action = line.log_format("a format").map(|value| Action::SetMethod(value.value));
    }),
    action("set-path", Sets::REQUEST, "<fmt>", "replaces the path", |line, to| {
        let value = line.log_format("a format");
        to.action = value.map(|value| Action::SetPath { value: value.value, with_query: false });
    }),
    action("set-pathq", Sets::REQUEST, "<fmt>", "replaces path and query", |line, to| {
        let value = line.log_format("a format");
        to.action = value.map(|value| Action::SetPath { value: value.value, with_query: true });
    }),
    action("set-query", Sets::REQUEST, "<fmt>", "replaces the query", |line, to| {
        to.action = line.log_format("a format").map(|value| Action::SetQuery(value.value));
    }),
    action("set-uri", Sets::REQUEST, "<fmt>", "replaces the URI", |line, to| {
        to.action = line.log_format("a format").map(|value| Action::SetUri(value.value));
    }),
    action("replace-path", Sets::REQUEST, "<regex> <fmt>", "rewrites the path", |line, to| {
        to.action = regex_value(line).map(|(regex, value)| Action::ReplacePath {
            regex,
            value,
            with_query: false,
        });
    }),
    action(
        "replace-pathq",
        Sets::REQUEST,
        "<regex> <fmt>",
        "rewrites path and query",
        |line, to| {
            to.action = regex_value(line).map(|(regex, value)| Action::ReplacePath {
                regex,
                value,
                with_query: true,
            });
        },
    ),
    action("replace-uri", Sets::REQUEST, "<regex> <fmt>", "rewrites the URI", |line, to| {
        to.action = regex_value(line).map(|(regex, value)| Action::ReplaceUri { regex, value });
    }),
    action(
        "normalize-uri",
        Sets::REQUEST,
        "<normalizer>",
        "brings the URI into one form",
        normalize_uri,
    ),
];

const STATE: &[Keyword<Slot>] = &[
    action(
        "set-status",
        Sets::RESPONSE.or(Sets::AFTER),
        "<status> [reason <text>]",
        "replaces the status",
        set_status,
    ),
    action(
        "set-var",
        Sets::ALL,
        "(<name>[,<condition>]) <expr>",
        "sets a variable from a sample",
        |line, to| {
            let Some(name) = variable(line) else { return };
            to.action = line.expr("an expression").map(|value| Action::SetVar { name, value });
        },
    ),
    action(
        "set-var-fmt",
        Sets::ALL,
        "(<name>[,<condition>]) <fmt>",
        "sets a variable from a format",
        |line, to| {
            let Some(name) = variable(line) else { return };
            let value = line.log_format("a format");
            to.action = value.map(|value| Action::SetVarFmt { name, value: value.value });
        },
    ),
    action("unset-var", Sets::ALL, "(<name>)", "forgets a variable", |line, to| {
        to.action = variable(line).map(|name| Action::UnsetVar { name });
    }),
    action(
        "set-log-level",
        Sets::CONTENT.or(Sets::TCP_RESPONSE).or(Sets::HTTP),
        "<level>|silent",
        "the level of the log line",
        |line, to| {
            let Some(word) = line.arg("a level, or `silent`") else { return };
            match (word.text.as_ref(), log::level_number(&word.text)) {
                ("silent", _) => to.action = Some(Action::SetLogLevel(None)),
                (_, Some(level)) => to.action = Some(Action::SetLogLevel(Some(level))),
                (_, None) => line.not_one_of(word, "a log level", log::LEVELS),
            }
        },
    ),
    action(
        "capture",
        Sets::CONTENT.or(Sets::HTTP),
        "<sample> len <n> | id <id>",
        "keeps a sample for the log",
        capture,
    ),
    action(
        "set-timeout",
        Sets::REQUEST.or(Sets::RESPONSE),
        "server|tunnel|client <time>|<expr>",
        "replaces a timeout",
        set_timeout,
    ),
    action("disable-l7-retry", Sets::REQUEST, "", "no `retry-on` for this request", |_, to| {
        to.action = Some(Action::DisableL7Retry);
    }),
    action(
        "strict-mode",
        Sets::HTTP,
        "on|off",
        "whether a failed rewrite is an error",
        |line, to| {
            let on = line.choice("`on` or `off`", &[("on", true), ("off", false)]);
            to.action = on.map(|on| Action::StrictMode(on.value));
        },
    ),
    action("do-log", Sets::ALL, "", "writes a log line now", |_, to| {
        to.action = Some(Action::DoLog)
    }),
    action("wait-for-handshake", Sets::REQUEST, "", "waits for TLS to be done", |_, to| {
        to.action = Some(Action::Other { name: "wait-for-handshake".into() });
    })
    .ignored("without TLS there is no early data to wait behind"),
];

const SOCKET: &[Keyword<Slot>] = &[
    action("set-src", Sets::ADDRESS, "<expr>", "replaces the source address", address),
    action("set-dst", Sets::ADDRESS, "<expr>", "replaces the destination address", address),
    action("set-src-port", Sets::ADDRESS, "<expr>", "replaces the source port", address),
    action("set-dst-port", Sets::ADDRESS, "<expr>", "replaces the destination port", address),
    action("set-tos", Sets::MOST, "<tos>", "the TOS of packets to the client", socket),
    action("set-fc-tos", Sets::MOST, "<tos>", "the TOS of packets to the client", socket),
    action("set-mark", Sets::MOST, "<mark>", "the mark of packets to the client", socket),
    action("set-fc-mark", Sets::MOST, "<mark>", "the mark of packets to the client", socket),
    action(
        "set-nice",
        Sets::CONTENT.or(Sets::TCP_RESPONSE).or(Sets::REQUEST).or(Sets::RESPONSE),
        "<nice>",
        "the stream's share of the CPU",
        socket,
    )
    .ignored("streams of a thread take turns"),
    action(
        "set-priority-class",
        Sets::CONTENT.or(Sets::REQUEST),
        "<expr>",
        "the class in the queue",
        socket,
    ),
    action(
        "set-priority-offset",
        Sets::CONTENT.or(Sets::REQUEST),
        "<expr>",
        "the place in the queue",
        socket,
    ),
];

const MISSING: &[Missing] = &[
    Missing::not_built("stick tables are not built yet", "11", &[("track-sc*", 0), ("sc-*", 0)]),
    Missing::not_built(
        "maps and ACLs are changed over the runtime socket only",
        "4.4",
        &[("add-acl", 0), ("del-acl", 0), ("set-map", 0), ("del-map", 0)],
    ),
    Missing::not_built("caching is not built yet", "6", &[("cache-use", 0), ("cache-store", 0)]),
    Missing::not_built("Lua is not built", "4.4", &[("lua.*", 0)]),
    Missing::not_built("SPOE is not built", "9.3", &[("send-spoe-group", 0)]),
    Missing::not_built("resolvers are not built yet", "5.3", &[("do-resolve", 0)]),
    Missing::not_built("services are not built yet", "4.4", &[("use-service", 0)]),
    Missing::not_built("bandwidth limits are not built yet", "9.7", &[("set-bandwidth-limit", 0)]),
    Missing::not_built(
        "the PROXY header is read where `bind ... accept-proxy` says so, and nowhere else",
        "4.4",
        &[("expect-proxy", 0), ("expect-netscaler-cip", 0)],
    ),
    Missing::not_built(
        "this action is not built yet",
        "4.4",
        &[
            ("add-headers-bin", 0),
            ("del-headers-bin", 0),
            ("set-headers-bin", 0),
            ("attach-srv", 0),
            ("ot-group", 0),
            ("otel-group", 0),
            ("pause", 0),
            ("set-retries", 0),
            ("set-bc-mark", 0),
            ("set-bc-tos", 0),
        ],
    ),
];

/// `deny` and `tarpit`: as a response, whose status has a page of its own unless a body is given.
fn denial(line: &mut Directive<'_>) -> Option<Reply> {
    let mut reply = reply::reply(line)?;
    let has_body = reply.body != crate::model::ReplyBody::Default;
    if let Some(status) = reply.status.filter(|status| !has_body && !reply::has_page(*status)) {
        // Quirk: HAProxy warns and answers with the default status.
        let message = format!("no page exists for {status}: the default status is sent");
        line.report(Diagnostic::new(codes::W0312, line.span(), message));
        reply.status = None;
    }
    Some(reply)
}

fn name_value(line: &mut Directive<'_>) -> Option<(String, config_parse::log_format::LogFormat)> {
    let name = line.arg("a name and a value")?;
    let value = line.log_format("a value")?;
    Some((name.text.to_string(), value.value))
}

fn regex_value(line: &mut Directive<'_>) -> Option<(String, config_parse::log_format::LogFormat)> {
    let regex = line.arg("a regular expression and a format")?;
    let value = line.log_format("a format")?;
    Some((regex.text.to_string(), value.value))
}

fn replace(
    line: &mut Directive<'_>,
) -> Option<(String, String, config_parse::log_format::LogFormat)> {
    let name = line.arg("a name, a regular expression and a format")?;
    let (regex, value) = regex_value(line)?;
    Some((name.text.to_string(), regex, value))
}

fn del_header(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(name) = line.arg("a name") else { return };
    let mut method = NameMatch::Str;
    if line.take("-m") {
        let methods = [
            ("str", NameMatch::Str),
            ("beg", NameMatch::Beg),
            ("end", NameMatch::End),
            ("sub", NameMatch::Sub),
            ("reg", NameMatch::Reg),
        ];
        let Some(chosen) = line.choice("a match method", &methods) else { return };
        method = chosen.value;
    }
    to.action = Some(Action::DelHeader { name: name.text.to_string(), method });
}

fn set_status(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(status) = line.number("a status code", 100..=999) else { return };
    let mut reason = None;
    if line.take("reason") {
        let Some(text) = line.value("a text") else { return };
        reason = Some(text.text.to_string());
    }
    to.action = Some(Action::SetStatus { status: status.value as u16, reason });
}

fn wait_for_body(line: &mut Directive<'_>, to: &mut Slot) {
    let (mut time, mut at_least) = (None, 0);
    loop {
        match line.peek_text() {
            "time" => {
                line.word();
                time = line.duration("a time", Unit::Millisecond);
                if time.is_none() {
                    return;
                }
            }
            "at-least" => {
                line.word();
                match line.size("a size") {
                    Some(size) => at_least = size.value,
                    None => return,
                }
            }
            _ => break,
        }
    }
    match time {
        Some(time) => to.action = Some(Action::WaitForBody { time: time.value, at_least }),
        None => line.error(codes::E0204, line.keyword_span(), "`wait-for-body` needs `time`"),
    }
}

fn normalize_uri(line: &mut Directive<'_>, to: &mut Slot) {
    let normalizers = [
        "fragment-encode",
        "fragment-strip",
        "path-merge-slashes",
        "path-strip-dot",
        "path-strip-dotdot",
        "percent-decode-unreserved",
        "percent-to-uppercase",
        "query-sort-by-name",
    ];
    let Some(word) = line.arg("a normalizer") else { return };
    if !normalizers.contains(&word.text.as_ref()) {
        line.not_one_of(word, "a normalizer", &normalizers);
        return;
    }
    let strict = line.take("strict") || line.take("full");
    to.action = Some(Action::NormalizeUri { name: word.text.to_string(), strict });
}

/// The name in the parentheses of the word read last: a scope, a dot, and letters, digits, `_` or `.`.
fn variable(line: &mut Directive<'_>) -> Option<Spanned<String>> {
    let word = line.last()?;
    let inside = word.text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    let Some(inside) = inside else {
        let message = format!("`{}` needs the name of a variable in parentheses", word.text);
        let finding = Diagnostic::new(codes::E0601, word.span, message);
        line.report(finding.help("such as `set-var(txn.name)`"));
        return None;
    };
    let start = word.text.len() - inside.len() - 1;
    let name = inside.split(',').next().unwrap_or(inside);
    let at = word.at(start..start + name.len());
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == '-';
    match name.split_once('.') {
        Some(("proc" | "sess" | "txn" | "req" | "res" | "check", rest))
            if !rest.is_empty() && rest.chars().all(valid) => {}
        Some(("proc" | "sess" | "txn" | "req" | "res" | "check", _)) => {
            let message = format!("`{name}` is no name of a variable");
            line.error(codes::E0307, at, message);
            return None;
        }
        _ => {
            let message = format!("`{name}` has no scope");
            let finding = Diagnostic::new(codes::E0307, at, message);
            line.report(finding.help("begin with `proc.`, `sess.`, `txn.`, `req.` or `res.`"));
            return None;
        }
    }
    Some(Spanned::new(name.to_owned(), at))
}

fn capture(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(value) = line.expr("a sample and `len` or `id`") else { return };
    let Some(word) = line.arg("`len` or `id`") else { return };
    let slot = match word.text.as_ref() {
        "len" => {
            line.lenient("a number of bytes", 1..=65535).map(|n| CaptureSlot::Len(n.value as u32))
        }
        "id" => line.lenient("an id", 0..=65535).map(|n| CaptureSlot::Id(n.value as u32)),
        _ => {
            line.not_one_of(word, "an argument of `capture`", &["len", "id"]);
            None
        }
    };
    let makes_slot = matches!(slot, Some(CaptureSlot::Len(_)));
    if makes_slot && !line.place.has_frontend() {
        let message =
            "`capture ... len` cannot stand in a `backend` section: its slots are a frontend's";
        let finding = Diagnostic::new(codes::E0203, word.span, message);
        line.report(finding.help("`declare capture` in the frontend and write `id` here"));
        return;
    }
    to.action = slot.map(|slot| Action::Capture { value, slot });
}

fn set_timeout(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(which) = line.arg("`server`, `tunnel` or `client`") else { return };
    if !matches!(which.text.as_ref(), "server" | "tunnel" | "client") {
        line.not_one_of(which, "a timeout that can be set", &["server", "tunnel", "client"]);
        return;
    }
    if which.text != "client" && !line.place.has_backend() {
        let message = format!("`set-timeout {}` cannot stand in a `frontend` section", which.text);
        line.error(codes::E0203, which.span, message);
        return;
    }
    let number = line.peek_text().starts_with(|c: char| c.is_ascii_digit());
    let value = if number {
        line.duration("a time", Unit::Millisecond).map(|time| TimeoutValue::Literal(time.value))
    } else {
        line.expr("a time or an expression").map(TimeoutValue::Expr)
    };
    to.action = value.map(|value| Action::SetTimeout { which: which.text.to_string(), value });
}

fn address(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(what) = line.last().map(spanned) else { return };
    to.action =
        line.expr("an expression").map(|value| Action::SetAddress { what: what.value, value });
}

fn socket(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(name) = line.last().map(spanned) else { return };
    let words: Vec<String> = line.until_condition().into_iter().map(|word| word.value).collect();
    if words.is_empty() {
        line.arg("a value");
        return;
    }
    to.action = Some(Action::Socket { name: name.value, words });
}
