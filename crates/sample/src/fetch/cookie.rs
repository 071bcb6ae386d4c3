//! Cookies of requests (`Cookie`) and responses (`Set-Cookie`) (manual 7.3.6).

use std::borrow::Cow;

use http1::Fields;

use crate::arg::{ArgKind, Args};
use crate::number::loose_int;
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup, Visit, Walk};
use crate::{Context, Sample, Type, Value};

use super::{int, merge, or_missing, owned, request, response, show, walk_of};

const NAME: &[ArgKind] = &[ArgKind::Str];

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.6",
    entries: &[
        FetchEntry::new("req.cook", Type::Str, Places::REQUEST, req_cook, "a cookie's value")
            .args(0, NAME)
            .each(req_cook_each),
        FetchEntry::new("req.cook_val", Type::Int, Places::REQUEST, req_val, "it as a number")
            .args(0, NAME)
            .each(req_val_each),
        FetchEntry::new("req.cook_cnt", Type::Int, Places::REQUEST, req_cnt, "how many there are")
            .args(0, NAME),
        FetchEntry::new("req.cook_names", Type::Str, Places::REQUEST, req_names, "their names")
            .args(0, NAME),
        FetchEntry::new("res.cook", Type::Str, Places::RESPONSE, res_cook, "a cookie that is set")
            .args(0, NAME)
            .each(res_cook_each),
        FetchEntry::new("res.cook_val", Type::Int, Places::RESPONSE, res_val, "it as a number")
            .args(0, NAME)
            .each(res_val_each),
        FetchEntry::new("res.cook_cnt", Type::Int, Places::RESPONSE, res_cnt, "how many are set")
            .args(0, NAME),
        FetchEntry::new("res.cook_names", Type::Str, Places::RESPONSE, res_names, "their names")
            .args(0, NAME),
    ],
};

/// The cookies that a client sends, in order.
fn sent(fields: &Fields) -> impl Iterator<Item = (&[u8], &[u8])> {
    fields.all(b"cookie").flat_map(|value| Pairs { rest: value })
}

/// The cookies that a server sets: the first pair of each field.
fn set(fields: &Fields) -> impl Iterator<Item = (&[u8], &[u8])> {
    fields.all(b"set-cookie").filter_map(|value| Pairs { rest: value }.next())
}

/// `name=value` pairs; what has no `=` or begins with `$` is none.
struct Pairs<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let end = end_of_pair(self.rest);
            let (pair, rest) = self.rest.split_at(end);
            self.rest = rest.get(1..).unwrap_or_default();
            let Some(equals) = memchr::memchr(b'=', pair) else { continue };
            let (name, value) = pair.split_at(equals);
            let name = name.trim_ascii();
            if !name.is_empty() && !name.starts_with(b"$") {
                return Some((name, value.get(1..).unwrap_or_default().trim_ascii()));
            }
        }
        None
    }
}

/// Where the `;` or `,` behind a pair stands; inside double quotes they are text.
fn end_of_pair(text: &[u8]) -> usize {
    let mut quoted = false;
    let end = text.iter().position(|byte| {
        if *byte == b'"' {
            quoted = !quoted;
        }
        !quoted && *byte == b';'
    });
    end.unwrap_or(text.len())
}

/// One value: of a named cookie the last, of any cookie the first.
fn one<'a>(mut pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>, args: &Args) -> Option<&'a [u8]> {
    match args.str(0) {
        None => pairs.next(),
        Some(name) => pairs.filter(|(known, _)| *known == name).last(),
    }
    .map(|(_, value)| value)
}

fn of_name<'a>(
    pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    args: &'a Args,
) -> impl Iterator<Item = &'a [u8]> {
    let name = args.str(0);
    pairs.filter(move |(known, _)| name.is_none_or(|name| name == *known)).map(|(_, value)| value)
}

fn str_of(value: &[u8]) -> Value<'_> {
    Value::Str(Cow::Borrowed(value))
}

fn val_of(value: &[u8]) -> Value<'_> {
    Value::Int(loose_int(value))
}

fn names<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>, args: &Args) -> Sample<'a> {
    let names: Vec<_> = pairs.map(|(name, _)| name).collect();
    owned(names.join(args.str(0).unwrap_or(b",")))
}

fn req_cook<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| or_missing(one(sent(&head.fields), args).map(str_of))))
}

fn req_cook_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    match request(ctx) {
        Ok(head) => show(of_name(sent(&head.fields), args).map(str_of), visit),
        Err(absent) => walk_of(absent),
    }
}

fn req_val<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| or_missing(one(sent(&head.fields), args).map(val_of))))
}

fn req_val_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    match request(ctx) {
        Ok(head) => show(of_name(sent(&head.fields), args).map(val_of), visit),
        Err(absent) => walk_of(absent),
    }
}

fn req_cnt<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| int(of_name(sent(&head.fields), args).count() as i64)))
}

fn req_names<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| names(sent(&head.fields), args)))
}

fn res_cook<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(response(ctx).map(|head| or_missing(one(set(&head.fields), args).map(str_of))))
}

fn res_cook_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    match response(ctx) {
        Ok(head) => show(of_name(set(&head.fields), args).map(str_of), visit),
        Err(absent) => walk_of(absent),
    }
}

fn res_val<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(response(ctx).map(|head| or_missing(one(set(&head.fields), args).map(val_of))))
}

fn res_val_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    match response(ctx) {
        Ok(head) => show(of_name(set(&head.fields), args).map(val_of), visit),
        Err(absent) => walk_of(absent),
    }
}

fn res_cnt<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(response(ctx).map(|head| int(of_name(set(&head.fields), args).count() as i64)))
}

fn res_names<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(response(ctx).map(|head| names(set(&head.fields), args)))
}
