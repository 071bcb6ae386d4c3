//! The converters, one file for each group (manual 7.3.1).

mod aes;
mod algorithm;
mod arithmetic;
mod binary;
mod cut;
mod digest;
mod effect;
mod fix;
mod forwarded;
mod json;
mod jwt;
mod looked_up;
mod map;
mod mqtt;
mod network;
mod operand;
mod protobuf;
mod regsub;
mod text;
mod time;
mod url;

use std::borrow::Cow;

use crate::registry::ConvertEntry;
use crate::{Context, Sample, Value};

/// Every group.
pub(crate) static GROUPS: &[&[ConvertEntry]] = &[
    aes::ENTRIES,
    arithmetic::ENTRIES,
    binary::ENTRIES,
    cut::ENTRIES,
    digest::ENTRIES,
    effect::ENTRIES,
    fix::ENTRIES,
    forwarded::ENTRIES,
    json::ENTRIES,
    jwt::ENTRIES,
    looked_up::ENTRIES,
    map::ENTRIES,
    mqtt::ENTRIES,
    network::ENTRIES,
    operand::ENTRIES,
    protobuf::ENTRIES,
    regsub::ENTRIES,
    text::ENTRIES,
    time::ENTRIES,
    url::ENTRIES,
];

/// The bytes of a value that was cast to text or bytes before.
fn bytes(value: Value<'_>) -> Cow<'_, [u8]> {
    match value {
        Value::Str(text) | Value::Bin(text) | Value::Meth(text) => text,
        Value::Bool(_) | Value::Int(_) | Value::Ip(_) => Cow::Borrowed(b""),
    }
}

/// The number of a value that was cast to one before.
fn number(value: &Value<'_>) -> i64 {
    match value {
        Value::Int(number) => *number,
        Value::Bool(yes) => i64::from(*yes),
        _ => 0,
    }
}

/// What a message that is not whole gives: more may come, on the side whose rules run.
fn more<'a>(ctx: &Context<'_>) -> Sample<'a> {
    let body =
        if ctx.response_body.bytes.is_empty() { ctx.request_body } else { ctx.response_body };
    if body.complete { Sample::Missing } else { Sample::Wait }
}

/// A range of the text, borrowed when the text is.
fn slice(text: Cow<'_, [u8]>, start: usize, end: usize) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(start..end).unwrap_or_default()),
        Cow::Owned(mut text) => {
            text.truncate(end);
            text.drain(..start.min(text.len()));
            Cow::Owned(text)
        }
    }
}

fn str<'a>(text: impl Into<Cow<'a, [u8]>>) -> Sample<'a> {
    Sample::Known(Value::Str(text.into()))
}

fn bin<'a>(bytes: impl Into<Cow<'a, [u8]>>) -> Sample<'a> {
    Sample::Known(Value::Bin(bytes.into()))
}

fn int<'a>(number: i64) -> Sample<'a> {
    Sample::Known(Value::Int(number))
}

fn bool<'a>(yes: bool) -> Sample<'a> {
    Sample::Known(Value::Bool(yes))
}
