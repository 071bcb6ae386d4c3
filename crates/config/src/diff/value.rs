//! Values of proxies in canonical form.

use diag::Span;

use super::text;
use crate::model::{
    Balance, CheckKind, Cookie, CookieMode, ForwardFor, Forwarded, ForwardedPart, HashFunction,
    HashMethod, HashType, HttpCheckStep, ProfileStep, StepKind,
};

pub(super) fn balance(balance: &Balance) -> String {
    match balance {
        Balance::RoundRobin => "roundrobin".into(),
        Balance::StaticRr => "static-rr".into(),
        Balance::LeastConn => "leastconn".into(),
        Balance::First => "first".into(),
        Balance::Random { draws } => format!("random({draws})"),
        Balance::Source => "source".into(),
        Balance::Uri { whole, path_only, len, depth } => {
            let flags = [(*whole, " whole"), (*path_only, " path-only")];
            let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
            format!("uri{flags} len {len} depth {depth}")
        }
        Balance::UrlParam { name, check_post } => {
            format!(
                "url_param {}{}",
                text::word(name),
                if *check_post { " check_post" } else { "" }
            )
        }
        Balance::Hdr { name, use_domain_only } => {
            format!("hdr({name}){}", if *use_domain_only { " use_domain_only" } else { "" })
        }
        Balance::RdpCookie { name } => format!("rdp-cookie({name})"),
        Balance::Hash(expr) => format!("hash {}", text::word(&text::expr(expr))),
        Balance::LogHash(expr) => format!("log-hash {}", text::word(&text::expr(expr))),
        Balance::Sticky => "sticky".into(),
    }
}

pub(super) fn hash_type(hash: &HashType) -> String {
    let method = match hash.method {
        HashMethod::MapBased => "map-based",
        HashMethod::Consistent => "consistent",
    };
    let function = match hash.function {
        HashFunction::Sdbm => "sdbm",
        HashFunction::Djb2 => "djb2",
        HashFunction::Wt6 => "wt6",
        HashFunction::Crc32 => "crc32",
        HashFunction::None => "none",
    };
    format!("{method} {function}{}", if hash.avalanche { " avalanche" } else { "" })
}

pub(super) fn cookie(cookie: &Cookie) -> String {
    let mode = match cookie.mode {
        CookieMode::Passive => "",
        CookieMode::Rewrite => " rewrite",
        CookieMode::Insert => " insert",
        CookieMode::Prefix => " prefix",
    };
    let mut out = format!("{}{mode}", text::word(&cookie.name));
    let flags = [
        (cookie.indirect, " indirect"),
        (cookie.nocache, " nocache"),
        (cookie.postonly, " postonly"),
        (cookie.preserve, " preserve"),
        (cookie.httponly, " httponly"),
        (cookie.secure, " secure"),
        (cookie.dynamic, " dynamic"),
    ];
    out.extend(flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name));
    for domain in &cookie.domains {
        out.push_str(&format!(" domain {}", text::word(domain)));
    }
    for (name, time) in [("maxidle", cookie.maxidle), ("maxlife", cookie.maxlife)] {
        out.push_str(&time.map_or_else(String::new, |t| format!(" {name} {}", text::duration(t))));
    }
    for attr in &cookie.attrs {
        out.push_str(&format!(" attr {}", text::word(attr)));
    }
    out
}

pub(super) fn forwarded(option: &ForwardFor) -> String {
    let mut parts = Vec::new();
    parts.extend(option.except.as_ref().map(|net| format!("except {net}")));
    parts.extend(option.header.as_ref().map(|name| format!("header {}", text::word(name))));
    parts.extend(option.if_none.then(|| String::from("if-none")));
    parts.join(" ")
}

pub(super) fn forwarded_field(option: &Forwarded) -> String {
    let part = |name: &str, part: &Option<ForwardedPart>| match part {
        None => None,
        Some(ForwardedPart::Default) => Some(name.to_owned()),
        Some(ForwardedPart::Expr(value)) => {
            Some(format!("{name}-expr {}", text::word(&text::expr(value))))
        }
    };
    let parts = [
        option.proto.then(|| String::from("proto")),
        part("host", &option.host),
        part("by", &option.by),
        part("by_port", &option.by_port),
        part("for", &option.origin),
        part("for_port", &option.origin_port),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

pub(super) fn check(check: &CheckKind) -> String {
    let part = |name: &str, value: &Option<String>| {
        value.as_ref().map_or_else(String::new, |value| format!(" {name} {}", text::word(value)))
    };
    match check {
        CheckKind::Tcp => "tcp".into(),
        CheckKind::TcpScript => "tcp-check".into(),
        CheckKind::Mysql(None) => "mysql-check".into(),
        CheckKind::Mysql(Some((user, auth))) => {
            format!("mysql-check user {} {auth}", text::word(user))
        }
        CheckKind::Pgsql(user) => format!("pgsql-check user {}", text::word(user)),
        CheckKind::Redis => "redis-check".into(),
        CheckKind::Smtp(hello) => format!("smtpchk {hello}"),
        CheckKind::Ldap => "ldap-check".into(),
        CheckKind::Spop => "spop-check".into(),
        CheckKind::SslHello => "ssl-hello-chk".into(),
        CheckKind::External => "external-check".into(),
        CheckKind::Websocket { uri, host } => {
            format!("websocket-check {}{}", text::word(uri), part("host", host))
        }
        CheckKind::Http { method, uri, version, host } => format!(
            "httpchk{}{}{}{}",
            part("meth", method),
            part("uri", uri),
            part("ver", version),
            part("host", host)
        ),
    }
}

pub(super) fn step(step: &HttpCheckStep) -> (String, Span) {
    let words = |all: &[String]| text::words(all.iter().map(String::as_str));
    let format = |value: &config_parse::log_format::LogFormat| text::word(&text::log_format(value));
    let mut out = match &step.kind {
        StepKind::Comment => "comment".into(),
        StepKind::Connect(connect) => format!("connect {}", words(&connect.words)),
        StepKind::SendBytes { keyword, data } => format!("{keyword} {}", format(data)),
        StepKind::SendState => "send-state".into(),
        StepKind::DisableOn404 => "disable-on-404".into(),
        StepKind::SetVar { name, value } => {
            format!("set-var({}) {}", name.value, text::expr(value))
        }
        StepKind::SetVarFmt { name, value } => {
            format!("set-var-fmt({}) {}", name.value, format(value))
        }
        StepKind::UnsetVar { name } => format!("unset-var({})", name.value),
        StepKind::Expect(expect) => format!("expect {}", words(&expect.words)),
        StepKind::Send { method, uri, version, headers, body } => {
            let mut parts = vec![String::from("send")];
            parts.extend(method.as_ref().map(|method| format!("meth {}", text::word(method))));
            parts.extend(uri.as_ref().map(|uri| format!("uri {}", format(uri))));
            parts.extend(version.as_ref().map(|version| format!("ver {}", text::word(version))));
            let headers = headers.iter();
            parts
                .extend(headers.map(|(name, v)| format!("hdr {} {}", text::word(name), format(v))));
            parts.extend(body.as_ref().map(|body| format!("body {}", format(body))));
            parts.join(" ")
        }
    };
    if let Some(comment) = &step.comment {
        out.push_str(&format!(" comment {}", text::word(comment)));
    }
    (out, step.span)
}

/// An `on` line of a log profile.
pub(super) fn profile_step(step: &ProfileStep) -> (String, Span) {
    let mut out = step.step.clone();
    if step.drop {
        out.push_str(" drop");
    }
    for (word, format) in [("format", &step.format), ("sd", &step.data)] {
        if let Some(format) = format {
            out.push_str(&format!(" {word} {}", text::word(&text::log_format(format))));
        }
    }
    (out, step.span)
}
