//! Addresses: `*:80`, `:80`, `[::]:80`, ranges, `ipv4@`, `unix@`, `abns@`, `fd@` (manual 4.2 `bind`, 11).

use std::net::IpAddr;

use diag::Span;

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
    Inet { family: Family, host: Host, ports: Ports, datagram: bool },
    /// A path in the file system (`unix@/run/x`, `/run/x`).
    Unix(String),
    /// A name in the abstract namespace.
    Abns(String),
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
