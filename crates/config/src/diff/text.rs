//! Values of the model as they would be written.

use std::fmt::Write as _;
use std::time::Duration;

use config_parse::address::{Address, AddressKind, Family, Host, Ports};
use config_parse::condition::{AclExpr, Condition, PatternFile, Term, Test};
use config_parse::expr::{Call, Expr};
use config_parse::log_format::{Flags, Label, LogFormat, Piece};

/// A word, in quotes when it has to be.
pub(super) fn word(text: &str) -> String {
    let bare = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\'' | '\\' | '#');
    if !text.is_empty() && text.chars().all(bare) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '$' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Words on one line.
pub(super) fn words<'a>(all: impl IntoIterator<Item = &'a str>) -> String {
    all.into_iter().map(word).collect::<Vec<_>>().join(" ")
}

/// The shortest exact form: `25s`, `1500ms`, `15m`.
pub(super) fn duration(time: Duration) -> String {
    let micros = time.as_micros();
    let units = [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000)];
    match units.iter().find(|(_, unit)| micros != 0 && micros.is_multiple_of(*unit)) {
        Some((name, unit)) => format!("{}{name}", micros / unit),
        None if micros.is_multiple_of(1000) => format!("{}ms", micros / 1000),
        None => format!("{micros}us"),
    }
}

pub(super) fn address(address: &Address) -> String {
    match &address.kind {
        AddressKind::Inet { family, host, ports, datagram } => {
            let prefix = match (family, datagram) {
                (Family::Any, false) => "",
                (Family::V4, false) => "ipv4@",
                (Family::V6, false) => "ipv6@",
                (Family::Any, true) => "udp@",
                (Family::V4, true) => "udp4@",
                (Family::V6, true) => "udp6@",
            };
            let host = match host {
                Host::Any => String::from("*"),
                Host::Ip(ip) if ip.is_ipv6() => format!("[{ip}]"),
                Host::Ip(ip) => ip.to_string(),
                Host::Name(name) => name.clone(),
            };
            let port = match ports {
                Ports::Unset => String::new(),
                Ports::One(port) => format!(":{port}"),
                Ports::Range(low, high) => format!(":{low}-{high}"),
                Ports::Offset(offset) => format!(":{offset:+}"),
            };
            format!("{prefix}{host}{port}")
        }
        AddressKind::Unix(path) => format!("unix@{path}"),
        AddressKind::UnixDatagram(path) => format!("uxdg@{path}"),
        AddressKind::Abns(name) => format!("abns@{name}"),
        AddressKind::Abnsz(name) => format!("abnsz@{name}"),
        AddressKind::Fd(number) => format!("fd@{number}"),
        AddressKind::Other(text) => text.clone(),
    }
}

pub(super) fn expr(expr: &Expr) -> String {
    let calls = std::iter::once(&expr.fetch).chain(&expr.converters);
    calls.map(call).collect::<Vec<_>>().join(",")
}

fn call(call: &Call) -> String {
    match &call.args {
        None => call.name.value.clone(),
        Some(args) => {
            let args: Vec<String> = args.iter().map(|arg| argument(&arg.value)).collect();
            format!("{}({})", call.name.value, args.join(","))
        }
    }
}

/// An argument, in single quotes when it has characters that end one.
fn argument(text: &str) -> String {
    match text.contains([',', ')', ' ', '\'', '"']) {
        true => format!("'{}'", text.replace('\'', "'\\''")),
        false => text.to_owned(),
    }
}

pub(super) fn log_format(format: &LogFormat) -> String {
    let mut out = String::new();
    for piece in &format.pieces {
        match piece {
            Piece::Text(text) => out.push_str(&text.replace('%', "%%")),
            Piece::Alias { name, flags, label, .. } => {
                let _ = write!(out, "%{}{}{}", self::label(label), self::flags(*flags), name.value);
            }
            Piece::Expr { expr, flags, label, .. } => {
                let expr = self::expr(expr);
                let _ = write!(out, "%{}{}[{expr}]", self::label(label), self::flags(*flags));
            }
        }
    }
    out
}

fn label(label: &Option<Label>) -> String {
    match label {
        None => String::new(),
        Some(Label { name, kind: None }) => format!("({name})"),
        Some(Label { name, kind: Some(kind) }) => format!("({name}:{kind})"),
    }
}

fn flags(flags: Flags) -> String {
    let all = [(flags.quote, 'Q'), (flags.hex, 'X'), (flags.escape, 'E'), (flags.mandatory, 'M')];
    let set: Vec<String> = all
        .iter()
        .filter_map(|(on, name)| on.map(|on| format!("{}{name}", if on { '+' } else { '-' })))
        .collect();
    if set.is_empty() { String::new() } else { format!("{{{}}}", set.join(",")) }
}

pub(super) fn condition(condition: &Condition) -> String {
    let all = |terms: &Vec<Term>| terms.iter().map(term).collect::<Vec<_>>().join(" ");
    let any: Vec<String> = condition.any.iter().map(all).collect();
    let word = if condition.unless { "unless" } else { "if" };
    format!("{word} {}", any.join(" or "))
}

fn term(term: &Term) -> String {
    let not = if term.negated { "!" } else { "" };
    match &term.test {
        Test::Named(name) => format!("{not}{}", name.value),
        Test::Anonymous(acl) => format!("{not}{{ {} }}", acl_expr(acl)),
    }
}

pub(super) fn acl_expr(acl: &AclExpr) -> String {
    let mut out = word(&expr(&acl.expr));
    let flag = |on: bool, name| if on { name } else { "" };
    out.push_str(flag(acl.no_resolve, " -n"));
    out.push_str(flag(acl.map_file, " -M"));
    if let Some(method) = &acl.method {
        let _ = write!(out, " -m {}", method.value.name());
    }
    // `-i` holds for what stands behind it.
    let (folded, exact): (Vec<_>, Vec<_>) = acl.files.iter().partition(|file| file.ignore_case);
    let name = |file: &PatternFile| format!(" -f {}", word(&file.name.value));
    out.extend(exact.into_iter().map(name));
    out.push_str(flag(acl.ignore_case, " -i"));
    out.extend(folded.into_iter().map(name));
    let dashed = acl.patterns.first().is_some_and(|first| first.value.starts_with('-'));
    out.push_str(if dashed { " --" } else { "" });
    for pattern in &acl.patterns {
        let _ = write!(out, " {}", word(&pattern.value));
    }
    out
}
