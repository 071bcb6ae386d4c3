//! Text together with a variable: `concat`, `add_item`, `strcmp`, `secure_memcmp`.

use std::borrow::Cow;

use crate::arg::{Arg, ArgKind, Args};
use crate::fetch::same;
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value, cast};

use super::{bool, bytes, int, str};

const STR: Type = Type::Str;

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("add_item", STR, STR, add_item, "a delimiter, a variable, a text appended")
        .args(1, &[ArgKind::Str, ArgKind::Var, ArgKind::Str])
        .check(check_item),
    ConvertEntry::new("concat", STR, STR, concat, "a text, a variable, a text appended")
        .args(0, &[ArgKind::Str, ArgKind::Var, ArgKind::Str]),
    ConvertEntry::new(
        "secure_memcmp",
        Type::Bin,
        Type::Bool,
        secure_memcmp,
        "equal, in constant time",
    )
    .args(1, &[ArgKind::Var]),
    ConvertEntry::new("strcmp", STR, Type::Int, strcmp, "0 when equal, else which is less")
        .args(1, &[ArgKind::Var]),
];

/// A variable as text.
fn variable<'a>(arg: &Arg, ctx: &Context<'a>) -> Option<Cow<'a, [u8]>> {
    let Arg::Var(id) = arg else { return None };
    cast(ctx.vars.read(*id)?, Type::Str).map(bytes)
}

fn check_item(args: &mut Args) -> Result<(), (usize, String)> {
    match (args.at(1), args.str(2)) {
        (Arg::None, None | Some(b"")) => {
            Err((0, String::from("`add_item` needs a variable or a text to append")))
        }
        _ => Ok(()),
    }
}

fn concat<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let mut text = bytes(value).into_owned();
    text.extend_from_slice(args.str(0).unwrap_or_default());
    text.extend_from_slice(&variable(args.at(1), ctx).unwrap_or_default());
    text.extend_from_slice(args.str(2).unwrap_or_default());
    str(text)
}

/// The delimiter only stands between two things.
fn add_item<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let mut text = bytes(value).into_owned();
    let item = variable(args.at(1), ctx).unwrap_or_default();
    let suffix = args.str(2).unwrap_or_default();
    if !text.is_empty() && (!item.is_empty() || !suffix.is_empty()) {
        text.extend_from_slice(args.str(0).unwrap_or_default());
    }
    text.extend_from_slice(&item);
    text.extend_from_slice(suffix);
    str(text)
}

/// The difference of the first bytes that differ, else of the lengths.
fn strcmp<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let Some(other) = variable(args.at(0), ctx) else { return Sample::Missing };
    let text = bytes(value);
    let differs = text.iter().zip(other.iter()).find(|(a, b)| a != b);
    int(match differs {
        Some((a, b)) => i64::from(*a) - i64::from(*b),
        None => text.len() as i64 - other.len() as i64,
    })
}

fn secure_memcmp<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match variable(args.at(0), ctx) {
        Some(other) => bool(same(&bytes(value), &other)),
        None => Sample::Missing,
    }
}
