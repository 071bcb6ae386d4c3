//! Parts of text: `field`, `word`, `bytes`, `param`.

use std::borrow::Cow;

use crate::arg::{Arg, ArgKind, Args};
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value, cast, hex};

use super::{bin, bytes, slice, str};

const STR: Type = Type::Str;
const PIECES: &[ArgKind] = &[ArgKind::Int, ArgKind::Str, ArgKind::Int];

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("bytes", Type::Bin, Type::Bin, range, "bytes at an offset")
        .args(1, &[ArgKind::Operand, ArgKind::Operand])
        .check(check_range),
    ConvertEntry::new("field", STR, STR, field, "the nth part between single delimiters")
        .args(2, PIECES)
        .check(check_index),
    ConvertEntry::new("param", STR, STR, param, "a parameter of a query string")
        .args(1, &[ArgKind::Str, ArgKind::Str])
        .check(check_param),
    ConvertEntry::new("word", STR, STR, word, "the nth part between runs of delimiters")
        .args(2, PIECES)
        .check(check_index),
];

fn check_range(args: &mut Args) -> Result<(), (usize, String)> {
    match (args.int(0), args.int(1)) {
        (Some(..0), _) => Err((0, String::from("an offset is 0 or more"))),
        (_, Some(..1)) => Err((1, String::from("a length is 1 or more"))),
        _ => Ok(()),
    }
}

/// A delimiter is one byte, as it is or as `0xHH`.
fn check_param(args: &mut Args) -> Result<(), (usize, String)> {
    let Some(text) = args.str(1) else { return Ok(()) };
    let byte = match text {
        [] => return Ok(()),
        [byte] => Some(*byte),
        [b'0', b'x' | b'X', high, low] => {
            hex::digit(*high).zip(hex::digit(*low)).map(|(high, low)| high << 4 | low)
        }
        _ => None,
    };
    let byte = byte.ok_or((1, String::from("a delimiter is one character, or `0xHH`")))?;
    args.0[1] = Arg::Str(vec![byte]);
    Ok(())
}

fn check_index(args: &mut Args) -> Result<(), (usize, String)> {
    match args.int(0) {
        Some(0) => Err((0, String::from("parts are counted from 1, or from -1 at the end"))),
        _ => Ok(()),
    }
}

/// A number that was written, or that a variable holds.
fn operand(arg: &Arg, ctx: &Context<'_>) -> Option<i64> {
    match arg {
        Arg::Int(number) => Some(*number),
        Arg::Var(id) => match cast(ctx.vars.read(*id)?, Type::Int)? {
            Value::Int(number) => Some(number),
            _ => None,
        },
        _ => None,
    }
}

/// Nothing is there past the end; a length too long ends at the end.
fn range<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    // Quirk: bytes of text are text to what follows.
    let cut = if matches!(value, Value::Str(_)) { str } else { bin };
    let all = bytes(value);
    let start = operand(args.at(0), ctx).and_then(|start| usize::try_from(start).ok());
    let Some(start) = start else { return Sample::Missing };
    if start >= all.len() {
        return cut(Cow::Borrowed(&b""[..]));
    }
    let length = match args.at(1) {
        Arg::None => all.len(),
        given => match operand(given, ctx).and_then(|length| usize::try_from(length).ok()) {
            Some(length) => length,
            None => return Sample::Missing,
        },
    };
    let end = start.saturating_add(length).min(all.len());
    cut(slice(all, start, end))
}

/// Which parts: the nth from the front or the back, and how many (0: all that follow).
struct Pieces {
    nth: usize,
    from_end: bool,
    count: usize,
}

impl Pieces {
    fn of(args: &Args) -> Pieces {
        let index = args.int(0).unwrap_or(1);
        let count = args.int(2).unwrap_or(1);
        Pieces {
            nth: usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX).max(1),
            from_end: index < 0,
            count: usize::try_from(count).unwrap_or(0),
        }
    }

    /// Picks among the parts' ranges; counting goes on in the direction it began.
    fn pick(&self, parts: &[(usize, usize)], end_of_text: usize) -> Option<(usize, usize)> {
        let step = |from: usize, by: usize| match self.from_end {
            true => from.saturating_sub(by),
            false => (from + by).min(parts.len() - 1),
        };
        let first = match self.from_end {
            true => parts.len().checked_sub(self.nth)?,
            false => self.nth - 1,
        };
        let one = *parts.get(first)?;
        let last = match self.count {
            0 if self.from_end => (0, 0),
            0 => (end_of_text, end_of_text),
            count => *parts.get(step(first, count - 1))?,
        };
        Some((one.0.min(last.0), one.1.max(last.1)))
    }
}

fn field<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let (text, delimiters) = (bytes(value), args.str(1).unwrap_or_default());
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, byte) in text.iter().enumerate() {
        if delimiters.contains(byte) {
            parts.push((start, at));
            start = at + 1;
        }
    }
    parts.push((start, text.len()));
    match Pieces::of(args).pick(&parts, text.len()) {
        Some((start, end)) => str(slice(text, start, end)),
        None => Sample::Missing,
    }
}

fn word<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let (text, delimiters) = (bytes(value), args.str(1).unwrap_or_default());
    let mut parts = Vec::new();
    let mut start = None;
    for (at, byte) in text.iter().enumerate() {
        match (delimiters.contains(byte), start) {
            (true, Some(begin)) => {
                parts.push((begin, at));
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    parts.extend(start.map(|begin| (begin, text.len())));
    match Pieces::of(args).pick(&parts, text.len()) {
        Some((start, end)) => str(slice(text, start, end)),
        None => Sample::Missing,
    }
}

/// `param(name[,delimiter])` of `a=1&b=2`; a name without `=` has the empty value.
fn param<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let text = bytes(value);
    let name = args.str(0).unwrap_or_default();
    let delimiter = args.str(1).and_then(|text| text.first().copied()).unwrap_or(b'&');
    let mut start = 0;
    for pair in text.split(|byte| *byte == delimiter) {
        let end = start + pair.len();
        let equals = memchr::memchr(b'=', pair);
        if pair.get(..equals.unwrap_or(pair.len())) == Some(name) {
            let begin = equals.map_or(end, |at| start + at + 1);
            return str(slice(text, begin, end));
        }
        start = end + 1;
    }
    Sample::Missing
}
