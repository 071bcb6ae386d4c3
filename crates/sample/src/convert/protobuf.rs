//! Fields of Protocol Buffers messages: `protobuf`, and `ungrpc` for messages with gRPC's header.

use crate::arg::{ArgKind, Args};
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value};

use super::{bin, bytes, int};

const ARGS: &[ArgKind] = &[ArgKind::FieldNumber, ArgKind::Str];

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("protobuf", Type::Bin, Type::Bin, protobuf, "a field of a message")
        .args(1, ARGS)
        .check(check_type),
    ConvertEntry::new("ungrpc", Type::Bin, Type::Bin, ungrpc, "a field of a gRPC message")
        .args(1, ARGS)
        .check(check_type),
];

const VARINT: &[&[u8]] =
    &[b"int32", b"int64", b"uint32", b"uint64", b"sint32", b"sint64", b"bool", b"enum"];
const FIXED: &[&[u8]] = &[b"fixed64", b"sfixed64", b"double", b"fixed32", b"sfixed32", b"float"];

fn check_type(args: &mut Args) -> Result<(), (usize, String)> {
    match args.str(1) {
        None => Ok(()),
        Some(kind) if VARINT.contains(&kind) || FIXED.contains(&kind) => Ok(()),
        Some(kind) => {
            let kind = String::from_utf8_lossy(kind);
            Err((1, format!("`{kind}` is no type of a field that is a number")))
        }
    }
}

/// A field's contents as they stand in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Raw<'m> {
    Varint(u64, &'m [u8]),
    Eight([u8; 8], &'m [u8]),
    Four([u8; 4], &'m [u8]),
    Bytes(&'m [u8]),
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut sum = 0_u64;
    for (at, byte) in message.iter().take(10).enumerate() {
        sum |= u64::from(byte & 0x7f).checked_shl(7 * at as u32).unwrap_or(0);
        if byte & 0x80 == 0 {
            *message = &message[at + 1..];
            return Some(sum);
        }
    }
    None
}

/// The next field's number and contents; groups are not read.
fn next<'m>(message: &mut &'m [u8]) -> Option<(u64, Raw<'m>)> {
    let key = varint(message)?;
    let before = *message;
    let raw = match key & 7 {
        0 => {
            let number = varint(message)?;
            Raw::Varint(number, &before[..before.len() - message.len()])
        }
        1 => {
            let (fixed, rest) = message.split_first_chunk::<8>()?;
            *message = rest;
            Raw::Eight(*fixed, &before[..8])
        }
        2 => {
            let length = usize::try_from(varint(message)?).ok()?;
            let (bytes, rest) = message.split_at_checked(length)?;
            *message = rest;
            Raw::Bytes(bytes)
        }
        5 => {
            let (fixed, rest) = message.split_first_chunk::<4>()?;
            *message = rest;
            Raw::Four(*fixed, &before[..4])
        }
        _ => return None,
    };
    Some((key >> 3, raw))
}

/// The first field of this path, each part inside the one before.
fn find<'m>(mut message: &'m [u8], path: &[u8]) -> Option<Raw<'m>> {
    let path = std::str::from_utf8(path).ok()?;
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        let wanted: u64 = part.parse().ok()?;
        let raw = loop {
            let (number, raw) = next(&mut message)?;
            if number == wanted {
                break raw;
            }
        };
        match raw {
            raw if parts.peek().is_none() => return Some(raw),
            Raw::Bytes(inner) => message = inner,
            _ => return None,
        }
    }
    None
}

/// The field as the type says; without one, its bytes.
fn typed<'a>(raw: Raw<'_>, kind: Option<&[u8]>) -> Sample<'a> {
    let Some(kind) = kind else {
        let (Raw::Varint(_, bytes)
        | Raw::Eight(_, bytes)
        | Raw::Four(_, bytes)
        | Raw::Bytes(bytes)) = raw;
        return bin(bytes.to_vec());
    };
    match (kind, raw) {
        (b"int32" | b"enum", Raw::Varint(number, _)) => int(i64::from(number as i32)),
        (b"uint32", Raw::Varint(number, _)) => int(i64::from(number as u32)),
        (b"int64" | b"uint64", Raw::Varint(number, _)) => int(number as i64),
        (b"bool", Raw::Varint(number, _)) => int(i64::from(number != 0)),
        (b"sint32", Raw::Varint(number, _)) => int(i64::from(zigzag(number) as i32)),
        (b"sint64", Raw::Varint(number, _)) => int(zigzag(number)),
        (b"fixed64" | b"sfixed64", Raw::Eight(bytes, _)) => int(i64::from_le_bytes(bytes)),
        (b"double", Raw::Eight(bytes, _)) => int(f64::from_le_bytes(bytes) as i64),
        (b"fixed32", Raw::Four(bytes, _)) => int(i64::from(u32::from_le_bytes(bytes))),
        (b"sfixed32", Raw::Four(bytes, _)) => int(i64::from(i32::from_le_bytes(bytes))),
        (b"float", Raw::Four(bytes, _)) => int(f32::from_le_bytes(bytes) as i64),
        _ => Sample::Missing,
    }
}

fn zigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

fn protobuf<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let message = bytes(value);
    let found = find(&message, args.str(0).unwrap_or_default());
    found.map_or(Sample::Missing, |raw| typed(raw, args.str(1)))
}

/// Each message of the stream has a byte of flags and four of length in front.
fn ungrpc<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let all = bytes(value);
    let mut rest: &[u8] = &all;
    while let Some((head, after)) = rest.split_first_chunk::<5>() {
        let [_, length @ ..] = *head;
        let length = u32::from_be_bytes(length) as usize;
        let Some((message, after)) = after.split_at_checked(length) else { break };
        if let Some(raw) = find(message, args.str(0).unwrap_or_default()) {
            return typed(raw, args.str(1));
        }
        rest = after;
    }
    Sample::Missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_into_messages_and_a_number_is_read_by_its_type() {
        // 1 { 2: 9 } 2: 7 3: -1 (zigzag)
        let message = b"\x0a\x02\x10\x09\x10\x07\x18\x01";
        let is = |path: &[u8], kind: &[u8], number| {
            let found = find(message, path).map(|raw| typed(raw, Some(kind)));
            assert_eq!(found, Some(int(number)), "{path:?}");
        };
        is(b"1.2", b"int32", 9);
        is(b"2", b"int32", 7);
        is(b"3", b"sint64", -1);
        assert_eq!(find(message, b"1"), Some(Raw::Bytes(b"\x10\x09")));
        assert_eq!(find(message, b"2.1"), None);
        assert_eq!(find(b"\x0a\x7f\x10", b"1"), None, "cut off");
    }
}
