//! The `Forwarded` header (RFC 7239): its fields, the nodes in them, and nodes of one's own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::arg::{ArgKind, Args};
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value};

use super::{bool, bytes, int, str};

const STR: Type = Type::Str;
const ANY: Type = Type::Any;

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("rfc7239_field", STR, STR, field, "a field of a `Forwarded` header")
        .args(1, &[ArgKind::Str])
        .check(check_field),
    ConvertEntry::new("rfc7239_is_valid", STR, Type::Bool, is_valid, "well-formed by RFC 7239"),
    ConvertEntry::new("rfc7239_n2nn", STR, ANY, node_to_name, "the name of a node"),
    ConvertEntry::new("rfc7239_n2np", STR, ANY, node_to_port, "the port of a node"),
    ConvertEntry::new("rfc7239_nn", ANY, STR, name_of_node, "the name of a node, made of a value"),
    ConvertEntry::new("rfc7239_np", ANY, STR, port_of_node, "the port of a node, made of a value"),
];

fn check_field(args: &mut Args) -> Result<(), (usize, String)> {
    match args.str(0) {
        Some(b"proto" | b"host" | b"for" | b"by") => Ok(()),
        _ => Err((0, String::from("the fields are `proto`, `host`, `for` and `by`"))),
    }
}

/// The fields of a value, each at most once; `None` when it is not well formed.
fn fields(text: &[u8]) -> Option<Vec<(&'static str, Vec<u8>)>> {
    let mut found: Vec<(&'static str, Vec<u8>)> = Vec::new();
    let mut rest = text;
    loop {
        let equals = memchr::memchr(b'=', rest)?;
        let name = ["proto", "host", "for", "by"]
            .into_iter()
            .find(|name| rest[..equals].eq_ignore_ascii_case(name.as_bytes()))?;
        let (value, quoted, after) = value(&rest[equals + 1..])?;
        let good = match name {
            "proto" => matches!(value.as_slice(), b"http" | b"https"),
            "host" => is_host(&value) && (quoted || !value.contains(&b':')),
            // A colon or a bracket is no token: such a node is quoted.
            _ => node(&value).is_some() && (quoted || value.iter().all(|b| !b":[]".contains(b))),
        };
        if !good || found.iter().any(|(known, _)| *known == name) {
            return None;
        }
        found.push((name, value));
        match after {
            [] => return Some(found),
            [b';', after @ ..] => rest = after,
            _ => return None,
        }
    }
}

/// A token or a quoted string, whether it was quoted, and what follows.
fn value(text: &[u8]) -> Option<(Vec<u8>, bool, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|byte| *byte == b';').unwrap_or(text.len());
        let token = &text[..end];
        return (!token.is_empty()).then(|| (token.to_vec(), false, &text[end..]));
    };
    let mut value = Vec::new();
    let mut bytes = quoted.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some((value, true, &quoted[at + 1..])),
            b'\\' => value.push(*bytes.next()?.1),
            byte => value.push(*byte),
        }
    }
    None
}

/// A name or an address, and maybe a port.
fn is_host(text: &[u8]) -> bool {
    let name_or_address = |text: &[u8]| match text {
        [b'[', ip @ .., b']'] => parse::<Ipv6Addr>(ip).is_some(),
        name => {
            !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(b))
        }
    };
    match port_at(text) {
        Some((host, port)) => name_or_address(host) && parse::<u16>(port).is_some(),
        None => name_or_address(text),
    }
}

/// Splits at the colon of a port, which stands behind brackets if there are some.
fn port_at(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memrchr(b':', text)?;
    let inside = memchr::memrchr(b']', text).is_some_and(|bracket| colon < bracket);
    (!inside).then(|| (&text[..colon], &text[colon + 1..]))
}

fn parse<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// What a node says: its name, and its port when there is one.
fn node(text: &[u8]) -> Option<(Name<'_>, Option<Port<'_>>)> {
    let (name, port) = match port_at(text) {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let name = match name {
        b"unknown" => Name::Text(name),
        [b'_', rest @ ..] if is_obfuscated(rest) => Name::Text(name),
        [b'[', ip @ .., b']'] => Name::Ip(parse::<Ipv6Addr>(ip)?.into()),
        ip => Name::Ip(parse::<Ipv4Addr>(ip)?.into()),
    };
    let port = match port {
        None => None,
        Some([b'_', rest @ ..]) if is_obfuscated(rest) => port.map(Port::Text),
        Some(digits) => Some(Port::Number(parse(digits)?)),
    };
    Some((name, port))
}

enum Name<'t> {
    Ip(IpAddr),
    Text(&'t [u8]),
}

enum Port<'t> {
    Number(u16),
    Text(&'t [u8]),
}

fn is_obfuscated(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b))
}

fn field<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let wanted = args.str(0).unwrap_or_default();
    let found = fields(&bytes(value)).unwrap_or_default();
    let found = found.into_iter().find(|(name, _)| name.as_bytes() == wanted);
    found.map_or(Sample::Missing, |(_, value)| str(value))
}

fn is_valid<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    bool(fields(&bytes(value)).is_some())
}

fn node_to_name<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    match node(&bytes(value)) {
        Some((Name::Ip(ip), _)) => Sample::Known(Value::Ip(ip)),
        Some((Name::Text(name), _)) => str(name.to_vec()),
        None => Sample::Missing,
    }
}

fn node_to_port<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    match node(&bytes(value)) {
        Some((_, Some(Port::Number(port)))) => int(i64::from(port)),
        Some((_, Some(Port::Text(port)))) => str(port.to_vec()),
        Some((_, None)) | None => Sample::Missing,
    }
}

/// Text is an obfuscated identifier with `_` in front, no text is `unknown`.
fn name_of_node<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    match value {
        Value::Ip(IpAddr::V6(ip)) => str(format!("[{ip}]").into_bytes()),
        Value::Ip(IpAddr::V4(ip)) => str(ip.to_string().into_bytes()),
        Value::Str(text) if text.is_empty() => str(&b"unknown"[..]),
        Value::Str(text) => obfuscated(&text),
        _ => Sample::Missing,
    }
}

fn port_of_node<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    match value {
        Value::Int(port) => match u16::try_from(port) {
            Ok(port) => str(port.to_string().into_bytes()),
            Err(_) => Sample::Missing,
        },
        Value::Str(text) => obfuscated(&text),
        _ => Sample::Missing,
    }
}

fn obfuscated<'a>(text: &[u8]) -> Sample<'a> {
    if is_obfuscated(text) { str([b"_", text].concat()) } else { Sample::Missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_the_rfc_says() {
        for good in [
            r#"for="unknown:132";host="[::1]:65535";by="_obfs:_port";proto=https"#,
            r#"for="127.0.0.1";host=v.test"#,
            r#"by="[::1]""#,
            "for=127.0.0.1;proto=http",
            r#"host="haproxy.org:80""#,
        ] {
            assert!(fields(good.as_bytes()).is_some(), "{good}");
        }
        for bad in [
            r#"fore="unknown:132""#,
            "proto=http;proto=http",
            "\"",
            "by=[::1]",
            r#"by="[::1]:""#,
            "proto=custom",
            "",
        ] {
            assert!(fields(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
