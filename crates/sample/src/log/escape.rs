//! Which bytes are encoded where, and how flags dress a text.

use super::encode::Encoding;
use crate::hex;

/// The flags in force for one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Dress {
    pub(crate) quote: bool,
    pub(crate) hex: bool,
    pub(crate) escape: bool,
    /// Nothing is printed as `-`.
    pub(crate) mandatory: bool,
    /// How the value is written; in JSON and CBOR no other flag but `hex` counts.
    pub(crate) encoding: Encoding,
    /// CBOR as bytes and not in hexadecimal.
    pub(crate) binary: bool,
}

/// Bytes that are written as `#XX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encode {
    /// None.
    Nothing,
    /// The request line: not printable, `"` and `#`.
    Uri,
    /// Captured headers: also what frames them, `{`, `|` and `}`.
    Header,
}

impl Encode {
    fn wants(self, byte: u8) -> bool {
        let unsafe_byte = !(32..127).contains(&byte) || matches!(byte, b'"' | b'#');
        match self {
            Encode::Nothing => false,
            Encode::Uri => unsafe_byte,
            Encode::Header => unsafe_byte || matches!(byte, b'{' | b'|' | b'}'),
        }
    }
}

/// Appends a text with its quotes; nothing is `-` where the item is mandatory, or `""`.
pub(crate) fn push_text(text: &[u8], dress: Dress, encode: Encode, out: &mut Vec<u8>) {
    if dress.quote {
        out.push(b'"');
    }
    if text.is_empty() && dress.mandatory && !dress.quote {
        out.push(b'-');
    }
    push_encoded(text, dress, encode, out);
    if dress.quote {
        out.push(b'"');
    }
}

/// Appends a text without quotes.
pub(crate) fn push_encoded(text: &[u8], dress: Dress, encode: Encode, out: &mut Vec<u8>) {
    for byte in text {
        if encode.wants(*byte) {
            out.push(b'#');
            hex::push_upper(&[*byte], out);
        } else {
            if dress.escape && matches!(byte, b'"' | b'\\' | b']') {
                out.push(b'\\');
            }
            out.push(*byte);
        }
    }
}

/// Appends what a header may hold as it is, and the rest as `%XX`.
pub(crate) fn push_header(text: &[u8], dress: Dress, out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            0..=8 | 10..=31 | 127 => {
                out.push(b'%');
                hex::push_upper(&[*byte], out);
            }
            b'"' | b'\\' | b']' if dress.escape => out.extend_from_slice(&[b'\\', *byte]),
            _ => out.push(*byte),
        }
    }
}
