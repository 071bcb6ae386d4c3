//! The fetches, one file for each group.

mod acl;
mod auth;
mod capture;
mod connection;
mod constant;
mod cookie;
mod header;
mod limits;
mod message;
mod parameter;
mod payload;
mod process;
mod proxy;
mod proxy_protocol;
mod stream;
mod tcp_info;
mod tls_hello;
mod userlist;

use std::ops::ControlFlow;

use crate::arg::{Arg, Args};
use crate::compile::CompileEnv;
use crate::place::Place;
use crate::registry::{FetchGroup, Visit, Walk};
use crate::{Context, Fact, FactValue, Sample, Value};

pub use auth::basic;
pub(crate) use userlist::same;
pub use userlist::{Password, User, Userlist};

/// Every group.
pub(crate) static GROUPS: &[&FetchGroup] = &[
    &message::GROUP,
    &header::REQUEST,
    &header::RESPONSE,
    &cookie::GROUP,
    &parameter::GROUP,
    &payload::GROUP,
    &tls_hello::GROUP,
    &auth::GROUP,
    &acl::GROUP,
    &capture::GROUP,
    &connection::GROUP,
    &tcp_info::GROUP,
    &proxy_protocol::GROUP,
    &proxy::GROUP,
    &limits::GROUP,
    &stream::GROUP,
    &process::GROUP,
    &constant::GROUP,
];

/// What a name means in a place: some are aliases, and `hdr` is the request's or the response's.
pub(crate) fn resolve(name: &str, place: Place) -> &str {
    let by_side = |request, response| if place.is_response() { response } else { request };
    match name {
        "hdr" => by_side("req.hdr", "res.hdr"),
        "cookie" => by_side("req.cook", "res.cook"),
        "payload" => by_side("req.payload", "res.payload"),
        "payload_lv" => by_side("req.payload_lv", "res.payload_lv"),
        "hdr_cnt" => "req.hdr_cnt",
        "hdr_ip" => "req.hdr_ip",
        "hdr_val" => "req.hdr_val",
        "shdr" => "res.hdr",
        "shdr_cnt" => "res.hdr_cnt",
        "shdr_ip" => "res.hdr_ip",
        "shdr_val" => "res.hdr_val",
        "cook" => "req.cook",
        "cook_cnt" => "req.cook_cnt",
        "cook_val" => "req.cook_val",
        "scook" => "res.cook",
        "scook_cnt" => "res.cook_cnt",
        "scook_val" => "res.cook_val",
        "url_param" => "urlp",
        "req_len" => "req.len",
        "req_ver" => "req.ver",
        "resp_ver" => "res.ver",
        "req_proto_http" => "req.proto_http",
        "req_ssl_hello_type" => "req.ssl_hello_type",
        "req_ssl_sni" => "req.ssl_sni",
        "req_ssl_ver" => "req.ssl_ver",
        "rep_ssl_hello_type" => "res.ssl_hello_type",
        "rdp_cookie" => "req.rdp_cookie",
        "rdp_cookie_cnt" => "req.rdp_cookie_cnt",
        "fc_src_is_local" => "src_is_local",
        "fc_dst_is_local" => "dst_is_local",
        other => other,
    }
}

/// Where a fetch does have a value, in one line.
pub(crate) fn elsewhere(name: &str) -> &'static str {
    match name.split_once('.') {
        Some(("res", _)) => "the response is known in response rules only",
        _ => "capture it or `set-var` it where it is known, and read that here",
    }
}

/// Checks that need more than a signature; some arguments are read once and for all.
pub(crate) fn check(name: &str, args: &mut Args, env: &mut CompileEnv<'_>) -> Result<(), String> {
    let occurrence_ok = !name.contains("hdr") || args.int(1).is_none_or(|nth| nth >= -10);
    if !occurrence_ok {
        return Err(String::from("occurrences are counted back to -10 and no further"));
    }
    match name {
        "var" => constant::read_var(args, env.place),
        "acl" => acl::read(args, env)?,
        "env" => read_environment(args, env),
        "fc_pp_tlv" => proxy_protocol::read_tlv(args)?,
        "bool" => constant::read_bool(args)?,
        "bin" => constant::read_bin(args)?,
        "uuid" if args.int(0).is_some_and(|version| version != 4) => {
            return Err(String::from("only UUIDs of version 4 are made"));
        }
        "req.payload_lv" | "res.payload_lv" => payload::check_length_value(args)?,
        "date" | "accept_date" | "request_date" => process::check_unit(name, args)?,
        _ => {}
    }
    Ok(())
}

fn read_environment(args: &mut Args, env: &CompileEnv<'_>) {
    let value = args
        .str(0)
        .and_then(|name| std::str::from_utf8(name).ok())
        .and_then(|name| env.env.vars.get(name))
        .map_or(Arg::None, |value| Arg::Str(value.clone().into_bytes()));
    if let Some(first) = args.0.first_mut() {
        *first = value;
    }
}

/// The request's head; without one, whether it may still come.
pub(crate) fn request<'a>(ctx: &Context<'a>) -> Result<&'a http1::RequestHead, Sample<'a>> {
    ctx.request.ok_or(absent(ctx.request_body.complete))
}

/// The response's head; without one, whether it may still come.
pub(crate) fn response<'a>(ctx: &Context<'a>) -> Result<&'a http1::ResponseHead, Sample<'a>> {
    ctx.response.ok_or(absent(ctx.response_body.complete))
}

fn absent<'a>(complete: bool) -> Sample<'a> {
    if complete { Sample::Missing } else { Sample::Wait }
}

/// What a sample that stands for an absent head makes of a walk.
pub(crate) fn walk_of(sample: Sample<'_>) -> Walk {
    match sample {
        Sample::Wait => Walk::Wait,
        Sample::Unknown(fact) => Walk::Unknown(fact),
        Sample::Known(_) | Sample::Missing => Walk::Done,
    }
}

/// Shows values until the visitor has seen enough.
pub(crate) fn show<'a>(values: impl Iterator<Item = Value<'a>>, visit: &mut Visit<'_, 'a>) -> Walk {
    for value in values {
        if let ControlFlow::Break(()) = visit(value) {
            break;
        }
    }
    Walk::Done
}

/// Either side of a result that already is a sample.
pub(crate) fn merge<'a>(result: Result<Sample<'a>, Sample<'a>>) -> Sample<'a> {
    match result {
        Ok(sample) | Err(sample) => sample,
    }
}

/// Text borrowed from the stream.
pub(crate) fn text(bytes: &[u8]) -> Sample<'_> {
    Sample::Known(Value::Str(bytes.into()))
}

/// Text of our own.
pub(crate) fn owned<'a>(bytes: impl Into<Vec<u8>>) -> Sample<'a> {
    Sample::Known(Value::Str(std::borrow::Cow::Owned(bytes.into())))
}

/// A number.
pub(crate) fn int<'a>(number: i64) -> Sample<'a> {
    Sample::Known(Value::Int(number))
}

/// A boolean.
pub(crate) fn bool<'a>(yes: bool) -> Sample<'a> {
    Sample::Known(Value::Bool(yes))
}

/// The sample, or missing.
pub(crate) fn or_missing(value: Option<Value<'_>>) -> Sample<'_> {
    value.map_or(Sample::Missing, Sample::Known)
}

/// A fact as a sample of its own type.
pub(crate) fn fact<'a>(ctx: &Context<'a>, fact: Fact) -> Sample<'a> {
    match ctx.facts.read(fact) {
        Some(FactValue::Bool(yes)) => bool(yes),
        Some(FactValue::Int(number)) => int(number),
        Some(FactValue::Addr(addr)) => Sample::Known(Value::Ip(addr.ip())),
        Some(FactValue::Text(text)) => owned(text),
        Some(FactValue::Bytes(bytes)) => owned(bytes),
        Some(FactValue::Missing) => Sample::Missing,
        None => Sample::Unknown(fact),
    }
}

/// A fact that is a number; anything else counts as missing.
pub(crate) fn int_fact<'a>(ctx: &Context<'a>, asked: Fact) -> Result<i64, Sample<'a>> {
    match fact(ctx, asked) {
        Sample::Known(Value::Int(number)) => Ok(number),
        Sample::Known(_) => Err(Sample::Missing),
        open => Err(open),
    }
}
