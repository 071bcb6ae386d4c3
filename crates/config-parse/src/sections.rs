//! Which words begin a section: needed while reading, for `.SECTION` and for `setenv` in `global`.

use crate::tree::Word;

/// Every section keyword of HAProxy 2.4 to 3.5.
pub const SECTIONS: &[&str] = &[
    "acme",
    "backend",
    "cache",
    "crt-store",
    "defaults",
    "fcgi-app",
    "frontend",
    "global",
    "http-errors",
    "listen",
    "log-forward",
    "log-profile",
    "mailers",
    "namespace_list",
    "peers",
    "program",
    "resolvers",
    "ring",
    "traces",
    "userlist",
];

/// Whether a line that begins with `word` begins a section.
pub fn is_section(word: &str) -> bool {
    SECTIONS.binary_search(&word).is_ok()
}

/// What `.SECTION` is in the section that `words` begins: its name, or its kind when it has none.
pub(crate) fn name<'a>(words: &'a [Word<'_>]) -> &'a str {
    let at = |i: usize| words.get(i).map(|word| word.text.as_ref()).filter(|s| !s.is_empty());
    at(1).or(at(0)).unwrap_or("")
}
