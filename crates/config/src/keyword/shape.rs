//! What may stand behind a keyword whose value is only checked: shapes of arguments.
//!
//! A shape says what HAProxy takes, with its own way to read numbers. Found by asking HAProxy 2.6.12 and 3.5 about
//! each keyword with several dozen arguments.

use std::time::Duration;

use config_parse::quantity::Unit;
use diag::{Diagnostic, codes};

use crate::lower::{Directive, leading_number};

/// The arguments of a keyword.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Whatever: HAProxy does not look at it.
    Free,
    /// No argument.
    Nothing,
    /// One word, whatever it is.
    Word,
    /// At least one word.
    Words,
    /// A number as C reads it: the digits at the front, 0 without any. In 32 bits, where too large ones wrap.
    Number(i32, i32),
    /// The same in 64 bits.
    Long(i64, i64),
    /// A whole word that is a number. In 32 bits, where too large ones wrap.
    Whole(i32, i32),
    /// A whole word that is a number, in decimal, octal or hexadecimal.
    AnyBase,
    /// A number of bytes with a unit.
    Size(u64, u64),
    /// A time of at most so many milliseconds.
    Time(u64),
    /// A time in seconds.
    Seconds,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Words of these, separated by commas.
    ListOf(&'static [&'static str]),
    /// One or more of these words.
    SomeOf(&'static [&'static str]),
    /// The word may be missing.
    Maybe(&'static Shape),
    /// More words may follow.
    Then(&'static Shape),
    /// HAProxy 2.6 and older take one shape, later ones another.
    Changed(&'static Shape, &'static Shape),
    /// Only behind `expose-experimental-directives`.
    Experimental(&'static Shape),
    /// A number that is not 0, of this size at most.
    NotZero(i32),
    /// HAProxy as distributions build it does not know it; the text says what is missing.
    Unknown(&'static str),
    /// No HAProxy takes it as distributions build it; the text says what to do.
    Gone(&'static str),
}

/// `on` or `off`.
pub(crate) const ON_OFF: Shape = Shape::OneOf(&["on", "off"]);
/// Any number.
pub(crate) const COUNT: Shape = Shape::Long(i64::MIN, i64::MAX);
/// A number that is not negative.
pub(crate) const NOT_NEGATIVE: Shape = Shape::Number(0, i32::MAX);
/// The same; nothing is 0.
pub(crate) const MAYBE_NUMBER: Shape = Shape::Maybe(&NOT_NEGATIVE);
/// A share.
pub(crate) const PERCENT: Shape = Shape::Number(0, 100);
/// A number of bytes.
pub(crate) const BYTES: Shape = Shape::Size(0, u32::MAX as u64);

impl Shape {
    /// The arguments as the manual would write them.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Free | Self::Words => "<value>...".into(),
            Self::Nothing | Self::Gone(_) | Self::Unknown(_) => String::new(),
            Self::Word => "<value>".into(),
            Self::Number(..)
            | Self::Long(..)
            | Self::Whole(..)
            | Self::AnyBase
            | Self::NotZero(_) => "<n>".into(),
            Self::Size(..) => "<size>".into(),
            Self::Time(_) | Self::Seconds => "<time>".into(),
            Self::OneOf(words) => words.join("|"),
            Self::ListOf(words) => format!("{{{}}}[,...]", words.join("|")),
            Self::SomeOf(words) => format!("{{{}}}...", words.join("|")),
            Self::Maybe(shape) => format!("[{}]", shape.text()),
            Self::Then(shape) | Self::Changed(_, shape) | Self::Experimental(shape) => shape.text(),
        }
    }

    /// Reads the rest of a line, and reports what does not fit.
    pub(crate) fn check(self, line: &mut Directive<'_>) {
        self.read(line);
        line.end();
    }

    /// Reads its part of a line of options.
    pub(crate) fn read(self, line: &mut Directive<'_>) {
        match self {
            Self::Free => line.skip_rest(),
            Self::Nothing => {}
            Self::Word => {
                line.value("a value");
            }
            Self::Words => {
                line.value("a value");
                line.skip_rest();
            }
            Self::Number(low, high) => number(line, i64::from(low), i64::from(high), true),
            Self::Long(low, high) => number(line, low, high, false),
            Self::Whole(low, high) => whole(line, low, high),
            Self::AnyBase => any_base(line),
            Self::Size(low, high) => size(line, low, high),
            Self::Time(most) => time(line, most),
            Self::Seconds => {
                line.duration("a time, such as `10s`", Unit::Second);
            }
            Self::OneOf(words) => {
                line.one_of(words);
            }
            Self::ListOf(words) => list(line, words),
            Self::SomeOf(words) => {
                while line.one_of(words) && line.peek().is_some() {}
                line.skip_rest();
            }
            Self::Maybe(shape) if line.peek().is_some() => shape.read(line),
            Self::Maybe(_) => {}
            Self::Then(shape) => {
                shape.read(line);
                line.skip_rest();
            }
            Self::Changed(old, _) if line.target.is_2_6() => old.read(line),
            Self::Changed(_, new) => new.read(line),
            Self::Experimental(shape) => {
                line.experimental();
                shape.read(line);
            }
            Self::NotZero(most) => not_zero(line, most),
            Self::Unknown(missing) => {
                let Some(word) = line.last() else { return };
                let message = format!("`{}` is not known to HAProxy {missing}", word.text);
                line.error(codes::E0202, word.span, message);
                line.skip_rest();
            }
            Self::Gone(help) => {
                let message = format!("`{}` is not taken by HAProxy any more", line.phrase());
                let finding = Diagnostic::new(codes::E0209, line.keyword_span(), message);
                line.report(finding.help(help));
                line.skip_rest();
            }
        }
    }
}

fn number(line: &mut Directive<'_>, low: i64, high: i64, wraps: bool) {
    let Some(word) = line.value("a number") else { return };
    let value = leading_number(&word.text);
    #[expect(clippy::cast_possible_truncation, reason = "C's conversion, which wraps")]
    let value = if wraps { i64::from(value as i32) } else { value };
    if word.text.parse::<i64>().is_err() {
        let message = format!("`{}` is read as {value}", word.text);
        line.report(Diagnostic::new(codes::W0309, word.span, message));
    }
    if !(low..=high).contains(&value) {
        line.out_of_range(word, "a number in range", &(low..=high));
    }
}

fn whole(line: &mut Directive<'_>, low: i32, high: i32) {
    let Some(word) = line.value("a number") else { return };
    let digits = word.text.trim_start().trim_start_matches(['+', '-']);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    #[expect(clippy::cast_possible_truncation, reason = "C's conversion, which wraps")]
    let value = leading_number(&word.text) as i32;
    if !is_number || !(low..=high).contains(&value) {
        line.out_of_range(word, "a number in range", &(i64::from(low)..=i64::from(high)));
    }
}

fn not_zero(line: &mut Directive<'_>, most: i32) {
    let Some(word) = line.value("a number") else { return };
    #[expect(clippy::cast_possible_truncation, reason = "C's conversion, which wraps")]
    let value = leading_number(&word.text) as i32;
    // Quirk: the least of all numbers is its own absolute value.
    if value == 0 || value.wrapping_abs() > most {
        let range = i64::from(-most)..=i64::from(most);
        line.out_of_range(word, "a number other than 0 in range", &range);
    }
}

fn any_base(line: &mut Directive<'_>) {
    let Some(word) = line.value("a number") else { return };
    let text = word.text.trim_start_matches(['+', '-']);
    let is_number = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
    };
    if !is_number {
        line.out_of_range(word, "a number", &(i64::MIN..=i64::MAX));
    }
}

fn size(line: &mut Directive<'_>, low: u64, high: u64) {
    let Some(size) = line.size("a size, such as `16k`") else { return };
    if !(low..=high).contains(&size.value) {
        let message = format!("{} bytes are out of range", size.value);
        let finding = Diagnostic::new(codes::E0302, size.span, message);
        line.report(finding.help(format!("from {low} to {high} bytes")));
    }
}

fn time(line: &mut Directive<'_>, most: u64) {
    let Some(time) = line.duration("a time, such as `10s`", Unit::Millisecond) else { return };
    if time.value > Duration::from_millis(most) {
        let finding = Diagnostic::new(codes::E0303, time.span, "this time is too long");
        line.report(finding.help(format!("at most {most} milliseconds")));
    }
}

fn list(line: &mut Directive<'_>, words: &'static [&'static str]) {
    let Some(word) = line.value("a list") else { return };
    if let Some(wrong) = word.text.split(',').find(|part| !words.contains(part)) {
        let message = format!("`{wrong}` is not one of those allowed");
        let finding = Diagnostic::new(codes::E0301, word.span, message);
        line.report(finding.help(format!("a list, separated by commas, of: {}", words.join(", "))));
    }
}
