//! Converters that leave a note: variables and captures; what they are given passes on unchanged.

use crate::arg::{Arg, ArgKind, Args};
use crate::registry::ConvertEntry;
use crate::{Context, Effect, Sample, SetIf, Type, Value};

const ANY: Type = Type::Any;
const STR: Type = Type::Str;

/// The manual's limit.
const MOST_CONDITIONS: usize = 4;

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("capture-req", STR, STR, capture_req, "kept in a request capture")
        .args(1, &[ArgKind::Int]),
    ConvertEntry::new("capture-res", STR, STR, capture_res, "kept in a response capture")
        .args(1, &[ArgKind::Int]),
    ConvertEntry::new("debug", ANY, ANY, debug, "unchanged; HAProxy also shows it to developers")
        .args(0, &[ArgKind::Str, ArgKind::Str]),
    ConvertEntry::new("set-var", ANY, ANY, set_var, "kept in a variable")
        .args(1, &[ArgKind::Var, ArgKind::Str, ArgKind::Str, ArgKind::Str, ArgKind::Str])
        .check(check_conditions),
    ConvertEntry::new("unset-var", ANY, ANY, unset_var, "a variable forgotten")
        .args(1, &[ArgKind::Var]),
];

fn check_conditions(args: &mut Args) -> Result<(), (usize, String)> {
    for position in 1..=MOST_CONDITIONS {
        if let Some(word) = args.str(position)
            && SetIf::from_word(word).is_none()
        {
            let word = String::from_utf8_lossy(word);
            return Err((position, format!("`{word}` is no condition of `set-var`")));
        }
    }
    Ok(())
}

fn set_var<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    if let Arg::Var(id) = args.at(0) {
        let words = (1..=MOST_CONDITIONS).filter_map(|position| args.str(position));
        let mut conditions = words.filter_map(SetIf::from_word);
        // Quirk: what is not set is not passed on either.
        if !conditions.all(|condition| condition.allows(*id, &value, ctx.vars)) {
            return Sample::Missing;
        }
        ctx.vars.leave(Effect::Set(*id, value.clone().into_owned()));
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

/// The slot, if the frontend declares it: a converter that has no place to keep the value gives none.
fn slot(args: &Args, declared: &[Option<Vec<u8>>]) -> Option<u32> {
    let slot = args.int(0).and_then(|slot| u32::try_from(slot).ok())?;
    (usize::try_from(slot).ok()? < declared.len()).then_some(slot)
}

fn capture_req<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match (slot(args, ctx.captured_request), &value) {
        (Some(slot), Value::Str(text)) => {
            ctx.vars.leave(Effect::CaptureRequest(slot, text.to_vec()));
            Sample::Known(value)
        }
        _ => Sample::Missing,
    }
}

fn capture_res<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match (slot(args, ctx.captured_response), &value) {
        (Some(slot), Value::Str(text)) => {
            ctx.vars.leave(Effect::CaptureResponse(slot, text.to_vec()));
            Sample::Known(value)
        }
        _ => Sample::Missing,
    }
}
