//! JSON: text made safe for it, and values found in it.

use serde_json::Value as Json;

use crate::arg::{ArgKind, Args};
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value};

use super::{bool, bytes, int, str};

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("json", Type::Str, Type::Str, json, "escaped for a JSON string")
        .args(0, &[ArgKind::Str])
        .check(check_code),
    ConvertEntry::new("json_query", Type::Str, Type::Any, json_query, "a value by its path")
        .args(1, &[ArgKind::Str, ArgKind::Str])
        .check(check_query),
];

fn check_code(args: &mut Args) -> Result<(), (usize, String)> {
    match args.str(0) {
        None | Some(b"" | b"ascii" | b"utf8" | b"utf8s" | b"utf8p" | b"utf8ps") => Ok(()),
        Some(_) => {
            Err((0, String::from("the code is `ascii`, `utf8`, `utf8s`, `utf8p` or `utf8ps`")))
        }
    }
}

/// `ascii` reads bytes, the others UTF-8: an ill-formed byte makes it missing, is passed over by
/// those with `s` (silent) and taken for a Latin-1 character by those with `p` (permissive).
fn json<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let text = bytes(value);
    let code = args.str(0).unwrap_or_default();
    let mut out = Vec::with_capacity(text.len() + 8);
    if !code.starts_with(b"utf8") {
        text.iter().for_each(|byte| push_char(u32::from(*byte), &mut out));
        return str(out);
    }
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push_char(u32::from(c), &mut out));
        if !chunk.invalid().is_empty() && !code.ends_with(b"s") {
            return Sample::Missing;
        }
    }
    str(out)
}

fn push_char(c: u32, out: &mut Vec<u8>) {
    match u8::try_from(c) {
        Ok(b'"') => out.extend_from_slice(b"\\\""),
        Ok(b'\\') => out.extend_from_slice(b"\\\\"),
        Ok(b'/') => out.extend_from_slice(b"\\/"),
        Ok(b'\x08') => out.extend_from_slice(b"\\b"),
        Ok(b'\x0c') => out.extend_from_slice(b"\\f"),
        Ok(b'\r') => out.extend_from_slice(b"\\r"),
        Ok(b'\n') => out.extend_from_slice(b"\\n"),
        Ok(b'\t') => out.extend_from_slice(b"\\t"),
        Ok(byte @ 32..=126) => out.push(byte),
        _ => {
            let mut units = [0; 2];
            let c = char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER);
            for unit in c.encode_utf16(&mut units) {
                out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
            }
        }
    }
}

pub(super) fn check_query(args: &mut Args) -> Result<(), (usize, String)> {
    let path = args.str(0).unwrap_or_default();
    // One without `$` finds nothing, and is taken.
    if path.is_empty() {
        return Err((0, String::from("a JSON path is not empty")));
    }
    match args.str(1) {
        None | Some(b"" | b"int") => Ok(()),
        Some(_) => Err((1, String::from("the only output type is `int`"))),
    }
}

/// Strings, numbers and booleans; objects are missing. `int` reads what it finds as a number.
pub(super) fn json_query<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let text = bytes(value);
    let path = args.str(0).unwrap_or_default();
    let Ok(root) = serde_json::from_slice::<Json>(&text) else { return Sample::Missing };
    let Some(found) = std::str::from_utf8(path).ok().and_then(|path| find(&root, path)) else {
        return Sample::Missing;
    };
    let as_int = args.str(1) == Some(b"int");
    match found {
        Json::String(text) => str(text.clone().into_bytes()),
        Json::Bool(yes) => bool(*yes),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => int(number),
            (None, Some(number)) if as_int => int(number as i64),
            (None, Some(number)) => str(short_float(number).into_bytes()),
            (None, None) => Sample::Missing,
        },
        Json::Null | Json::Array(_) | Json::Object(_) => Sample::Missing,
    }
}

/// Follows `$.name.other[1]`; a backslash hides a dot of a name.
fn find<'j>(root: &'j Json, path: &str) -> Option<&'j Json> {
    let mut here = root;
    let mut rest = path.strip_prefix('$')?;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after.split_once(']')?;
            here = here.get(index.parse::<usize>().ok()?)?;
            rest = after;
        } else {
            let (name, after) = name_at(rest.strip_prefix('.')?);
            here = here.get(name.as_str())?;
            rest = after;
        }
    }
    Some(here)
}

fn name_at(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '.' | '[' => return (name, &text[at..]),
            '\\' => name.extend(chars.next().map(|(_, c)| c)),
            c => name.push(c),
        }
    }
    (name, "")
}

/// Six significant digits, as C's `%g` writes them.
fn short_float(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let text = format!("{number:.5e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..6).contains(&exponent) {
        let decimals = (5 - exponent).max(0) as usize;
        return trim(&format!("{number:.decimals$}"));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim(mantissa), exponent.unsigned_abs())
}
