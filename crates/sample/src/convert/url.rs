//! Percent encoding (RFC 3986).

use std::borrow::Cow;

use crate::arg::{ArgKind, Args};
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value, hex};

use super::{bytes, str};

const STR: Type = Type::Str;

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("url_dec", STR, STR, url_dec, "percent encoding undone")
        .args(0, &[ArgKind::Int]),
    ConvertEntry::new("url_enc", STR, STR, url_enc, "percent encoding of a query's text")
        .args(0, &[ArgKind::Str])
        .check(check_kind),
];

fn check_kind(args: &mut Args) -> Result<(), (usize, String)> {
    match args.str(0) {
        None | Some(b"" | b"query") => Ok(()),
        Some(_) => Err((0, String::from("`query` is the only kind"))),
    }
}

/// A `+` is a space in a form, and behind the `?` of a URL; a broken escape makes it missing.
fn url_dec<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let text = bytes(value);
    if memchr::memchr2(b'%', b'+', &text).is_none() {
        return str(text);
    }
    let mut in_form = args.int(0).is_some_and(|argument| argument != 0);
    let mut out = Vec::with_capacity(text.len());
    let mut rest: &[u8] = &text;
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'+' if in_form => out.push(b' '),
            b'%' => {
                let decoded = after.get(..2).and_then(hex::decode);
                let Some(decoded) = decoded else { return Sample::Missing };
                out.extend_from_slice(&decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            other => {
                in_form |= *other == b'?';
                out.push(*other);
            }
        }
    }
    str(out)
}

fn url_enc<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let text = bytes(value);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    if text.iter().all(plain) {
        return str(text);
    }
    let mut out = Vec::with_capacity(text.len() * 2);
    for byte in text.iter() {
        if plain(byte) {
            out.push(*byte);
        } else {
            out.push(b'%');
            hex::push_upper(&[*byte], &mut out);
        }
    }
    str(Cow::Owned(out))
}
