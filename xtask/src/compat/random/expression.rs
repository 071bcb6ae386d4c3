//! Sample expressions and formats by chance.

use sample::{Place, Type};

use super::draw::Draw;
use super::language;

/// Names of fields that requests carry.
pub(crate) const FIELDS: &[&str] =
    &["x-a", "x-b", "host", "user-agent", "x-num", "x-list", "cookie"];

/// A fetch of a request, and what it gives.
pub(crate) fn fetch(draw: &mut Draw) -> (String, Type) {
    let field = draw.one(FIELDS);
    let text = [
        "path",
        "url",
        "query",
        "base",
        "pathq",
        "method",
        "req.ver",
        "url_param(a)",
        "url_param(b)",
        "urlp(a)",
        "req.cook(c)",
        "cook(sid)",
        "var(txn.v)",
        "var(req.w)",
        "var(txn.v,fallback)",
        "str(constant)",
        "src",
        "http_auth_user",
        "req.hdr_names",
        "req.hdrs",
        "base,word(1,.)",
        "base,word(-1,/)",
    ];
    let number = [
        "req.hdr_cnt(x-a)",
        "req.hdr_val(x-num)",
        "req.cook_cnt(c)",
        "req.cook_val(n)",
        "urlp_val(n)",
        "int(42)",
        "path,length",
        "nbsrv(b1)",
        "req.fhdr_cnt(x-list)",
        "http_first_req",
        "query,length",
        "srv_is_up(b1/s1)",
    ];
    match draw.below(10) {
        0..=2 => (format!("req.hdr({field})"), Type::Str),
        3 => (format!("req.fhdr({field})"), Type::Str),
        4 => {
            let at = draw.one(&["1", "-1", "2", "3"]);
            (format!("req.hdr({field},{at})"), Type::Str)
        }
        5..=7 => (draw.one(&text).to_owned(), Type::Str),
        _ => (draw.one(&number).to_owned(), Type::Int),
    }
}

/// An expression of a request: a fetch and up to two converters, and its type.
pub(crate) fn expression(draw: &mut Draw) -> (String, Type) {
    if draw.chance(45) {
        return of_language(draw, Place::FrontendHttpRequest);
    }
    let (mut text, mut kind) = fetch(draw);
    for _ in 0..draw.below(3) {
        let (converter, gives) = converter(draw, &text, kind);
        text = format!("{text},{converter}");
        kind = gives;
    }
    (text, kind)
}

/// An expression of a response.
pub(crate) fn of_response(draw: &mut Draw) -> (String, Type) {
    of_language(draw, Place::BackendHttpResponse)
}

/// An expression of a log line.
pub(crate) fn of_log(draw: &mut Draw) -> (String, Type) {
    of_language(draw, Place::Log)
}

/// An expression drawn from the registries.
fn of_language(draw: &mut Draw, place: Place) -> (String, Type) {
    // Half of them read a field: what most fetches tell is the same for all requests.
    let field = match place {
        Place::Log => "var(txn.v)",
        _ if place.is_response() => "res.hdr(x-stub-name)",
        _ => "req.hdr(x-a)",
    };
    let (mut text, mut kind) = match draw.below(3) {
        0 => (field.replace("x-a", draw.one(FIELDS)), Type::Str),
        _ => language::fetch(draw, place),
    };
    for _ in 0..draw.below(4) {
        (text, kind) = language::convert(draw, &text, kind);
    }
    (text, kind)
}

fn converter(draw: &mut Draw, text: &str, kind: Type) -> (&'static str, Type) {
    let to_text = [
        "lower",
        "upper",
        "url_dec",
        "base64",
        "hex",
        "field(1,/)",
        "field(2,/)",
        "field(-1,.)",
        "bytes(1,3)",
        "bytes(0,2)",
        "regsub(a,b)",
        "regsub([0-9]+,N,g)",
        "json(ascii)",
        "concat(<,txn.v,>)",
        "ltrim(/)",
        "url_enc",
        "sha1,hex",
        "digest(md5),hex",
        "hmac(sha256,a2V5),hex",
        "iif(yes,no)",
        "capture-req(0)",
        "rtrim(/)",
    ];
    let to_number = [
        "length",
        "crc32",
        "crc32(1)",
        "sdbm",
        "djb2(1)",
        "wt6",
        "xxh32",
        "strcmp(txn.v)",
        "crc32c",
        "hash_of",
        "xxh64",
    ];
    let on_number = [
        "add(3)", "sub(-1)", "mul(2)", "div(2)", "mod(5)", "neg", "not", "bool", "odd", "even",
        "and(6)", "or(8)", "xor(3)", "cpl",
    ];
    match kind {
        Type::Int if language::is_never_negative(text) && draw.chance(20) => {
            (draw.one(&["sub(1)", "sub(9)", "add(txn.v)", "add(-3)"]), Type::Int)
        }
        Type::Int => (draw.one(&on_number), Type::Int),
        _ if draw.chance(75) => (known(draw, &to_text), Type::Str),
        _ => (known(draw, &to_number), Type::Int),
    }
}

/// A converter of the list; one in a hundred times one that does not exist, so that verdicts are compared too.
fn known(draw: &mut Draw, of: &[&'static str]) -> &'static str {
    loop {
        let word = draw.one(of);
        if !["hash_of", "rtrim(/)", "ltrim(/)", "capture-req(0)"].contains(&word) || draw.chance(3)
        {
            return word;
        }
    }
}

/// A log format: text, aliases and expressions, as one word in quotes.
pub(crate) fn format(draw: &mut Draw) -> String {
    let mut out = String::new();
    for _ in 0..=draw.below(3) {
        match draw.below(4) {
            0 => out.push_str(draw.one(&["a", "v1", "/p", "x y", "-", "%%"])),
            1 => out.push_str(draw.one(&["%ci", "%HM", "%HP", "%ft", "%b", "%HV", "%HQ "])),
            _ => {
                // The whole is in double quotes already.
                let text = expression(draw).0.replace('"', "");
                let flags = draw.one(&["", "", "", "{+Q}", "{+E}", "{+X}"]);
                out.push_str(&format!("%{flags}[{text}]"));
            }
        }
    }
    format!("\"{out}\"")
}
