//! Case, length and ends of text.

use crate::arg::{ArgKind, Args};
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value};

use super::{bytes, int, slice, str};

const STR: Type = Type::Str;

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("cut_crlf", STR, STR, cut_crlf, "up to the first line end"),
    ConvertEntry::new("iif", Type::Bool, STR, iif, "one text for true, another for false")
        .args(2, &[ArgKind::Str, ArgKind::Str]),
    ConvertEntry::new("language", STR, STR, language, "the best language of `Accept-Language`")
        .args(1, &[ArgKind::Str, ArgKind::Str]),
    ConvertEntry::new("length", STR, Type::Int, length, "how many bytes it has"),
    ConvertEntry::new("lower", STR, STR, lower, "ASCII letters in lower case"),
    ConvertEntry::new("ltrim", STR, STR, ltrim, "without these characters at the front")
        .args(1, &[ArgKind::Str]),
    ConvertEntry::new("reverse", STR, STR, reverse, "the bytes from last to first"),
    ConvertEntry::new("reverse_dom", STR, STR, reverse_dom, "the labels from last to first"),
    ConvertEntry::new("rtrim", STR, STR, rtrim, "without these characters at the end")
        .args(1, &[ArgKind::Str]),
    ConvertEntry::new("upper", STR, STR, upper, "ASCII letters in upper case"),
];

fn lower<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let mut text = bytes(value);
    if text.iter().any(u8::is_ascii_uppercase) {
        text.to_mut().make_ascii_lowercase();
    }
    str(text)
}

fn upper<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let mut text = bytes(value);
    if text.iter().any(u8::is_ascii_lowercase) {
        text.to_mut().make_ascii_uppercase();
    }
    str(text)
}

fn length<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    int(bytes(value).len() as i64)
}

fn cut_crlf<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let text = bytes(value);
    let end = memchr::memchr2(b'\r', b'\n', &text).unwrap_or(text.len());
    str(slice(text, 0, end))
}

fn ltrim<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let (text, unwanted) = (bytes(value), args.str(0).unwrap_or_default());
    let start = text.iter().position(|byte| !unwanted.contains(byte)).unwrap_or(text.len());
    let end = text.len();
    str(slice(text, start, end))
}

fn rtrim<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let (text, unwanted) = (bytes(value), args.str(0).unwrap_or_default());
    let end = text.iter().rposition(|byte| !unwanted.contains(byte)).map_or(0, |last| last + 1);
    str(slice(text, 0, end))
}

fn reverse<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let mut text = bytes(value);
    text.to_mut().reverse();
    str(text)
}

/// `www.example.com` is `com.example.www`; a final dot is dropped, an empty label is no domain.
fn reverse_dom<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let text = bytes(value);
    let name = text.strip_suffix(b".").unwrap_or(&text);
    let labels: Vec<_> = name.split(|byte| *byte == b'.').rev().collect();
    if labels.iter().any(|label| label.is_empty()) {
        return Sample::Missing;
    }
    str(labels.join(&b'.'))
}

fn iif<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let which = usize::from(value != Value::Bool(true));
    str(args.str(which).unwrap_or_default())
}

/// The language of the list with the highest `q`; among equals the header's first. Languages that
/// are not in the list do not count.
fn language<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let wanted = args.str(0).unwrap_or_default();
    let header = bytes(value);
    let mut best: Option<(u32, &'a [u8])> = None;
    for element in header.split(|byte| *byte == b',') {
        let mut parts = element.split(|byte| *byte == b';');
        let name = parts.next().unwrap_or_default().trim_ascii();
        let quality = parts.find_map(|part| quality(part.trim_ascii())).unwrap_or(1000);
        let known = wanted.split(|byte| *byte == b';').find(|word| word.eq_ignore_ascii_case(name));
        let Some(known) = known.filter(|_| !name.is_empty() && quality > 0) else { continue };
        if best.is_none_or(|(highest, _)| quality > highest) {
            best = Some((quality, known));
        }
    }
    match (best, args.str(1)) {
        (Some((_, name)), _) => str(name),
        (None, Some(default)) => str(default),
        (None, None) => Sample::Missing,
    }
}

/// `q=0.5` in thousandths.
fn quality(part: &[u8]) -> Option<u32> {
    let number = part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q="))?;
    let mut digits = number.iter().filter(|byte| **byte != b'.').take(4);
    let mut thousandths = 0;
    for scale in [1000, 100, 10, 1] {
        let Some(digit) = digits.next() else { break };
        let digit = char::from(*digit).to_digit(10)?;
        thousandths += digit * scale;
    }
    Some(thousandths.min(1000))
}
