//! Comma-separated elements of a field's value, as `req.hdr` counts them.

use crate::bytes::trim;

/// Iterates over the elements of one field's value.
///
/// A comma inside double quotes is text, and a backslash inside quotes hides the next byte. White
/// space around elements is cut off.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Values<'a> {
    /// The elements of this value.
    pub fn new(value: &'a [u8]) -> Values<'a> {
        Values { rest: Some(value) }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.untrimmed().map(trim)
    }
}

impl<'a> Values<'a> {
    /// The next element with the white space around it.
    pub(crate) fn untrimmed(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let (element, after) = match comma(rest) {
            Some(at) => (&rest[..at], Some(&rest[at + 1..])),
            None => (rest, None),
        };
        self.rest = after;
        Some(element)
    }
}

/// Where the first comma outside quotes stands: what ends an element of a list.
pub fn comma(text: &[u8]) -> Option<usize> {
    // Most values have neither quote nor comma: one fast look says so.
    let first = memchr::memchr2(b',', b'"', text)?;
    if text[first] == b',' {
        return Some(first);
    }
    let mut quoted = false;
    let mut escaped = false;
    text.iter().position(|&byte| {
        if escaped {
            escaped = false;
            return false;
        }
        match byte {
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' => return !quoted,
            _ => {}
        }
        false
    })
}
