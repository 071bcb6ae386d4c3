//! `show config`: the running configuration as text, so that another program can lower it again.
//!
//! ```text
//! # weir configuration 1
//! # env NAME=VALUE            the variables that the text reads, one a line
//! # file BYTES NAME           then exactly BYTES bytes of that file and a line end
//! ```
//! Comments of the language, so a single file pasted back is the same configuration.

use std::fmt::Write as _;

/// A configuration as it was read: the environment that it saw and its files in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigText {
    /// Variables and their values.
    pub env: Vec<(String, String)>,
    /// Names and bytes.
    pub files: Vec<(String, Vec<u8>)>,
}

/// The first line of the format.
const FIRST: &str = "# weir configuration 1\n";

impl ConfigText {
    /// The reply. Variables whose value has a line end cannot be told and are left out; bytes that are no text
    /// (in comments, where else) become U+FFFD.
    pub fn write(&self) -> String {
        let mut out = FIRST.to_owned();
        for (name, value) in self.env.iter().filter(|(_, value)| !value.contains('\n')) {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "# env {name}={value}");
        }
        for (name, bytes) in &self.files {
            let (name, text) = (name.replace('\n', "?"), String::from_utf8_lossy(bytes));
            let _ = write!(out, "# file {} {name}\n{text}\n", text.len());
        }
        out
    }

    /// Reads what [`ConfigText::write`] wrote; `None` for anything else. What follows the last file is ignored.
    pub fn read(reply: &[u8]) -> Option<ConfigText> {
        let mut rest = reply.strip_prefix(FIRST.as_bytes())?;
        let mut text = ConfigText::default();
        while let Some(after) = rest.strip_prefix(b"# env ") {
            let (line, next) = split_line(after)?;
            let (name, value) = line.split_once('=')?;
            text.env.push((name.to_owned(), value.to_owned()));
            rest = next;
        }
        while let Some(after) = rest.strip_prefix(b"# file ") {
            let (line, next) = split_line(after)?;
            let (length, name) = line.split_once(' ')?;
            let length: usize = length.parse().ok()?;
            text.files.push((name.to_owned(), next.get(..length)?.to_vec()));
            rest = next.get(length + 1..)?;
        }
        Some(text)
    }
}

fn split_line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            env in proptest::collection::vec(("[A-Z_]{1,8}", "[^\n]{0,20}"), 0..4),
            files in proptest::collection::vec(("[^\n]{1,20}", ".{0,200}"), 0..4),
        ) {
            let files = files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
            let text = ConfigText { env, files };
            prop_assert_eq!(ConfigText::read(text.write().as_bytes()), Some(text));
        }

        #[test]
        fn other_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reply = FIRST.as_bytes().to_vec();
            reply.extend(&bytes);
            let _ = ConfigText::read(&reply);
            prop_assert_eq!(ConfigText::read(&bytes), None);
        }
    }
}
