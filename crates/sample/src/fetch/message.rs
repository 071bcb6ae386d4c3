//! The request line, the status line and what they hold (manual 7.3.6).

use crate::arg::Args;
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Context, Sample, Type, Value};

use super::{int, request, response, text};

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.6",
    entries: &[
        FetchEntry::new("method", Type::Meth, Places::TRANSACTION, method, "the request's method"),
        FetchEntry::new("path", Type::Str, Places::REQUEST, path, "the path, up to the query"),
        FetchEntry::new(
            "status",
            Type::Int,
            Places::RESPONSE_KEPT,
            status,
            "the response's status",
        ),
    ],
};

fn method<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match request(ctx) {
        Ok(head) => Sample::Known(Value::Meth(head.method().into())),
        Err(absent) => absent,
    }
}

fn path<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match request(ctx) {
        Ok(head) if head.path().is_empty() => Sample::Missing,
        Ok(head) => text(head.path()),
        Err(absent) => absent,
    }
}

fn status<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match response(ctx) {
        Ok(head) => int(i64::from(head.status)),
        Err(absent) => absent,
    }
}
