//! Sections by chance: one frontend, three backends.

use super::condition::{condition, criterion};
use super::draw::Draw;
use super::rule;

/// Lines of `defaults`.
const DEFAULTS: &[&str] = &[
    "option forwardfor",
    "option forwardfor if-none",
    "option httpclose",
    "option http-server-close",
    "option http-keep-alive",
    "no option http-keep-alive",
    "option http-no-delay",
    "option dontlognull",
    "option redispatch",
    "option abortonclose",
    "option tcpka",
    "option splice-auto",
    "option contstats",
    "option prefer-last-server",
    "option originalto",
    "retries 2",
    "maxconn 1000",
    "timeout http-request 5s",
    "timeout http-keep-alive 5s",
    "timeout queue 3s",
    "timeout tunnel 10s",
    "timeout client-fin 2s",
    "errorfiles pages",
    "errorfiles pages 503",
    "errorfile 403 \"${DIR}/e403.http\"",
    "http-reuse always",
    "balance leastconn",
    "default-server weight 2 maxconn 50",
];

/// A whole configuration that listens on `FE` and logs to `LOG`.
pub(crate) fn configuration(draw: &mut Draw) -> String {
    let mut out = String::from(
        "global\n    log \"127.0.0.1:${LOG}\" local0\n    expose-experimental-directives\n",
    );
    out.push_str("userlist none\n    user u insecure-password p\n");
    out.push_str("http-errors pages\n");
    for status in [403, 404, 503] {
        line(&mut out, &format!("errorfile {status} \"${{DIR}}/e{status}.http\""));
    }
    let named = draw.chance(15);
    out.push_str(if named { "defaults common\n" } else { "defaults\n" });
    out.push_str("    mode http\n    log global\n    option httplog\n    timeout connect 2s\n    timeout client 5s\n    timeout server 5s\n    timeout tarpit 30ms\n");
    for _ in 0..draw.below(3) {
        line(&mut out, draw.one(DEFAULTS));
    }
    if named {
        out.push_str("defaults front from common\n");
        line(&mut out, draw.one(&["http-request set-header x-d front", "errorfiles pages"]));
        out.push_str("defaults back from common\n");
        line(&mut out, draw.one(&["http-response set-header x-d back", "option forwardfor"]));
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

/// Declares some ACLs and gives their names.
fn acls(draw: &mut Draw, out: &mut String) -> Vec<String> {
    let count = draw.below(5);
    let names: Vec<String> = (0..count).map(|at| format!("acl{at}")).collect();
    for name in &names {
        line(out, &format!("acl {name} {}", criterion(draw)));
        if draw.chance(15) {
            line(out, &format!("acl {name} {}", criterion(draw)));
        }
    }
    names
}

fn frontend(draw: &mut Draw, out: &mut String) {
    let from = if out.contains("defaults front ") { " from front" } else { "" };
    out.push_str(&format!("frontend fe{from}\n"));
    let bind = draw.one(&["", "", "", " name web", " maxconn 500", " id 9 name web"]);
    line(out, &format!("bind \"127.0.0.1:${{FE}}\"{bind}"));
    let names = acls(draw, out);
    if draw.chance(20) {
        line(out, "capture request header x-a len 12");
    }
    if draw.chance(15) {
        line(out, "capture response header server len 12");
        line(out, "capture cookie c len 9");
    }
    if draw.chance(15) {
        line(out, "monitor-uri /monitor");
    }
    if draw.chance(30) {
        line(out, &rule::log_format(draw));
    }
    if draw.chance(15) {
        line(out, "unique-id-format \"%[req.hdr(x-a)]-%ci\"");
        line(out, "unique-id-header X-Unique");
    }
    if draw.chance(15) {
        line(
            out,
            draw.one(&[
                "option http-buffer-request",
                "errorfile 403 /dev/null",
                "http-error status 403 content-type text/plain string closed hdr x-e e",
                "errorloc302 503 /sorry",
                "errorloc303 404 http://e.test/404",
                "option originalto",
                "option dontlog-normal",
                "option log-separate-errors",
                "option http-ignore-probes",
                "option accept-invalid-http-request",
                "option http-use-proxy-header",
                "option forwardfor except 127.0.0.0/8",
                "errorfiles pages",
                "errorfiles pages 404",
                "errorfile 404 \"${DIR}/e404.http\"",
                "http-error status 404 content-type text/plain lf-string \"%[path] is not here\"",
                "http-error status 503 errorfile \"${DIR}/e503.http\"",
                "monitor fail if { nbsrv(b1) lt 1 }",
                "option httplog clf",
                "log-tag web",
            ]),
        );
    }
    for _ in 0..draw.below(3) {
        line(out, &rule::tcp(draw));
    }
    for _ in 0..draw.below(5) {
        line(out, &rule::request(draw, &names, true));
    }
    for _ in 0..draw.below(2) {
        line(out, &rule::response(draw, "http-response"));
    }
    if draw.chance(15) {
        line(out, &rule::response(draw, "http-after-response"));
    }
    if draw.chance(15) {
        line(out, &format!("redirect {} if {{ hdr(x-end) 2 }}", rule::redirect(draw)));
    }
    for _ in 0..draw.below(4) {
        let when = condition(draw, &names);
        if when.is_empty() {
            continue;
        }
        let to = draw.one(&[
            "b1",
            "b2",
            "b3",
            "b1",
            "%[req.hdr(x-backend)]",
            "%[req.hdr(host),lower,map_dom(\"${DIR}/backends.map\",b3)]",
            "%[path,map_beg(\"${DIR}/backends.map\")]",
        ]);
        line(out, &format!("use_backend {to} {when}"));
    }
    line(out, &format!("default_backend {}", draw.one(&["b1", "b2", "b3"])));
}

fn backend(draw: &mut Draw, number: usize, out: &mut String) {
    let from = if out.contains("defaults back ") { " from back" } else { "" };
    out.push_str(&format!("backend b{number}{from}\n"));
    let balance = draw.one(&[
        "",
        "balance roundrobin",
        "balance static-rr",
        "balance leastconn",
        "balance source",
        "balance uri",
        "balance uri depth 2",
        "balance uri len 5",
        "balance uri whole",
        "balance url_param a",
        "balance hdr(x-a)",
        "balance first",
        "balance hdr(host)",
        "balance url_param a check_post",
        "balance uri path-only",
        "balance hash req.hdr(x-a)",
        "balance hash path,lower",
    ]);
    line(out, balance);
    if draw.chance(30) {
        let function = draw.one(&["", "sdbm", "djb2", "wt6", "crc32"]);
        let avalanche = if function.is_empty() { "" } else { draw.one(&["", "avalanche"]) };
        line(
            out,
            &format!("hash-type {} {function} {avalanche}", draw.one(&["map-based", "consistent"])),
        );
    }
    let cookies = draw.chance(25);
    if cookies {
        line(
            out,
            &format!(
                "cookie c {}",
                draw.one(&[
                    "insert",
                    "insert indirect",
                    "insert indirect nocache",
                    "prefix",
                    "rewrite",
                    "insert postonly",
                    "insert preserve",
                    "insert httponly secure",
                    "insert domain .site.test attr SameSite=Lax",
                    "rewrite nocache",
                    "prefix indirect nocache",
                    "insert indirect secure",
                    "prefix preserve",
                    "insert dynamic indirect",
                ])
            ),
        );
    }
    if draw.chance(15) {
        line(
            out,
            draw.one(&[
                "http-send-name-header x-server",
                "option forwardfor header x-client",
                "http-reuse always",
                "http-reuse never",
                "option httpclose",
                "option http-pretend-keepalive",
                "option allbackups",
                "retry-on conn-failure empty-response 404 503",
                "option redispatch",
                "option http-restrict-req-hdr-names delete",
                "option http-restrict-req-hdr-names reject",
                "option log-health-checks",
                "hash-balance-factor 150",
                "fullconn 10",
                "ignore-persist if { path_beg /static }",
                "force-persist if { path_beg /api }",
                "tcp-request content reject if { req.hdr(x-end) 2 }",
                "tcp-response content accept",
                "tcp-request inspect-delay 10ms",
                "dynamic-cookie-key secret",
                "errorfiles pages",
                "http-error status 503 content-type text/plain string none",
                "redirect prefix /moved if { path_beg /static }",
                "redirect scheme https code 301 unless { path_beg /api }",
                "option forwardfor if-none header x-client",
                "default-server weight 2",
                "no option forwardfor",
                "retries 1",
            ]),
        );
    }
    let names = acls(draw, out);
    for _ in 0..draw.below(4) {
        line(out, &rule::request(draw, &names, false));
    }
    for _ in 0..draw.below(3) {
        line(out, &rule::response(draw, "http-response"));
    }
    let servers = 1 + draw.below(3);
    if draw.chance(15) {
        line(out, &format!("use-server s{servers} if {{ {} }}", criterion(draw)));
    }
    for server in 1..=servers {
        let cookie = if cookies { format!(" cookie k{server}") } else { String::new() };
        let weight = draw.one(&[
            "",
            "",
            " weight 3",
            " weight 0",
            " backup",
            " check inter 60s",
            " maxconn 20",
            " disabled",
            " redir http://r.test",
        ]);
        // At least one server of a backend takes requests.
        let weight = if server == 1 { "" } else { weight };
        line(
            out,
            &format!(
                "server s{server} \"127.0.0.1:${{S{}}}\"{cookie}{weight}",
                (number - 1) * 2 + server
            ),
        );
    }
}
