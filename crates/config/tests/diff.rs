//! What changed: `apply(diff(a, b), a) == b`, and what people get to see.

use config::model::Config;
use config::{Impact, Kind, Target, apply, diff, load, objects};
use config_parse::env::Environment;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

fn config(text: &str) -> Config {
    let files = [(String::from("t.cfg"), text.as_bytes().to_vec())];
    load(files, &Environment::default(), Target::Proxyd).config
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "tests read better so")]
fn check(old: &str, new: &str, expect: Expect) {
    let (old, new) = (config(old), config(new));
    let changes = diff(&old, &new);
    let mut out = String::new();
    for change in &changes {
        let sign = match change.kind {
            Kind::Added => '+',
            Kind::Removed => '-',
            Kind::Changed => '~',
        };
        let impact = match change.impact {
            Impact::Hot => "hot",
            Impact::RebindsListener => "rebinds",
            Impact::EndsStreams => "ends streams",
        };
        let text =
            |item: &Option<config::Item>| item.as_ref().map_or("", |item| &item.text).to_owned();
        let (from, to) = (text(&change.from), text(&change.to));
        out.push_str(&format!(
            "{sign} {} / {}: {from} -> {to} [{impact}]\n",
            change.section, change.what
        ));
    }
    expect.assert_eq(&out);
    assert_eq!(apply(&changes, objects(&old)), objects(&new));
}

#[test]
fn settings_of_defaults_show_in_each_proxy_that_has_them() {
    check(
        "defaults\n timeout server 5s\n default-server inter 1s\nbackend b\n server s 127.0.0.1:1\n",
        "defaults\n timeout server 10s\n default-server inter 1s\nbackend b\n server s 127.0.0.1:1 weight 5\n",
        expect![[r#"
            ~ backend b / timeout server: 5s -> 10s [hot]
            + backend b / server s weight:  -> 5 [hot]
        "#]],
    );
}

#[test]
fn a_line_that_moved_to_defaults_is_no_change() {
    check(
        "backend b\n mode http\n timeout server 5000\n",
        "defaults\n mode http\nbackend b\n timeout server 5s\n",
        expect![""],
    );
}

#[test]
fn a_rule_in_the_middle_is_one_change() {
    check(
        "frontend f\n mode http\n http-request set-header a 1\n http-request deny if { path /x }\n",
        "frontend f\n mode http\n http-request set-header a 1\n http-request set-path /y\n http-request deny if { path /x }\n",
        expect![[r#"
            + frontend f / http-request:  -> set-path /y [hot]
        "#]],
    );
}

#[test]
fn a_rule_that_was_rewritten_is_one_change() {
    check(
        "frontend f\n mode http\n use_backend a if { path /x } or { hdr(host) -i h }\n",
        "frontend f\n mode http\n use_backend %[path,lower] unless { path /x }\n",
        expect![[r#"
            ~ frontend f / use_backend: a if { path /x } or { hdr(host) -i h } -> %[path,lower] unless { path /x } [hot]
        "#]],
    );
}

#[test]
fn listeners_servers_and_the_process_have_their_own_impact() {
    check(
        "global\n nbthread 2\nlisten l\n bind :80\n server a 127.0.0.1:1\n server b 127.0.0.1:2\n",
        "global\n nbthread 4\nlisten l\n bind :81\n server b 127.0.0.1:3\n server c 127.0.0.1:4\n",
        expect![[r#"
            ~ global / nbthread: 2 -> 4 [ends streams]
            - listen l / server a address: 127.0.0.1:1 ->  [ends streams]
            ~ listen l / server b address: 127.0.0.1:2 -> 127.0.0.1:3 [ends streams]
            + listen l / server c address:  -> 127.0.0.1:4 [hot]
            ~ listen l / bind: *:80 -> *:81 [rebinds]
            - listen l / server order: a ->  [hot]
            + listen l / server order:  -> c [hot]
        "#]],
    );
}

#[test]
fn a_section_that_is_new_comes_with_its_objects() {
    check(
        "backend old\n balance source\n",
        "backend new\n balance uri depth 2\n",
        expect![[r#"
            - backend old / :  ->  [hot]
            - backend old / balance: source ->  [hot]
            + backend new / :  ->  [hot]
            + backend new / balance:  -> uri len 0 depth 2 [hot]
        "#]],
    );
}

const LINES: &[&str] = &[
    "mode http",
    "mode tcp",
    "timeout client 5s",
    "timeout server 1m",
    "timeout tunnel 1h",
    "maxconn 100",
    "balance leastconn",
    "balance hdr(x-user)",
    "cookie SRV insert indirect nocache",
    "option httplog",
    "option dontlognull",
    "no option dontlognull",
    "option forwardfor except 127.0.0.0/8",
    "option httpchk GET /health",
    "http-check expect status 200",
    "log 127.0.0.1:514 local0 info",
    "log global",
    "server a 127.0.0.1:1 check",
    "server b 127.0.0.1:2 weight 20 backup",
    "server c [::1]:3 cookie c inter 5s",
    "server a unix@/tmp/s",
    "acl api path_beg /api /v1",
    "acl api hdr(host) -i \"a b\"",
    "http-request set-header x-a \"%[src] %ci\" if { path -m beg /x }",
    "http-request deny status 403 content-type text/plain string \"no\" unless TRUE",
    "http-request set-var(txn.a) req.hdr(b),lower",
    "http-request redirect location /x code 301",
    "http-response del-header server",
    "tcp-request content accept if WAIT_END",
    "use_backend b1 if { path / }",
    "default_backend b1",
    "errorfile 503 /x",
    "capture request header host len 10",
    "stats uri /s",
    "bind :80 name web",
    "bind [::]:81 v4v6,*:82",
];

fn section() -> impl Strategy<Value = String> {
    let head = select(vec!["frontend f1", "backend b1", "listen l1", "backend b2", "defaults"]);
    let lines = subsequence(LINES, 0..12).prop_shuffle();
    (head, lines).prop_map(|(head, lines)| format!("{head}\n {}\n", lines.join("\n ")))
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(section(), 0..5).prop_map(|sections| sections.concat())
}

proptest! {
    #[test]
    fn applying_the_difference_gives_the_second(old in text(), new in text()) {
        let (old, new) = (config(&old), config(&new));
        prop_assert_eq!(apply(&diff(&old, &new), objects(&old)), objects(&new));
        prop_assert!(diff(&new, &new).is_empty());
    }

    #[test]
    fn no_text_makes_lowering_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let files = [(String::from("t.cfg"), bytes)];
        load(files, &Environment::default(), Target::Proxyd);
    }

    #[test]
    fn words_of_the_language_in_any_order_make_no_panic(
        words in proptest::collection::vec(select(WORDS), 0..80)
    ) {
        let files = [(String::from("t.cfg"), words.join(" ").replace(" ; ", "\n").into_bytes())];
        load(files, &Environment::default(), Target::Proxyd);
    }
}

const WORDS: &[&str] = &[
    ";",
    ";",
    ";",
    "global",
    "defaults",
    "frontend",
    "listen",
    "backend",
    "userlist",
    "x",
    "from",
    "if",
    "unless",
    "{",
    "}",
    "!",
    "or",
    "bind",
    "server",
    ":80",
    "127.0.0.1:1",
    "balance",
    "hdr(",
    "hdr(x)",
    "random(9)",
    "uri",
    "cookie",
    "insert",
    "http-request",
    "http-response",
    "tcp-request",
    "content",
    "connection",
    "set-var(",
    "set-var(txn.x)",
    "set-header",
    "deny",
    "return",
    "string",
    "acl",
    "path",
    "-m",
    "-i",
    "log",
    "stdout",
    "local0",
    "option",
    "httpchk",
    "expect",
    "status",
    "http-check",
    "tcp-check",
    "send",
    "no",
    "default",
    "timeout",
    "client",
    "5s",
    "\"\"",
    "%[",
    "%ci",
    "stats",
    "socket",
    "server-template",
    "1-3",
    "0-4294967295",
    "weight",
    "inter",
    "capture",
    "len",
    "redirect",
    "location",
    "errorfile",
    "503",
    "maxconn",
    "-1",
    "99999999999999999999",
    "default-server",
    "track",
    "x/y",
    "user",
    "group",
    "users",
    "é",
    "use_backend",
    "use-server",
    "retry-on",
    "id",
    "0",
];
