//! Durations and sizes (manual 2.5).

use std::time::Duration;

/// The unit of a number that has none: milliseconds for `timeout`, seconds elsewhere.
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

/// Why a quantity cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantityError {
    /// No digit at the front.
    NotANumber,
    /// An unknown unit begins at this byte.
    UnknownUnit(usize),
    /// More than the language holds (durations: 2^31-1 ms, about 24.8 days).
    TooLarge,
    /// Not 0 but rounded down to 0.
    TooSmall,
}

/// Reads `10s`, `500ms`, `15m`.
///
/// # Errors
/// See [`QuantityError`].
pub fn duration(_text: &str, _default: Unit) -> Result<Duration, QuantityError> {
    Err(QuantityError::NotANumber)
}

/// Reads `16384`, `64k`, `1m`, `2g` as bytes.
///
/// # Errors
/// See [`QuantityError`].
pub fn size(_text: &str) -> Result<u64, QuantityError> {
    Err(QuantityError::NotANumber)
}
