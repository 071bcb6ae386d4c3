//! `set-timeout`, `set-retries`, `set-priority-class`, `set-priority-offset`.

use std::time::Duration;

use diag::Span;
use sample::{Bound, Compiled, Fact, Sample, Type, Value, cast};

use super::{Number, TimeoutValue};
use crate::Change;
use crate::moment::{Moment, change};

/// Classes lie between -2047 and 2047 (manual 4.4, `set-priority-class`).
const MOST_CLASS: i64 = 2047;
/// Offsets lie between -524287 and 524287 milliseconds.
const MOST_OFFSET: i64 = 524_287;

/// Sets a timeout; a value that is no time changes nothing.
///
/// # Errors
/// The fact that the value depends on, when it is not known.
pub(crate) fn timeout(
    which: Bound,
    value: &TimeoutValue,
    span: Span,
    m: &mut Moment<'_>,
    on: bool,
    changes: &mut Vec<Change>,
) -> Result<(), Fact> {
    let Some(duration) = millis(value, m)? else { return Ok(()) };
    let overrides = &mut m.stream.overrides;
    let before = overrides.limits.set(which, duration);
    overrides.limit_rules.set(which, span);
    m.world.take_over(&m.stream.overrides);
    if on {
        changes.push(Change {
            what: format!("timeout {}", name(which)),
            before: before.map(|old| format!("{}ms", old.as_millis())),
            after: Some(format!("{}ms", duration.as_millis())),
        });
    }
    Ok(())
}

/// A time, if the value is one.
///
/// # Errors
/// The fact that it depends on, when it is not known.
pub(crate) fn millis(value: &TimeoutValue, m: &mut Moment<'_>) -> Result<Option<Duration>, Fact> {
    Ok(match value {
        TimeoutValue::Literal(duration) => Some(*duration),
        TimeoutValue::Millis(value) => number(value, m)?
            .and_then(|millis| u64::try_from(millis).ok())
            .filter(|millis| *millis > 0)
            .map(Duration::from_millis),
    })
}

pub(crate) fn name(which: Bound) -> &'static str {
    match which {
        Bound::Client => "client",
        Bound::Connect => "connect",
        Bound::Queue => "queue",
        Bound::Server => "server",
        Bound::Tarpit => "tarpit",
        Bound::Tunnel => "tunnel",
    }
}

/// Sets how often a connection is tried again; a value that is no number changes nothing.
///
/// # Errors
/// The fact that the value depends on, when it is not known.
pub(crate) fn retries(
    value: &Number,
    m: &mut Moment<'_>,
    on: bool,
    changes: &mut Vec<Change>,
) -> Result<(), Fact> {
    let Some(retries) = count(value, m)? else { return Ok(()) };
    m.stream.overrides.limits.retries = Some(retries);
    m.world.take_over(&m.stream.overrides);
    if on {
        changes.push(change("retries", None, Some(retries.to_string().as_bytes())));
    }
    Ok(())
}

/// Marks packets to the client or to the server; a value that is no number changes nothing.
///
/// # Errors
/// The fact that the value depends on, when it is not known.
pub(crate) fn mark(
    to_server: bool,
    tos: bool,
    value: &Number,
    m: &mut Moment<'_>,
    on: bool,
    changes: &mut Vec<Change>,
) -> Result<(), Fact> {
    let Some(number) = count(value, m)? else { return Ok(()) };
    let overrides = &mut m.stream.overrides;
    let marks = if to_server { &mut overrides.to_server } else { &mut overrides.to_client };
    match tos {
        true => marks.tos = Some((number & 255) as u8),
        false => marks.mark = Some(number),
    }
    if on {
        let what = if tos { "tos" } else { "mark" };
        changes.push(change(what, None, Some(number.to_string().as_bytes())));
    }
    Ok(())
}

/// Sets the stream's class or offset in queues; a value that is no number changes nothing.
///
/// # Errors
/// The fact that the value depends on, when it is not known.
pub(crate) fn priority(
    offset: bool,
    value: &Compiled,
    m: &mut Moment<'_>,
    on: bool,
    changes: &mut Vec<Change>,
) -> Result<(), Fact> {
    let Some(number) = number(value, m)? else { return Ok(()) };
    let most = if offset { MOST_OFFSET } else { MOST_CLASS };
    let clamped = number.clamp(-most, most) as i32;
    let overrides = &mut m.stream.overrides;
    let what = match offset {
        true => {
            overrides.priority_offset = clamped;
            "priority offset"
        }
        false => {
            overrides.priority_class = clamped;
            "priority class"
        }
    };
    m.world.take_over(&m.stream.overrides);
    if on {
        changes.push(change(what, None, Some(clamped.to_string().as_bytes())));
    }
    Ok(())
}

/// A number of 32 bits, if the value is one.
///
/// # Errors
/// The fact that it depends on, when it is not known.
pub(crate) fn count(value: &Number, m: &mut Moment<'_>) -> Result<Option<u32>, Fact> {
    Ok(match value {
        Number::Literal(number) => Some(*number),
        Number::Sample(value) => number(value, m)?.and_then(|number| u32::try_from(number).ok()),
    })
}

/// The number that an expression gives.
pub(crate) fn number(value: &Compiled, m: &mut Moment<'_>) -> Result<Option<i64>, Fact> {
    let number = match value.eval_now(&m.context()) {
        Sample::Known(value) => match cast(value, Type::Int) {
            Some(Value::Int(number)) => Some(number),
            _ => None,
        },
        Sample::Missing | Sample::Wait => None,
        Sample::Unknown(fact) => return Err(fact),
    };
    m.settle();
    Ok(number)
}
