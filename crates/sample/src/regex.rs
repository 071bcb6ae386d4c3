//! Regular expressions: HAProxy's PCRE dialect on the `regex` engine, which cannot be made slow.

use regex::bytes::{Regex, RegexBuilder};

/// Compiles a regular expression over bytes.
///
/// # Errors
/// What is wrong with it; look-around and back-references are named as what the engine does not do.
pub fn compile(pattern: &str, ignore_case: bool) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        // PCRE without UTF mode reads bytes.
        .unicode(false)
        .build();
    built.map_err(|error| match beyond(pattern) {
        Some(what) => format!(
            "`{pattern}` uses {what}, which this engine leaves out so that no text can make it slow"
        ),
        None => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
            format!("`{pattern}` is no regular expression: {last}")
        }
    })
}

/// Appends a replacement: `\0` to `\9` are groups, a backslash before another character hides it.
pub fn expand(replacement: &[u8], groups: &regex::bytes::Captures<'_>, out: &mut Vec<u8>) {
    let mut bytes = replacement.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(digit @ b'0'..=b'9') => {
                let group = groups.get(usize::from(digit - b'0'));
                out.extend_from_slice(group.map_or(&b""[..], |group| group.as_bytes()));
            }
            Some(other) => out.push(other),
            None => out.push(b'\\'),
        }
    }
}

/// The construct of PCRE that the engine does not have.
fn beyond(pattern: &str) -> Option<&'static str> {
    let has = |word: &str| pattern.contains(word);
    if has("(?=") || has("(?!") || has("(?<=") || has("(?<!") {
        return Some("look-around");
    }
    if has("(?>") || has("*+") || has("++") || has("?+") {
        return Some("atomic groups");
    }
    let bytes = pattern.as_bytes();
    let reference = bytes.windows(2).enumerate().any(|(at, pair)| {
        let escaped = at > 0 && bytes[at - 1] == b'\\';
        pair[0] == b'\\' && matches!(pair[1], b'1'..=b'9') && !escaped
    });
    reference.then_some("back-references")
}
