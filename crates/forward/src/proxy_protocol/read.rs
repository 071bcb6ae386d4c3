//! Reads a PROXY header from the first bytes of a connection.
//!
//! Both versions are recognised by their first bytes; anything else is refused at once. A header that is not whole
//! yet is waited for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{SIGNATURE, crc32c, tlv};

/// Longest line of version 1, with its end.
const LONGEST_LINE: usize = 107;
/// Longest values that HAProxy takes.
const LONGEST_UNIQUE_ID: usize = 128;
const LONGEST_AUTHORITY: usize = 255;

/// How far a header has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read<'a> {
    /// More bytes are needed.
    Partial,
    /// The header took this many bytes.
    Header {
        length: usize,
        /// Source and destination; `None` keeps those of the connection.
        addresses: Option<(SocketAddr, SocketAddr)>,
        tlvs: &'a [u8],
    },
}

/// Why a connection is refused before its first byte: HAProxy's number (`fc_err`), name and words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It ended before a byte came.
    Empty = 11,
    /// It broke.
    Aborted = 12,
    /// The header did not come in time.
    TimedOut = 13,
    /// It ended within the header.
    Truncated = 14,
    /// Its first bytes are no header.
    NotAHeader = 15,
    /// The header breaks its grammar.
    Bad = 16,
    /// The header is of a protocol that is not known.
    Unhandled = 17,
}

impl Refused {
    /// The words of the log.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Refused::Empty => "Connection closed while waiting for PROXY protocol header",
            Refused::Aborted => "Connection error while waiting for PROXY protocol header",
            Refused::TimedOut => "Timeout while waiting for PROXY protocol header",
            Refused::Truncated => "Truncated PROXY protocol header received",
            Refused::NotAHeader => {
                "Received something which does not look like a PROXY protocol header"
            }
            Refused::Bad => "Received an invalid PROXY protocol header",
            Refused::Unhandled => "Received an unhandled protocol in the PROXY protocol header",
        }
    }

    /// Nothing came (`option dontlognull`).
    pub(crate) fn is_null(self) -> bool {
        matches!(self, Refused::Empty | Refused::Aborted)
    }
}

/// Reads the header at the start of `received`. An error may come with the addresses that were read before it.
pub(super) fn header(received: &[u8]) -> Result<Read<'_>, (Refused, Option<SocketAddr>)> {
    const TEXT: &[u8] = b"PROXY ";
    let begins = |with: &[u8]| {
        let common = received.len().min(with.len());
        received.get(..common) == with.get(..common)
    };
    if begins(TEXT) {
        if received.len() < TEXT.len() {
            return Ok(Read::Partial);
        }
        return line(received).map_err(|refused| (refused, None));
    }
    if begins(SIGNATURE) {
        return binary(received);
    }
    Err((Refused::NotAHeader, None))
}

/// Version 1: `PROXY TCP4 source destination port port`, single spaces, and the end of a line.
fn line(received: &[u8]) -> Result<Read<'_>, Refused> {
    let end = memchr::memchr(b'\n', received);
    let Some(end) = end.filter(|end| *end < LONGEST_LINE) else {
        let over = received.len() >= LONGEST_LINE || end.is_some();
        return if over { Err(Refused::Unhandled) } else { Ok(Read::Partial) };
    };
    let text = received.get(..end).and_then(|line| line.strip_suffix(b"\r"));
    let text = text.and_then(|text| std::str::from_utf8(text).ok()).ok_or(Refused::Bad)?;
    let length = end + 1;
    let rest = text.strip_prefix("PROXY ").ok_or(Refused::NotAHeader)?;
    // Quirk: words behind `UNKNOWN` are refused, though the protocol asks to ignore them.
    if rest == "UNKNOWN" {
        return Ok(Read::Header { length, addresses: None, tlvs: &[] });
    }
    let (family, rest) = rest.split_once(' ').ok_or(Refused::Unhandled)?;
    let address: fn(&str) -> Option<IpAddr> = match family {
        "TCP4" => ipv4,
        "TCP6" => |text| text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => return Err(Refused::Unhandled),
    };
    let words: Vec<&str> = rest.split(' ').collect();
    let [source, destination, from, to] = words.as_slice() else { return Err(Refused::Bad) };
    let socket = |ip: &str, at: &str| Some(SocketAddr::new(address(ip)?, port(at)?));
    match (socket(source, from), socket(destination, to)) {
        (Some(source), Some(destination)) => {
            Ok(Read::Header { length, addresses: Some((source, destination)), tlvs: &[] })
        }
        _ => Err(Refused::Bad),
    }
}

/// Quirk: parts may be missing or larger than a byte, which then counts for the part before it.
fn ipv4(text: &str) -> Option<IpAddr> {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() > 4 {
        return None;
    }
    let mut address = 0_u32;
    for at in 0..4 {
        let part = parts.get(at).map_or(Some(0), |part| number(part))?;
        address = address.wrapping_shl(8).wrapping_add(part);
    }
    Some(IpAddr::V4(Ipv4Addr::from_bits(address)))
}

/// Quirk: 16 bits are kept of whatever number it is.
fn port(text: &str) -> Option<u16> {
    number(text).map(|port| port as u16)
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Version 2: the signature, a command, a family, the length of what follows: addresses, then TLVs.
fn binary(received: &[u8]) -> Result<Read<'_>, (Refused, Option<SocketAddr>)> {
    const FIXED: usize = 16;
    let bad = (Refused::Bad, None);
    let Some((fixed, rest)) = received.split_at_checked(FIXED) else { return Ok(Read::Partial) };
    let [.., command, family, high, low] = fixed else { return Err(bad) };
    if command >> 4 != 2 {
        return Err((Refused::NotAHeader, None));
    }
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let Some(rest) = rest.get(..length) else { return Ok(Read::Partial) };
    let whole = FIXED + length;
    let (addresses, tlvs) = match (command & 15, family) {
        // LOCAL: the sender speaks for itself, such as for a health check.
        (0, _) => return Ok(Read::Header { length: whole, addresses: None, tlvs: &[] }),
        (1, 0x11) => rest.split_at_checked(12).ok_or(bad)?,
        (1, 0x21) => rest.split_at_checked(36).ok_or(bad)?,
        _ => return Err(bad),
    };
    let (source, destination) = sockets(addresses).ok_or(bad)?;
    accept_tlvs(fixed, rest, addresses.len()).map_err(|refused| (refused, Some(source)))?;
    Ok(Read::Header { length: whole, addresses: Some((source, destination)), tlvs })
}

fn sockets(bytes: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
    let (ips, ports) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
    let (source, destination) = ips.split_at_checked(ips.len() / 2)?;
    let [from, from2, to, to2] = ports else { return None };
    let socket = |ip: &[u8], port: [u8; 2]| {
        let ip = match <[u8; 4]>::try_from(ip) {
            Ok(four) => IpAddr::V4(Ipv4Addr::from(four)),
            Err(_) => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(ip).ok()?)),
        };
        Some(SocketAddr::new(ip, u16::from_be_bytes(port)))
    };
    Some((socket(source, [*from, *from2])?, socket(destination, [*to, *to2])?))
}

/// Every TLV that is whole, in order.
pub(super) fn tlvs(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (kind, value, behind) = next(rest)?;
        rest = behind;
        Some((kind, value))
    })
}

fn next(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [kind, high, low, rest @ ..] = bytes else { return None };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let (value, rest) = rest.split_at_checked(length)?;
    Some((*kind, value, rest))
}

/// Refuses TLVs that do not fill their space, values that are too long, and a wrong checksum.
fn accept_tlvs(fixed: &[u8], body: &[u8], begin: usize) -> Result<(), Refused> {
    let mut rest = body.get(begin..).unwrap_or_default();
    while !rest.is_empty() {
        let at = body.len() - rest.len();
        let (kind, value, behind) = next(rest).ok_or(Refused::Bad)?;
        let fits = match kind {
            tlv::CRC32C => sum_fits(fixed, body, at + 3, value),
            tlv::UNIQUE_ID => value.len() <= LONGEST_UNIQUE_ID,
            tlv::AUTHORITY => value.len() <= LONGEST_AUTHORITY,
            _ => true,
        };
        if !fits {
            return Err(Refused::Bad);
        }
        rest = behind;
    }
    Ok(())
}

/// The sum is over the whole header with zeros in its own place.
fn sum_fits(fixed: &[u8], body: &[u8], at: usize, value: &[u8]) -> bool {
    let Ok(sum) = <[u8; 4]>::try_from(value) else { return false };
    let (before, behind) = (body.get(..at), body.get(at + 4..));
    let (Some(before), Some(behind)) = (before, behind) else { return false };
    crc32c(&[fixed, before, &[0; 4], behind]) == u32::from_be_bytes(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(received: &str, expected: &str) {
        let found = match header(received.as_bytes()) {
            Ok(Read::Partial) => String::from("more"),
            Ok(Read::Header { addresses: Some((from, to)), length, .. }) => {
                format!("{from} {to}, {} left", received.len() - length)
            }
            Ok(Read::Header { addresses: None, length, .. }) => {
                format!("own, {} left", received.len() - length)
            }
            Err((refused, _)) => format!("{refused:?}"),
        };
        assert_eq!(found, expected, "{received:?}");
    }

    #[test]
    fn a_line_is_read_as_haproxy_reads_it() {
        check("PROXY TCP4 10.1.2.3 10.9.8.7 4000 80\r\nGET", "10.1.2.3:4000 10.9.8.7:80, 3 left");
        check("PROXY TCP6 2001:db8::1 ::2 1 2\r\n", "[2001:db8::1]:1 [::2]:2, 0 left");
        check("PROXY UNKNOWN\r\nx", "own, 1 left");
        check("PROXY TCP4 10.1.2.300 10.1 70000 0\r\n", "10.1.3.44:4464 10.1.0.0:0, 0 left");
        check("PROXY TCP4 10.1.2.3 10.9.8.7 4000\r\n", "Bad");
        check("PROXY TCP4  10.1.2.3 10.9.8.7 4000 80\r\n", "Bad");
        check("PROXY TCP4 10.1.2.3 10.9.8.7 4000 80\n", "Bad");
        check("PROXY UNKNOWN a\r\n", "Unhandled");
        check("PROXY UDP4 10.1.2.3 10.9.8.7 4000 80\r\n", "Unhandled");
        check("proxy TCP4", "NotAHeader");
        check("GET / HTTP/1.1\r\n", "NotAHeader");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = header(&bytes);
            let _ = header(&[&SIGNATURE[..], &bytes].concat());
            let _ = header(&[&SIGNATURE[..], &[0x21, 0x11, 0, 60], &bytes].concat());
        }

        #[test]
        fn a_header_that_is_cut_is_waited_for(cut in 0_usize..40) {
            let line = b"PROXY TCP4 10.1.2.3 10.9.8.7 4000 80\r\n";
            let cut = cut.min(line.len() - 1);
            prop_assert_eq!(header(&line[..cut]), Ok(Read::Partial));
        }
    }
}
