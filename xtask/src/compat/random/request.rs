//! Requests by chance, as lines of a case.

use super::draw::Draw;

/// One request line to a configuration.
pub(crate) fn line(draw: &mut Draw, config: &str) -> String {
    let method =
        draw.one(&["GET", "GET", "GET", "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"]);
    let path = draw.one(&[
        "/",
        "/a",
        "/api/v1",
        "/api/v2/x.json",
        "/static/a.css",
        "/Admin",
        "/a%20b",
        "/api",
        "/x/y/z",
        "/monitor",
        "//double",
        "/a/../b",
        "/abc",
        "/set",
        "http://www.site.test/abs",
        "*",
    ]);
    let query = draw.one(&["", "", "", "?a=1", "?a=one&b=two", "?b=abc", "?n=42&a=x", "?", "?a"]);
    let mut out = match path {
        // `balance uri` makes another key of what has no path.
        "*" if config.contains("balance uri") => format!("{method} /"),
        "*" => format!("{method} *"),
        _ => format!("{method} {path}{query}"),
    };
    // Another host than the target's is refused before there is a request to speak of.
    if path.starts_with("http") {
        out.push_str(" | Host: www.site.test");
    } else if draw.chance(60) {
        out.push_str(&format!(
            " | Host: {}",
            draw.one(&[
                "www.site.test",
                "api.site.test",
                "site.test:8080",
                "SITE.test",
                "other",
                "10.0.0.1"
            ])
        ));
    }
    let fields = [
        ("x-a", &["one", "two", "three", "1", "one,two", "ONE", "/a/b", "a.b.c", ""][..]),
        ("x-b", &["abc", "42", "x y z", "v"]),
        ("X-List", &["one,two,three", "one, two", "a,,b", "\"q,r\",s"]),
        ("x-num", &["42", "0", "-1", "7", "10.1.2.3", "nan"]),
        ("User-Agent", &["curl/8", "bot", "Mozilla/5.0 (X11; Linux)"]),
        ("Cookie", &["c=k1", "c=k2; sid=abc", "n=7; c=other", "c=k1~x", "sid=one"]),
        ("x-backend", &["b1", "b2", "b3", "nowhere"]),
        ("x-end", &["1", "2"]),
        ("x-stub", &["404", "500", "chunked", "302", "close", "count", "header=Server=st", "204"]),
        ("Connection", &["close", "keep-alive"]),
        ("Authorization", &["Basic dTpw", "Basic bad"]),
        ("X-Forwarded-For", &["192.0.2.1"]),
    ];
    for (name, values) in fields {
        let often = if name == "x-end" { 8 } else { 22 };
        if draw.chance(often) {
            out.push_str(&format!(" | {name}: {}", draw.one(values)));
            if name == "x-a" && draw.chance(20) {
                out.push_str(&format!(" | {name}: {}", draw.one(values)));
            }
        }
    }
    if ["POST", "PUT"].contains(&method) {
        out.push_str(draw.one(&["", " | !body=a=one&b=2", " | !body=", " | !chunked=hello"]));
    }
    // A 204 with another status is written in chunks, which HTTP/1.0 does not know.
    if draw.chance(8) && !out.contains("x-stub: 204") {
        out.push_str(" | !1.0");
    }
    // A 101 with another status is written in chunks.
    let may_switch = method == "GET" && !config.contains("set-status");
    if may_switch && draw.chance(5) && !out.contains("x-stub") && !out.contains(" | !") {
        out.push_str(" | !ws");
    }
    if draw.chance(15) {
        out.push_str(" | !same");
    }
    out
}
