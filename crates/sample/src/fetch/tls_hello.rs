//! What a TLS hello says before anything is encrypted (manual 7.3.5): it is read from the received bytes, so that
//! connections which are passed through can be told apart. No TLS library is needed for it.
//!
//! A hello is waited for until it is here as a whole. One that is cut into several records is not put together, as
//! in HAProxy: the bytes of the second header make it none.

use std::borrow::Cow;

use crate::arg::Args;
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Buffered, Context, Sample, Type, Value};

use super::payload::raw;
use super::{bool, int};

const REQUEST: Places = Places::REQUEST;
const RESPONSE: Places = Places::RESPONSE;

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.5",
    entries: &[
        FetchEntry::new("req.ssl_hello_type", Type::Int, REQUEST, req_type, "1: a ClientHello"),
        FetchEntry::new("res.ssl_hello_type", Type::Int, RESPONSE, res_type, "2: a ServerHello"),
        FetchEntry::new("req.ssl_ver", Type::Int, REQUEST, version, "major * 65536 + minor"),
        FetchEntry::new("req.ssl_sni", Type::Str, REQUEST, sni, "the host that is asked for"),
        FetchEntry::new("req.ssl_alpn", Type::Str, REQUEST, alpn, "the protocol wanted most"),
        FetchEntry::new("req.ssl_ec_ext", Type::Bool, REQUEST, ec_ext, "names elliptic curves"),
        FetchEntry::new("req.ssl_st_ext", Type::Int, REQUEST, ticket, "0, 1, or 2 with a ticket"),
        FetchEntry::new(
            "req.ssl_cipherlist",
            Type::Bin,
            Places::CLIENT,
            ciphers,
            "its cipher suites",
        ),
        FetchEntry::new(
            "req.ssl_sigalgs",
            Type::Bin,
            Places::CLIENT,
            sigalgs,
            "its signature schemes",
        ),
        FetchEntry::new(
            "req.ssl_supported_groups",
            Type::Bin,
            Places::CLIENT,
            groups,
            "its groups",
        ),
        FetchEntry::new(
            "req.ssl_keyshare_groups",
            Type::Bin,
            Places::CLIENT,
            keyshares,
            "of its shares",
        ),
    ],
};

/// Why something cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum No {
    /// These bytes will never be it.
    Never,
    /// More bytes may bring it.
    NotYet,
}

type Found<T> = Result<T, No>;

/// What was found, as a sample: without more bytes to come, a missing part is missing for good.
fn sample<'a>(found: Found<Sample<'a>>, buffer: Buffered<'_>) -> Sample<'a> {
    match found {
        Ok(sample) => sample,
        Err(No::NotYet) if !buffer.complete => Sample::Wait,
        Err(_) => Sample::Missing,
    }
}

/// A cursor over received bytes.
#[derive(Debug, Clone, Copy)]
struct Bytes<'a> {
    bytes: &'a [u8],
}

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Found<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(No::NotYet)?;
        self.bytes = rest;
        Ok(taken)
    }

    /// A big-endian number of this many bytes.
    fn number(&mut self, width: usize) -> Found<usize> {
        Ok(self.take(width)?.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)))
    }
}

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: usize = 1;
const HANDSHAKE_HEADER: usize = 4;

/// The length of the record that begins here, when it is one of a handshake of SSLv3 or later.
fn record(bytes: &mut Bytes<'_>) -> Found<usize> {
    let [kind] = bytes.take(1)? else { return Err(No::Never) };
    if *kind != HANDSHAKE || bytes.number(2)? < 0x0300 {
        return Err(No::Never);
    }
    bytes.number(2)
}

fn hello_type(received: &[u8]) -> Found<i64> {
    let mut bytes = Bytes { bytes: received };
    if record(&mut bytes)? < HANDSHAKE_HEADER {
        return Err(No::Never);
    }
    let kind = bytes.number(1)?;
    let length = bytes.number(3)?;
    bytes.take(length)?;
    Ok(kind as i64)
}

fn hello_version(received: &[u8]) -> Found<i64> {
    let first = received.first().ok_or(No::NotYet)?;
    let bytes = Bytes { bytes: received };
    if *first == HANDSHAKE { record_version(bytes) } else { old_version(bytes) }
}

fn record_version(mut bytes: Bytes<'_>) -> Found<i64> {
    let length = record(&mut bytes)?;
    if length < HANDSHAKE_HEADER + 2 {
        return Err(No::Never);
    }
    let mut hello = Bytes { bytes: bytes.take(length)? };
    hello.take(HANDSHAKE_HEADER)?;
    composed(&mut hello)
}

/// The version of an SSLv2 hello: a length of 15 bits, or of 14 and a length of padding.
fn old_version(mut bytes: Bytes<'_>) -> Found<i64> {
    let length = match bytes.number(2)? {
        long if long & 0x8000 != 0 => long & 0x7fff,
        short => {
            bytes.take(1)?;
            short & 0x3fff
        }
    };
    let mut hello = Bytes { bytes: bytes.bytes };
    if hello.number(1)? != CLIENT_HELLO {
        return Err(No::Never);
    }
    let version = composed(&mut hello)?;
    let [ciphers, session, challenge] = [hello.number(2)?, hello.number(2)?, hello.number(2)?];
    let stated = 9 + ciphers + session + challenge;
    if ciphers % 3 != 0 || session != 0 || challenge != 16 || stated != length {
        return Err(No::Never);
    }
    bytes.take(length)?;
    Ok(version)
}

fn composed(bytes: &mut Bytes<'_>) -> Found<i64> {
    Ok((bytes.number(1)? << 16 | bytes.number(1)?) as i64)
}

/// A ClientHello cut into its parts.
struct ClientHello<'a> {
    ciphers: &'a [u8],
    extensions: Bytes<'a>,
}

fn client_hello(received: &[u8]) -> Found<ClientHello<'_>> {
    let mut bytes = Bytes { bytes: received };
    if record(&mut bytes)? < HANDSHAKE_HEADER || bytes.number(1)? != CLIENT_HELLO {
        return Err(No::Never);
    }
    let length = bytes.number(3)?;
    let message = Bytes { bytes: bytes.take(length)? };
    // It is whole: what does not fit into it never will.
    parts(message).map_err(|_| No::Never)
}

fn parts(mut bytes: Bytes<'_>) -> Found<ClientHello<'_>> {
    const RANDOM: usize = 32;
    if bytes.number(2)? < 0x0301 {
        return Err(No::Never);
    }
    bytes.take(RANDOM)?;
    let session = bytes.number(1)?;
    bytes.take(session)?;
    let length = bytes.number(2)?;
    let ciphers = bytes.take(length)?;
    let compressions = bytes.number(1)?;
    bytes.take(compressions)?;
    let length = bytes.number(2)?;
    let extensions = Bytes { bytes: bytes.take(length)? };
    if ciphers.len() < 2 || compressions == 0 {
        return Err(No::Never);
    }
    Ok(ClientHello { ciphers, extensions })
}

/// The content of the extension of this number; `None`: the hello has none.
fn extension<'a>(hello: &ClientHello<'a>, wanted: usize) -> Found<Option<&'a [u8]>> {
    let mut bytes = hello.extensions;
    while bytes.bytes.len() >= 4 {
        let (kind, length) = (bytes.number(2)?, bytes.number(2)?);
        let content = bytes.take(length).map_err(|_| No::Never)?;
        if kind == wanted {
            return Ok(Some(content));
        }
    }
    Ok(None)
}

mod number {
    pub(super) const SERVER_NAME: usize = 0;
    pub(super) const SUPPORTED_GROUPS: usize = 10;
    pub(super) const SIGNATURE_ALGORITHMS: usize = 13;
    pub(super) const ALPN: usize = 16;
    pub(super) const SESSION_TICKET: usize = 35;
    pub(super) const KEY_SHARE: usize = 51;
}

/// The extension of the hello in these bytes.
fn content(received: &[u8], wanted: usize) -> Found<&[u8]> {
    extension(&client_hello(received)?, wanted)?.ok_or(No::Never)
}

/// The first name of the list, when it is a host's (RFC 6066 section 3).
fn server_name(received: &[u8]) -> Found<&[u8]> {
    let mut names = Bytes { bytes: list(received, number::SERVER_NAME)? };
    let mut part = |width| names.number(width).map_err(|_| No::Never);
    let [kind, length] = [part(1)?, part(2)?];
    if kind != 0 || length == 0 {
        return Err(No::Never);
    }
    names.take(length).map_err(|_| No::Never)
}

/// The first protocol of the list (RFC 7301 section 3.1).
fn protocol(received: &[u8]) -> Found<&[u8]> {
    let mut names = Bytes { bytes: list(received, number::ALPN)? };
    let length = names.number(1).map_err(|_| No::Never)?;
    names.take(length).map_err(|_| No::Never)
}

/// A list with its length in front of it.
fn list(received: &[u8], wanted: usize) -> Found<&[u8]> {
    let mut bytes = Bytes { bytes: content(received, wanted)? };
    let length = bytes.number(2).map_err(|_| No::Never)?;
    bytes.take(length).map_err(|_| No::Never)
}

/// The group of each key share (RFC 8446 section 4.2.8).
fn share_groups(received: &[u8]) -> Found<Vec<u8>> {
    let mut shares = Bytes { bytes: list(received, number::KEY_SHARE)? };
    let mut groups = Vec::new();
    while let Ok(group) = shares.take(2) {
        groups.extend_from_slice(group);
        let Ok(length) = shares.number(2) else { break };
        if shares.take(length).is_err() {
            break;
        }
    }
    Ok(groups)
}

fn bin<'a>(bytes: impl Into<Cow<'a, [u8]>>) -> Sample<'a> {
    Sample::Known(Value::Bin(bytes.into()))
}

/// The client's bytes; what was read as HTTP is none.
fn client<'a>(ctx: &Context<'a>) -> Buffered<'a> {
    raw(ctx, ctx.request_body).unwrap_or(Buffered { bytes: &[], complete: true })
}

/// The server's.
fn server<'a>(ctx: &Context<'a>) -> Buffered<'a> {
    raw(ctx, ctx.response_body).unwrap_or(Buffered { bytes: &[], complete: true })
}

fn req_type<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    sample(hello_type(client(ctx).bytes).map(int), client(ctx))
}

fn res_type<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    sample(hello_type(server(ctx).bytes).map(int), server(ctx))
}

fn version<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    sample(hello_version(client(ctx).bytes).map(int), client(ctx))
}

fn sni<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    sample(server_name(client(ctx).bytes).map(super::text), client(ctx))
}

fn alpn<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    sample(protocol(client(ctx).bytes).map(super::text), client(ctx))
}

fn ec_ext<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let found = content(client(ctx).bytes, number::SUPPORTED_GROUPS);
    sample(found.map(|_| bool(true)), client(ctx))
}

fn ticket<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let found = client_hello(client(ctx).bytes)
        .and_then(|hello| extension(&hello, number::SESSION_TICKET))
        .map(|ticket| int(ticket.map_or(0, |ticket| if ticket.is_empty() { 1 } else { 2 })));
    sample(found, client(ctx))
}

fn ciphers<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let found = client_hello(client(ctx).bytes).map(|hello| bin(hello.ciphers));
    sample(found, client(ctx))
}

fn sigalgs<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    sample(list(client(ctx).bytes, number::SIGNATURE_ALGORITHMS).map(bin), client(ctx))
}

fn groups<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    sample(list(client(ctx).bytes, number::SUPPORTED_GROUPS).map(bin), client(ctx))
}

fn keyshares<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    sample(share_groups(client(ctx).bytes).map(bin), client(ctx))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ClientHello with these extensions.
    fn hello(extensions: &[(u16, &[u8])]) -> Vec<u8> {
        let mut block = Vec::new();
        for (kind, content) in extensions {
            block.extend_from_slice(&kind.to_be_bytes());
            block.extend_from_slice(&(content.len() as u16).to_be_bytes());
            block.extend_from_slice(content);
        }
        let mut body = vec![3, 3];
        body.extend_from_slice(&[7; 32]);
        body.extend_from_slice(&[0, 0, 4, 0x13, 0x01, 0xc0, 0x2f, 1, 0]);
        body.extend_from_slice(&(block.len() as u16).to_be_bytes());
        body.extend_from_slice(&block);
        let mut wire = vec![22, 3, 1];
        wire.extend_from_slice(&(body.len() as u16 + 4).to_be_bytes());
        wire.extend_from_slice(&[1, 0, 0, body.len() as u8]);
        wire.extend_from_slice(&body);
        wire
    }

    fn full() -> Vec<u8> {
        hello(&[
            (0, b"\x00\x0c\x00\x00\x09a.example"),
            (16, b"\x00\x0c\x02h2\x08http/1.1"),
            (10, b"\x00\x06\x1a\x1a\x00\x1d\x00\x17"),
            (13, b"\x00\x04\x04\x03\x08\x05"),
            (51, b"\x00\x0e\x1a\x1a\x00\x01\x00\x00\x1d\x00\x05abcde"),
        ])
    }

    #[test]
    fn every_part_of_a_whole_hello_is_read() {
        let wire = full();
        assert_eq!(hello_type(&wire), Ok(1));
        assert_eq!(hello_version(&wire), Ok(0x30003));
        assert_eq!(server_name(&wire), Ok(&b"a.example"[..]));
        assert_eq!(protocol(&wire), Ok(&b"h2"[..]));
        assert_eq!(client_hello(&wire).map(|hello| hello.ciphers), Ok(&b"\x13\x01\xc0\x2f"[..]));
        assert_eq!(list(&wire, 10), Ok(&b"\x1a\x1a\x00\x1d\x00\x17"[..]));
        assert_eq!(list(&wire, 13), Ok(&b"\x04\x03\x08\x05"[..]));
        assert_eq!(share_groups(&wire), Ok(b"\x1a\x1a\x00\x1d".to_vec()));
    }

    #[test]
    fn a_hello_that_is_cut_anywhere_is_waited_for_and_never_refused() {
        let wire = full();
        for end in 0..wire.len() {
            let cut = &wire[..end];
            assert_eq!(hello_type(cut), Err(No::NotYet), "{end}");
            assert_eq!(hello_version(cut), Err(No::NotYet), "{end}");
            assert_eq!(share_groups(cut), Err(No::NotYet), "{end}");
            assert_eq!(server_name(cut), Err(No::NotYet), "{end}");
        }
    }

    #[test]
    fn what_is_no_hello_is_not_waited_for() {
        let others =
            [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x15\x03\x01\x00\x02\x02\x28", b"\x16\x02\x01"];
        for wire in others {
            assert_eq!((server_name(wire), hello_type(wire)), (Err(No::Never), Err(No::Never)));
        }
        assert_eq!(hello_type(b"GET"), Err(No::Never));
        assert_eq!(server_name(b"GET"), Err(No::Never));
    }

    #[test]
    fn lengths_that_contradict_each_other_are_no_hello() {
        let mut wire = full();
        wire[8] -= 1;
        assert_eq!(server_name(&wire), Err(No::Never));
        assert_eq!(server_name(&hello(&[(0, b"\x00\x05\x00\x00\x09ab")])), Err(No::Never));
        assert_eq!(server_name(&hello(&[(0, b"\x00\x0c\x01\x00\x09a.example")])), Err(No::Never));
        assert_eq!(server_name(&hello(&[])), Err(No::Never));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic() {
        let wire = full();
        for at in 0..wire.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut changed = wire.clone();
                changed[at] = byte;
                let _ = (hello_type(&changed), hello_version(&changed), server_name(&changed));
                let _ = (protocol(&changed), share_groups(&changed), list(&changed, 13));
            }
        }
    }
}
