//! The actions of rules, and the rule sets that have them (manual 4.3, 4.4).

use config_parse::expr::Expr;
use config_parse::log_format::LogFormat;
use diag::{Diagnostic, Spanned, codes};

use super::action_words::{
    address, capture, del_header, denial, mark, name_value, normalize_uri, pause, priority,
    regex_value, replace, service, set_retries, set_status, set_timeout, socket, variable,
    variable_if, wait_for_body,
};
use super::{
    Keyword, Places, Shape, Table, actions_lists, actions_refused, actions_resolve, log, redirect,
    reply,
};
use crate::lower::{Directive, spanned};
use crate::model::{Action, Mention, Noun};

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
    pub(super) const CONNECTION: Self = Self(1);
    pub(super) const SESSION: Self = Self(2);
    pub(super) const CONTENT: Self = Self(4);
    pub(super) const TCP_RESPONSE: Self = Self(8);
    pub(super) const REQUEST: Self = Self(16);
    pub(super) const RESPONSE: Self = Self(32);
    const AFTER: Self = Self(64);
    const TCP: Self = Self::CONNECTION.or(Self::SESSION).or(Self::CONTENT).or(Self::TCP_RESPONSE);
    pub(super) const HTTP: Self = Self::REQUEST.or(Self::RESPONSE).or(Self::AFTER);
    const ADDRESS: Self = Self::CONNECTION.or(Self::SESSION).or(Self::CONTENT).or(Self::REQUEST);
    const MOST: Self = Self::TCP.or(Self::REQUEST).or(Self::RESPONSE);

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The words of the rule sets.
    pub(crate) fn names(self) -> Vec<&'static str> {
        let all = [
            Set::TcpConnection,
            Set::TcpSession,
            Set::TcpContent,
            Set::TcpResponse,
            Set::HttpRequest,
            Set::HttpResponse,
            Set::HttpAfterResponse,
        ];
        all.into_iter().filter(|set| self.holds(*set)).map(Set::name).collect()
    }

    pub(crate) fn holds(self, set: Set) -> bool {
        self.0 & set as u8 != 0
    }
}

/// Where an action is read to.
#[derive(Default)]
pub(crate) struct Slot {
    /// `None` after reading: it cannot be read, and was reported.
    pub(crate) action: Option<Action>,
    /// Samples, formats and names in words that are not carried out.
    pub(crate) exprs: Vec<Expr>,
    pub(crate) formats: Vec<LogFormat>,
    pub(crate) mentions: Vec<Mention>,
    /// The key of `track-sc`, and the table it names.
    pub(crate) tracks: Option<(Expr, Option<Spanned<String>>)>,
}

pub(super) const fn action(
    name: &'static str,
    sets: Sets,
    args: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Slot),
) -> Keyword<Slot> {
    Keyword { sets, ..Keyword::new(name, Places::INSIDE, args, "4.4", doc, lower) }
}

/// The actions.
pub(crate) static ACTIONS: Table<Slot> = Table {
    noun: "action",
    keywords: &[
        FINAL,
        HEADERS,
        URI,
        STATE,
        SOCKET,
        actions_lists::KEYWORDS,
        actions_refused::KEYWORDS,
        actions_resolve::KEYWORDS,
    ],
    missing: &[],
};

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
            let known = !line.target.is_2_6();
            if known && line.take("rst-ttl") && line.number("a hop count", 0..=255).is_none() {
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
            to.action = redirect::redirect(line, redirect::Target::Format).map(Action::Redirect);
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
            let protocols = [("h1", true), ("h2", false)];
            let at = line.peek();
            let Some(known) = line.choice("a protocol", &protocols) else { return };
            if let Some(word) = at.filter(|_| !known.value) {
                line.refuse_as(codes::E0207, "only HTTP/1 is built", word);
            }
        }
        to.action = Some(Action::SwitchMode);
    }),
    action(
        "use-service",
        Sets::CONTENT.or(Sets::REQUEST),
        "prometheus-exporter",
        "a service answers",
        service,
    ),
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
    )
    .shaped(Shape::Experimental(&Shape::Free)),
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
            let Some((name, conditions)) = variable_if(line) else { return };
            let value = line.expr("an expression");
            to.action = value.map(|value| Action::SetVar { name, conditions, value });
        },
    ),
    action(
        "set-var-fmt",
        Sets::ALL,
        "(<name>[,<condition>]) <fmt>",
        "sets a variable from a format",
        |line, to| {
            let Some((name, conditions)) = variable_if(line) else { return };
            // Quirk: without a format the text is empty.
            let value = match line.peek() {
                None if line.words_left().is_empty() => {
                    let at = line.span();
                    let message = "a variable is set to an empty text: no format is given";
                    line.report(Diagnostic::new(codes::W0211, at, message));
                    Spanned::new(LogFormat { pieces: Vec::new(), span: at }, at)
                }
                _ => {
                    let Some(value) = line.log_format("a format") else { return };
                    value
                }
            };
            to.action = Some(Action::SetVarFmt { name, conditions, value: value.value });
        },
    ),
    action("unset-var", Sets::ALL, "(<name>)", "forgets a variable", |line, to| {
        let Some(name) = variable(line) else { return };
        if let Some(word) = line.last().filter(|word| word.text.contains(',')) {
            let message = "a variable is forgotten without conditions";
            return line.error(codes::E0205, word.span, message);
        }
        to.action = Some(Action::UnsetVar { name });
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
        "client|connect|queue|server|tarpit|tunnel <time>|<expr>",
        "replaces a timeout",
        set_timeout,
    ),
    action(
        "set-retries",
        Sets::CONTENT.or(Sets::REQUEST),
        "<n>|<expr>",
        "how often a connection is tried again",
        set_retries,
    ),
    action("disable-l7-retry", Sets::REQUEST, "", "no `retry-on` for this request", |_, to| {
        to.action = Some(Action::DisableL7Retry);
    }),
    action("expect-proxy", Sets::CONNECTION, "layer4", "a PROXY header comes first", |line, to| {
        if line.choice("`layer4`", &[("layer4", ())]).is_some() {
            to.action = Some(Action::ExpectProxy);
        }
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
    action("do-log", Sets::ALL, "[profile <name>]", "writes a log line now", |line, to| {
        let mut profile = None;
        if line.take("profile") {
            let Some(word) = line.value("the name of a log profile") else { return };
            to.mentions.push(Mention { noun: Noun::LogProfile, name: spanned(word) });
            profile = Some(word.text.to_string());
        }
        to.action = Some(Action::DoLog { profile });
    }),
    action("pause", Sets::REQUEST.or(Sets::RESPONSE), "<time>|<expr>", "waits", pause),
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
    action("set-tos", Sets::MOST, "<tos>|<expr>", "the TOS of packets to the client", mark),
    action("set-fc-tos", Sets::MOST, "<tos>|<expr>", "the TOS of packets to the client", mark),
    action("set-mark", Sets::MOST, "<mark>|<expr>", "the mark of packets to the client", mark),
    action("set-fc-mark", Sets::MOST, "<mark>|<expr>", "the mark of packets to the client", mark),
    action(
        "set-bc-mark",
        Sets::CONTENT.or(Sets::REQUEST),
        "<mark>|<expr>",
        "the mark of packets to the server",
        mark,
    ),
    action(
        "set-bc-tos",
        Sets::CONTENT.or(Sets::REQUEST),
        "<tos>|<expr>",
        "the TOS of packets to the server",
        mark,
    ),
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
        priority,
    ),
    action(
        "set-priority-offset",
        Sets::CONTENT.or(Sets::REQUEST),
        "<expr>",
        "the place in the queue",
        priority,
    ),
];
