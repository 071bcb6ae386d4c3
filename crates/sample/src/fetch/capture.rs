//! What was captured of the request and the response (manual 7.3.6).

use std::borrow::Cow;

use crate::arg::{ArgKind, Args};
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Context, Sample, Type, Value};

use super::{merge, or_missing, request, response, text};

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.6",
    entries: &[
        FetchEntry::new(
            "capture.req.hdr",
            Type::Str,
            Places::TRANSACTION,
            req_hdr,
            "by its number",
        )
        .args(1, &[ArgKind::Int]),
        FetchEntry::new(
            "capture.req.method",
            Type::Str,
            Places::TRANSACTION,
            method,
            "as received",
        ),
        FetchEntry::new("capture.req.uri", Type::Str, Places::TRANSACTION, uri, "as received"),
        FetchEntry::new(
            "capture.req.ver",
            Type::Str,
            Places::TRANSACTION,
            req_ver,
            "HTTP/1.0 or 1.1",
        ),
        FetchEntry::new(
            "capture.res.hdr",
            Type::Str,
            Places::RESPONSE_KEPT,
            res_hdr,
            "by its number",
        )
        .args(1, &[ArgKind::Int]),
        FetchEntry::new(
            "capture.res.ver",
            Type::Str,
            Places::TRANSACTION,
            res_ver,
            "HTTP/1.0 or 1.1",
        ),
    ],
};

/// A slot that nobody declares is never filled, and HAProxy takes it: so does this.
fn slot<'a>(captured: &'a [Option<Vec<u8>>], args: &Args) -> Sample<'a> {
    let index = args.int(0).and_then(|slot| usize::try_from(slot).ok());
    let value = index.and_then(|index| captured.get(index)).and_then(Option::as_deref);
    or_missing(value.map(|value| Value::Str(Cow::Borrowed(value))))
}

fn req_hdr<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    slot(ctx.captured_request, args)
}

fn res_hdr<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    slot(ctx.captured_response, args)
}

/// The request line as received, when the stream's record has it.
fn received<'a>(ctx: &Context<'a>) -> Option<&'a (Vec<u8>, Vec<u8>, &'static str)> {
    ctx.log.and_then(|log| log.request_line.as_ref())
}

fn method<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match received(ctx) {
        Some((method, ..)) => text(method),
        None => merge(request(ctx).map(|head| text(head.received_method()))),
    }
}

fn uri<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let target = match received(ctx) {
        Some((_, target, _)) => Ok(target.as_slice()),
        None => request(ctx).map(|head| head.received_target()),
    };
    // Scheme and host are left out; `*` leaves nothing.
    merge(target.map(|target| match http1::Target::new(target).path_and_query() {
        b"" => Sample::Missing,
        path => text(path),
    }))
}

fn req_ver<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match received(ctx) {
        Some((.., version)) => text(version.as_bytes()),
        None => merge(request(ctx).map(|head| text(head.version.as_bytes()))),
    }
}

fn res_ver<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(response(ctx).map(|head| text(head.version.as_bytes())))
}
