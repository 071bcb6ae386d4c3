//! Bytes: request and response bodies, and in `mode tcp` what was received (manual 7.3.5).

use std::borrow::Cow;

use http1::Fields;

use crate::arg::{ArgKind, Args};
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup, Stable};
use crate::{Buffered, Context, Protocol, Sample, Type, Value};

use super::{bool, int, request};

const RANGE: &[ArgKind] = &[ArgKind::Int, ArgKind::Int];
const LENGTH_VALUE: &[ArgKind] = &[ArgKind::Int, ArgKind::Int, ArgKind::Str];
const NAME: &[ArgKind] = &[ArgKind::Str];
const REQUEST: Places = Places::REQUEST;
const RESPONSE: Places = Places::RESPONSE;

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.5",
    entries: &[
        FetchEntry::new("req.body", Type::Bin, REQUEST, req_body, "the body, as far as received"),
        FetchEntry::new("req.body_len", Type::Int, REQUEST, req_body_len, "how much was received"),
        FetchEntry::new("req.body_size", Type::Int, REQUEST, req_body_size, "how long it will be"),
        FetchEntry::new("req.len", Type::Int, REQUEST, req_len, "how many bytes are waiting")
            .stable(Stable::RequestComplete),
        FetchEntry::new("req.payload", Type::Bin, REQUEST, req_payload, "bytes at an offset")
            .args(2, RANGE)
            .stable(Stable::RequestOpenEnded),
        FetchEntry::new("req.payload_lv", Type::Bin, REQUEST, req_lv, "bytes behind their length")
            .args(2, LENGTH_VALUE),
        FetchEntry::new("req.rdp_cookie", Type::Str, REQUEST, rdp_cookie, "a cookie of RDP")
            .args(0, NAME),
        FetchEntry::new("req.rdp_cookie_cnt", Type::Int, REQUEST, rdp_cookie_cnt, "0 or 1")
            .args(0, NAME),
        FetchEntry::new("res.body", Type::Bin, RESPONSE, res_body, "the body, as far as received"),
        FetchEntry::new("res.body_len", Type::Int, RESPONSE, res_body_len, "how much was received"),
        FetchEntry::new("res.body_size", Type::Int, RESPONSE, res_body_size, "how long it will be"),
        FetchEntry::new("res.len", Type::Int, RESPONSE, res_len, "how many bytes are waiting")
            .stable(Stable::ResponseComplete),
        FetchEntry::new("res.payload", Type::Bin, RESPONSE, res_payload, "bytes at an offset")
            .args(2, RANGE)
            .stable(Stable::ResponseOpenEnded),
        FetchEntry::new("res.payload_lv", Type::Bin, RESPONSE, res_lv, "bytes behind their length")
            .args(2, LENGTH_VALUE),
        FetchEntry::new(
            "wait_end",
            Type::Bool,
            Places::RUNNING,
            wait_end,
            "true at the end of waiting",
        )
        .stable(Stable::RequestComplete),
    ],
};

/// Refuses lengths that stand nowhere or have no bytes.
pub(super) fn check_length_value(args: &Args) -> Result<(), String> {
    match (args.int(0), args.int(1)) {
        (Some(..0), _) => Err(String::from("the offset of the length is 0 or more")),
        (_, Some(0)) => Err(String::from("a length has at least one byte")),
        _ => Ok(()),
    }
}

fn bin(bytes: &[u8]) -> Sample<'_> {
    Sample::Known(Value::Bin(Cow::Borrowed(bytes)))
}

/// `len` bytes at `offset`; 0 asks for all there are.
fn range<'a>(buffer: Buffered<'a>, offset: i64, length: i64) -> Sample<'a> {
    let found = usize::try_from(offset).ok().and_then(|start| {
        let rest = buffer.bytes.get(start..)?;
        match usize::try_from(length).ok()? {
            0 => Some(rest),
            length => rest.get(..length),
        }
    });
    match found {
        Some(bytes) => bin(bytes),
        None if buffer.complete => Sample::Missing,
        None => Sample::Wait,
    }
}

/// The bytes of a connection in a buffer; none once they were read as HTTP.
pub(super) fn raw<'a>(ctx: &Context<'a>, buffer: Buffered<'a>) -> Option<Buffered<'a>> {
    (ctx.protocol == Protocol::Tcp).then_some(buffer)
}

fn payload<'a>(args: &Args, buffer: Option<Buffered<'a>>) -> Sample<'a> {
    let Some(buffer) = buffer else { return Sample::Missing };
    range(buffer, args.int(0).unwrap_or(0), args.int(1).unwrap_or(0))
}

/// A length of `args[1]` bytes at `args[0]`, then that many bytes: behind it, or at `args[2]`
/// (relative to the end of the length when it has a sign).
fn length_value<'a>(args: &Args, buffer: Option<Buffered<'a>>) -> Sample<'a> {
    let Some(buffer) = buffer else { return Sample::Missing };
    let (at, width) = (args.int(0).unwrap_or(0), args.int(1).unwrap_or(0));
    let Sample::Known(Value::Bin(digits)) = range(buffer, at, width.clamp(1, 8)) else {
        return if buffer.complete { Sample::Missing } else { Sample::Wait };
    };
    let length = digits.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    let behind = at.saturating_add(width);
    let start = match args.str(2).and_then(|text| std::str::from_utf8(text).ok()) {
        None | Some("") => behind,
        Some(text) => match (text.starts_with(['+', '-']), text.parse::<i64>()) {
            (true, Ok(relative)) => behind.saturating_add(relative),
            (false, Ok(absolute)) => absolute,
            (_, Err(_)) => return Sample::Missing,
        },
    };
    match i64::try_from(length) {
        Ok(0) => bin(b""),
        Ok(length) => range(buffer, start, length),
        Err(_) => Sample::Missing,
    }
}

fn req_body<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    bin(ctx.request_body.bytes)
}

fn req_body_len<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    int(ctx.request_body.bytes.len() as i64)
}

fn req_body_size<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let announced = request(ctx).ok().and_then(|head| head.fields.get(b"content-length"));
    int(announced.map_or(ctx.request_body.bytes.len() as i64, crate::number::loose_int))
}

fn req_len<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let head = ctx
        .request
        .map_or(0, |head| stored_head(head.method().len() + head.target().len(), &head.fields));
    // Quirk: the end of a chunked body takes a byte. Small bodies come with their end.
    let chunked = ctx.request.is_some_and(|head| head.fields.get(b"transfer-encoding").is_some());
    let body = ctx.request_body.bytes.len();
    int((head + body + usize::from(chunked && body > 0)) as i64)
}

/// How much of HAProxy's buffer a head takes whose first line is a version and this many bytes more.
// Quirk: in `mode http` a head counts as it is stored, without what separates its parts; `Connection`
// is not stored.
fn stored_head(line: usize, fields: &Fields) -> usize {
    const START_LINE_AND_END: usize = 21;
    const VERSION: usize = 8;
    let stored = fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(b"connection"));
    let fields: usize = stored.map(|(name, value)| name.len() + value.len()).sum();
    START_LINE_AND_END + VERSION + line + fields
}

fn req_payload<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    payload(args, raw(ctx, ctx.request_body))
}

fn req_lv<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    length_value(args, raw(ctx, ctx.request_body))
}

fn res_body<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    bin(ctx.response_body.bytes)
}

fn res_body_len<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    int(ctx.response_body.bytes.len() as i64)
}

fn res_body_size<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let announced = ctx.response.and_then(|head| head.fields.get(b"content-length"));
    int(announced.map_or(ctx.response_body.bytes.len() as i64, crate::number::loose_int))
}

fn res_len<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    const STATUS: usize = 3;
    let head =
        ctx.response.map_or(0, |head| stored_head(STATUS + head.reason().len(), &head.fields));
    int((head + ctx.response_body.bytes.len()) as i64)
}

fn res_payload<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    payload(args, raw(ctx, ctx.response_body))
}

fn res_lv<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    length_value(args, raw(ctx, ctx.response_body))
}

/// False until nothing more is waited for; an ACL then waits.
fn wait_end<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    bool(ctx.request_body.complete)
}

/// The cookie of an RDP connection request: a TPKT and an X.224 header, then `Cookie: name=value`.
fn find_rdp_cookie<'a>(ctx: &Context<'a>, name: Option<&[u8]>) -> Result<Option<&'a [u8]>, ()> {
    const HEADERS: usize = 11;
    let Some(buffer) = raw(ctx, ctx.request_body) else { return Ok(None) };
    let bytes = buffer.bytes;
    let enough = if buffer.complete { Ok(None) } else { Err(()) };
    let Some(line) = bytes.get(HEADERS..) else { return enough };
    let tpkt = bytes.first() == Some(&3) && bytes.get(5) == Some(&0xe0);
    if !tpkt {
        return Ok(None);
    }
    const WORD: &[u8] = b"Cookie:";
    let Some(start) = line.get(..WORD.len()) else { return enough };
    if !start.eq_ignore_ascii_case(WORD) {
        return Ok(None);
    }
    let Some(end) = memchr::memchr(b'\r', line) else { return enough };
    let pair = line.get(WORD.len()..end).unwrap_or_default().trim_ascii_start();
    let Some(equals) = memchr::memchr(b'=', pair) else { return Ok(None) };
    let (known, value) = pair.split_at(equals);
    let asked = name.is_none_or(|name| name.is_empty() || name.eq_ignore_ascii_case(known));
    Ok(asked.then(|| value.get(1..).unwrap_or_default()))
}

fn rdp_cookie<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match find_rdp_cookie(ctx, args.str(0)) {
        Ok(Some(value)) => super::text(value),
        Ok(None) => Sample::Missing,
        Err(()) => Sample::Wait,
    }
}

fn rdp_cookie_cnt<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match find_rdp_cookie(ctx, args.str(0)) {
        Ok(found) => int(i64::from(found.is_some())),
        Err(()) => Sample::Wait,
    }
}
