//! Regular expressions: HAProxy's PCRE dialect on the `regex` engine, which cannot be made slow.

mod dialect;

use dialect::Refusal;
use regex::bytes::{Regex, RegexBuilder};

/// Compiles a regular expression over bytes.
///
/// # Errors
/// What is wrong with it; look-around, back-references, possessive quantifiers and the like are named
/// as what the engine does not do.
pub fn compile(pattern: &str, ignore_case: bool) -> Result<Regex, String> {
    let pattern = &*config_parse::stray::escaped(pattern);
    let translated = dialect::translate(pattern).map_err(|refusal| match refusal {
        Refusal::Lacks(what) => format!(
            "`{pattern}` uses {what}, which this engine leaves out so that no text can make it slow"
        ),
        Refusal::Wrong(why) => format!("`{pattern}` is no regular expression: {why}"),
    })?;
    let built = RegexBuilder::new(&translated)
        .case_insensitive(ignore_case)
        // PCRE without UTF mode reads bytes.
        .unicode(false)
        .build();
    built.map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
        format!("`{pattern}` is no regular expression: {last}")
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
