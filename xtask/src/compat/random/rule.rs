//! Rules by chance.

use super::condition::{self, condition};
use super::draw::Draw;
use super::expression::{self, expression, format};

/// Rewrites of the target that leave a target: what begins with no slash has rules of its own.
const REWRITES: &[&str] = &[
    "set-path /set",
    "set-path \"/pre%[path]\"",
    "set-path \"%[path,lower]\"",
    "set-query a=1",
    "set-query \"%[query]&z=1\"",
    "set-query \"b=%[req.hdr(x-b)]\"",
    "set-pathq /q?x=1",
    "set-pathq \"%[pathq]\"",
    "set-pathq /only",
    "set-uri /u",
    "set-uri \"http://u.test%[path]\"",
    "set-uri \"%[url]\"",
    "replace-path /api/(.*) /\\1",
    "replace-path ^/ /r/",
    "replace-path (.*)\\.css \\1",
    "replace-pathq ([^?]*)(.*) \\1",
    "replace-pathq ^/a /c\\0",
    "replace-uri ^/a /b",
    "replace-uri (.*) \\1?r=1",
    "replace-uri ^/api/(.*) /ipa/\\1",
];

/// Rules that end the stream.
const ENDINGS: &[&str] = &[
    "deny",
    "deny deny_status 429",
    "deny status 404",
    "deny deny_status 503",
    "deny status 403 content-type text/plain string no hdr x-why denied",
    "return status 200 content-type text/plain string ok",
    "return status 404",
    "return status 200 content-type text/plain lf-string \"%[path] %[method]\" hdr x-r \"%[src]\"",
    "allow",
    "auth realm r",
    "deny errorfiles pages",
    "deny deny_status 404 errorfiles pages",
    "return status 404 errorfiles pages",
    "return status 503 default-errorfiles",
    "return status 404 errorfile \"${DIR}/e404.http\"",
    "return status 200 content-type text/plain file \"${DIR}/texts.lst\"",
    "return status 200 content-type text/plain lf-file \"${DIR}/page.txt\"",
    "tarpit",
    "tarpit deny_status 429",
    "reject",
];

/// Others without anything to draw.
const PLAIN: &[&str] = &[
    "unset-var(txn.v)",
    "unset-var(req.w)",
    "set-method POST",
    "set-method GET",
    "set-method PUT",
    "set-log-level notice",
    "set-log-level silent",
    "set-src hdr(x-num)",
    "set-header x-fwd \"%ci\"",
    "set-dst hdr(x-num)",
    "set-src-port int(4000)",
    "set-nice 3",
    "set-priority-class int(2)",
    "set-timeout server 3s",
    "disable-l7-retry",
    "strict-mode on",
    "strict-mode off",
    "early-hint Link \"</style.css>; rel=preload\"",
    "wait-for-body time 100ms",
    "wait-for-body time 100ms at-least 3",
    "set-tos 4",
    "set-mark 7",
    "normalize-uri path-merge-slashes",
    "normalize-uri path-strip-dot",
    "normalize-uri path-strip-dotdot full",
    "normalize-uri query-sort-by-name",
    "normalize-uri percent-decode-unreserved strict",
    "normalize-uri percent-to-uppercase strict",
    "normalize-uri fragment-strip",
    "capture path len 8",
    "set-var(txn.v,ifempty) str(was-empty)",
    "set-var(txn.v,ifset) str(was-set)",
    "set-var(proc.p) str(kept)",
    "del-header x- -m beg",
    "del-header ^x-[ab]$ -m reg",
    "del-header -a -m end",
    "replace-header x-list ,.* \"\"",
    "set-map(\"${DIR}\"/texts-to-texts.map) %[req.hdr(x-a)] new",
    "del-map(\"${DIR}\"/texts-to-texts.map) %[req.hdr(x-b)]",
    "add-acl(\"${DIR}\"/texts.lst) %[req.hdr(x-b)]",
    "del-acl(\"${DIR}\"/texts.lst) %[req.hdr(x-a)]",
];

/// An `http-request` rule of a frontend or backend.
pub(crate) fn request(draw: &mut Draw, names: &[String], frontend: bool) -> String {
    let action = match draw.below(20) {
        0..=7 => edit(draw),
        8..=11 => draw.one(REWRITES).to_owned(),
        12 | 13 => {
            let (text, _) = expression(draw);
            format!("set-var({}) {text}", draw.one(&["txn.v", "req.w", "txn.v"]))
        }
        14 => format!("set-var-fmt(txn.v) {}", format(draw)),
        15 => draw.one(ENDINGS).to_owned(),
        16 => format!("redirect {}", redirect(draw)),
        17 if frontend => format!("capture {} len 10", expression(draw).0),
        18 => PLAIN[draw.below(PLAIN.len())].to_owned(),
        _ => draw.one(PLAIN).to_owned(),
    };
    let mut when = condition(draw, names);
    // These stand on a condition, or little else would be seen.
    let ends = ENDINGS.contains(&action.as_str()) || action.starts_with("redirect");
    if ends && (when.is_empty() || when.starts_with("unless")) {
        when = "if { hdr(x-end) 1 }".to_owned();
    }
    format!("http-request {action} {when}")
}

/// A rule that edits fields.
fn edit(draw: &mut Draw) -> String {
    let field = draw.one(&["x-a", "x-b", "x-new", "host", "user-agent", "x-list"]);
    match draw.below(8) {
        0..=2 => format!("set-header {field} {}", format(draw)),
        // Of two `Host` fields 2.6 overwrites one in part.
        3 | 4 if field != "host" => format!("add-header {field} {}", format(draw)),
        5 => format!("del-header {field}"),
        6 => {
            let regex = draw.one(&["(.*)", "one", "^([^,]*)(.*)$"]);
            format!("replace-header {field} {regex} {}", draw.one(&["r-\\1", "new", "\\2\\1"]))
        }
        _ => {
            let regex = draw.one(&["(.*)", "one", "t(.*)"]);
            format!("replace-value {field} {regex} {}", draw.one(&["v-\\1", "new"]))
        }
    }
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
    let action = match draw.below(10) {
        9 => {
            let text = expression::of_response(draw).0.replace('"', "");
            format!("set-header {field} \"%[{text}]\"")
        }
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
    if draw.chance(40) {
        let when = condition::of_response(draw);
        return format!("{set} {action} if {{ {when} }}");
    }
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

/// A `tcp-request` rule of a frontend: what lets requests through in most draws.
pub(crate) fn tcp(draw: &mut Draw) -> String {
    let set = draw.one(&["connection", "session", "content"]);
    let action = match (set, draw.below(6)) {
        ("content", 0) => "capture req.hdr(x-a) len 6",
        ("content", 1) => "set-var(txn.v) req.hdr(x-b)",
        ("content", 2) => "reject if { req.hdr(x-end) 2 }",
        ("connection", 0) => "reject if { src 10.0.0.0/8 }",
        ("connection", 1) => "set-src ipv4(192.0.2.9)",
        (_, 3) => "set-var(sess.s) src",
        (_, 4) => "set-src-port int(99)",
        (_, 5) => "accept if { src 127.0.0.0/8 }",
        _ => "accept",
    };
    format!("tcp-request {set} {action}")
}

/// A log format of the frontend by chance: aliases that tell no time, and expressions.
pub(crate) fn log_format(draw: &mut Draw) -> String {
    // With nothing of the response in it HAProxy writes the line twice; without the request line it is not kept for
    // the aliases of rules.
    let mut out = String::from("%ST %{+Q}r");
    for _ in 0..=draw.below(5) {
        let word = draw.one(&[
            "%ci",
            "%HM",
            "%HP",
            "%HQ",
            "%HU",
            "%HV",
            "%ft",
            "%b",
            "%s",
            "%ST",
            "%B",
            "%U",
            "%tsc",
            "%ts",
            "%hr",
            "%hs",
            "%hrl",
            "%hsl",
            "%CC",
            "%CS",
            "%rc",
            "%f",
            "%fi",
            "%fp",
            "%sp",
            "%ID",
            "%si",
            "%{+Q}r",
            "%{+Q,+E}hr",
            "%HPO",
            "%bq",
            "%sq",
            "%{-Q}r",
        ]);
        out.push_str(&format!(" {word}"));
        if draw.chance(30) {
            let text = expression::of_log(draw).0.replace('"', "");
            out.push_str(&format!(" %{}[{text}]", draw.one(&["", "{+Q}", "{+E}", "{+X}", "{-Q}"])));
        }
    }
    format!("log-format \"{out}\"")
}
