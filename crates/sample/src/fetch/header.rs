//! Header fields: `hdr` cuts at commas, `fhdr` does not (manual 7.3.6).
//!
//! One value is the last; an occurrence counts from the front (1, 2, ...) or the back (-1, -2, ...).
//! An ACL sees all of them, first to last, unless an occurrence is given.

use std::borrow::Cow;
use std::net::IpAddr;

use http1::Fields;

use crate::arg::{ArgKind, Args};
use crate::number::loose_int;
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup, Visit, Walk};
use crate::{Context, Sample, Type, Value};

use super::{int, merge, or_missing, owned, show, walk_of};

const ARGS: &[ArgKind] = &[ArgKind::Str, ArgKind::Int];
const NAME: &[ArgKind] = &[ArgKind::Str];

/// The entries of one side: the same functions over its fields.
macro_rules! group {
    ($group:ident, $side:ident, $places:expr,
     $hdr:literal $fhdr:literal $ip:literal $val:literal $cnt:literal $fcnt:literal $names:literal) => {
        pub(crate) static $group: FetchGroup = FetchGroup {
            section: "7.3.6",
            entries: &[
                FetchEntry::new($hdr, Type::Str, $places, $side::hdr, "a field's element")
                    .args(0, ARGS)
                    .each($side::hdr_each),
                FetchEntry::new($fhdr, Type::Str, $places, $side::fhdr, "a field's whole value")
                    .args(0, ARGS)
                    .each($side::fhdr_each),
                FetchEntry::new(
                    $ip,
                    Type::Addr,
                    $places,
                    $side::ip,
                    "an element that is an address",
                )
                .args(0, ARGS)
                .each($side::ip_each),
                FetchEntry::new($val, Type::Int, $places, $side::val, "an element as a number")
                    .args(0, ARGS)
                    .each($side::val_each),
                FetchEntry::new(
                    $cnt,
                    Type::Int,
                    $places,
                    $side::cnt,
                    "how many elements there are",
                )
                .args(0, NAME),
                FetchEntry::new(
                    $fcnt,
                    Type::Int,
                    $places,
                    $side::fcnt,
                    "how many fields there are",
                )
                .args(0, NAME),
                FetchEntry::new(
                    $names,
                    Type::Str,
                    $places,
                    $side::names,
                    "the fields' names, joined",
                )
                .args(0, NAME),
            ],
        };

        mod $side {
            use super::*;

            pub(super) fn hdr<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
                merge(
                    super::super::$side(ctx)
                        .map(|head| one(&head.fields, args, Cut::Commas, str_of)),
                )
            }
            pub(super) fn hdr_each<'a>(
                args: &'a Args,
                ctx: &Context<'a>,
                visit: &mut Visit<'_, 'a>,
            ) -> Walk {
                match super::super::$side(ctx) {
                    Ok(head) => each(&head.fields, args, Cut::Commas, str_of, visit),
                    Err(absent) => walk_of(absent),
                }
            }
            pub(super) fn fhdr<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
                merge(
                    super::super::$side(ctx)
                        .map(|head| one(&head.fields, args, Cut::Nowhere, str_of)),
                )
            }
            pub(super) fn fhdr_each<'a>(
                args: &'a Args,
                ctx: &Context<'a>,
                visit: &mut Visit<'_, 'a>,
            ) -> Walk {
                match super::super::$side(ctx) {
                    Ok(head) => each(&head.fields, args, Cut::Nowhere, str_of, visit),
                    Err(absent) => walk_of(absent),
                }
            }
            pub(super) fn ip<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
                merge(
                    super::super::$side(ctx)
                        .map(|head| one(&head.fields, args, Cut::Commas, ip_of)),
                )
            }
            pub(super) fn ip_each<'a>(
                args: &'a Args,
                ctx: &Context<'a>,
                visit: &mut Visit<'_, 'a>,
            ) -> Walk {
                match super::super::$side(ctx) {
                    Ok(head) => each(&head.fields, args, Cut::Commas, ip_of, visit),
                    Err(absent) => walk_of(absent),
                }
            }
            pub(super) fn val<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
                merge(
                    super::super::$side(ctx)
                        .map(|head| one(&head.fields, args, Cut::Commas, val_of)),
                )
            }
            pub(super) fn val_each<'a>(
                args: &'a Args,
                ctx: &Context<'a>,
                visit: &mut Visit<'_, 'a>,
            ) -> Walk {
                match super::super::$side(ctx) {
                    Ok(head) => each(&head.fields, args, Cut::Commas, val_of, visit),
                    Err(absent) => walk_of(absent),
                }
            }
            pub(super) fn cnt<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
                merge(super::super::$side(ctx).map(|head| count(&head.fields, args, Cut::Commas)))
            }
            pub(super) fn fcnt<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
                merge(super::super::$side(ctx).map(|head| count(&head.fields, args, Cut::Nowhere)))
            }
            pub(super) fn names<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
                merge(super::super::$side(ctx).map(|head| joined_names(&head.fields, args)))
            }
        }
    };
}

group!(REQUEST, request, Places::REQUEST,
    "req.hdr" "req.fhdr" "req.hdr_ip" "req.hdr_val" "req.hdr_cnt" "req.fhdr_cnt" "req.hdr_names");
group!(RESPONSE, response, Places::RESPONSE,
    "res.hdr" "res.fhdr" "res.hdr_ip" "res.hdr_val" "res.hdr_cnt" "res.fhdr_cnt" "res.hdr_names");

/// Where a field's value is cut into elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Commas,
    Nowhere,
}

/// What an element is to the fetch; `None` is passed over by ACLs, and missing otherwise.
type Read = for<'a> fn(&'a [u8]) -> Option<Value<'a>>;

fn str_of(element: &[u8]) -> Option<Value<'_>> {
    Some(Value::Str(Cow::Borrowed(element)))
}

fn val_of(element: &[u8]) -> Option<Value<'_>> {
    Some(Value::Int(loose_int(element)))
}

/// A bare address, in brackets, or an IPv4 address with a port.
fn ip_of(element: &[u8]) -> Option<Value<'_>> {
    let text = std::str::from_utf8(element).ok()?;
    let ip: Option<IpAddr> = text.parse().ok();
    let ip = ip.or_else(|| {
        let (host, port) = text.rsplit_once(':')?;
        let host: std::net::Ipv4Addr = host.parse().ok()?;
        port.parse::<u16>().ok().map(|_| IpAddr::V4(host))
    });
    ip.map(Value::Ip)
}

/// Every element of the fields of a name. Without a name there is none: only counts do without.
fn elements<'a>(fields: &'a Fields, name: &'a [u8], cut: Cut) -> impl Iterator<Item = &'a [u8]> {
    let (split, whole) = match cut {
        Cut::Commas => (Some(fields.values(name)), None),
        Cut::Nowhere => (None, Some(fields.all(name))),
    };
    split.into_iter().flatten().chain(whole.into_iter().flatten().map(trimmed))
}

/// A value without the blanks around it, which one that a rule wrote may have.
fn trimmed(value: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = value.iter().position(is_text).unwrap_or(value.len());
    let end = value.iter().rposition(is_text).map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

fn one<'a>(fields: &'a Fields, args: &'a Args, cut: Cut, read: Read) -> Sample<'a> {
    let Some(name) = args.str(0) else { return Sample::Missing };
    let nth = args.int(1).unwrap_or(0);
    or_missing(occurrence(elements(fields, name, cut), nth).and_then(read))
}

/// The nth from the front, or from the back when negative; 0 is the last.
fn occurrence<'a>(mut elements: impl Iterator<Item = &'a [u8]>, nth: i64) -> Option<&'a [u8]> {
    if let Ok(front @ 1..) = usize::try_from(nth) {
        return elements.nth(front - 1);
    }
    let back = usize::try_from(nth.unsigned_abs()).unwrap_or(usize::MAX).max(1);
    if back == 1 {
        return elements.last();
    }
    let all: Vec<_> = elements.collect();
    all.len().checked_sub(back).and_then(|index| all.get(index).copied())
}

fn each<'a>(
    fields: &'a Fields,
    args: &'a Args,
    cut: Cut,
    read: Read,
    visit: &mut Visit<'_, 'a>,
) -> Walk {
    let Some(name) = args.str(0) else { return Walk::Done };
    match args.int(1) {
        None | Some(0) => show(elements(fields, name, cut).filter_map(read), visit),
        Some(nth) => {
            let only = occurrence(elements(fields, name, cut), nth).and_then(read);
            show(only.into_iter(), visit)
        }
    }
}

fn count<'a>(fields: &'a Fields, args: &'a Args, cut: Cut) -> Sample<'a> {
    let count = match (args.str(0), cut) {
        (Some(name), _) => elements(fields, name, cut).count(),
        (None, Cut::Nowhere) => fields.len(),
        (None, Cut::Commas) => {
            fields.iter().map(|(_, value)| http1::Values::new(value).count()).sum()
        }
    };
    int(count as i64)
}

fn joined_names<'a>(fields: &'a Fields, args: &'a Args) -> Sample<'a> {
    // Of a longer separator the first byte counts.
    let separator = args.str(0).and_then(|text| text.get(..1)).unwrap_or(b",");
    let names: Vec<_> = fields.names().collect();
    owned(names.join(separator))
}
