//! Configurations of `mode tcp` by chance: rules on the first bytes, backends chosen by them, servers in turn.

use super::draw::Draw;
use super::request;

/// What the rules look at. None of them waits longer than the inspect-delay.
const CRITERIA: &[&str] = &[
    "src 127.0.0.0/8",
    "src 10.0.0.0/8",
    "req.payload(0,3) -m str GET",
    "req.payload(0,4) -m bin 504f5354 50555420",
    "req.payload(0,0) -m sub /api",
    "payload(0,0) -m reg -i x-[ab]",
    "req.payload(4,1) -m str /",
    "req.payload(0,3),lower -m beg g",
    "req_ssl_hello_type 1",
    "req.ssl_sni -m found",
    "req.rdp_cookie_cnt gt 0",
    "var(txn.v) -m found",
    "var(txn.v) -m str GET POS",
    "var(sess.s) -m ip 127.0.0.1",
    "nbsrv(b1) 2:",
    "srv_is_up(b2/s1)",
    "dst 127.0.0.1",
    "always_false",
    "req.payload(0,0),djb2,mod(3) 1",
    "req.payload(0,1) -m found",
];

/// Those that only count bytes where no HTTP is looked at: which of the two comes first decides in HAProxy.
const LENGTHS: &[&str] = &["req.len gt 100", "req.len 1:70", "req.len gt 0"];

const BALANCE: &[&str] = &[
    "",
    "balance roundrobin",
    "balance static-rr",
    "balance source",
    "balance first",
    "balance hash src",
    "balance hash var(txn.v)",
];

/// A whole configuration that listens on `FE` and logs to `LOG`.
pub(super) fn configuration(draw: &mut Draw) -> String {
    let mut out = String::from("global\n    log \"127.0.0.1:${LOG}\" local0\n");
    out.push_str("defaults\n    mode tcp\n    log global\n    option tcplog\n");
    out.push_str("    timeout connect 2s\n    timeout client 600\n    timeout server 2s\n");
    if draw.chance(30) {
        line(&mut out, draw.one(&["option tcpka", "option dontlognull", "option redispatch"]));
    }
    frontend(draw, &mut out);
    for number in 1..=3 {
        backend(draw, number, &mut out);
    }
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(&format!("    {}\n", text.trim_end()));
}

fn frontend(draw: &mut Draw, out: &mut String) {
    out.push_str("frontend fe\n    bind \"127.0.0.1:${FE}\"\n    tcp-request inspect-delay 30\n");
    let names: Vec<String> = (0..draw.below(4)).map(|at| format!("acl{at}")).collect();
    for name in &names {
        line(out, &format!("acl {name} {}", criterion(draw)));
    }
    if draw.chance(20) {
        line(out, draw.one(&["tcp-request connection accept", "tcp-request session accept"]));
    }
    if draw.chance(20) {
        line(out, "tcp-request session set-var(sess.s) src");
    }
    for _ in 0..draw.below(4) {
        let action = draw.one(&[
            "reject",
            "set-var(txn.v) req.payload(0,3)",
            "set-var(txn.v) req.payload(0,0),djb2",
            "capture req.payload(0,6) len 6",
            "set-src ipv4(192.0.2.9)",
            "unset-var(txn.v)",
        ]);
        let when = if action == "reject" {
            String::from("if { req.payload(0,0) -m sub \"x-end: 2\" }")
        } else {
            condition(draw, &names)
        };
        line(out, &format!("tcp-request content {action} {when}"));
    }
    // Without it conditions of `use_backend` are looked at before anything came.
    line(out, draw.one(&["tcp-request content accept if { req.len gt 0 }", WAIT]));
    for _ in 0..draw.below(3) {
        let to = draw.one(&["b1", "b2", "b3"]);
        line(out, &format!("use_backend {to} if {{ {} }}", criterion(draw)));
    }
    line(out, &format!("default_backend {}", draw.one(&["b1", "b2", "b3"])));
}

const WAIT: &str = "tcp-request content accept if WAIT_END";

fn criterion(draw: &mut Draw) -> &'static str {
    if draw.chance(15) { draw.one(LENGTHS) } else { draw.one(CRITERIA) }
}

fn condition(draw: &mut Draw, names: &[String]) -> String {
    let not = if draw.chance(20) { "!" } else { "" };
    match names.len() {
        0 => format!("if {not}{{ {} }}", criterion(draw)),
        count => format!("if {not}{}", names[draw.below(count)]),
    }
}

fn backend(draw: &mut Draw, number: usize, out: &mut String) {
    out.push_str(&format!("backend b{number}\n"));
    line(out, draw.one(BALANCE));
    if draw.chance(25) {
        line(out, draw.one(&["hash-type consistent", "hash-type map-based djb2 avalanche"]));
    }
    if draw.chance(25) {
        line(out, "tcp-response inspect-delay 40");
        let rule = draw.one(&[
            "reject if { res.payload(9,3) -m str 404 }",
            "accept if { res.len gt 10 }",
            "set-var(res.x) res.payload(0,4)",
            "close if { res.payload(9,3) -m str 500 }",
        ]);
        line(out, &format!("tcp-response content {rule}"));
        line(out, "tcp-response content accept");
    }
    let servers = 1 + draw.below(3);
    if draw.chance(15) {
        line(out, &format!("use-server s{servers} if {{ {} }}", criterion(draw)));
    }
    for server in 1..=servers {
        let weight = draw.one(&["", "", " weight 3", " weight 0", " backup", " maxconn 50"]);
        let weight = if server == 1 { "" } else { weight };
        let stub = (number - 1) * 2 + server;
        line(out, &format!("server s{server} \"127.0.0.1:${{S{stub}}}\"{weight}"));
    }
}

/// A request, or bytes that are none.
pub(super) fn request(draw: &mut Draw) -> String {
    if draw.chance(88) {
        return request::line(draw, "");
    }
    let bytes =
        ["GET", "\\x16\\x03\\x01", "PING\\r\\n\\r\\n", "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"];
    format!("RAW | !raw={}", draw.one(&bytes))
}
