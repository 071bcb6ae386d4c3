//! Words that explanations for people and for programs share.

use diag::{Sources, Span};
use rules::{Event, Final, Outcome, ReplyKind};

/// The word of an outcome in the format.
pub fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Taken => "taken",
        Outcome::NotTaken => "not_taken",
        Outcome::Skipped => "skipped",
        Outcome::Unknown => "unknown",
    }
}

/// The word of a local response in the format.
pub fn kind_word(kind: ReplyKind) -> &'static str {
    match kind {
        ReplyKind::Deny => "deny",
        ReplyKind::Tarpit => "tarpit",
        ReplyKind::Return => "return",
        ReplyKind::Auth => "auth",
        ReplyKind::Redirect => "redirect",
        ReplyKind::Monitor => "monitor",
        ReplyKind::Stats => "stats",
        ReplyKind::ServerRedirect => "server-redirect",
        ReplyKind::Service => "service",
        ReplyKind::Error => "error",
    }
}

/// The status that a client sees: an error file has its own, an empty one none.
pub fn sent_status(reply: &Final) -> Option<u16> {
    match &reply.raw {
        None => Some(reply.head.status),
        Some(raw) => {
            let line = raw.split(|byte| *byte == b'\r' || *byte == b'\n').next()?;
            std::str::from_utf8(line).ok()?.split(' ').nth(1)?.parse().ok()
        }
    }
}

/// The rule that chose the backend.
pub fn switch(events: &[Event]) -> Option<Span> {
    use rules::RuleFamily::{DefaultBackend, UseBackend};
    events.iter().find_map(|event| match event {
        Event::Rule {
            family: UseBackend | DefaultBackend, span, outcome: Outcome::Taken, ..
        } => Some(*span),
        _ => None,
    })
}

/// An address as a configuration spells it.
pub fn address_text(address: &config_parse::address::Address) -> String {
    use config_parse::address::{AddressKind, Host, Ports};
    match &address.kind {
        AddressKind::Inet { host, ports, .. } => {
            let host = match host {
                Host::Any => "*".to_owned(),
                Host::Ip(std::net::IpAddr::V6(ip)) => format!("[{ip}]"),
                Host::Ip(ip) => ip.to_string(),
                Host::Name(name) => name.clone(),
            };
            match ports {
                Ports::Unset => host,
                Ports::One(port) => format!("{host}:{port}"),
                Ports::Range(first, last) => format!("{host}:{first}-{last}"),
                Ports::Offset(offset) => format!("{host}:{offset:+}"),
            }
        }
        AddressKind::Unix(path) | AddressKind::UnixDatagram(path) => format!("unix@{path}"),
        AddressKind::Abns(name) => format!("abns@{name}"),
        AddressKind::Abnsz(name) => format!("abnsz@{name}"),
        AddressKind::Fd(number) => format!("fd@{number}"),
        AddressKind::Other(text) => text.clone(),
    }
}

/// The line that a span begins on, without the white space around it.
pub fn line_text(sources: &Sources, span: Span) -> String {
    let Some(file) = sources.file(span.file) else { return String::new() };
    String::from_utf8_lossy(file.line_text(file.line(span.start))).trim().to_owned()
}
