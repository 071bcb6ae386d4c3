//! Converters of text (manual 7.3.1).

use std::borrow::Cow;

use crate::arg::Args;
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value};

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("lower", Type::Str, Type::Str, lower, "ASCII letters in lower case"),
    ConvertEntry::new("upper", Type::Str, Type::Str, upper, "ASCII letters in upper case"),
];

/// The bytes of a value that a converter was promised to be text or bytes.
pub(super) fn bytes(value: Value<'_>) -> Cow<'_, [u8]> {
    match value {
        Value::Str(text) | Value::Bin(text) | Value::Meth(text) => text,
        Value::Bool(_) | Value::Int(_) | Value::Ip(_) => Cow::Borrowed(b""),
    }
}

fn lower<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let mut text = bytes(value);
    if text.iter().any(u8::is_ascii_uppercase) {
        text.to_mut().make_ascii_lowercase();
    }
    Sample::Known(Value::Str(text))
}

fn upper<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let mut text = bytes(value);
    if text.iter().any(u8::is_ascii_lowercase) {
        text.to_mut().make_ascii_uppercase();
    }
    Sample::Known(Value::Str(text))
}
