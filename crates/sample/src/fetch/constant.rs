//! Constants and variables (manual 7.3.2).

use std::borrow::Cow;

use crate::arg::{Arg, ArgKind, Args};
use crate::place::{Place, Places};
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Context, Sample, Scope, Type, Value};

use super::{bool, int, or_missing, text};

const STR: &[ArgKind] = &[ArgKind::Str];
const INT: &[ArgKind] = &[ArgKind::Int];
const ALL: Places = Places::ALL;

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.2",
    entries: &[
        FetchEntry::new("always_false", Type::Bool, ALL, always_false, "false"),
        FetchEntry::new("always_true", Type::Bool, ALL, always_true, "true"),
        FetchEntry::new("bin", Type::Bin, ALL, bytes, "bytes, in hexadecimal").args(1, STR),
        FetchEntry::new("bool", Type::Bool, ALL, boolean, "`true`, `false`, `1` or `0`")
            .args(1, STR),
        FetchEntry::new("env", Type::Str, ALL, str, "an environment variable at the start")
            .args(1, STR),
        FetchEntry::new("int", Type::Int, ALL, integer, "a number").args(1, INT),
        FetchEntry::new("ipv4", Type::Ipv4, ALL, address, "an IPv4 address")
            .args(1, &[ArgKind::Ipv4]),
        FetchEntry::new("ipv6", Type::Ipv6, ALL, address, "an IPv6 address")
            .args(1, &[ArgKind::Ipv6]),
        FetchEntry::new("meth", Type::Meth, ALL, meth, "a method").args(1, STR),
        FetchEntry::new("str", Type::Str, ALL, str, "a text").args(1, STR),
        FetchEntry::new("var", Type::Any, ALL, var, "a variable's value")
            .args(1, &[ArgKind::Var, ArgKind::Str]),
    ],
};

/// `req` variables are there while the request is processed and `res` ones afterwards: elsewhere there is none, and no
/// default for it either.
pub(super) fn read_var(args: &mut Args, place: Place) {
    let after = place.is_response() || place == Place::Log;
    let absent = match args.at(0) {
        Arg::Var(id) => match id.scope {
            Scope::Req => after,
            Scope::Res => !after && Places::TRANSACTION.has(place),
            _ => false,
        },
        _ => false,
    };
    if absent && let Some(first) = args.0.first_mut() {
        *first = Arg::None;
    }
}

/// The word of `bool()` into 0 or 1.
pub(super) fn read_bool(args: &mut Args) -> Result<(), String> {
    let value = match args.str(0) {
        Some(b"true" | b"1") => 1,
        Some(b"false" | b"0") => 0,
        _ => return Err(String::from("`bool` takes `true`, `false`, `1` or `0`")),
    };
    args.0 = vec![Arg::Int(value)];
    Ok(())
}

/// The digits of `bin()` into bytes.
pub(super) fn read_bin(args: &mut Args) -> Result<(), String> {
    let bytes = args.str(0).and_then(crate::hex::decode);
    let bytes = bytes.ok_or("`bin` takes pairs of hexadecimal digits")?;
    args.0 = vec![Arg::Str(bytes)];
    Ok(())
}

fn always_true<'a>(_: &'a Args, _: &Context<'a>) -> Sample<'a> {
    bool(true)
}

fn always_false<'a>(_: &'a Args, _: &Context<'a>) -> Sample<'a> {
    bool(false)
}

fn str<'a>(args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    or_missing(args.str(0).map(|text| Value::Str(Cow::Borrowed(text))))
}

fn bytes<'a>(args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    or_missing(args.str(0).map(|bytes| Value::Bin(Cow::Borrowed(bytes))))
}

fn meth<'a>(args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    or_missing(args.str(0).map(|name| Value::Meth(Cow::Borrowed(name))))
}

fn boolean<'a>(args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    bool(args.int(0) == Some(1))
}

fn integer<'a>(args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    int(args.int(0).unwrap_or_default())
}

fn address<'a>(args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    match args.at(0) {
        Arg::Ip(ip) => Sample::Known(Value::Ip(*ip)),
        _ => Sample::Missing,
    }
}

/// A variable without a value is its default (the second argument), or missing.
fn var<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let Arg::Var(id) = args.at(0) else { return Sample::Missing };
    match (ctx.vars.read(*id), args.str(1)) {
        (Some(value), _) => Sample::Known(value),
        (None, Some(default)) => text(default),
        (None, None) => Sample::Missing,
    }
}
