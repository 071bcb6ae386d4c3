//! `option forwarded`: the `Forwarded` field of a request (RFC 7239), as one more element of its list.

use std::fmt::Write as _;
use std::net::IpAddr;

use sample::{Compiled, Sample, Value, as_text};

use crate::action::address;
use crate::moment::Moment;

/// A compiled `option forwarded`.
#[derive(Debug, Default)]
pub(crate) struct ForwardedField {
    pub(crate) proto: bool,
    pub(crate) host: Option<Part>,
    pub(crate) by: Option<Part>,
    pub(crate) by_port: Option<Part>,
    pub(crate) origin: Option<Part>,
    pub(crate) origin_port: Option<Part>,
}

/// Where a part comes from: the connection, or a sample.
#[derive(Debug)]
pub(crate) enum Part {
    Default,
    Sample(Compiled),
}

impl ForwardedField {
    /// The element that this proxy adds: `proto=http;for=192.0.2.1`.
    pub(crate) fn element(&self, m: &mut Moment<'_>) -> String {
        let mut pairs = Vec::new();
        if self.proto {
            // Nothing is encrypted yet.
            pairs.push(String::from("proto=http"));
        }
        if let Some(host) = &self.host {
            pairs.push(format!("host=\"{}\"", self::host(host, m)));
        }
        let by = node("by", &self.by, &self.by_port, false, m);
        let origin = node("for", &self.origin, &self.origin_port, true, m);
        pairs.extend(by.into_iter().chain(origin));
        pairs.join(";")
    }
}

/// A host with its port; empty when it is none.
fn host(part: &Part, m: &mut Moment<'_>) -> String {
    let text = match part {
        Part::Default => {
            let host = m.head().and_then(|head| head.fields.get(b"host"));
            host.map(<[u8]>::to_vec)
        }
        Part::Sample(sample) => value(sample, m).map(|value| as_text(value).into_owned()),
    };
    let text = text.and_then(|text| String::from_utf8(text).ok()).unwrap_or_default();
    let named = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    let colons = text.split(']').next_back().unwrap_or("").matches(':').count();
    let bracketed = text.starts_with('[') == text.contains([']', '[']);
    if text.chars().all(named) && colons <= 1 && bracketed { text } else { String::new() }
}

/// `for=192.0.2.1`, `by="[2001:db8::1]:80"`: an address or a name that hides it, and a port.
fn node(
    what: &str,
    name: &Option<Part>,
    port: &Option<Part>,
    source: bool,
    m: &mut Moment<'_>,
) -> Option<String> {
    let name = match name.as_ref()? {
        Part::Default => match address::current(m.world, source) {
            Some(address) => Name::Address(address.ip()),
            None => Name::Unknown,
        },
        Part::Sample(sample) => match value(sample, m) {
            Some(Value::Ip(ip)) => Name::Address(ip),
            Some(value) => Name::read(&as_text(value)),
            None => Name::Unknown,
        },
    };
    let port = match port {
        None => None,
        Some(Part::Default) => {
            address::current(m.world, source).map(|address| address.port().to_string())
        }
        Some(Part::Sample(sample)) => value(sample, m).and_then(|value| read_port(&as_text(value))),
    };
    let mut text = match &name {
        Name::Address(IpAddr::V4(ip)) => ip.to_string(),
        Name::Address(IpAddr::V6(ip)) => format!("[{ip}]"),
        Name::Hidden(name) => format!("_{name}"),
        Name::Unknown => String::from("unknown"),
    };
    let quoted = port.is_some() || matches!(name, Name::Address(IpAddr::V6(_)));
    if let Some(port) = port {
        // Writing to a string cannot fail.
        let _ = write!(text, ":{port}");
    }
    Some(if quoted { format!("{what}=\"{text}\"") } else { format!("{what}={text}") })
}

/// Who a node is.
enum Name {
    Address(IpAddr),
    /// A name of its own, without the `_` in front.
    Hidden(String),
    Unknown,
}

impl Name {
    fn read(text: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(text) else { return Name::Unknown };
        let inside = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let bare = text.parse().ok().filter(IpAddr::is_ipv4);
        match bare.or_else(|| inside?.parse().ok().filter(IpAddr::is_ipv6)) {
            Some(ip) => Name::Address(ip),
            None if text == "unknown" => Name::Unknown,
            None => hidden(text).map_or(Name::Unknown, |name| Name::Hidden(name.to_owned())),
        }
    }
}

fn read_port(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    match text.parse::<u16>() {
        Ok(port) => Some(port.to_string()),
        Err(_) => hidden(text).map(|name| format!("_{name}")),
    }
}

/// An obfuscated identifier without its `_` (RFC 7239 section 6.3).
fn hidden(text: &str) -> Option<&str> {
    let name = text.strip_prefix('_').unwrap_or(text);
    let valid = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (!name.is_empty() && name.chars().all(valid)).then_some(name)
}

fn value(sample: &Compiled, m: &mut Moment<'_>) -> Option<Value<'static>> {
    let value = match sample.eval_now(&m.context()) {
        Sample::Known(value) => Some(crate::action::variable::owned(value)),
        Sample::Missing | Sample::Wait | Sample::Unknown(_) => None,
    };
    m.settle();
    value
}
