//! Messages of FIX (Financial Information eXchange): `fix_is_valid`, `fix_tag_value`.
//!
//! A message is `tag=value` fields, each ended by the byte 1; its third-last field is not special, its first
//! three and its last are: BeginString, BodyLength, MsgType, CheckSum.

use crate::arg::{Arg, ArgKind, Args};
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value};

use super::{bin, bool, bytes, more};

const END: u8 = 1;
/// A message without a body; what is shorter is waited for, whatever it says.
const SHORTEST: usize = 26;
const BEGIN_STRING: u32 = 8;
const BODY_LENGTH: u32 = 9;
const CHECK_SUM: u32 = 10;
const MSG_TYPE: u32 = 35;

const VERSIONS: &[&[u8]] =
    &[b"FIX.4.0", b"FIX.4.1", b"FIX.4.2", b"FIX.4.3", b"FIX.4.4", b"FIX.5.0", b"FIXT.1.1"];

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("fix_is_valid", Type::Bin, Type::Bool, is_valid, "a whole message of FIX")
        .settles(),
    ConvertEntry::new("fix_tag_value", Type::Bin, Type::Bin, tag_value, "a field of a FIX message")
        .args(1, &[ArgKind::Str])
        .check(check_tag)
        .settles(),
];

fn check_tag(args: &mut Args) -> Result<(), (usize, String)> {
    let name = String::from_utf8_lossy(args.str(0).unwrap_or_default()).into_owned();
    let tag = match name.to_ascii_lowercase().as_str() {
        "beginstring" => BEGIN_STRING,
        "bodylength" => BODY_LENGTH,
        "checksum" => CHECK_SUM,
        "msgtype" => MSG_TYPE,
        "sendercompid" => 49,
        "targetcompid" => 56,
        number => match number.parse() {
            Ok(tag) => tag,
            Err(_) => return Err((0, format!("`{name}` is no tag of FIX"))),
        },
    };
    args.0[0] = Arg::Int(i64::from(tag));
    Ok(())
}

/// A field and where it ends.
struct Field<'m> {
    tag: u32,
    value: &'m [u8],
    begin: usize,
    end: usize,
}

/// Why there is no next field.
enum Stop {
    Incomplete,
    Malformed,
}

/// The field that begins here. Its tag goes up to the next `=`, beyond the end of a field without one.
fn next(message: &[u8], begin: usize) -> Result<Field<'_>, Stop> {
    let rest = message.get(begin..).unwrap_or_default();
    let equals = memchr::memchr(b'=', rest).ok_or(Stop::Incomplete)?;
    let (tag, behind) = (&rest[..equals], &rest[equals + 1..]);
    let length = memchr::memchr(END, behind).ok_or(Stop::Incomplete)?;
    let digits = tag.iter().all(u8::is_ascii_digit);
    let tag = std::str::from_utf8(tag).ok().filter(|_| digits).and_then(|tag| tag.parse().ok());
    let tag = tag.ok_or(Stop::Malformed)?;
    Ok(Field { tag, value: &behind[..length], begin, end: begin + equals + 1 + length + 1 })
}

fn is_valid<'a>(value: Value<'a>, _: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match check(&bytes(value)) {
        Ok(()) => bool(true),
        Err(Stop::Malformed) => bool(false),
        Err(Stop::Incomplete) => more(ctx),
    }
}

fn check(message: &[u8]) -> Result<(), Stop> {
    if message.len() < SHORTEST {
        return Err(Stop::Incomplete);
    }
    let expect = |field: &Field<'_>, tag| (field.tag == tag).then_some(()).ok_or(Stop::Malformed);
    let version = next(message, 0)?;
    expect(&version, BEGIN_STRING)?;
    if !VERSIONS.contains(&version.value) {
        return Err(Stop::Malformed);
    }
    let length = next(message, version.end)?;
    expect(&length, BODY_LENGTH)?;
    let text = std::str::from_utf8(length.value).ok();
    let body: usize = text.and_then(|text| text.parse().ok()).ok_or(Stop::Malformed)?;
    let kind = next(message, length.end)?;
    expect(&kind, MSG_TYPE)?;
    let mut last = kind;
    while last.tag != CHECK_SUM {
        last = next(message, last.end)?;
    }
    let sum = message[..last.begin].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    let told = std::str::from_utf8(last.value).ok().and_then(|text| text.parse::<u8>().ok());
    let good = last.begin == length.end + body && last.value.len() == 3 && told == Some(sum);
    // What follows is another message's.
    if good { Ok(()) } else { Err(Stop::Malformed) }
}

fn tag_value<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let message = bytes(value);
    let wanted = args.int(0);
    let mut at = 0;
    loop {
        match next(&message, at) {
            Ok(field) if Some(i64::from(field.tag)) == wanted => return bin(field.value.to_vec()),
            Ok(field) if field.tag == CHECK_SUM => return Sample::Missing,
            Ok(field) => at = field.end,
            Err(Stop::Incomplete) => return more(ctx),
            Err(Stop::Malformed) => return Sample::Missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &str) -> Vec<u8> {
        let body = body.replace('|', "\u{1}");
        let mut text = format!("8=FIX.4.4\u{1}9={}\u{1}{body}", body.len()).into_bytes();
        let sum = text.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        text.extend_from_slice(format!("10={sum:03}\u{1}").as_bytes());
        text
    }

    #[test]
    fn a_message_is_valid_when_its_length_and_its_sum_are_right() {
        let good = message("35=A|49=CLIENT1|56=EXECUTOR|");
        assert!(check(&good).is_ok());
        let mut other = good.clone();
        other[30] ^= 1;
        assert!(matches!(check(&other), Err(Stop::Malformed)), "the sum tells");
        assert!(matches!(check(&good[..20]), Err(Stop::Incomplete)));
        assert!(matches!(check(&message("49=A|35=B|")), Err(Stop::Malformed)), "no type");
        assert!(matches!(check(&message("35=A|x=1|")), Err(Stop::Malformed)), "no tag");
        assert!(check(&message("35=A|49=|")).is_ok(), "no value");
        assert!(matches!(check(b"x\x01"), Err(Stop::Incomplete)), "too short to tell");
        assert!(check(&[&good[..], b"8="].concat()).is_ok(), "the next one begins");
    }
}
