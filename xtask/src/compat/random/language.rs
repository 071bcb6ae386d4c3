//! Expressions by chance from the registries: every fetch and converter that is built and that HAProxy 2.6 knows,
//! with arguments of the kinds that its signature names.

use sample::registry::{self, ConvertEntry, FetchEntry};
use sample::{ArgKind, MapMethod, Place, Type, can_cast};

use super::draw::Draw;

/// Fetches that tell of the clock, the process, the machine or a port: both daemons are right when they differ.
const OF_THE_MOMENT: &[&str] = &[
    "date",
    "date_us",
    "rand",
    "uuid",
    "pid",
    "hostname",
    "nbproc",
    "nbthread",
    "thread",
    "proc",
    "stopping",
    "act_conn",
    "env",
    "unique-id",
    "src_port",
    "bc_src_port",
    "fc_rtt",
    "fc_rttvar",
    "fc_unacked",
    "fc_sacked",
    "fc_retrans",
    "fc_fackets",
    "fc_lost",
    "fc_reordering",
    "request_date",
    "accept_date",
    "lat_ns_avg",
    "lat_ns_tot",
    "cpu_calls",
    "cpu_ns_avg",
    "cpu_ns_tot",
    "fc_pp_unique_id",
    "bc_src",
    "bc_dst_port",
    "dst_port",
    "so_id",
    "dst_conn",
    "fc_src_port",
    "res.len",
    "prio_class",
    "prio_offset",
];

/// Beginnings of names of the same sort, and of values that internals decide.
const INTERNAL: &[&str] = &[
    "internal.",
    "fe_sess",
    "fe_req",
    "fe_conn",
    "be_sess",
    "be_conn",
    "srv_sess",
    "srv_conn",
    "srv_queue",
    "srv_weight",
    "srv_uweight",
    "srv_iweight",
    "avg_queue",
    "queue",
    "connslots",
    "ssl_",
    "fc_pp_",
    "req.timer",
    "res.timer",
    "txn.timer",
    "bc.timer",
    "fc.timer",
    "sc",
    "src_",
    "table_",
    "quic",
    "fc_conn_err",
    "bc_conn_err",
    "fc_err",
    "bc_err",
    "distcc",
    "lua",
    "fcgi",
    "debug",
    "be_first",
    "fc_nb",
    "bc_nb",
    "bytes_",
    "res.body",
    "res.payload",
    "cur_",
    "req.ver",
    "res.ver",
    "mqtt",
    "capture.res.ver",
];

/// Converters whose answer depends on the machine, or that only speak to a file or a log.
const NOT_COMPARED: &[&str] = &[
    "debug",
    "ltime",
    "http_date",
    "utime",
    "ms_ltime",
    "us_ltime",
    "ms_utime",
    "us_utime",
    "date",
    "when",
    "set-var",
    "unset-var",
    "srv_queue",
    "nbsrv",
    "x509_v_err_str",
    // 2.6 knows no flags of PUBLISH: it says no to what begins with a digit.
    "mqtt_is_valid",
    // Past the last word 2.6 gives an empty text, newer versions nothing.
    "word",
];

/// A fetch that has a value at a place, and its type.
pub(super) fn fetch(draw: &mut Draw, place: Place) -> (String, Type) {
    let known: Vec<&FetchEntry> = registry::fetches()
        .map(|(_, entry)| entry)
        .filter(|entry| entry.places.has(place) && compared(entry.name))
        // What 2.6 still knows of them depends on when the line is written.
        .filter(|entry| place != Place::Log || !["method", "status"].contains(&entry.name))
        .filter(|entry| !registry::is_newer_fetch(entry.name))
        .collect();
    let entry = known[draw.below(known.len())];
    let text = match arguments(draw, entry.args, entry.required, entry.name) {
        Some(list) if list.is_empty() => entry.name.to_owned(),
        Some(list) => format!("{}({list})", entry.name),
        None => return ("path".to_owned(), Type::Str),
    };
    (text, entry.out)
}

fn compared(name: &str) -> bool {
    !OF_THE_MOMENT.contains(&name) && !INTERNAL.iter().any(|begin| name.starts_with(begin))
}

/// The expression with one more converter that takes its type, and what comes out of it.
pub(super) fn convert(draw: &mut Draw, text: &str, from: Type) -> (String, Type) {
    let known: Vec<&ConvertEntry> = registry::converters()
        .filter(|entry| can_cast(from, entry.input) && !NOT_COMPARED.contains(&entry.name))
        // What 2.6 takes for a number here is a fault of its own.
        .filter(|entry| from != Type::Addr || entry.input != Type::Int)
        .filter(|entry| !registry::is_newer_converter(entry.name))
        .filter(|entry| !entry.name.starts_with("table_") && entry.name != "in_table")
        // 2.6 gives their values a type that nothing takes.
        .filter(|entry| {
            !(entry.name.starts_with("map_") && entry.name.ends_with("_ip"))
                || entry.name == "map_ip"
        })
        .collect();
    let entry = known[draw.below(known.len())];
    let out = if entry.out == Type::Any { from } else { entry.out };
    let list = match entry.name {
        "add" | "sub" => Some(summand(draw, entry.name, text).to_owned()),
        _ => arguments(draw, entry.args, entry.required, entry.name),
    };
    match list {
        Some(list) if list.is_empty() => (format!("{text},{}", entry.name), out),
        Some(list) => (format!("{text},{}({list})", entry.name), out),
        None => (text.to_owned(), from),
    }
}

/// What is added or taken away. 2.6 does not know a sum of two numbers below zero.
fn summand(draw: &mut Draw, converter: &str, text: &str) -> &'static str {
    let words: &[&str] = match converter {
        _ if is_never_negative(text) => &["0", "1", "3", "7", "256", "txn.v"],
        "add" => &["0", "1", "3", "7", "256"],
        _ => &["0", "-1", "-2", "-256"],
    };
    draw.one(words)
}

/// Whether the expression ends with a converter that counts.
pub(super) fn is_never_negative(text: &str) -> bool {
    let last = text.rsplit(',').next().unwrap_or(text);
    ["length", "crc32", "crc32c", "sdbm", "djb2", "wt6", "xxh32"].contains(&last)
}

/// The list of arguments; `None` if one of them cannot be drawn.
fn arguments(draw: &mut Draw, kinds: &[ArgKind], required: usize, name: &str) -> Option<String> {
    let kinds = match kinds_of_old(name) {
        Some(most) => kinds.get(..most).unwrap_or(kinds),
        None => kinds,
    };
    let mut count = required;
    while count < kinds.len() && draw.chance(50) {
        count += 1;
    }
    let list: Option<Vec<String>> = (0..count)
        .map(|at| {
            fallback(draw, kinds, at)
                .or_else(|| special(draw, name, at))
                .or_else(|| argument(draw, kinds[at]))
        })
        .collect();
    Some(list?.join(","))
}

/// How many arguments 2.6 knows, where later versions take more.
fn kinds_of_old(name: &str) -> Option<usize> {
    match name {
        "query" | "baseq" | "pathq" | "http_auth_bearer" => Some(0),
        "url_param" | "urlp" | "urlp_val" => Some(2),
        "req.body_param" => Some(1),
        // Without a stream 2.6 does not give the fallback in a log line.
        "var" => Some(1),
        "aes_gcm_enc" | "aes_gcm_dec" => Some(4),
        _ => None,
    }
}

/// What a map gives for a key that it has not: a value of its type, or now and then something else.
fn fallback(draw: &mut Draw, kinds: &[ArgKind], at: usize) -> Option<String> {
    let (Some(ArgKind::Map(_, to)), 1) = (kinds.first(), at) else { return None };
    let word = match to {
        _ if draw.chance(2) => "x-a",
        Type::Int => draw.one(&["0", "99", "-1"]),
        Type::Addr | Type::Ipv4 | Type::Ipv6 => draw.one(&["192.0.2.99", "10.9.9.9"]),
        _ => draw.one(&["none", "other", ""]),
    };
    Some(word.to_owned())
}

/// Arguments whose words a signature does not tell.
fn special(draw: &mut Draw, name: &str, at: usize) -> Option<String> {
    let word = match (name, at) {
        ("digest", 0) | ("hmac", 0) => draw.one(&["md5", "sha1", "sha256", "sha512"]),
        ("hmac", 1) => "a2V5",
        ("sha2", 0) => draw.one(&["224", "256", "384", "512"]),
        ("json", 0) => draw.one(&["ascii", "utf8", "utf8s", "utf8p", "utf8ps"]),
        ("url_enc", 0) => "query",
        ("url_dec", 0) => draw.one(&["0", "1"]),
        ("http_auth" | "http_auth_group", 0) => "none",
        ("field" | "word", 0) => draw.one(&["1", "2", "-1", "-2", "3"]),
        ("field" | "word" | "param", 1) => draw.one(&["/", ".", "=", ":", "t", "\\,", "&"]),
        ("field" | "word", 2) => draw.one(&["0", "1", "2"]),
        ("capture-req" | "capture.req.hdr", _) => "0",
        ("capture-res" | "capture.res.hdr", _) => "0",
        ("json_query", 0) => draw.one(&["'$.a'", "'$.n'", "'$.list[0]'"]),
        ("json_query", 1) => "int",
        ("be2dec" | "be2hex" | "le2dec", 0) => draw.one(&["-", ":"]),
        ("be2dec" | "be2hex" | "le2dec", 1) => draw.one(&["1", "2", "4"]),
        ("be2dec" | "be2hex" | "le2dec", 2) => draw.one(&["0", "1"]),
        ("aes_gcm_enc" | "aes_gcm_dec" | "aes_cbc_enc" | "aes_cbc_dec", 0) => "128",
        ("aes_gcm_enc" | "aes_gcm_dec" | "aes_cbc_enc" | "aes_cbc_dec", 1) => "MDEyMzQ1Njc4OWFi",
        ("aes_gcm_enc" | "aes_gcm_dec" | "aes_cbc_enc" | "aes_cbc_dec", 2) => {
            "MDEyMzQ1Njc4OWFiY2RlZg=="
        }
        ("bytes", 0) => draw.one(&["0", "1", "3", "20"]),
        ("bytes", 1) => draw.one(&["1", "2", "5"]),
        ("regsub", 0) => draw.one(&["[a-z]", "o", "^.", "[0-9]+", "(a)(.)"]),
        ("regsub", 1) => draw.one(&["N", "", "<\\1>", "[\\0]"]),
        ("regsub", 2) => draw.one(&["g", "i", "gi"]),
        ("iif", 0) => draw.one(&["yes", "on", ""]),
        ("iif", 1) => draw.one(&["no", "off", ""]),
        ("add_item", 0) => draw.one(&["\\,", ";", "-"]),
        ("concat" | "add_item", 1) => draw.one(&["txn.v", "req.w"]),
        ("payload" | "req.payload" | "res.payload", 0) => draw.one(&["0", "1", "4"]),
        ("payload" | "req.payload" | "res.payload", 1) => draw.one(&["1", "2", "3"]),
        ("jwt_verify", 0) => draw.one(&["HS256", "HS512"]),
        ("jwt_verify", 1) => "key",
        ("language", 0) => draw.one(&["en;fr", "de"]),
        ("language", 1) => "en",
        ("rfc7239_field", 0) => draw.one(&["proto", "host", "for", "by"]),
        ("protobuf" | "ungrpc", 1) => draw.one(&["int32", "sint64", "bool"]),
        ("mqtt_field_value", 0) => "connect",
        ("mqtt_field_value", 1) => "client_identifier",
        ("fix_tag_value", 0) => draw.one(&["35", "BeginString"]),
        ("req.payload_lv" | "payload_lv" | "res.payload_lv", 2) => draw.one(&["2", "+1"]),
        ("bool", 0) => draw.one(&["1", "0", "true"]),
        ("meth", 0) => draw.one(&["GET", "PUT"]),
        ("bin", 0) => draw.one(&["6f6e65", "00ff", "61"]),
        _ => return None,
    };
    Some(word.to_owned())
}

fn argument(draw: &mut Draw, kind: ArgKind) -> Option<String> {
    let word = match kind {
        ArgKind::Str => draw.one(&["x-a", "x-list", "a", "b", "host", "c", "n", "test", "1"]),
        ArgKind::Int => draw.one(&["0", "1", "2", "3", "-1", "8"]),
        ArgKind::Operand => draw.one(&["0", "1", "3", "7", "-2", "txn.v", "256"]),
        ArgKind::StrOrVar => draw.one(&["x", "txn.v", "abc"]),
        ArgKind::Var => draw.one(&["txn.v", "req.w"]),
        ArgKind::Ipv4 => "192.0.2.1",
        ArgKind::Ipv6 => "2001:db8::1",
        ArgKind::Mask4 => draw.one(&["24", "255.255.0.0", "8", "32"]),
        ArgKind::Mask6 => draw.one(&["64", "48", "ffff::"]),
        ArgKind::Frontend => "fe",
        ArgKind::Backend => draw.one(&["b1", "b2", "b3"]),
        ArgKind::Server => draw.one(&["b1/s1", "b2/s1", "b3/s1"]),
        ArgKind::Userlist => "none",
        ArgKind::FieldNumber => draw.one(&["1", "1.2"]),
        ArgKind::Regex => draw.one(&["[a-z]", "o"]),
        ArgKind::Map(method, to) => return Some(map(method, to)),
        ArgKind::Table => return None,
    };
    Some(word.to_owned())
}

/// A map file of [`files`].
fn map(method: MapMethod, to: Type) -> String {
    let keys = match method {
        MapMethod::Ip => "ips",
        MapMethod::Int => "numbers",
        MapMethod::Reg | MapMethod::Regm => "expressions",
        _ => "texts",
    };
    let values = match to {
        Type::Int => "to-numbers",
        Type::Addr | Type::Ipv4 | Type::Ipv6 => "to-ips",
        _ => "to-texts",
    };
    format!("\"${{DIR}}\"/{keys}-{values}.map")
}

/// The value of a map's line.
type ValueAt = fn(usize) -> String;

/// The files that expressions and patterns name.
pub(super) fn files() -> Vec<(String, String)> {
    let keys: &[(&str, &[&str])] = &[
        (
            "texts",
            &[
                "one",
                "two",
                "/api",
                "/static",
                "site.test",
                "GET",
                ".css",
                "abc",
                "42",
                "c",
                "/a",
                "www",
            ],
        ),
        ("numbers", &["1", "2:5", "42", "100:", "-3", "6"]),
        ("ips", &["127.0.0.0/8", "10.0.0.0/8", "10.1.2.0/24", "192.0.2.1", "2001:db8::/32"]),
        ("expressions", &["^/api/v([0-9])", "\\.css$", "(one|two)", "^[a-z]+$", "t"]),
    ];
    let values: &[(&str, ValueAt)] = &[
        ("to-texts", |at| format!("value-{at} \\1 of it")),
        ("to-numbers", |at| format!("{}", at * 7)),
        ("to-ips", |at| format!("192.0.2.{at}")),
    ];
    let mut out = Vec::new();
    for (name, keys) in keys {
        for (to, value) in values {
            let lines: String = keys
                .iter()
                .enumerate()
                .map(|(at, key)| format!("{key} {}\n", value(at + 1)))
                .collect();
            out.push((format!("{name}-{to}.map"), format!("# {name} {to}\n\n{lines}")));
        }
        out.push((format!("{name}.lst"), format!("{}\n", keys.join("\n"))));
    }
    let backends = "www.site.test b1\napi.site.test b2\nsite.test b3\n/api b2\n/static b3\n";
    out.push((String::from("backends.map"), String::from(backends)));
    for (status, reason) in [(403, "Forbidden"), (404, "Not Found"), (503, "Service Unavailable")] {
        let page = format!("page {status}");
        let head =
            format!("HTTP/1.0 {status} {reason}\nx-page: {status}\ncontent-type: text/plain");
        let text = format!("{head}\ncontent-length: {}\n\n{page}\n", page.len() + 1);
        out.push((format!("e{status}.http"), text));
    }
    out.push((String::from("page.txt"), String::from("%[path] of %[req.hdr(host)]: %ci\n")));
    out
}

/// A match method for a type with patterns of it; nothing of 2.6 refuses it.
pub(super) fn matched(draw: &mut Draw, text: &str, of: Type) -> String {
    match of {
        // 2.6 compares `bc_dst` with numbers unless it is told otherwise.
        Type::Addr if text == "bc_dst" => "-m ip 127.0.0.0/8 ::1".to_owned(),
        Type::Bool if draw.chance(50) => String::new(),
        Type::Bool => draw.one(&["-m bool 1", "-m bool 0", "-m found", "-m int 1"]).to_owned(),
        Type::Int => draw
            .one(&[
                "-m int 1",
                "-m int gt 3",
                "2:9",
                "-m found",
                "-m str 42",
                "-m int -f \"${DIR}/numbers.lst\"",
                "-m int le 100",
                "-m int -5:5",
            ])
            .to_owned(),
        Type::Addr | Type::Ipv4 | Type::Ipv6 => draw
            .one(&[
                "127.0.0.0/8",
                "-m ip 10.0.0.0/8 192.0.2.0/24",
                "-m ip -f \"${DIR}/ips.lst\"",
                "-m str 127.0.0.1",
                "-m found",
                "-m beg 127",
                "::1",
            ])
            .to_owned(),
        Type::Meth => draw
            .one(&["GET", "POST PUT", "-m str GET", "-m beg G", "-m found", "-m len 3"])
            .to_owned(),
        _ => draw
            .one(&[
                "-m str -f \"${DIR}/texts.lst\"",
                "-i -m sub -f \"${DIR}/texts.lst\" extra",
                "-m beg -f \"${DIR}/texts.lst\"",
                "-m end .css t test",
                "-m dom -f \"${DIR}/texts.lst\"",
                "-m dir api a static",
                "-m reg -f \"${DIR}/expressions.lst\"",
                "-m reg -i ^[A-Z]+$",
                "-m len 1:4",
                "-m found",
                "-m int 42 1:5",
                "-m ip 10.0.0.0/8 127.0.0.1",
                "-m bin 6f6e65 61",
                "-m str one two ONE",
            ])
            .to_owned(),
    }
}
