//! `show config`: the running configuration as text, so that another program can lower it again.
//!
//! ```text
//! # weir configuration 1
//! # env NAME=VALUE            the variables that the text reads, one a line
//! # file BYTES NAME           then exactly BYTES bytes of that file and a line end
//! ```
//! Comments of the language, so a single file pasted back is the same configuration.

/// A configuration as it was read: the environment that it saw and its files in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigText {
    /// Variables and their values.
    pub env: Vec<(String, String)>,
    /// Names and bytes.
    pub files: Vec<(String, Vec<u8>)>,
}

/// The first line of the format.
const FIRST: &[u8] = b"# weir configuration 1\n";

impl ConfigText {
    /// The reply's bytes. Variables whose value has a line end cannot be told and are left out.
    pub fn write(&self) -> Vec<u8> {
        let mut out = FIRST.to_vec();
        for (name, value) in self.env.iter().filter(|(_, value)| !value.contains('\n')) {
            out.extend_from_slice(format!("# env {name}={value}\n").as_bytes());
        }
        for (name, bytes) in &self.files {
            let name = name.replace('\n', "?");
            out.extend_from_slice(format!("# file {} {name}\n", bytes.len()).as_bytes());
            out.extend_from_slice(bytes);
            out.push(b'\n');
        }
        out
    }

    /// Reads what [`ConfigText::write`] wrote; `None` for anything else. What follows the last file is ignored.
    pub fn read(reply: &[u8]) -> Option<ConfigText> {
        let mut rest = reply.strip_prefix(FIRST)?;
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
            files in proptest::collection::vec(("[^\n]{1,20}", proptest::collection::vec(any::<u8>(), 0..200)), 0..4),
        ) {
            let text = ConfigText { env, files };
            prop_assert_eq!(ConfigText::read(&text.write()), Some(text));
        }

        #[test]
        fn other_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reply = FIRST.to_vec();
            reply.extend(&bytes);
            let _ = ConfigText::read(&reply);
            prop_assert_eq!(ConfigText::read(&bytes), None);
        }
    }
}
