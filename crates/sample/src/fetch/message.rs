//! The request line, the status line and what they hold (manual 7.3.6).

use std::borrow::Cow;
use std::net::IpAddr;

use balance::hash::{avalanche, sdbm};
use http1::{Fields, RequestHead, Version};

use crate::arg::{ArgKind, Args};
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Context, Fact, Sample, Type, Value};

use super::{bool, fact, int, merge, or_missing, request, response, text};

const REQUEST: Places = Places::REQUEST;

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.6",
    entries: &[
        FetchEntry::new("base", Type::Str, REQUEST, base, "host and path, joined"),
        FetchEntry::new("base32", Type::Int, REQUEST, base32, "a 32-bit hash of `base`"),
        FetchEntry::new("base32+src", Type::Bin, REQUEST, base32_src, "that hash and the source"),
        FetchEntry::new("baseq", Type::Str, REQUEST, baseq, "host, path and query, joined"),
        FetchEntry::new(
            "http_first_req",
            Type::Bool,
            Places::TRANSACTION,
            first_request,
            "whether this is the first request of its connection",
        ),
        FetchEntry::new("method", Type::Meth, Places::TRANSACTION, method, "the request's method"),
        FetchEntry::new("path", Type::Str, REQUEST, path, "the path, up to the query"),
        FetchEntry::new("pathq", Type::Str, REQUEST, pathq, "path and query"),
        FetchEntry::new("query", Type::Str, REQUEST, query, "what stands behind the first `?`")
            .args(0, &[ArgKind::Str]),
        FetchEntry::new("req.hdrs", Type::Bin, REQUEST, req_hdrs, "all header fields, as sent"),
        FetchEntry::new("req.hdrs_bin", Type::Bin, REQUEST, req_hdrs_bin, "the same, with lengths"),
        FetchEntry::new(
            "req.proto_http",
            Type::Bool,
            Places::TRANSACTION,
            is_http,
            "whether the request was read as HTTP",
        ),
        FetchEntry::new("req.ver", Type::Str, Places::TRANSACTION, req_ver, "1.0 or 1.1"),
        FetchEntry::new("res.hdrs", Type::Bin, Places::RESPONSE, res_hdrs, "all header fields"),
        FetchEntry::new("res.hdrs_bin", Type::Bin, Places::RESPONSE, res_hdrs_bin, "with lengths"),
        FetchEntry::new("res.ver", Type::Str, Places::RESPONSE_KEPT, res_ver, "1.0 or 1.1"),
        FetchEntry::new(
            "status",
            Type::Int,
            Places::RESPONSE_KEPT,
            status,
            "the response's status",
        ),
        FetchEntry::new("url", Type::Str, REQUEST, url, "the whole request target"),
        FetchEntry::new("url32", Type::Int, REQUEST, url32, "a 32-bit hash of host and target"),
        FetchEntry::new("url32+src", Type::Bin, REQUEST, url32_src, "that hash and the source"),
        FetchEntry::new("url_ip", Type::Ipv4, REQUEST, url_ip, "the address in an absolute target"),
        FetchEntry::new("url_port", Type::Int, REQUEST, url_port, "the port in an absolute target"),
    ],
};

/// The methods that HAProxy knows by number.
const METHODS: &[&[u8]] =
    &[b"CONNECT", b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"POST", b"PUT", b"TRACE"];

// Quirk: a method with a number is the one that came, whatever `set-method` did since.
fn method<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| {
        let came = Some(head.received_method()).filter(|method| METHODS.contains(method));
        Sample::Known(Value::Meth(came.unwrap_or_else(|| head.method()).into()))
    }))
}

/// Nothing is there when it is empty (`*`, `CONNECT`).
fn path<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| some_text(head.path())))
}

fn pathq<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| some_text(head.path_and_query())))
}

fn some_text(bytes: &[u8]) -> Sample<'_> {
    if bytes.is_empty() { Sample::Missing } else { text(bytes) }
}

/// `query(with_qm)` keeps the `?`.
fn query<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let with_mark = args.str(0) == Some(b"with_qm");
    merge(request(ctx).map(|head| {
        let target = head.target();
        match memchr::memchr(b'?', target) {
            Some(at) => text(target.get(at + usize::from(!with_mark)..).unwrap_or_default()),
            None => Sample::Missing,
        }
    }))
}

fn url<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| text(head.target())))
}

/// Host and path, borrowed when one of them is empty.
fn joined<'a>(host: Option<&'a [u8]>, rest: &'a [u8]) -> Cow<'a, [u8]> {
    match host {
        None | Some(b"") => Cow::Borrowed(rest),
        Some(host) => Cow::Owned([host, rest].concat()),
    }
}

fn base_of(head: &RequestHead) -> Cow<'_, [u8]> {
    joined(head.fields.get(b"host"), head.path())
}

fn base<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| match base_of(head) {
        // The target `*` has no path; without a host nothing is left.
        Cow::Borrowed(b"") => Sample::Missing,
        base => Sample::Known(Value::Str(base)),
    }))
}

fn baseq<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| {
        let whole = joined(head.fields.get(b"host"), head.path_and_query());
        Sample::Known(Value::Str(whole))
    }))
}

fn base32<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| int(i64::from(avalanche(sdbm(&base_of(head)))))))
}

fn url32_of(head: &RequestHead) -> u32 {
    avalanche(sdbm(&joined(head.fields.get(b"host"), head.path_and_query())))
}

fn url32<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| int(i64::from(url32_of(head)))))
}

fn base32_src<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| with_source(avalanche(sdbm(&base_of(head))), ctx)))
}

fn url32_src<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| with_source(url32_of(head), ctx)))
}

/// The hash's four bytes, then the address's.
fn with_source<'a>(hash: u32, ctx: &Context<'a>) -> Sample<'a> {
    match fact(ctx, Fact::Src) {
        Sample::Known(Value::Ip(ip)) => {
            let mut bytes = hash.to_be_bytes().to_vec();
            match ip {
                IpAddr::V4(ip) => bytes.extend_from_slice(&ip.octets()),
                IpAddr::V6(ip) => bytes.extend_from_slice(&ip.octets()),
            }
            Sample::Known(Value::Bin(bytes.into()))
        }
        Sample::Known(_) => Sample::Missing,
        open => open,
    }
}

fn url_ip<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| or_missing(absolute_address(head).map(|(ip, _)| Value::Ip(ip)))))
}

fn url_port<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| {
        or_missing(absolute_address(head).map(|(_, port)| Value::Int(i64::from(port))))
    }))
}

/// The IPv4 address and the port of an absolute target; a host name has none.
fn absolute_address(head: &RequestHead) -> Option<(IpAddr, u16)> {
    let parts = head.target_parts();
    let scheme = parts.scheme()?;
    let authority = std::str::from_utf8(parts.authority()?).ok()?;
    let usual = if scheme.eq_ignore_ascii_case(b"https") { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, usual),
    };
    let ip: std::net::Ipv4Addr = host.parse().ok()?;
    Some((ip.into(), port))
}

fn version(version: Version) -> Sample<'static> {
    match version {
        Version::Http10 => text(b"1.0"),
        Version::Http11 => text(b"1.1"),
    }
}

fn req_ver<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| version(head.version)))
}

fn res_ver<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(response(ctx).map(|head| version(head.version)))
}

/// Of a response that came from a server or is made by a rule; a page of ours has none.
fn status<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(response(ctx).map(|head| int(i64::from(head.status))))
}

/// Quirk: nothing is known of it any more once there is a response.
fn is_http<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let has_answer = ctx.log.is_some_and(|record| record.status.is_some());
    if ctx.response.is_some() || has_answer {
        return Sample::Missing;
    }
    merge(request(ctx).map(|_| bool(true)))
}

fn first_request<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::FirstRequest)
}

fn req_hdrs<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| as_sent(&head.fields)))
}

fn res_hdrs<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(response(ctx).map(|head| as_sent(&head.fields)))
}

fn as_sent(fields: &Fields) -> Sample<'static> {
    let mut out = Vec::with_capacity(fields.written_len() + 2);
    fields.write_to(&mut out);
    out.extend_from_slice(b"\r\n");
    Sample::Known(Value::Bin(out.into()))
}

fn req_hdrs_bin<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| with_lengths(&head.fields)))
}

fn res_hdrs_bin<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(response(ctx).map(|head| with_lengths(&head.fields)))
}

/// Each name and value behind its length, then two empty strings.
fn with_lengths(fields: &Fields) -> Sample<'static> {
    let mut out = Vec::with_capacity(fields.written_len());
    for (name, value) in fields.iter() {
        push_length(name.len() as u64, &mut out);
        out.extend_from_slice(name);
        push_length(value.len() as u64, &mut out);
        out.extend_from_slice(value);
    }
    out.extend_from_slice(&[0, 0]);
    Sample::Known(Value::Bin(out.into()))
}

/// HAProxy's variable integer (SPOE specification, 3.1): below 240 one byte.
fn push_length(length: u64, out: &mut Vec<u8>) {
    if length < 240 {
        out.push(length as u8);
        return;
    }
    out.push(length as u8 | 240);
    let mut rest = (length - 240) >> 4;
    while rest >= 128 {
        out.push(rest as u8 | 128);
        rest = (rest - 128) >> 7;
    }
    out.push(rest as u8);
}
