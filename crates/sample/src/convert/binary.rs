//! Encodings of bytes: base 64, hexadecimal, numbers.

use crate::arg::{Arg, ArgKind, Args};
use crate::base64::{self, Alphabet};
use crate::number::format_int;
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value, hex};

use super::{bin, bytes, int, number, str};

const BIN: Type = Type::Bin;
const STR: Type = Type::Str;
const CHUNKS: &[ArgKind] = &[ArgKind::Str, ArgKind::Int, ArgKind::Int];

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("b64dec", STR, BIN, b64dec, "base 64 back into bytes"),
    ConvertEntry::new("base2", BIN, STR, base2, "the bits as digits"),
    ConvertEntry::new("base64", BIN, STR, to_base64, "bytes in base 64"),
    ConvertEntry::new("be2dec", BIN, STR, be2dec, "groups of bytes as decimal numbers")
        .args(2, CHUNKS)
        .check(check_dec),
    ConvertEntry::new("be2hex", BIN, STR, be2hex, "groups of bytes in hexadecimal")
        .args(0, CHUNKS)
        .check(check_hex),
    ConvertEntry::new("has_ctl", BIN, Type::Bool, has_ctl, "whether a control byte is in it")
        .args(0, &[ArgKind::Str])
        .check(check_mask),
    ConvertEntry::new("hex", BIN, STR, to_hex, "bytes in hexadecimal"),
    ConvertEntry::new("hex2i", STR, Type::Int, hex2i, "hexadecimal digits as a number"),
    ConvertEntry::new("htonl", Type::Int, BIN, htonl, "a number as four bytes"),
    ConvertEntry::new("le2dec", BIN, STR, le2dec, "as `be2dec`, lowest byte first")
        .args(2, CHUNKS)
        .check(check_dec),
    ConvertEntry::new("ub64dec", STR, BIN, ub64dec, "the URL's base 64 back into bytes"),
    ConvertEntry::new("ub64enc", BIN, STR, ub64enc, "bytes in the URL's base 64"),
];

fn check_dec(args: &mut Args) -> Result<(), (usize, String)> {
    match args.int(1) {
        Some(1..=8) => Ok(()),
        _ => Err((1, String::from("a group has 1 to 8 bytes"))),
    }
}

fn check_hex(args: &mut Args) -> Result<(), (usize, String)> {
    match (args.str(0), args.int(1)) {
        (_, Some(size)) if size < 0 => Err((1, String::from("a group has 0 or more bytes"))),
        (Some(separator), None) if !separator.is_empty() => {
            Err((0, String::from("a separator wants the size of a group behind it")))
        }
        _ => Ok(()),
    }
}

fn to_base64<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    str(base64::encode(&bytes(value), Alphabet::Standard))
}

fn b64dec<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    base64::decode(&bytes(value), Alphabet::Standard).map_or(Sample::Missing, bin)
}

fn ub64enc<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    str(base64::encode(&bytes(value), Alphabet::Url))
}

fn ub64dec<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    base64::decode(&bytes(value), Alphabet::Url).map_or(Sample::Missing, bin)
}

fn to_hex<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let mut out = Vec::new();
    hex::push_upper(&bytes(value), &mut out);
    str(out)
}

/// Digits past 64 bits push the first ones out.
fn hex2i<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let mut sum: i64 = 0;
    for byte in bytes(value).iter() {
        let Some(digit) = hex::digit(*byte) else { return Sample::Missing };
        sum = sum.wrapping_shl(4) | i64::from(digit);
    }
    int(sum)
}

fn htonl<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    bin((number(&value) as u32).to_be_bytes().to_vec())
}

fn base2<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let mut out = Vec::new();
    for byte in bytes(value).iter() {
        out.extend((0..8).rev().map(|bit| b'0' + (byte >> bit & 1)));
    }
    str(out)
}

/// All but the tab.
const USUAL_CONTROLS: i64 = 0x1_ffff_fdff;

/// A bit for each byte below 32, and bit 32 for DEL; `any` is all, `http` what no field may hold.
fn check_mask(args: &mut Args) -> Result<(), (usize, String)> {
    let text = String::from_utf8_lossy(args.str(0).unwrap_or_default()).into_owned();
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let mask = match (text.as_str(), hex) {
        ("", _) => Some(USUAL_CONTROLS),
        ("any", _) => Some(0x1_ffff_ffff),
        ("http", _) => Some(0x2401),
        (_, Some(digits)) => i64::from_str_radix(digits, 16).ok(),
        (digits, None) => digits.parse().ok(),
    };
    let mask = mask.filter(|mask| (0..=0x1_ffff_ffff).contains(mask));
    let mask = mask.ok_or((0, String::from("a mask has 33 bits, or is `any` or `http`")))?;
    args.0 = vec![Arg::Int(mask)];
    Ok(())
}

fn has_ctl<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let mask = args.int(0).unwrap_or(USUAL_CONTROLS);
    super::bool(bytes(value).iter().any(|byte| match byte {
        byte @ 0..32 => mask >> byte & 1 != 0,
        127 => mask >> 32 != 0,
        _ => false,
    }))
}

/// Writes groups of bytes with separators between them; a short last group may be left out.
fn groups<'a>(value: Value<'a>, args: &Args, write: impl Fn(&[u8], &mut Vec<u8>)) -> Sample<'a> {
    let all = bytes(value);
    let separator = args.str(0).unwrap_or_default();
    let size = args.int(1).and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
    let size = if size == 0 { all.len().max(1) } else { size };
    let only_whole = args.int(2).is_some_and(|truncate| truncate != 0);
    let mut out = Vec::new();
    for (index, group) in all.chunks(size).enumerate() {
        if only_whole && group.len() < size {
            break;
        }
        if index > 0 {
            out.extend_from_slice(separator);
        }
        write(group, &mut out);
    }
    str(out)
}

fn be2hex<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    groups(value, args, hex::push_upper)
}

fn be2dec<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    groups(value, args, |group, out| {
        let sum = group.iter().fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte));
        out.extend_from_slice(&format_int(sum));
    })
}

fn le2dec<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    groups(value, args, |group, out| {
        let sum = group.iter().rev().fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte));
        out.extend_from_slice(&format_int(sum));
    })
}
