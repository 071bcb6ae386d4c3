//! The grammar of a head: start line, field lines, empty line.
//!
//! One pass over the received bytes that stops at the first byte HAProxy would refuse, so a bad
//! client is answered at once and not when its line is complete. Positions found are offsets into
//! the buffer; only a complete head is copied, once, into the arena.

use crate::bytes::{is_space, is_token};
use crate::cursor::{Cursor, Step, Stop};
use crate::error::HeadError;
use crate::fields::{Field, Fields};
use crate::{RequestHead, ResponseHead, body, connection, host};

/// How large a head may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes a head may take: `tune.bufsize` less `tune.maxrewrite`. As in HAProxy that is not the
    /// received length but what the head takes when stored, see `fits`.
    pub head_bytes: usize,
    /// `tune.http.maxhdr`: one more than the fields a head may have (the empty line counts).
    pub fields: usize,
    /// Takes what the grammar forbids, as far as its end can be told (`option accept-unsafe-violations-in-http-request`
    /// and `-response`): any byte but white space and controls in a target, any name before a colon, an authority that
    /// `Host` contradicts.
    pub lax: bool,
}

impl Default for Limits {
    /// HAProxy's defaults: 16384 - 1024 bytes, 101 fields.
    fn default() -> Limits {
        Limits { head_bytes: 16384 - 1024, fields: 101, lax: false }
    }
}

/// How far a head has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed {
    /// The head is complete; the body begins at this offset.
    Complete {
        /// Bytes of the buffer that the head took, empty lines before it included.
        consumed: usize,
    },
    /// All bytes are good so far; call again with them and what followed.
    Partial,
}

/// Reads a request head from the start of `buf`.
///
/// # Errors
/// The first byte HAProxy would refuse, or a head over the limits. `head` is then empty.
pub fn parse_request(
    buf: &[u8],
    head: &mut RequestHead,
    limits: &Limits,
) -> Result<Parsed, HeadError> {
    head.clear();
    let mut cursor = Cursor::new(buf);
    let done = request_head(&mut cursor, head, limits);
    let parsed = finish(buf, cursor.at, done, limits);
    if matches!(parsed, Ok(Parsed::Complete { .. })) {
        adopt(&mut head.fields, &buf[..cursor.at], cursor.folded);
        if let Err(error) = accept_request(head, limits) {
            head.clear();
            return Err(error);
        }
    } else {
        head.clear();
    }
    parsed
}

/// Reads a response head from the start of `buf`.
///
/// # Errors
/// The first byte HAProxy would refuse, or a head over the limits. `head` is then empty.
pub fn parse_response(
    buf: &[u8],
    head: &mut ResponseHead,
    limits: &Limits,
) -> Result<Parsed, HeadError> {
    head.clear();
    let mut cursor = Cursor::new(buf);
    let done = response_head(&mut cursor, head, limits);
    let parsed = finish(buf, cursor.at, done, limits);
    if matches!(parsed, Ok(Parsed::Complete { .. })) {
        adopt(&mut head.fields, &buf[..cursor.at], cursor.folded);
        if let Err(error) = accept_response(head, limits) {
            head.clear();
            return Err(error);
        }
    } else {
        head.clear();
    }
    parsed
}

/// Reads the trailers after the last chunk, up to and with the empty line that ends the body.
///
/// # Errors
/// As for a head; also for a `Transfer-Encoding`, which HAProxy refuses here.
pub fn parse_trailers(
    buf: &[u8],
    trailers: &mut Fields,
    limits: &Limits,
) -> Result<Parsed, HeadError> {
    trailers.clear();
    let mut cursor = Cursor::new(buf);
    let done = field_lines(&mut cursor, trailers, limits);
    let parsed = finish(buf, cursor.at, done, limits);
    if matches!(parsed, Ok(Parsed::Complete { .. })) {
        adopt(trailers, &buf[..cursor.at], cursor.folded);
        if trailers.contains(b"transfer-encoding") {
            trailers.clear();
            return Err(HeadError::TransferEncoding { at: 0 });
        }
    } else {
        trailers.clear();
    }
    parsed
}

/// What the grammar alone cannot refuse.
fn accept_request(head: &mut RequestHead, limits: &Limits) -> Result<(), HeadError> {
    let line = head.method().len() + head.target().len();
    fits(&head.fields, line, limits)?;
    host::settle(head, limits.lax)?;
    let mut has_body = body::settle(&mut head.fields, true)?;
    if head.method() == b"CONNECT" {
        // What follows a CONNECT is the tunnel's; a length would only mislead the server.
        head.fields.remove(b"content-length");
        head.fields.remove(b"transfer-encoding");
        has_body = false;
    }
    connection::settle_upgrade(&mut head.fields, has_body)
}

fn accept_response(head: &mut ResponseHead, limits: &Limits) -> Result<(), HeadError> {
    fits(&head.fields, head.reason().len(), limits)?;
    body::settle(&mut head.fields, false)?;
    if head.status == 101 {
        connection::accept_websocket(&head.fields)?;
    }
    if head.status < 200 {
        head.fields.remove(b"content-length");
        head.fields.remove(b"transfer-encoding");
    }
    Ok(())
}

/// Refuses a head that HAProxy's buffer could not hold: 8 bytes of bookkeeping a field, and 85 for
/// the start line and the end (found by bisection with 2.6.12; see `tests/haproxy.rs`).
fn fits(fields: &Fields, start_line: usize, limits: &Limits) -> Result<(), HeadError> {
    let stored = fields.iter().map(|(name, value)| name.len() + value.len() + 8).sum::<usize>();
    if stored + start_line + b"HTTP/1.1".len() + 85 > limits.head_bytes {
        return Err(HeadError::TooLarge { limit: limits.head_bytes });
    }
    Ok(())
}

fn finish(buf: &[u8], at: usize, done: Step<()>, limits: &Limits) -> Result<Parsed, HeadError> {
    let too_large = HeadError::TooLarge { limit: limits.head_bytes };
    match done {
        Ok(()) => Ok(Parsed::Complete { consumed: at }),
        Err(Stop::More) if buf.len() >= limits.head_bytes => Err(too_large),
        Err(Stop::More) => Ok(Parsed::Partial),
        Err(Stop::Bad(error)) => Err(error),
    }
}

/// Copies the head into the arena, so that the offsets found in the buffer hold there, and writes
/// names in lower case.
fn adopt(fields: &mut Fields, head: &[u8], folded: bool) {
    fields.arena.extend_from_slice(head);
    fields.received = fields.arena.len();
    for index in 0..fields.list.len() {
        let Field { name, value } = fields.list[index];
        fields.arena[name.range()].make_ascii_lowercase();
        fields.note_name(name);
        if !folded {
            continue;
        }
        // A folded value (RFC 9112 section 5.2) becomes one line: its line ends turn into spaces.
        let value = &mut fields.arena[value.range()];
        if memchr::memchr(b'\n', value).is_some() {
            value.iter_mut().filter(|b| matches!(b, b'\r' | b'\n')).for_each(|b| *b = b' ');
        }
    }
}

fn request_head(cursor: &mut Cursor<'_>, head: &mut RequestHead, limits: &Limits) -> Step<()> {
    cursor.skip_empty_lines()?;
    head.method = cursor.word(is_token, |at| HeadError::Method { at })?;
    cursor.skip_spaces();
    let bad = |at| HeadError::Target { at };
    head.target = match limits.lax {
        true => cursor.word(|byte| byte > b' ' && byte != 0x7f, bad)?,
        false => cursor.word(is_target, bad)?,
    };
    head.received = (head.method, head.target);
    cursor.skip_spaces();
    (head.version, head.version_text) = cursor.version()?;
    cursor.line_end(|at| HeadError::Version { at })?;
    field_lines(cursor, &mut head.fields, limits)
}

fn response_head(cursor: &mut Cursor<'_>, head: &mut ResponseHead, limits: &Limits) -> Step<()> {
    cursor.skip_empty_lines()?;
    (head.version, head.version_text) = cursor.response_version()?;
    if !is_space(cursor.peek()?) {
        return Err(HeadError::Version { at: cursor.at }.into());
    }
    cursor.skip_spaces();
    head.status = cursor.status()?;
    cursor.skip_spaces();
    head.reason = cursor.rest_of_line()?;
    cursor.line_end(|at| HeadError::Status { at })?;
    field_lines(cursor, &mut head.fields, limits)
}

fn field_lines(cursor: &mut Cursor<'_>, fields: &mut Fields, limits: &Limits) -> Step<()> {
    loop {
        if matches!(cursor.peek()?, b'\r' | b'\n') {
            return cursor.line_end(|at| HeadError::LineEnd { at });
        }
        if fields.list.len() + 1 >= limits.fields {
            return Err(HeadError::TooManyFields { limit: limits.fields }.into());
        }
        let name = match limits.lax {
            true => cursor.span(|byte| !matches!(byte, b':' | b'\r' | b'\n' | 0)),
            false => cursor.span(is_token),
        };
        if cursor.peek()? != b':' || name.range().is_empty() {
            return Err(HeadError::Name { at: cursor.at }.into());
        }
        cursor.at += 1;
        let value = cursor.value()?;
        fields.list.push(Field { name, value });
    }
}

/// Printable ASCII but `#`: what HAProxy lets through in a request target.
fn is_target(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'#'
}
