//! ACLs and conditions by chance.

use sample::Type;

use super::draw::Draw;
use super::{expression, language};

/// Patterns that the requests are likely to match.
const TEXTS: &[&str] = &[
    "/",
    "/a",
    "/api",
    "/api/v1",
    "/api/v2/x.json",
    "/static",
    ".css",
    "json",
    "one",
    "two",
    "three",
    "site",
    "www.site.test",
    "api.site.test",
    "site.test",
    "GET",
    "POST",
    "curl",
    "bot",
    "1",
    "42",
    "x",
    "abc",
    "v",
    "constant",
    "c1",
    "1.1",
    "test",
    "ONE",
    "Site",
];
const REGEXES: &[&str] =
    &["^/api/v[0-9]", "\\.css$", "o", "^[a-z]+$", "(one|two)", "^$", "[0-9]{2}", "/.*/"];

/// A criterion of a response.
pub(crate) fn of_response(draw: &mut Draw) -> String {
    let (text, kind) = expression::of_response(draw);
    let rest = language::matched(draw, &text, kind);
    format!("{text} {rest}")
}

/// An ACL's criterion with flags and patterns.
pub(crate) fn criterion(draw: &mut Draw) -> String {
    match draw.below(12) {
        0 => format!(
            "src {}",
            draw.one(&["127.0.0.0/8", "10.0.0.0/8", "127.0.0.1", "192.0.2.1 127.0.0.1"])
        ),
        1 => format!("method {}", draw.one(&["GET", "POST", "GET HEAD", "PUT DELETE"])),
        2..=4 => suffixed(draw),
        5 => draw.one(&["always_true", "always_false", "wait_end"]).to_owned(),
        _ => {
            let (text, kind) = expression::expression(draw);
            let rest = match kind {
                _ if draw.chance(50) => language::matched(draw, &text, kind),
                Type::Int => number(draw),
                Type::Bool => String::new(),
                Type::Addr | Type::Ipv4 | Type::Ipv6 => language::matched(draw, &text, kind),
                _ => matched(draw),
            };
            format!("{text} {rest}")
        }
    }
}

fn suffixed(draw: &mut Draw) -> String {
    let base = draw.one(&[
        "path",
        "path",
        "hdr(x-a)",
        "hdr(host)",
        "hdr(host)",
        "url",
        "base",
        "urlp(a)",
        "cook(c)",
        "hdr(user-agent)",
    ]);
    let suffix = draw.one(&["", "_beg", "_end", "_sub", "_dir", "_dom", "_reg", "_len"]);
    let name = match base.split_once('(') {
        Some((name, argument)) => format!("{name}{suffix}({argument}"),
        None => format!("{base}{suffix}"),
    };
    let ignore = if draw.chance(30) { "-i " } else { "" };
    match suffix {
        "_reg" => format!("{name} {ignore}{}", draw.one(REGEXES)),
        "_len" => format!("{name} {}", number(draw)),
        _ => format!("{name} {ignore}{}", patterns(draw)),
    }
}

fn patterns(draw: &mut Draw) -> String {
    let count = 1 + draw.below(3);
    (0..count).map(|_| draw.one(TEXTS)).collect::<Vec<_>>().join(" ")
}

fn number(draw: &mut Draw) -> String {
    let value = draw.one(&["0", "1", "2", "3", "5", "42", "100"]);
    match draw.below(4) {
        // Nothing is shorter than nothing: HAProxy takes such a length for a very large one.
        0 if value == "0" => format!("{} {value}", draw.one(&["eq", "gt", "ge"])),
        0 => format!("{} {value}", draw.one(&["eq", "gt", "ge", "lt", "le"])),
        1 => format!("{value}:{}", draw.one(&["100", "500", ""])),
        2 => format!("-m int {value}"),
        _ => value.to_owned(),
    }
}

fn matched(draw: &mut Draw) -> String {
    let method =
        draw.one(&["str", "beg", "end", "sub", "dir", "dom", "reg", "len", "found", "str", "str"]);
    let ignore = if draw.chance(25) { "-i " } else { "" };
    match method {
        "found" => "-m found".to_owned(),
        "reg" => format!("{ignore}-m reg {}", draw.one(REGEXES)),
        "len" => format!("-m len {}", draw.one(&["0", "1", "4", "1:9", "gt 3"])),
        _ => format!("{ignore}-m {method} {}", patterns(draw)),
    }
}

/// `if ...`, `unless ...`, or nothing; `names` are declared ACLs.
pub(crate) fn condition(draw: &mut Draw, names: &[String]) -> String {
    if draw.chance(8) {
        return String::new();
    }
    let mut words = vec![draw.one(&["if", "if", "if", "if", "unless"]).to_owned()];
    for at in 0..=draw.below(3) {
        if at > 0 && draw.chance(35) {
            words.push(draw.one(&["or", "||"]).to_owned());
        }
        let negated = if draw.chance(25) { "!" } else { "" };
        let term = match draw.below(3) {
            0 => draw
                .one(&[
                    "METH_GET",
                    "METH_POST",
                    "TRUE",
                    "FALSE",
                    "HTTP_1.1",
                    "LOCALHOST",
                    "HTTP_URL_SLASH",
                    "HTTP",
                    "HTTP_1.0",
                    "HTTP_URL_ABS",
                    "HTTP_URL_STAR",
                    "HTTP_CONTENT",
                    "METH_HEAD",
                    "METH_PUT",
                    "METH_OPTIONS",
                    "WAIT_END",
                    "RDP_COOKIE",
                ])
                .to_owned(),
            1 if !names.is_empty() => names[draw.below(names.len())].clone(),
            _ => format!("{{ {} }}", criterion(draw)),
        };
        words.push(format!("{negated}{term}"));
    }
    words.join(" ")
}
