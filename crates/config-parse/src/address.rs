//! Addresses: `*:80`, `:80`, `[::]:80`, ranges, `ipv4@`, `unix@`, `abns@`, `fd@` (manual 4.2 `bind`, 11).

use std::net::IpAddr;

use diag::{Diagnostic, Span, codes};

use crate::tree::Word;

/// The host part.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// `*` or nothing: all addresses (0.0.0.0, or `::` with `ipv6@`).
    Any,
    /// An address.
    Ip(IpAddr),
    /// A name to resolve at start.
    Name(String),
}

/// The port part of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ports {
    /// None was written: for a server the port that the client connected to.
    Unset,
    /// One port, 1-65535 (0 where the place takes it).
    One(u16),
    /// `8000-8010`, both ends included: a `bind` of each.
    Range(u16, u16),
    /// `+N`, `-N`: relative to the client's destination port (servers).
    Offset(i32),
}

/// Which family a prefix asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the prefixes are the manual's own")]
pub enum Family {
    Any,
    V4,
    V6,
}

/// An address of any form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// TCP over IPv4 or IPv6; `udp@` where the place takes datagrams.
    Inet {
        /// What a prefix asks for.
        family: Family,
        /// The host.
        host: Host,
        /// The ports.
        ports: Ports,
        /// Whether a prefix asks for datagrams.
        datagram: bool,
    },
    /// A path in the file system (`unix@/run/x`, `/run/x`).
    Unix(String),
    /// `uxdg@PATH`: a path that takes datagrams.
    UnixDatagram(String),
    /// A name in the abstract namespace, filled up with NULs to the size of an address (`abns@`).
    Abns(String),
    /// A name in the abstract namespace as it is (`abnsz@`).
    Abnsz(String),
    /// An inherited file descriptor: `fd@3`.
    Fd(u32),
    /// `sockpair@N`, and other forms that are known but not built.
    Other(String),
}

/// An address and where it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// What it is.
    pub kind: AddressKind,
    /// Its bytes.
    pub span: Span,
}

impl AddressKind {
    /// The name of an abstract address as the system has it, without the NUL in front; `None` for other kinds.
    pub fn abstract_name(&self) -> Option<String> {
        match self {
            Self::Abns(name) => Some(format!("{name:\0<width$}", width = ABSTRACT)),
            Self::Abnsz(name) => Some(name.clone()),
            _ => None,
        }
    }
}

/// Bytes of an abstract name: those of `sun_path` without the first (unix(7)).
const ABSTRACT: usize = 107;

/// Reads one address.
///
/// Every form of the manual is read, whether or not its place takes it: that is for the caller to say.
///
/// # Errors
/// `E0305` for ports out of range, a descriptor that is no number, or brackets out of place.
pub fn parse(word: &Word<'_>) -> Result<Address, Diagnostic> {
    let (prefix, rest) = split_prefix(&word.text);
    let from = word.text.len() - rest.len();
    let inet = |family, datagram| inet(&word.slice(from..word.text.len()), family, datagram);
    let kind = match prefix {
        "" if rest.starts_with('/') => AddressKind::Unix(rest.to_owned()),
        "" | "ip" | "tcp" | "stream+ip" => inet(Family::Any, false)?,
        "ipv4" | "tcp4" | "stream+ipv4" => inet(Family::V4, false)?,
        "ipv6" | "tcp6" | "stream+ipv6" => inet(Family::V6, false)?,
        "udp" | "dgram+ip" => inet(Family::Any, true)?,
        "udp4" | "dgram+ipv4" => inet(Family::V4, true)?,
        "udp6" | "dgram+ipv6" => inet(Family::V6, true)?,
        "unix" | "uxst" | "stream+unix" => AddressKind::Unix(rest.to_owned()),
        "uxdg" | "dgram+unix" => AddressKind::UnixDatagram(rest.to_owned()),
        "abns" => AddressKind::Abns(rest.to_owned()),
        "abnsz" => AddressKind::Abnsz(rest.to_owned()),
        "fd" => descriptor(word, rest)?,
        _ => AddressKind::Other(word.text.to_string()),
    };
    Ok(Address { kind, span: word.span })
}

/// Reads the addresses of a `bind` line: one or more, with commas between them.
///
/// # Errors
/// As [`parse`]; `E0305` also for an address of no characters that is not the last.
pub fn parse_list(word: &Word<'_>) -> Result<Vec<Address>, Diagnostic> {
    let mut addresses = Vec::new();
    let mut start = 0;
    for part in word.text.split(',') {
        let end = start + part.len();
        let is_last = end == word.text.len();
        if part.is_empty() && is_last && !addresses.is_empty() {
            break;
        }
        if part.is_empty() {
            let message = "an address of this list is empty";
            return Err(Diagnostic::new(codes::E0305, word.at(start..end), message));
        }
        addresses.push(parse(&word.slice(start..end))?);
        start = end + 1;
    }
    Ok(addresses)
}

/// Prefixes with a family, a socket type or a protocol (manual 2.9); others are part of the host.
const PREFIXES: &[&str] = &[
    "abns",
    "abnsz",
    "dgram+ip",
    "dgram+ipv4",
    "dgram+ipv6",
    "dgram+unix",
    "fd",
    "ip",
    "ipv4",
    "ipv6",
    "mptcp",
    "mptcp4",
    "mptcp6",
    "quic+ip",
    "quic+ipv4",
    "quic+ipv6",
    "quic4",
    "quic6",
    "rev",
    "rhttp",
    "sockpair",
    "stream+abns",
    "stream+ip",
    "stream+ipv4",
    "stream+ipv6",
    "stream+unix",
    "tcp",
    "tcp4",
    "tcp6",
    "udp",
    "udp4",
    "udp6",
    "unix",
    "uxdg",
    "uxst",
];

fn split_prefix(text: &str) -> (&str, &str) {
    match text.split_once('@') {
        Some((prefix, rest)) if PREFIXES.contains(&prefix) => (prefix, rest),
        _ => ("", text),
    }
}

fn descriptor(word: &Word<'_>, text: &str) -> Result<AddressKind, Diagnostic> {
    text.parse().map(AddressKind::Fd).map_err(|_| {
        let message = format!("`{text}` is not the number of a file descriptor");
        Diagnostic::new(codes::E0305, word.span, message).help("write `fd@` and a number: `fd@3`")
    })
}

fn inet(word: &Word<'_>, family: Family, datagram: bool) -> Result<AddressKind, Diagnostic> {
    let text = word.text.as_ref();
    // The last colon begins the port, also in `::1:80`; only brackets make an IPv6 address end.
    let (host_text, port_text) = match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') => (host, port),
        _ => (text, ""),
    };
    let host = host(&word.slice(0..host_text.len()), family)?;
    let ports = ports(&word.slice(text.len() - port_text.len()..text.len()))?;
    Ok(AddressKind::Inet { family, host, ports, datagram })
}

fn host(word: &Word<'_>, family: Family) -> Result<Host, Diagnostic> {
    let text = word.text.as_ref();
    if matches!(text, "" | "*") {
        return Ok(Host::Any);
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let wrong = |message| Err(Diagnostic::new(codes::E0305, word.span, message));
    match (bare.parse::<IpAddr>(), family) {
        (Ok(IpAddr::V6(_)), Family::V4) => wrong(format!("`{text}` is not an IPv4 address")),
        (Ok(IpAddr::V4(_)), Family::V6) => wrong(format!("`{text}` is not an IPv6 address")),
        (Ok(ip), _) => Ok(Host::Ip(ip)),
        (Err(_), _) if text.contains(['[', ']', ':', '*', ' ']) => {
            let finding = wrong(format!("`{text}` is neither an address nor a name"));
            let colon = text.contains(':') && !text.contains('[');
            finding.map_err(|finding| if colon { finding.help(BRACKETS) } else { finding })
        }
        (Err(_), _) => Ok(Host::Name(text.to_owned())),
    }
}

const BRACKETS: &str = "what follows the last colon is the port: write `[::1]:80` for IPv6";

fn ports(word: &Word<'_>) -> Result<Ports, Diagnostic> {
    let text = word.text.as_ref();
    if text.is_empty() {
        return Ok(Ports::Unset);
    }
    if let Some(sign) = text.chars().next().filter(|c| matches!(c, '+' | '-')) {
        let offset = i32::from(port(word, text.get(1..).unwrap_or(""))?);
        return Ok(Ports::Offset(if sign == '-' { -offset } else { offset }));
    }
    let Some((first, last)) = text.split_once('-') else {
        return port(word, text).map(Ports::One);
    };
    let (first, last) = (port(word, first)?, port(word, last)?);
    if first > last {
        let message = format!("the range `{text}` ends before it begins");
        return Err(Diagnostic::new(codes::E0305, word.span, message));
    }
    Ok(Ports::Range(first, last))
}

/// Quirk: only the first character has to be a digit; HAProxy takes `80x` for 80.
fn port(word: &Word<'_>, text: &str) -> Result<u16, Diagnostic> {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or("").parse().map_err(|_| {
        let message = format!("`{text}` is not a port");
        Diagnostic::new(codes::E0305, word.span, message).help("a port is a number from 1 to 65535")
    })
}
