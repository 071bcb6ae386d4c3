//! Credentials of the `Authorization` field (manual 7.3.6, 12.2).

use std::borrow::Cow;
use std::ops::ControlFlow;

use http1::RequestHead;

use crate::arg::{Arg, ArgKind, Args};
use crate::base64::{self, Alphabet};
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup, Visit, Walk};
use crate::{Context, Sample, Type, Value};

use super::userlist::{User, Userlist};
use super::{bool, merge, or_missing, owned, request, text, walk_of};

const LIST: &[ArgKind] = &[ArgKind::Userlist];

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.6",
    entries: &[
        FetchEntry::new("http_auth", Type::Bool, Places::REQUEST, known, "user and password fit")
            .args(1, LIST),
        FetchEntry::new("http_auth_group", Type::Str, Places::REQUEST, group, "the user's groups")
            .args(1, LIST)
            .each(group_each),
        FetchEntry::new("http_auth_bearer", Type::Str, Places::REQUEST, bearer, "a bearer token")
            .args(0, &[ArgKind::Str]),
        FetchEntry::new("http_auth_pass", Type::Str, Places::REQUEST, password, "the password"),
        FetchEntry::new("http_auth_type", Type::Str, Places::REQUEST, kind, "the scheme"),
        FetchEntry::new("http_auth_user", Type::Str, Places::REQUEST, user, "the user's name"),
    ],
};

/// User and password that a request gives by the basic scheme (RFC 7617).
pub fn basic(head: &RequestHead) -> Option<(Vec<u8>, Vec<u8>)> {
    let (scheme, rest) = scheme(head.fields.get(b"authorization")?)?;
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let pair = base64::decode(rest, Alphabet::Standard)?;
    let colon = memchr::memchr(b':', &pair)?;
    let (user, password) = pair.split_at(colon);
    Some((user.to_vec(), password.get(1..).unwrap_or_default().to_vec()))
}

fn scheme(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr::memchr(b' ', value)?;
    let (scheme, rest) = value.split_at(space);
    (!scheme.is_empty()).then(|| (scheme, rest.trim_ascii_start()))
}

fn list(args: &Args) -> Option<&Userlist> {
    match args.at(0) {
        Arg::Userlist(list) => Some(list),
        _ => None,
    }
}

/// The user that the credentials prove.
fn proven<'a>(args: &'a Args, head: &RequestHead) -> Option<Option<&'a User>> {
    let (name, password) = basic(head)?;
    Some(list(args).and_then(|list| list.check(&name, &password)))
}

fn known<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| match proven(args, head) {
        Some(user) => bool(user.is_some()),
        None => Sample::Missing,
    }))
}

/// As a value it is the user's name; an ACL is shown the user's groups.
fn group<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| match proven(args, head).flatten() {
        Some(user) => text(user.name.as_bytes()),
        None => Sample::Missing,
    }))
}

fn group_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    let head = match request(ctx) {
        Ok(head) => head,
        Err(absent) => return walk_of(absent),
    };
    let Some(user) = proven(args, head).flatten() else { return Walk::Done };
    if user.groups.is_empty() {
        // A user without groups is still found (`-m found`).
        let _ = visit(Value::Str(Cow::Borrowed(b"")));
    }
    for group in &user.groups {
        if let ControlFlow::Break(()) = visit(Value::Str(Cow::Borrowed(group.as_bytes()))) {
            break;
        }
    }
    Walk::Done
}

fn user<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| basic(head).map_or(Sample::Missing, |(user, _)| owned(user))))
}

fn password<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| basic(head).map_or(Sample::Missing, |(_, word)| owned(word))))
}

fn kind<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| {
        let found = head.fields.get(b"authorization").and_then(scheme);
        let name: &[u8] = match found {
            None => return Sample::Missing,
            // What is no name and password has no scheme either.
            Some((scheme, _)) if scheme.eq_ignore_ascii_case(b"basic") && basic(head).is_some() => {
                b"Basic"
            }
            Some((scheme, _)) if scheme.eq_ignore_ascii_case(b"bearer") => b"Bearer",
            Some(_) => return Sample::Missing,
        };
        text(name)
    }))
}

/// The token of the `Authorization` field, or of the named one (without a scheme there too).
fn bearer<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| {
        let field = args.str(0).filter(|name| !name.is_empty()).unwrap_or(b"authorization");
        let token = head
            .fields
            .get(field)
            .and_then(scheme)
            .and_then(|(scheme, rest)| scheme.eq_ignore_ascii_case(b"bearer").then_some(rest));
        or_missing(token.map(|token| Value::Str(Cow::Borrowed(token))))
    }))
}
