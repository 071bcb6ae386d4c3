//! Constants and variables (manual 7.3.2).

use std::borrow::Cow;
use std::net::IpAddr;

use crate::arg::{Arg, ArgKind, Args};
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Context, Sample, Type, Value};

use super::{bool, int, or_missing, text};

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.2",
    entries: &[
        FetchEntry::new("always_true", Type::Bool, Places::ALL, always_true, "true"),
        FetchEntry::new("always_false", Type::Bool, Places::ALL, always_false, "false"),
        FetchEntry::new("str", Type::Str, Places::ALL, str, "a text").args(1, &[ArgKind::Str]),
        FetchEntry::new("int", Type::Int, Places::ALL, integer, "a number")
            .args(1, &[ArgKind::Int]),
        FetchEntry::new("ipv4", Type::Ipv4, Places::ALL, address, "an IPv4 address")
            .args(1, &[ArgKind::Ipv4]),
        FetchEntry::new("ipv6", Type::Ipv6, Places::ALL, address, "an IPv6 address")
            .args(1, &[ArgKind::Ipv6]),
        FetchEntry::new("var", Type::Any, Places::ALL, var, "a variable's value")
            .args(1, &[ArgKind::Var, ArgKind::Str]),
    ],
};

fn always_true<'a>(_: &'a Args, _: &Context<'a>) -> Sample<'a> {
    bool(true)
}

fn always_false<'a>(_: &'a Args, _: &Context<'a>) -> Sample<'a> {
    bool(false)
}

fn str<'a>(args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    text(args.str(0).unwrap_or_default())
}

fn integer<'a>(args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    int(args.int(0).unwrap_or_default())
}

fn address<'a>(args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    match args.at(0) {
        Arg::Ip(ip) => Sample::Known(Value::Ip(IpAddr::clone(ip))),
        _ => Sample::Missing,
    }
}

/// A variable without a value is its default (the second argument), or missing.
fn var<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let Arg::Var(id) = args.at(0) else { return Sample::Missing };
    match ctx.vars.read(*id) {
        Some(value) => Sample::Known(value),
        None => or_missing(args.str(1).map(|text| Value::Str(Cow::Borrowed(text)))),
    }
}
