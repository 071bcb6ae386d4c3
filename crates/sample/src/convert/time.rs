//! Timestamps as text: `utime`, `ltime`, `http_date` and their finer sisters.

use crate::arg::{ArgKind, Args};
use crate::date::{Civil, http_date as http_date_text};
use crate::registry::ConvertEntry;
use crate::{Context, Fact, FactValue, Sample, Type, Value};

use super::{bytes, int, number, str};

const INT: Type = Type::Int;
const STR: Type = Type::Str;
const FORMAT: &[ArgKind] = &[ArgKind::Str, ArgKind::Int];

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("date", STR, INT, date, "the seconds of a date of HTTP"),
    ConvertEntry::new("http_date", INT, STR, http_date, "a date as HTTP writes it")
        .args(0, &[ArgKind::Int, ArgKind::Str])
        .check(check_unit),
    ConvertEntry::new("ltime", INT, STR, ltime, "seconds in local time").args(1, FORMAT),
    ConvertEntry::new("ms_ltime", INT, STR, ms_ltime, "milliseconds in local time").args(1, FORMAT),
    ConvertEntry::new("ms_utime", INT, STR, ms_utime, "milliseconds in UTC").args(1, FORMAT),
    ConvertEntry::new("us_ltime", INT, STR, us_ltime, "microseconds in local time").args(1, FORMAT),
    ConvertEntry::new("us_utime", INT, STR, us_utime, "microseconds in UTC").args(1, FORMAT),
    ConvertEntry::new("utime", INT, STR, utime, "seconds in UTC").args(1, FORMAT),
];

fn check_unit(args: &mut Args) -> Result<(), (usize, String)> {
    match args.str(1) {
        None | Some(b"" | b"s" | b"ms" | b"us") => Ok(()),
        Some(_) => Err((1, String::from("the unit is `s`, `ms` or `us`"))),
    }
}

fn date<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let text = bytes(value);
    let seconds = std::str::from_utf8(&text).ok().and_then(crate::date::seconds_of);
    seconds.map_or(Sample::Missing, int)
}

/// The offset is in the unit of the input, which also decides the digits of the fraction.
fn http_date<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let time = number(&value).saturating_add(args.int(0).unwrap_or(0));
    let text = match args.str(1) {
        Some(b"ms") => {
            format!("{}.{}", http_date_text(time.div_euclid(1000)), time.rem_euclid(1000))
        }
        Some(b"us") => {
            let (seconds, rest) = (time.div_euclid(1_000_000), time.rem_euclid(1_000_000));
            format!("{}.{rest}", http_date_text(seconds))
        }
        _ => http_date_text(time),
    };
    str(format!("{text} GMT").into_bytes())
}

/// Where the calendar of a converter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clock {
    Utc,
    Local,
}

/// The offset (second argument) is in the unit of the input.
fn format<'a>(
    value: &Value<'_>,
    args: &Args,
    ctx: &Context<'_>,
    clock: Clock,
    per_second: i64,
) -> Sample<'a> {
    let (offset, zone) = match clock {
        Clock::Utc => (0, String::from("UTC")),
        Clock::Local => match ctx.facts.read(Fact::UtcOffset) {
            Some(FactValue::Int(offset)) => (offset, zone_name(ctx, offset)),
            Some(_) => (0, String::from("UTC")),
            None => return Sample::Unknown(Fact::UtcOffset),
        },
    };
    let time = number(value).saturating_add(args.int(1).unwrap_or(0));
    let date = Civil::new(time.div_euclid(per_second), offset);
    let format = args.str(0).unwrap_or_default();
    let with_fraction = fraction(format, time.rem_euclid(per_second), per_second);
    str(date.format(with_fraction.as_deref().unwrap_or(format), &zone))
}

fn zone_name(ctx: &Context<'_>, offset: i64) -> String {
    match ctx.facts.read(Fact::ZoneName) {
        Some(FactValue::Text(name)) => name,
        _ if offset == 0 => String::from("UTC"),
        _ => Civil::new(0, offset).zone(),
    }
}

/// `%3N` and the like: digits of the second's fraction.
fn fraction(format: &[u8], rest: i64, per_second: i64) -> Option<Vec<u8>> {
    if per_second == 1 || !format.contains(&b'N') {
        return None;
    }
    let nanos = rest * (1_000_000_000 / per_second);
    let digits = format!("{nanos:09}");
    let mut out = Vec::with_capacity(format.len() + 9);
    let mut bytes = format.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        out.push(byte);
        if byte != b'%' {
            continue;
        }
        let width = bytes.next_if(u8::is_ascii_digit).map(|digit| usize::from(digit - b'0'));
        match (width, bytes.peek()) {
            (width, Some(b'N')) => {
                bytes.next();
                out.pop();
                let width = width.unwrap_or(9).clamp(1, 9);
                out.extend_from_slice(digits.as_bytes().get(..width).unwrap_or_default());
            }
            (Some(width), _) => out.push(b'0' + width as u8),
            (None, Some(b'%')) => out.extend(bytes.next()),
            (None, _) => {}
        }
    }
    Some(out)
}

fn utime<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    format(&value, args, ctx, Clock::Utc, 1)
}

fn ltime<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    format(&value, args, ctx, Clock::Local, 1)
}

fn ms_utime<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    format(&value, args, ctx, Clock::Utc, 1000)
}

fn ms_ltime<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    format(&value, args, ctx, Clock::Local, 1000)
}

fn us_utime<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    format(&value, args, ctx, Clock::Utc, 1_000_000)
}

fn us_ltime<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    format(&value, args, ctx, Clock::Local, 1_000_000)
}
