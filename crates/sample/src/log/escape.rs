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

/// For each byte, what is the least that encodes it: the request line, captured headers, or nothing.
static ENCODED: [Encode; 256] = {
    let mut table = [Encode::Nothing; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = match byte as u8 {
            0..32 | 127.. | b'"' | b'#' => Encode::Uri,
            b'{' | b'|' | b'}' => Encode::Header,
            _ => Encode::Nothing,
        };
        byte += 1;
    }
    table
};

impl Encode {
    fn wants(self, byte: u8) -> bool {
        let known = ENCODED[usize::from(byte)];
        match self {
            Encode::Nothing => false,
            Encode::Uri => known == Encode::Uri,
            Encode::Header => known != Encode::Nothing,
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
    let special =
        |byte: &u8| encode.wants(*byte) || dress.escape && matches!(byte, b'"' | b'\\' | b']');
    // Most texts are copied as they are.
    let plain = match (encode, dress.escape) {
        (Encode::Nothing, false) => text.len(),
        _ => text.iter().position(special).unwrap_or(text.len()),
    };
    let (plain, rest) = text.split_at(plain);
    out.extend_from_slice(plain);
    for byte in rest {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_encoded_where_they_could_break_a_line_apart() {
        for byte in 0..=255_u8 {
            let written = |encode| {
                let mut out = Vec::new();
                push_encoded(&[b'a', byte, b'b'], Dress::default(), encode, &mut out);
                out
            };
            let plain = vec![b'a', byte, b'b'];
            let encoded = format!("a#{byte:02X}b").into_bytes();
            let uri = !(32..127).contains(&byte) || byte == b'"' || byte == b'#';
            let header = uri || matches!(byte, b'{' | b'|' | b'}');
            assert_eq!(written(Encode::Nothing), plain);
            assert_eq!(written(Encode::Uri) == encoded, uri, "{byte}");
            assert_eq!(written(Encode::Header) == encoded, header, "{byte}");
            assert!(uri || written(Encode::Uri) == plain);
        }
    }
}
