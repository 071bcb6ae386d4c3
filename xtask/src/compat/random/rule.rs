//! Rules by chance.

use super::condition::condition;
use super::draw::Draw;
use super::expression::{expression, format};

/// An `http-request` rule of a frontend or backend.
pub(crate) fn request(draw: &mut Draw, names: &[String], frontend: bool) -> String {
    let field = draw.one(&["x-a", "x-b", "x-new", "host", "user-agent", "x-list"]);
    let action = match draw.below(27) {
        0..=3 => format!("set-header {field} {}", format(draw)),
        4 | 5 => format!("add-header {field} {}", format(draw)),
        6 => format!("del-header {field}"),
        7 => format!("replace-header {field} {} {}", draw.one(&["(.*)", "one", "^([^,]*)(.*)$"]), draw.one(&["r-\\1", "new", "\\2\\1"])),
        8 => format!("replace-value {field} {} {}", draw.one(&["(.*)", "one", "t(.*)"]), draw.one(&["v-\\1", "new"])),
        9 => format!("set-path {}", draw.one(&["/set", "\"/pre%[path]\"", "\"%[path,lower]\"", "/a?b"])),
        10 => format!("set-query {}", draw.one(&["a=1", "\"%[query]&z=1\"", "\"b=%[req.hdr(x-a)]\""])),
        11 => format!("replace-path {} {}", draw.one(&["/api/(.*)", "^/", "(.*)\\.css"]), draw.one(&["/\\1", "/r/", "\\1"])),
        12 => format!("set-pathq {}", draw.one(&["/q?x=1", "\"%[pathq]\"", "/only"])),
        13 => format!("replace-pathq {} {}", draw.one(&["([^?]*)(.*)", "a=", "^/a"]), draw.one(&["\\1", "b=", "/c\\0"])),
        14 => format!("set-uri {}", draw.one(&["/u", "\"http://u.test%[path]\"", "\"%[url]\""])),
        15 => format!("replace-uri {} {}", draw.one(&["^/a", "(.*)", "api"]), draw.one(&["/b", "\\1?r=1", "ipa"])),
        16 | 17 => {
            let (text, _) = expression(draw);
            format!("set-var({}) {text}", draw.one(&["txn.v", "req.w", "txn.v"]))
        }
        18 => format!("unset-var({})", draw.one(&["txn.v", "req.w"])),
        19 => format!("set-method {}", draw.one(&["POST", "GET", "PUT"])),
        20 => format!("deny {}", draw.one(&["", "deny_status 429", "status 404", "deny_status 503", "status 403 content-type text/plain string no hdr x-why denied"])),
        21 => format!("return {}", draw.one(&["status 200 content-type text/plain string ok", "status 404", "status 200 content-type text/plain lf-string \"%[path] %[method]\" hdr x-r \"%[src]\""])),
        22 => format!("redirect {}", redirect(draw)),
        23 => "allow".to_owned(),
        24 => format!("set-var-fmt(txn.v) {}", format(draw)),
        25 if frontend => "capture req.hdr(x-a) len 10".to_owned(),
        _ => draw.one(&["set-log-level notice", "set-log-level silent", "auth realm r", "set-src hdr(x-num)", "set-header x-fwd \"%ci\""]).to_owned(),
    };
    // Rules that end the stream stand on a condition, or little else would be seen.
    let ends =
        ["deny", "return", "redirect", "allow", "auth"].iter().any(|word| action.starts_with(word));
    let mut when = condition(draw, names);
    if ends && (when.is_empty() || when.starts_with("unless")) {
        when = "if { hdr(x-end) 1 }".to_owned();
    }
    format!("http-request {} {when}", action.trim_end())
}

/// The rest of a `redirect`.
pub(crate) fn redirect(draw: &mut Draw) -> String {
    let to = match draw.below(3) {
        0 => format!(
            "location {}",
            draw.one(&["/new", "\"http://n.test%[path]\"", "\"/l?%[query]\""])
        ),
        1 => format!("prefix {}", draw.one(&["/p", "http://p.test", "\"/%[req.hdr(x-a)]\""])),
        _ => format!("scheme {}", draw.one(&["https", "http"])),
    };
    let code = draw.one(&["", " code 301", " code 303", " code 307", " code 308"]);
    let options = draw.one(&[
        "",
        "",
        " drop-query",
        " drop-query append-slash",
        " set-cookie A=1",
        " clear-cookie A=",
    ]);
    format!("{to}{code}{options}")
}

/// An `http-response` or `http-after-response` rule.
pub(crate) fn response(draw: &mut Draw, set: &str) -> String {
    let field = draw.one(&["x-r", "server", "content-type", "x-stub-count"]);
    let action = match draw.below(9) {
        0 | 1 => format!(
            "set-header {field} {}",
            draw.one(&[
                "v",
                "\"%[status]\"",
                "\"%[res.hdr(x-stub-count)]\"",
                "\"%[var(txn.v)]\"",
                "\"%b-%s\""
            ])
        ),
        2 => format!("add-header {field} {}", draw.one(&["added", "\"%[res.hdr_cnt(x-r)]\""])),
        3 => format!("del-header {field}"),
        4 => format!(
            "replace-header {field} {} {}",
            draw.one(&["(.*)", "s([0-9])"]),
            draw.one(&["r-\\1", "n"])
        ),
        5 => format!("set-status {}", draw.one(&["201", "404 reason \"Not here\"", "299"])),
        6 => "set-var(txn.v) res.hdr(x-stub-name)".to_owned(),
        7 => format!(
            "replace-value {field} {} {}",
            draw.one(&["(.*)", "s"]),
            draw.one(&["v-\\1", "t"])
        ),
        _ => "allow".to_owned(),
    };
    let when = draw.one(&[
        "",
        "if { status 404 }",
        "if { status 200:299 }",
        "unless { res.hdr(x-stub-name) -m found }",
        "if { var(txn.v) -m found }",
        "if { status ge 400 } or { res.hdr(x-stub-name) s1 }",
    ]);
    format!("{set} {action} {when}")
}
