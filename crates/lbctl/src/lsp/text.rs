//! Positions of the protocol: lines from 0, columns in UTF-16 units from 0; and byte offsets.

use diag::Span;
use serde_json::{Value, json};

/// The byte offset of a position; the end of its line or of the text when it lies behind.
pub(super) fn offset(text: &str, position: &Value) -> usize {
    let line = position["line"].as_u64().unwrap_or_default();
    let column = position["character"].as_u64().unwrap_or_default();
    let mut begin = 0;
    for _ in 0..line {
        match text.get(begin..).and_then(|rest| rest.find('\n')) {
            Some(at) => begin += at + 1,
            None => return text.len(),
        }
    }
    let rest = text.get(begin..).unwrap_or("");
    let mut units = 0;
    for (at, c) in rest.char_indices() {
        if units >= column || c == '\n' {
            return begin + at;
        }
        units += c.len_utf16() as u64;
    }
    text.len()
}

fn position(text: &str, offset: usize) -> Value {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or("");
    let line = before.bytes().filter(|byte| *byte == b'\n').count();
    let last = before.rsplit('\n').next().unwrap_or("");
    json!({"line": line, "character": last.encode_utf16().count()})
}

/// A range of the protocol.
pub(super) fn range(text: &str, span: Span) -> Value {
    json!({"start": position(text, span.start as usize), "end": position(text, span.end as usize)})
}

/// The word around an offset: what stands between white space, commas and parentheses.
pub(super) fn word_at(text: &str, at: usize) -> Option<&str> {
    let apart = |c: char| {
        c.is_whitespace() || matches!(c, ',' | '(' | ')' | '[' | ']' | '{' | '}' | '%' | '"')
    };
    let start = text.get(..at)?.rfind(apart).map_or(0, |at| at + 1);
    let length = text.get(at..)?.find(apart).unwrap_or(text.len() - at);
    text.get(start..at + length).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_units_of_utf_16() {
        let text = "a\u{1f600}b\nc";
        assert_eq!(offset(text, &json!({"line": 0, "character": 3})), 5);
        assert_eq!(offset(text, &json!({"line": 1, "character": 9})), text.len());
        assert_eq!(offset(text, &json!({"line": 9, "character": 0})), text.len());
        assert_eq!(position(text, 5), json!({"line": 0, "character": 3}));
        assert_eq!(word_at("acl x path_beg(/a) y", 8), Some("path_beg"));
    }
}
