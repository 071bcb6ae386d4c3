//! `set-var`, `set-var-fmt`, `unset-var`.

use std::borrow::Cow;

use sample::{Compiled, CompiledFormat, Fact, Sample, SetIf, Value, VarId, as_text};

use crate::Change;
use crate::moment::{Moment, change};

/// Sets a variable to what the expression gives; without a value it stays as it was.
///
/// # Errors
/// The fact that the value depends on, when it is not known.
pub(crate) fn set(
    id: VarId,
    conditions: &[SetIf],
    value: &Compiled,
    m: &mut Moment<'_>,
    on: bool,
    changes: &mut Vec<Change>,
) -> Result<(), Fact> {
    let value = match value.eval_now(&m.context()) {
        Sample::Known(value) => Some(owned(value)),
        Sample::Missing | Sample::Wait => None,
        Sample::Unknown(fact) => return Err(fact),
    };
    m.settle();
    if let Some(value) = value.filter(|value| may(conditions, id, value, m)) {
        store(id, Some(value), m, on, changes);
    }
    Ok(())
}

pub(crate) fn set_format(
    id: VarId,
    conditions: &[SetIf],
    value: &CompiledFormat,
    m: &mut Moment<'_>,
    on: bool,
    changes: &mut Vec<Change>,
) {
    let mut out = Vec::new();
    m.write(value, sample::Escape::Log, &mut out);
    m.settle();
    let value = Value::Str(Cow::Owned(out));
    if may(conditions, id, &value, m) {
        store(id, Some(value), m, on, changes);
    }
}

fn may(conditions: &[SetIf], id: VarId, value: &Value<'_>, m: &Moment<'_>) -> bool {
    conditions.iter().all(|condition| condition.allows(id, value, &m.stream.vars))
}

pub(crate) fn store(
    id: VarId,
    value: Option<Value<'static>>,
    m: &mut Moment<'_>,
    on: bool,
    changes: &mut Vec<Change>,
) {
    if on {
        let show = |value: Value<'_>| as_text(value).into_owned();
        let before = m.stream.vars.read(id).map(show);
        let after = value.clone().map(show);
        let what = format!("var {}", m.program.vars.name(id));
        changes.push(change(what, before.as_deref(), after.as_deref()));
    }
    match value {
        Some(value) => m.stream.vars.set(id, value),
        None => m.stream.vars.unset(id),
    }
}

/// The name that an expression gives; `None` when it gives nothing.
///
/// # Errors
/// The fact that it depends on, when it is not known.
pub(crate) fn name_of(value: &Compiled, m: &mut Moment<'_>) -> Result<Option<String>, Fact> {
    let name = match value.eval_now(&m.context()) {
        Sample::Known(value) => Some(String::from_utf8_lossy(&as_text(value)).into_owned()),
        Sample::Missing | Sample::Wait => None,
        Sample::Unknown(fact) => return Err(fact),
    };
    m.settle();
    Ok(name.filter(|name| !name.is_empty()))
}

/// The value with its own text.
pub(crate) fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Bool(yes) => Value::Bool(yes),
        Value::Int(number) => Value::Int(number),
        Value::Ip(ip) => Value::Ip(ip),
        Value::Str(text) => Value::Str(Cow::Owned(text.into_owned())),
        Value::Bin(text) => Value::Bin(Cow::Owned(text.into_owned())),
        Value::Meth(text) => Value::Meth(Cow::Owned(text.into_owned())),
    }
}
