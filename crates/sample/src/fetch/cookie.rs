//! Cookies of requests (`Cookie`) and responses (`Set-Cookie`) (manual 7.3.6).

use std::borrow::Cow;

use http1::{Fields, RequestHead, ResponseHead};

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
fn sent(fields: &Fields) -> impl Iterator<Item = Pair<'_>> {
    fields.all(b"cookie").flat_map(Pairs::of)
}

/// What a server sets, attributes included, in order.
fn set(fields: &Fields) -> impl Iterator<Item = Pair<'_>> {
    fields.all(b"set-cookie").flat_map(Pairs::of)
}

/// `name=value` in a field.
#[derive(Clone, Copy)]
struct Pair<'a> {
    name: &'a [u8],
    value: &'a [u8],
    /// It stands behind a `;`: in `Set-Cookie` that makes it an attribute.
    behind_semicolon: bool,
    /// It is `name=` and the field ends there.
    cut_off: bool,
}

/// The pairs of one field; what has no `=` or begins with `$` is none.
struct Pairs<'a> {
    rest: &'a [u8],
    behind_semicolon: bool,
}

impl<'a> Pairs<'a> {
    fn of(field: &'a [u8]) -> Pairs<'a> {
        Pairs { rest: field, behind_semicolon: false }
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Pair<'a>> {
        while !self.rest.is_empty() {
            let (pair, rest) = self.rest.split_at(end_of_pair(self.rest));
            let behind_semicolon = self.behind_semicolon;
            self.behind_semicolon = rest.starts_with(b";");
            self.rest = rest.get(1..).unwrap_or_default();
            let Some(equals) = memchr::memchr(b'=', pair) else { continue };
            let (name, value) = pair.split_at(equals);
            let (name, value) =
                (name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii());
            if !name.starts_with(b"$") {
                let cut_off = value.is_empty() && rest.is_empty();
                return Some(Pair { name, value, behind_semicolon, cut_off });
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
        !quoted && matches!(byte, b';' | b',')
    });
    end.unwrap_or(text.len())
}

/// The values that the argument asks for: of the cookies with this name, or of every pair.
// Quirk: `name=` at the end of a field is counted among all pairs and not found by its name.
fn asked<'a>(
    pairs: impl Iterator<Item = Pair<'a>>,
    args: &Args,
    named: fn(&Pair<'a>) -> bool,
) -> impl Iterator<Item = &'a [u8]> {
    let name = args.str(0);
    let found = move |pair: &Pair<'a>| match name {
        None => true,
        Some(name) => pair.name == name && !pair.cut_off && named(pair),
    };
    pairs.filter(found).map(|pair| pair.value)
}

/// One value: of a named cookie the last, of any cookie the first.
fn one<'a>(mut values: impl Iterator<Item = &'a [u8]>, args: &Args) -> Option<&'a [u8]> {
    match args.str(0) {
        None => values.next(),
        Some(_) => values.last(),
    }
}

/// The values of a request.
fn of_request<'a>(head: &'a RequestHead, args: &'a Args) -> impl Iterator<Item = &'a [u8]> {
    asked(sent(&head.fields), args, |_| true)
}

/// The values of a response.
fn of_response<'a>(head: &'a ResponseHead, args: &'a Args) -> impl Iterator<Item = &'a [u8]> {
    // Attributes are not found by a name, but are among the values of all pairs.
    asked(set(&head.fields), args, |pair| !pair.behind_semicolon)
}

fn str_of(value: &[u8]) -> Value<'_> {
    Value::Str(Cow::Borrowed(value))
}

fn val_of(value: &[u8]) -> Value<'_> {
    Value::Int(loose_int(value))
}

fn names<'a>(pairs: impl Iterator<Item = Pair<'a>>, args: &Args) -> Sample<'a> {
    let names: Vec<_> = pairs.map(|pair| pair.name).collect();
    owned(names.join(args.str(0).unwrap_or(b",")))
}

fn req_cook<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| or_missing(one(of_request(head, args), args).map(str_of))))
}

fn req_cook_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    match request(ctx) {
        Ok(head) => show(of_request(head, args).map(str_of), visit),
        Err(absent) => walk_of(absent),
    }
}

fn req_val<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| or_missing(one(of_request(head, args), args).map(val_of))))
}

fn req_val_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    match request(ctx) {
        Ok(head) => show(of_request(head, args).map(val_of), visit),
        Err(absent) => walk_of(absent),
    }
}

fn req_cnt<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| int(of_request(head, args).count() as i64)))
}

fn req_names<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(request(ctx).map(|head| names(sent(&head.fields), args)))
}

fn res_cook<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(response(ctx).map(|head| or_missing(one(of_response(head, args), args).map(str_of))))
}

fn res_cook_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    match response(ctx) {
        Ok(head) => show(of_response(head, args).map(str_of), visit),
        Err(absent) => walk_of(absent),
    }
}

fn res_val<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(response(ctx).map(|head| or_missing(one(of_response(head, args), args).map(val_of))))
}

fn res_val_each<'a>(args: &'a Args, ctx: &Context<'a>, visit: &mut Visit<'_, 'a>) -> Walk {
    match response(ctx) {
        Ok(head) => show(of_response(head, args).map(val_of), visit),
        Err(absent) => walk_of(absent),
    }
}

fn res_cnt<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    merge(response(ctx).map(|head| int(of_response(head, args).count() as i64)))
}

fn res_names<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    // Attributes are no cookies, though `res.cook` without a name shows their values.
    let cookies = |head: &'a ResponseHead| set(&head.fields).filter(|pair| !pair.behind_semicolon);
    merge(response(ctx).map(|head| names(cookies(head), args)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Arg;

    /// What HAProxy 2.6.12 finds in the same fields.
    const SET: [&str; 3] = ["a=1; Path=/, b=2; X=3;Y=,Z=\"1;2\",", "e=; c=5", "g="];
    const SENT: [&str; 2] = ["$V=1; c=\"a;b\", d=2 ; e", "c="];

    fn fields(name: &[u8], values: &[&str]) -> Fields {
        let mut fields = Fields::new();
        for value in values {
            fields.add(name, value.as_bytes());
        }
        fields
    }

    #[track_caller]
    fn check<'a>(
        pairs: impl Iterator<Item = Pair<'a>>,
        named: fn(&Pair<'a>) -> bool,
        name: Option<&str>,
        expected: &[&str],
    ) {
        let args = Args(name.map(|name| Arg::Str(name.into())).into_iter().collect());
        let found: Vec<_> =
            asked(pairs, &args, named).map(|it| String::from_utf8_lossy(it).into_owned()).collect();
        assert_eq!(found, expected, "{name:?}");
    }

    #[test]
    fn a_name_finds_cookies_of_a_server_and_not_their_attributes() {
        let fields = fields(b"set-cookie", &SET);
        let cases: [(&str, &[&str]); 7] = [
            ("a", &["1"]),
            ("b", &["2"]),
            ("Z", &["\"1;2\""]),
            ("e", &[""]),
            ("Path", &[]),
            ("c", &[]),
            ("g", &[]),
        ];
        for (name, values) in cases {
            check(set(&fields), |pair| !pair.behind_semicolon, Some(name), values);
        }
        assert_eq!(set(&fields).count(), 9);
    }

    #[test]
    fn a_name_finds_cookies_of_a_client_unless_the_field_is_cut_off() {
        let fields = fields(b"cookie", &SENT);
        check(sent(&fields), |_| true, Some("c"), &["\"a;b\""]);
        check(sent(&fields), |_| true, Some("d"), &["2"]);
        check(sent(&fields), |_| true, Some("e"), &[]);
        check(sent(&fields), |_| true, None, &["\"a;b\"", "2", ""]);
    }
}
