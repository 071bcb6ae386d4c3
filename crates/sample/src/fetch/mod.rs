//! The fetches, one file for each group.

mod constant;
mod header;
mod internal;
mod message;

use crate::arg::Args;
use crate::compile::CompileEnv;
use crate::place::Place;
use crate::registry::FetchGroup;
use crate::{Context, Sample, Value};

pub use userlist::{Password, User, Userlist};
mod userlist;

/// Every group.
pub(crate) static GROUPS: &[&FetchGroup] =
    &[&message::GROUP, &header::REQUEST, &header::RESPONSE, &internal::GROUP, &constant::GROUP];

/// What a name means in a place: `hdr` is the request's or the response's.
pub(crate) fn resolve(name: &str, place: Place) -> &str {
    let response = place.is_response();
    match name {
        "hdr" if response => "res.hdr",
        "hdr" => "req.hdr",
        other => other,
    }
}

/// Where a fetch does have a value, in one line.
pub(crate) fn elsewhere(name: &str) -> String {
    match name.split_once('.') {
        Some(("res", _)) => String::from("the response is known in response rules only"),
        _ => String::from("capture it or `set-var` it where it is known, and read that here"),
    }
}

/// Checks that need more than a signature.
pub(crate) fn check(
    _name: &str,
    _args: &mut Args,
    _env: &mut CompileEnv<'_>,
) -> Result<(), String> {
    Ok(())
}

/// The request's head; without one, whether it may still come.
pub(crate) fn request<'a>(ctx: &Context<'a>) -> Result<&'a http1::RequestHead, Sample<'a>> {
    ctx.request.ok_or(absent(ctx.request_body.complete))
}

/// The response's head; without one, whether it may still come.
pub(crate) fn response<'a>(ctx: &Context<'a>) -> Result<&'a http1::ResponseHead, Sample<'a>> {
    ctx.response.ok_or(absent(ctx.response_body.complete))
}

fn absent<'a>(complete: bool) -> Sample<'a> {
    if complete { Sample::Missing } else { Sample::Wait }
}

/// Text borrowed from the stream.
pub(crate) fn text(bytes: &[u8]) -> Sample<'_> {
    Sample::Known(Value::Str(bytes.into()))
}

/// A number.
pub(crate) fn int<'a>(number: i64) -> Sample<'a> {
    Sample::Known(Value::Int(number))
}

/// A boolean.
pub(crate) fn bool<'a>(yes: bool) -> Sample<'a> {
    Sample::Known(Value::Bool(yes))
}

/// The sample, or missing.
pub(crate) fn or_missing(value: Option<Value<'_>>) -> Sample<'_> {
    value.map_or(Sample::Missing, Sample::Known)
}
