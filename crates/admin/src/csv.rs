//! Values as text in the three formats of the statistics.

use std::fmt::Write as _;

use crate::Value;

/// A CSV cell. Quoted only when it must be, quotes doubled.
pub(crate) fn push_csv(out: &mut String, value: Value<'_>) {
    match value {
        Value::Str(text) if text.contains(['"', ',', '\n', '\r']) => {
            out.push('"');
            out.push_str(&text.replace('"', "\"\""));
            out.push('"');
        }
        _ => push_plain(out, value),
    }
}

/// The bare value.
pub(crate) fn push_plain(out: &mut String, value: Value<'_>) {
    // Writing to a string cannot fail.
    let _ = match value {
        Value::Str(text) => write!(out, "{text}"),
        Value::Unsigned(number) => write!(out, "{number}"),
        Value::Signed(number) => write!(out, "{number}"),
    };
}

/// A JSON value.
pub(crate) fn push_json(out: &mut String, value: Value<'_>) {
    let Value::Str(text) = value else { return push_plain(out, value) };
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// The members of a field's JSON object and its closing brace; the caller opened it.
pub(crate) fn push_json_field(
    out: &mut String,
    column: &crate::Column,
    tags: &str,
    value: Value<'_>,
) {
    let [origin, nature, scope] = crate::field::tag_words(tags);
    let _ = write!(
        out,
        "\"field\":{{\"pos\":{},\"name\":\"{}\"}},\"processNum\":1,\"tags\":{{\"origin\":\"{origin}\",\
         \"nature\":\"{nature}\",\"scope\":\"{scope}\"}},\"value\":{{\"type\":\"{}\",\"value\":",
        column.position,
        column.name,
        column.kind.name(),
    );
    push_json(out, value);
    out.push_str("}}");
}
