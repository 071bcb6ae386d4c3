//! Header fields: `hdr` cuts at commas, `fhdr` does not (manual 7.3.6).

use std::ops::ControlFlow;

use http1::Fields;

use crate::arg::{ArgKind, Args};
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup, Visit, Walk};
use crate::{Context, Sample, Type, Value};

use super::{request, response, text};

const ARGS: &[ArgKind] = &[ArgKind::Str, ArgKind::Int];

pub(crate) static REQUEST: FetchGroup = FetchGroup {
    section: "7.3.6",
    entries: &[FetchEntry::new(
        "req.hdr",
        Type::Str,
        Places::REQUEST,
        req_hdr,
        "one element of a field",
    )
    .args(0, ARGS)
    .each(req_hdr_each)],
};

pub(crate) static RESPONSE: FetchGroup = FetchGroup {
    section: "7.3.6",
    entries: &[FetchEntry::new(
        "res.hdr",
        Type::Str,
        Places::RESPONSE,
        res_hdr,
        "one element of a field",
    )
    .args(0, ARGS)
    .each(res_hdr_each)],
};

fn req_hdr<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match request(ctx) {
        Ok(head) => one(&head.fields, args),
        Err(absent) => absent,
    }
}

fn res_hdr<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match response(ctx) {
        Ok(head) => one(&head.fields, args),
        Err(absent) => absent,
    }
}

fn one<'a>(fields: &'a Fields, args: &'a Args) -> Sample<'a> {
    let Some(name) = args.str(0) else { return Sample::Missing };
    fields.values(name).last().map_or(Sample::Missing, text)
}

fn req_hdr_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    match request(ctx) {
        Ok(head) => each(&head.fields, args, visit),
        Err(absent) => walk_of(absent),
    }
}

fn res_hdr_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    match response(ctx) {
        Ok(head) => each(&head.fields, args, visit),
        Err(absent) => walk_of(absent),
    }
}

fn each<'a>(fields: &'a Fields, args: &'a Args, visit: &mut Visit<'_, 'a>) -> Walk {
    let Some(name) = args.str(0) else { return Walk::Done };
    for value in fields.values(name) {
        if let ControlFlow::Break(()) = visit(Value::Str(value.into())) {
            break;
        }
    }
    Walk::Done
}

/// What the walk over an absent head is.
pub(super) fn walk_of(sample: Sample<'_>) -> Walk {
    match sample {
        Sample::Wait => Walk::Wait,
        Sample::Unknown(fact) => Walk::Unknown(fact),
        Sample::Known(_) | Sample::Missing => Walk::Done,
    }
}
