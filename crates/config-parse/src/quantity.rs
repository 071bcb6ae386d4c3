//! Durations and sizes (manual 2.5, 2.6).

use std::time::Duration;

use diag::{Diagnostic, codes};

use crate::tree::Word;

/// The unit of a number that has none: milliseconds for `timeout`, seconds elsewhere.
///
/// It is also the grain: `10us` in milliseconds is one millisecond, because HAProxy rounds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the units are the manual's own")]
pub enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
}

impl Unit {
    const fn micros(self) -> u128 {
        match self {
            Self::Microsecond => 1,
            Self::Millisecond => 1_000,
            Self::Second => 1_000_000,
            Self::Minute => 60_000_000,
            Self::Hour => 3_600_000_000,
            Self::Day => 86_400_000_000,
        }
    }

    /// The longest unit name that `text` begins with, and its length. Names are lower case only.
    fn read(text: &str) -> Option<(Self, usize)> {
        let names = [
            ("us", Self::Microsecond),
            ("ms", Self::Millisecond),
            ("s", Self::Second),
            ("m", Self::Minute),
            ("h", Self::Hour),
            ("d", Self::Day),
        ];
        let found = names.into_iter().find(|(name, _)| text.starts_with(name));
        found.map(|(name, unit)| (unit, name.len()))
    }
}

/// Why a quantity cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantityError {
    /// No digit at the front.
    NotANumber,
    /// An unknown unit begins at this byte.
    UnknownUnit(usize),
    /// Text stands behind the unit, from this byte on: `24h30m`. HAProxy 2.6 warned and read `24h`.
    Trailing(usize),
    /// More than the language holds: 2^31-1 of the default unit (for milliseconds about 24.8 days),
    /// or 2^64-1 bytes.
    TooLarge,
}

/// Reads `10s`, `500ms`, `15m`; at most 2^31-1 of the default unit, rounded up to a whole one.
///
/// # Errors
/// See [`QuantityError`].
pub fn duration(text: &str, default: Unit) -> Result<Duration, QuantityError> {
    let (number, behind) = number(text)?;
    let start = text.len() - behind.len();
    let (unit, length) = match Unit::read(behind) {
        Some(read) => read,
        None if behind.is_empty() => (default, 0),
        None => return Err(QuantityError::UnknownUnit(start)),
    };
    if length < behind.len() {
        return Err(QuantityError::Trailing(start + length));
    }
    let micros = number.and_then(|n| u128::from(n).checked_mul(unit.micros()));
    let grains = micros.ok_or(QuantityError::TooLarge)?.div_ceil(default.micros());
    if grains > i32::MAX as u128 {
        return Err(QuantityError::TooLarge);
    }
    u64::try_from(grains * default.micros())
        .map(Duration::from_micros)
        .map_err(|_| QuantityError::TooLarge)
}

/// Reads `16384`, `64k`, `1m`, `2g` as bytes; the unit in either case.
///
/// # Errors
/// See [`QuantityError`].
pub fn size(text: &str) -> Result<u64, QuantityError> {
    let (number, behind) = number(text)?;
    let start = text.len() - behind.len();
    let shift = match behind.bytes().next() {
        None => 0,
        Some(b'k' | b'K') => 10,
        Some(b'm' | b'M') => 20,
        Some(b'g' | b'G') => 30,
        Some(_) => return Err(QuantityError::UnknownUnit(start)),
    };
    if behind.len() > 1 {
        return Err(QuantityError::Trailing(start + 1));
    }
    number.and_then(|n| n.checked_mul(1 << shift)).ok_or(QuantityError::TooLarge)
}

/// As [`duration`], with the finding `E0303` in place of the error.
///
/// # Errors
/// `E0303`, at the byte that cannot be read.
pub fn duration_word(word: &Word<'_>, default: Unit) -> Result<Duration, Diagnostic> {
    duration(&word.text, default).map_err(|error| {
        let help = "a duration is a whole number and one of us, ms, s, m, h and d: `30s`";
        finding(word, error, "a duration", codes::E0303).help(help)
    })
}

/// As [`size`], with the finding `E0304` in place of the error.
///
/// # Errors
/// `E0304`, at the byte that cannot be read.
pub fn size_word(word: &Word<'_>) -> Result<u64, Diagnostic> {
    size(&word.text).map_err(|error| {
        let help = "a size is a whole number and one of k, m and g: `64k`";
        finding(word, error, "a size", codes::E0304).help(help)
    })
}

fn finding(word: &Word<'_>, error: QuantityError, what: &str, code: diag::Code) -> Diagnostic {
    let text = &word.text;
    let from = |at: usize| word.at(at..text.len());
    let rest = |at: usize| text.get(at..).unwrap_or("");
    match error {
        QuantityError::NotANumber => {
            Diagnostic::new(code, word.span, format!("`{text}` is not {what}"))
        }
        QuantityError::UnknownUnit(at) => {
            Diagnostic::new(code, from(at), format!("`{}` is not a unit of {what}", rest(at)))
        }
        QuantityError::Trailing(at) => {
            Diagnostic::new(code, from(at), format!("`{}` stands behind {what}", rest(at)))
        }
        QuantityError::TooLarge => {
            Diagnostic::new(code, word.span, format!("`{text}` is more than {what} may be"))
        }
    }
}

/// The digits at the front (`None` inside when they are more than 64 bits) and what follows them.
fn number(text: &str) -> Result<(Option<u64>, &str), QuantityError> {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, behind) = text.split_at(end);
    if digits.is_empty() {
        return Err(QuantityError::NotANumber);
    }
    Ok((digits.parse().ok(), behind))
}
