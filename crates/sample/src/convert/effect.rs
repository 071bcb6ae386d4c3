//! Converters that leave a note: variables and captures; what they are given passes on unchanged.

use crate::arg::{Arg, ArgKind, Args};
use crate::registry::ConvertEntry;
use crate::{Context, Effect, Sample, Type, Value};

const ANY: Type = Type::Any;
const STR: Type = Type::Str;

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("capture-req", STR, STR, capture_req, "kept in a request capture")
        .args(1, &[ArgKind::Int]),
    ConvertEntry::new("capture-res", STR, STR, capture_res, "kept in a response capture")
        .args(1, &[ArgKind::Int]),
    ConvertEntry::new("debug", ANY, ANY, debug, "unchanged; HAProxy also shows it to developers")
        .args(0, &[ArgKind::Str, ArgKind::Str]),
    ConvertEntry::new("set-var", ANY, ANY, set_var, "kept in a variable")
        .args(1, &[ArgKind::Var, ArgKind::Str, ArgKind::Str])
        .check(check_conditions),
    ConvertEntry::new("unset-var", ANY, ANY, unset_var, "a variable forgotten")
        .args(1, &[ArgKind::Var]),
];

fn check_conditions(args: &mut Args) -> Result<(), (usize, String)> {
    const KNOWN: &[&[u8]] = &[
        b"ifexists",
        b"ifnotexists",
        b"ifempty",
        b"ifnotempty",
        b"ifset",
        b"ifnotset",
        b"ifgt",
        b"iflt",
    ];
    for position in [1, 2] {
        if let Some(word) = args.str(position)
            && !KNOWN.contains(&word)
        {
            let word = String::from_utf8_lossy(word);
            return Err((position, format!("`{word}` is no condition of `set-var`")));
        }
    }
    Ok(())
}

/// Every condition must hold for the variable to change (manual 4.4, `set-var`).
fn may_set(value: &Value<'_>, old: Option<&Value<'_>>, condition: &[u8]) -> bool {
    let empty =
        matches!(value, Value::Str(text) | Value::Bin(text) | Value::Meth(text) if text.is_empty());
    let compared = |order| match (old, value) {
        (None, _) => true,
        (Some(Value::Int(old)), Value::Int(new)) => new.cmp(old) == order,
        _ => false,
    };
    match condition {
        b"ifexists" => old.is_some(),
        b"ifnotexists" => old.is_none(),
        b"ifempty" => empty,
        b"ifnotempty" => !empty,
        b"ifset" => true,
        b"ifnotset" => false,
        b"ifgt" => compared(std::cmp::Ordering::Greater),
        b"iflt" => compared(std::cmp::Ordering::Less),
        _ => true,
    }
}

fn set_var<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    if let Arg::Var(id) = args.at(0) {
        let old = ctx.vars.read(*id);
        let mut conditions = [1, 2].into_iter().filter_map(|position| args.str(position));
        if conditions.all(|condition| may_set(&value, old.as_ref(), condition)) {
            ctx.vars.leave(Effect::Set(*id, value.clone().into_owned()));
        }
    }
    Sample::Known(value)
}

fn unset_var<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    if let Arg::Var(id) = args.at(0) {
        ctx.vars.leave(Effect::Unset(*id));
    }
    Sample::Known(value)
}

fn debug<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    Sample::Known(value)
}

fn slot(args: &Args) -> Option<u32> {
    args.int(0).and_then(|slot| u32::try_from(slot).ok())
}

fn capture_req<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    if let (Some(slot), Value::Str(text)) = (slot(args), &value) {
        ctx.vars.leave(Effect::CaptureRequest(slot, text.to_vec()));
    }
    Sample::Known(value)
}

fn capture_res<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    if let (Some(slot), Value::Str(text)) = (slot(args), &value) {
        ctx.vars.leave(Effect::CaptureResponse(slot, text.to_vec()));
    }
    Sample::Known(value)
}
