//! Parameters of the query and of a form in the body (manual 7.3.6, `url_param`, `req.body_param`).

use std::borrow::Cow;

use crate::arg::{ArgKind, Args};
use crate::number::loose_int;
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup, Visit, Walk};
use crate::{Context, Sample, Type, Value};

use super::{merge, or_missing, request, show, walk_of};

const ARGS: &[ArgKind] = &[ArgKind::Str, ArgKind::Str, ArgKind::Str];
const BODY_ARGS: &[ArgKind] = &[ArgKind::Str, ArgKind::Str];

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.6",
    entries: &[
        FetchEntry::new("urlp", Type::Str, Places::REQUEST, urlp, "a parameter of the query")
            .args(0, ARGS)
            .each(urlp_each),
        FetchEntry::new("urlp_val", Type::Int, Places::REQUEST, urlp_val, "it as a number")
            .args(0, ARGS)
            .each(urlp_val_each),
        FetchEntry::new("req.body_param", Type::Bin, Places::REQUEST, body_param, "of a form")
            .args(0, BODY_ARGS)
            .each(body_param_each),
    ],
};

/// The values of a parameter, in order; without a name those of all.
///
/// One ends at `&`, at `;` and at what begins them: of `?a=1?b=2` there are two.
struct Parameters<'a> {
    rest: Option<&'a [u8]>,
    delimiter: u8,
    name: Option<&'a [u8]>,
    ignore_case: bool,
}

impl<'a> Parameters<'a> {
    /// Those behind the first delimiter of a target, `?` if none is named.
    fn of_target(target: &'a [u8], args: &'a Args) -> Parameters<'a> {
        let delimiter = args.str(1).and_then(|text| text.first().copied()).unwrap_or(b'?');
        let rest = memchr::memchr(delimiter, target).and_then(|at| target.get(at + 1..));
        Parameters::new(rest, delimiter, args, args.str(2))
    }

    fn of_form(body: &'a [u8], args: &'a Args) -> Parameters<'a> {
        Parameters::new(Some(body), b'&', args, args.str(1))
    }

    fn new(rest: Option<&'a [u8]>, delimiter: u8, args: &'a Args, flags: Option<&[u8]>) -> Self {
        let name = args.str(0).filter(|name| !name.is_empty());
        Parameters { rest, delimiter, name, ignore_case: flags == Some(b"i") }
    }

    fn is_asked_for(&self, name: &[u8]) -> bool {
        match self.name {
            None => true,
            Some(asked) if self.ignore_case => asked.eq_ignore_ascii_case(name),
            Some(asked) => asked == name,
        }
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let rest = self.rest?;
            let (pair, after) = match memchr::memchr3(b'&', b';', self.delimiter, rest) {
                Some(at) => (&rest[..at], rest.get(at + 1..)),
                None => (rest, None),
            };
            self.rest = after;
            let Some(equals) = memchr::memchr(b'=', pair) else { continue };
            if self.is_asked_for(&pair[..equals]) {
                return pair.get(equals + 1..);
            }
        }
    }
}

fn str_of(value: &[u8]) -> Value<'_> {
    Value::Str(Cow::Borrowed(value))
}

fn val_of(value: &[u8]) -> Value<'_> {
    Value::Int(loose_int(value))
}

fn bin_of(value: &[u8]) -> Value<'_> {
    Value::Bin(Cow::Borrowed(value))
}

fn urlp<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(
        request(ctx)
            .map(|head| or_missing(Parameters::of_target(head.target(), args).next().map(str_of))),
    )
}

fn urlp_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    match request(ctx) {
        Ok(head) => show(Parameters::of_target(head.target(), args).map(str_of), visit),
        Err(absent) => walk_of(absent),
    }
}

fn urlp_val<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(
        request(ctx)
            .map(|head| or_missing(Parameters::of_target(head.target(), args).next().map(val_of))),
    )
}

fn urlp_val_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    match request(ctx) {
        Ok(head) => show(Parameters::of_target(head.target(), args).map(val_of), visit),
        Err(absent) => walk_of(absent),
    }
}

fn body_param<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    or_missing(Parameters::of_form(ctx.request_body.bytes, args).next().map(bin_of))
}

fn body_param_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    show(Parameters::of_form(ctx.request_body.bytes, args).map(bin_of), visit)
}
