//! Structured log lines (manual 8.2.6, the flags `json`, `cbor` and `bin`): a value as JSON or CBOR, and the object
//! of the named items.
//!
//! Text of CBOR is written in one piece where HAProxy writes some in several: a reader gets the same text.

use crate::hex;

/// How the value of an item is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    /// As text.
    #[default]
    Plain,
    /// RFC 8259.
    Json,
    /// RFC 8949, in hexadecimal unless the flag `bin` asks for the bytes.
    Cbor,
}

/// A value with the type that it keeps in an encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Nothing was declared that could have a value.
    Null,
    Bool(bool),
    Int(i64),
    Text(Vec<u8>),
    Bytes(Vec<u8>),
    List(Vec<Vec<u8>>),
}

impl Encoding {
    /// The object of named values.
    pub(crate) fn object<'n>(
        self,
        items: impl Iterator<Item = (&'n str, Shown)>,
        binary: bool,
        out: &mut Vec<u8>,
    ) {
        match self {
            Encoding::Cbor => {
                let mut bytes = vec![0xbf];
                for (name, value) in items {
                    cbor_text(name.as_bytes(), &mut bytes);
                    cbor(&value, &mut bytes);
                }
                bytes.push(0xff);
                push_bytes(&bytes, binary, out);
            }
            Encoding::Json | Encoding::Plain => {
                out.push(b'{');
                for (at, (name, value)) in items.enumerate() {
                    if at > 0 {
                        out.extend_from_slice(b", ");
                    }
                    json_text(name.as_bytes(), out);
                    out.extend_from_slice(b": ");
                    json(&value, out);
                }
                out.push(b'}');
            }
        }
    }

    /// One value.
    pub(crate) fn value(self, value: &Shown, binary: bool, out: &mut Vec<u8>) {
        if self == Encoding::Cbor {
            let mut bytes = Vec::new();
            cbor(value, &mut bytes);
            push_bytes(&bytes, binary, out);
        } else {
            json(value, out);
        }
    }
}

fn push_bytes(bytes: &[u8], binary: bool, out: &mut Vec<u8>) {
    if binary { out.extend_from_slice(bytes) } else { hex::push_upper(bytes, out) }
}

fn json(value: &Shown, out: &mut Vec<u8>) {
    match value {
        Shown::Null => out.extend_from_slice(b"null"),
        Shown::Bool(yes) => out.extend_from_slice(if *yes { b"true" } else { b"false" }),
        Shown::Int(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
        // Bytes are text up to the first zero, as everywhere in log lines.
        Shown::Bytes(bytes) => json_text(bytes.split(|byte| *byte == 0).next().unwrap_or(b""), out),
        Shown::Text(text) => json_text(text, out),
        Shown::List(list) => {
            out.push(b'[');
            for (at, text) in list.iter().enumerate() {
                if at > 0 {
                    out.extend_from_slice(b", ");
                }
                json_text(text, out);
            }
            out.push(b']');
        }
    }
}

/// Quirk: only quotes and backslashes are escaped, a control byte stays as it is.
fn json_text(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

fn cbor(value: &Shown, out: &mut Vec<u8>) {
    match value {
        Shown::Bool(yes) => out.push(if *yes { 0xf5 } else { 0xf4 }),
        Shown::Int(number) if *number < 0 => cbor_head(1, !*number as u64, out),
        Shown::Int(number) => cbor_head(0, *number as u64, out),
        Shown::Text(text) if !text.is_empty() => cbor_text(text, out),
        // No text is no value here, unlike in JSON.
        Shown::Null | Shown::Text(_) => out.push(0xf6),
        Shown::Bytes(bytes) => {
            out.push(0x5f);
            cbor_head(2, bytes.len() as u64, out);
            out.extend_from_slice(bytes);
            out.push(0xff);
        }
        Shown::List(list) => {
            out.push(0x9f);
            list.iter().for_each(|text| cbor_text(text, out));
            out.push(0xff);
        }
    }
}

fn cbor_text(text: &[u8], out: &mut Vec<u8>) {
    cbor_head(3, text.len() as u64, out);
    out.extend_from_slice(text);
}

/// The type and its number, in as few bytes as it fits.
fn cbor_head(kind: u8, number: u64, out: &mut Vec<u8>) {
    let kind = kind << 5;
    match number {
        0..24 => out.push(kind | number as u8),
        24..0x100 => out.extend_from_slice(&[kind | 24, number as u8]),
        0x100..0x1_0000 => {
            out.push(kind | 25);
            out.extend_from_slice(&(number as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(kind | 26);
            out.extend_from_slice(&(number as u32).to_be_bytes());
        }
        _ => {
            out.push(kind | 27);
            out.extend_from_slice(&number.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(encoding: Encoding, items: &[(&str, Shown)]) -> String {
        let mut out = Vec::new();
        encoding.object(items.iter().cloned(), false, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn values_are_what_haproxy_writes() {
        let items = [
            ("a", Shown::Int(5)),
            ("b", Shown::Text(b"xy".to_vec())),
            ("port", Shown::Int(37218)),
            ("st", Shown::Int(200)),
            ("bo", Shown::Bool(true)),
            ("undef", Shown::Text(Vec::new())),
            ("bin", Shown::Bytes(b"\x00\xffA".to_vec())),
            ("neg", Shown::Int(-300)),
        ];
        assert_eq!(
            object(Encoding::Cbor, &items),
            "BF6161056162627879\
             64706F727419916262737418C862626FF565756E646566F66362696E5F4300FF41FF636E656739012BFF"
        );
        assert_eq!(
            object(Encoding::Json, &items),
            r#"{"a": 5, "b": "xy", "port": 37218, "st": 200, "bo": true, "undef": "", "bin": "", "neg": -300}"#
        );
        let list =
            [("l", Shown::List(vec![b"a\"b\\".to_vec(), b"-".to_vec()])), ("n", Shown::Null)];
        assert_eq!(object(Encoding::Json, &list), r#"{"l": ["a\"b\\", "-"], "n": null}"#);
    }
}
