//! `option` lines that are no health checks (manual 4.2).

use diag::{Diagnostic, Spanned, codes};

use super::{Keyword, Missing, Places, Shape, Table, checks};
use crate::lower::{Directive, Draft, Prefix};
use crate::model::{ConnectionMode, ForwardFor, LogFormatChoice, Setting};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[Keyword::new(
    "option",
    Places::ANY,
    "<name> [arguments]",
    "4.2",
    "switches a behaviour on, or off with `no`",
    |line, draft| {
        let Some(word) = line.peek() else {
            line.arg("the name of an option");
            return;
        };
        if !line.keyword(&OPTIONS, draft) {
            line.unknown(&OPTIONS, word);
        }
    },
)];

/// The options.
pub(crate) static OPTIONS: Table<Draft> = Table {
    noun: "option",
    keywords: &[SWITCHES, OTHERS, IGNORED, checks::OPTIONS, super::forwarded::KEYWORDS],
    missing: MISSING,
};

/// An option that is on or off.
macro_rules! switch {
    ($field:ident, $name:literal, $places:ident, $doc:literal) => {
        Keyword::new(
            $name,
            Places::$places.strict_now(),
            "",
            "4.2",
            $doc,
            |line, draft: &mut Draft| {
                switch(line, &mut draft.proxy.options.$field);
            },
        )
    };
}

const SWITCHES: &[Keyword<Draft>] = &[
    switch!(abortonclose, "abortonclose", ANY, "queued requests whose client has left are dropped"),
    switch!(
        accept_unsafe_http_request,
        "accept-unsafe-violations-in-http-request",
        FRONT,
        "takes requests that break the grammar"
    ),
    switch!(
        accept_unsafe_http_request,
        "accept-invalid-http-request",
        FRONT,
        "the old name of `accept-unsafe-violations-in-http-request`"
    ),
    switch!(
        accept_unsafe_http_response,
        "accept-unsafe-violations-in-http-response",
        BACK,
        "takes responses that break the grammar"
    ),
    switch!(
        accept_unsafe_http_response,
        "accept-invalid-http-response",
        BACK,
        "the old name of `accept-unsafe-violations-in-http-response`"
    ),
    switch!(allbackups, "allbackups", BACK, "all backup servers are used, not only the first"),
    switch!(checkcache, "checkcache", BACK, "refuses cacheable responses that set cookies"),
    switch!(clitcpka, "clitcpka", FRONT, "TCP keep-alive towards clients"),
    switch!(contstats, "contstats", FRONT, "counts bytes while streams run"),
    switch!(dontlog_normal, "dontlog-normal", FRONT, "logs only what went wrong"),
    switch!(dontlognull, "dontlognull", FRONT, "logs no connection without data"),
    switch!(
        h1_case_adjust_bogus_client,
        "h1-case-adjust-bogus-client",
        FRONT,
        "header names in the case that clients want"
    ),
    switch!(
        h1_case_adjust_bogus_server,
        "h1-case-adjust-bogus-server",
        BACK,
        "header names in the case that servers want"
    ),
    switch!(
        http_buffer_request,
        "http-buffer-request",
        ANY,
        "waits for the body before the rules run"
    ),
    switch!(
        http_ignore_probes,
        "http-ignore-probes",
        FRONT,
        "no page and no log for empty connections"
    ),
    switch!(http_no_delay, "http-no-delay", ANY, "sends each piece of a body at once")
        .ignored("each piece of a body is sent at once anyway"),
    switch!(
        http_pretend_keepalive,
        "http-pretend-keepalive",
        BACK,
        "tells servers that the connection is kept"
    ),
    switch!(
        http_use_proxy_header,
        "http-use-proxy-header",
        FRONT,
        "reads `Proxy-Connection` instead of `Connection`"
    ),
    switch!(
        idle_close_on_response,
        "idle-close-on-response",
        FRONT,
        "a soft stop closes idle connections at the next answer"
    )
    .ignored("a soft stop closes idle connections at once"),
    switch!(
        independent_streams,
        "independent-streams",
        ANY,
        "sending does not renew the timeout of receiving"
    )
    .ignored("either direction renews the timeouts of both"),
    switch!(log_health_checks, "log-health-checks", BACK, "logs every change of a check's result"),
    switch!(log_separate_errors, "log-separate-errors", FRONT, "logs errors at a higher level"),
    switch!(logasap, "logasap", FRONT, "logs when the response begins"),
    switch!(nolinger, "nolinger", ANY, "closes connections with a reset")
        .ignored("connections are closed in order"),
    switch!(persist, "persist", BACK, "a cookie leads to a server that is down"),
    switch!(
        prefer_last_server,
        "prefer-last-server",
        BACK,
        "a client stays on the server of its last request"
    ),
    switch!(socket_stats, "socket-stats", FRONT, "statistics per `bind` line")
        .ignored("statistics have one line for all `bind` lines of a frontend"),
    switch!(srvtcpka, "srvtcpka", BACK, "TCP keep-alive towards servers"),
    switch!(tcp_smart_accept, "tcp-smart-accept", FRONT, "delays the first ACK of a connection")
        .ignored("the system decides when it sends an ACK"),
    switch!(tcp_smart_connect, "tcp-smart-connect", BACK, "delays the first ACK to a server")
        .ignored("the system decides when it sends an ACK"),
    switch!(transparent, "transparent", BACK, "connects to the address that the client asked for"),
];

const OTHERS: &[Keyword<Draft>] = &[
    Keyword::new(
        "http-keep-alive",
        Places::ANY,
        "",
        "4.2",
        "keeps both connections",
        |line, draft| {
            connection_mode(line, draft, ConnectionMode::KeepAlive);
        },
    ),
    Keyword::new(
        "http-server-close",
        Places::ANY,
        "",
        "4.2",
        "closes the server's connection",
        |line, draft| {
            connection_mode(line, draft, ConnectionMode::ServerClose);
        },
    ),
    Keyword::new("httpclose", Places::ANY, "", "4.2", "closes both connections", |line, draft| {
        connection_mode(line, draft, ConnectionMode::Close);
    }),
    Keyword::new("httplog", Places::ANY, "[clf]", "8.2.3", "the HTTP log format", |line, draft| {
        if !positive(line) {
            return;
        }
        let clf = line.peek().is_some();
        if clf && line.choice("`clf`", &[("clf", ())]).is_none() {
            return;
        }
        log_format(line, draft, LogFormatChoice::Http { clf });
    }),
    Keyword::new("httpslog", Places::ANY, "", "8.2.4", "the HTTPS log format", |line, _| {
        // Quirk: HAProxy does not look at what follows.
        if positive(line) {
            line.skip_rest();
        }
    })
    .refused("TLS is not built yet"),
    Keyword::new("tcplog", Places::ANY, "", "8.2.2", "the TCP log format", |line, draft| {
        if positive(line) {
            log_format(line, draft, LogFormatChoice::Tcp);
        }
    }),
    Keyword::new(
        "forwardfor",
        Places::ANY,
        "[except <net>] [header <name>] [if-none]",
        "4.2",
        "adds the client's address to requests",
        |line, draft| {
            if let Some(value) = positive(line).then(|| forwarded(line, true)).flatten() {
                draft.proxy.forwardfor = Some(Spanned::new(value, line.span()));
            }
        },
    ),
    Keyword::new(
        "originalto",
        Places::ANY,
        "[except <net>] [header <name>]",
        "4.2",
        "adds the destination's address to requests",
        |line, draft| {
            if let Some(value) = positive(line).then(|| forwarded(line, false)).flatten() {
                draft.proxy.originalto = Some(Spanned::new(value, line.span()));
            }
        },
    ),
    Keyword::new(
        "redispatch",
        Places::BACK,
        "[<n>]",
        "4.2",
        "tries another server when one cannot be reached",
        redispatch,
    ),
    Keyword::new(
        "tcpka",
        Places::ANY,
        "",
        "4.2",
        "TCP keep-alive on both sides",
        |line, draft: &mut Draft| {
            if positive(line) {
                line.end();
                let on = Some(Spanned::new(true, line.span()));
                draft.proxy.options.clitcpka = on;
                draft.proxy.options.srvtcpka = on;
            }
        },
    ),
    Keyword::new(
        "http-restrict-req-hdr-names",
        Places::ANY,
        "preserve|delete|reject",
        "4.2",
        "what becomes of odd header names",
        |line, draft| {
            if !positive(line) {
                return;
            }
            let words = [("preserve", "preserve"), ("delete", "delete"), ("reject", "reject")];
            if let Some(word) = line.choice("`preserve`, `delete` or `reject`", &words) {
                line.end();
                draft.proxy.restrict_req_hdr_names = Some(word.map(str::to_owned));
            }
        },
    ),
];

/// Options about things that work otherwise here, and need no switch.
const IGNORED: &[Keyword<Draft>] = &[
    ignored("splice-auto", Places::ANY, "bytes are relayed without splicing"),
    ignored("splice-request", Places::ANY, "bytes are relayed without splicing"),
    ignored("splice-response", Places::ANY, "bytes are relayed without splicing"),
    ignored(
        "disable-h2-upgrade",
        Places::FRONT.strict_now(),
        "HTTP/2 is not built: nothing is upgraded to it",
    ),
    ignored(
        "http-drop-request-trailers",
        Places::BACK.strict_now(),
        "trailers are not forwarded to servers that did not ask",
    ),
    ignored(
        "http-drop-response-trailers",
        Places::FRONT.strict_now(),
        "trailers are not forwarded to clients that did not ask",
    ),
    ignored("use-small-buffers", Places::BACK, "buffers are as large as they need to be")
        .shaped(Shape::Maybe(&Shape::SomeOf(&["queue", "l7-retries", "check"]))),
];

const fn ignored(name: &'static str, places: Places, why: &'static str) -> Keyword<Draft> {
    Keyword::new(name, places, "", "4.2", why, |line, _| line.skip_rest())
        .shaped(Shape::Nothing)
        .ignored(why)
}

const MISSING: &[Missing] = &[
    Missing::removed("write `option httpclose`, or nothing", &[("forceclose", 0)]),
    Missing::removed(
        "leave it out: it is not needed any more",
        &[("http-tunnel", 0), ("http-use-htx", 0)],
    ),
    Missing::removed("leave it out: this way of proxying is gone", &[("http_proxy", 0)]),
];

/// A line that switches something on, or off with `no`.
pub(super) fn switch(line: &mut Directive<'_>, to: &mut Setting<bool>) {
    line.end();
    no_default(line, line.target.is_2_6());
    let name = line.phrase();
    if line.target.is_from(3, 5) && name.ends_with("transparent") {
        let message = format!("`{name}` was removed from the language");
        let finding = Diagnostic::new(codes::E0209, line.keyword_span(), message);
        line.report(finding.help("write a server with the address `0.0.0.0`"));
    }
    *to = match line.prefix {
        Some(Prefix::Default) => None,
        prefix => Some(Spanned::new(prefix.is_none(), line.span())),
    };
}

/// Whether the line has no prefix; an error when it has one.
pub(super) fn positive(line: &mut Directive<'_>) -> bool {
    if line.prefix.is_some() {
        let (phrase, at) = (line.phrase(), line.keyword_span());
        line.error(codes::E0203, at, format!("`{phrase}` takes no `no` or `default`"));
        line.rest();
    }
    line.prefix.is_none()
}

/// Quirk: HAProxy 2.6 takes `default` before no plain option, later ones before all but those of the connection.
fn no_default(line: &mut Directive<'_>, refused: bool) {
    if line.prefix == Some(Prefix::Default) && refused {
        let message = format!("`{}` takes no `default` before it", line.phrase());
        line.error(codes::E0205, line.keyword_span(), message);
    }
}

fn connection_mode(line: &mut Directive<'_>, draft: &mut Draft, mode: ConnectionMode) {
    line.end();
    no_default(line, !line.target.is_proxyd());
    let current = &mut draft.proxy.connection_mode;
    if line.prefix.is_none() {
        *current = Some(Spanned::new(mode, line.span()));
    } else if current.is_some_and(|now| now.value == mode) {
        *current = None;
    }
}

fn log_format(line: &mut Directive<'_>, draft: &mut Draft, choice: LogFormatChoice) {
    line.end();
    if line.place.name() == "backend" {
        let message = format!("`{}` has no effect in a `backend` section", line.phrase());
        line.report(Diagnostic::new(codes::W0211, line.keyword_span(), message));
    }
    draft.proxy.log_format = Some(Spanned::new(choice, line.span()));
}

fn redispatch(line: &mut Directive<'_>, draft: &mut Draft) {
    let mut interval = -1;
    if line.peek().is_some() {
        match line.lenient("a number of retries", i64::MIN..=i64::MAX) {
            Some(number) => interval = number.value as i32,
            None => return,
        }
        // Quirk: HAProxy does not look at what follows.
        line.skip_rest();
    }
    draft.proxy.redispatch = match line.prefix {
        // Off: a server is left at no retry.
        Some(Prefix::No) => Some(Spanned::new(0, line.span())),
        Some(Prefix::Default) => None,
        None => Some(Spanned::new(interval, line.span())),
    };
}

fn forwarded(line: &mut Directive<'_>, takes_if_none: bool) -> Option<ForwardFor> {
    let mut out = ForwardFor { except: None, header: None, if_none: false };
    while let Some(word) = line.word() {
        match word.text.as_ref() {
            "except" => {
                let net = line.value("an address or a network")?;
                let written = short(&net.text).filter(|_| !line.target.is_proxyd());
                if let Some(whole) = written {
                    let message = format!("`{}` is a short form of an address", net.text);
                    let finding = Diagnostic::new(codes::W0309, net.span, message);
                    line.report(finding.help(format!("write all four numbers: `{whole}`")));
                    out.except = Some(whole);
                    continue;
                }
                if !is_network(&net.text) {
                    let message = format!("`{}` is not an address or a network", net.text);
                    line.error(codes::E0305, net.span, message);
                    return None;
                }
                out.except = Some(net.text.to_string());
            }
            "header" => out.header = Some(line.value("the name of a header")?.text.to_string()),
            "if-none" if takes_if_none => out.if_none = true,
            _ => {
                let all = ["except", "header", "if-none"];
                let allowed = all.get(..if takes_if_none { 3 } else { 2 }).unwrap_or(&all);
                line.not_one_of(word, "an argument of this option", allowed);
                line.rest();
                return None;
            }
        }
    }
    Some(out)
}

/// `10/8`, `10.1`: a network whose last numbers are left out, written out. `None`: it is none.
fn short(text: &str) -> Option<String> {
    let (address, mask) = text.find('/').map_or((text, ""), |at| text.split_at(at));
    let count = address.split('.').count();
    let numbers = address.split('.').all(|part| part.parse::<u8>().is_ok());
    let whole = format!("{address}{}{mask}", ".0".repeat(4usize.saturating_sub(count)));
    (count < 4 && numbers && is_network(&whole)).then_some(whole)
}

/// `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `::1`.
fn is_network(text: &str) -> bool {
    let (address, mask) = match text.split_once('/') {
        Some((address, mask)) => (address, Some(mask)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<std::net::IpAddr>() else { return false };
    let bits = if address.is_ipv4() { 32 } else { 128 };
    mask.is_none_or(|mask| {
        mask.parse::<u32>().is_ok_and(|mask| mask <= bits)
            || address.is_ipv4() && mask.parse::<std::net::Ipv4Addr>().is_ok()
    })
}
