//! Single decisions: what a rule does, and what the trace tells of it.

mod support;

use std::time::Duration;

use expect_test::{Expect, expect};
use rules::{
    Admission, Cursor, NoTrace, Phase, Stream, Verdict, admit, inspect, route, timeouts_in_force,
};
use sample::{Buffered, FrontendRef};
use support::{Lab, World, exchange, render, request};

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Runs a request on the first frontend and compares trace and end.
#[track_caller]
fn check(config: &str, raw: &str, expect: Expect) {
    let lab = Lab::new(&format!("{config}\n"));
    let mut trace = Vec::new();
    let raw = format!("{}\r\n\r\n", raw.replace(" | ", "\r\n"));
    let end = exchange(&lab, &World::new(&lab), &raw, ANSWER, &mut trace);
    let server = end.server;
    let text = format!(
        "{}=> {}/{server} {}{}\n",
        render(&lab, &trace),
        end.backend,
        end.status,
        end.other
    );
    expect.assert_eq(&text);
}

#[test]
fn an_acl_declared_twice_matches_when_either_line_does() {
    check(
        "frontend fe
           mode http
           bind :80
           acl internal src 10.0.0.0/8
           acl internal hdr(x-team) -m found
           use_backend admin if internal
         backend admin
           mode http
           server s1 192.0.2.9:80",
        "GET / HTTP/1.1 | Host: h | X-Team: core",
        expect![[r#"
              1 fe
                  fact Src
              4     internal yes 192.0.2.7, core
              6   UseBackend Taken
              7 admin
              7   roundrobin None [] -> Some("s1")
            => admin/s1 200
        "#]],
    );
}

#[test]
fn a_rule_that_answers_leaves_the_rest_unread() {
    check(
        "frontend fe
           mode http
           bind :80
           http-request set-header x-a 1
           http-request deny if { path /private }
           http-request set-header x-b 1
           default_backend be
         backend be
           mode http
           server s1 192.0.2.9:80",
        "GET /private HTTP/1.1 | Host: h",
        expect![[r#"
              1 fe
              4   HttpRequest Taken header x-a: - => 1
              5     {path /private} yes /private
              5   HttpRequest Taken
              6   HttpRequest Skipped
            => fe/<NOSRV> 403
        "#]],
    );
}

#[test]
fn an_edit_is_seen_by_later_conditions() {
    check(
        "frontend fe
           mode http
           bind :80
           http-request set-path /new%[path]
           http-request set-var(txn.p) path
           use_backend be if { path_beg /new } { var(txn.p) -m end old }
         backend be
           mode http
           option forwardfor
           server s1 192.0.2.9:80",
        "GET /old HTTP/1.1 | Host: h",
        expect![[r#"
              1 fe
              4   HttpRequest Taken path: /old => /new/old
              5   HttpRequest Taken var txn.p: - => /new/old
              6     {path_beg /new} yes /new/old
              6     {var(txn.p) -m end old} yes /new/old
              6   UseBackend Taken
              7 be
              7   roundrobin None [] -> Some("s1")
              9   header x-forwarded-for: - => 192.0.2.7
                  fact Src
            => be/s1 200
        "#]],
    );
}

#[test]
fn a_listen_section_runs_its_rules_once() {
    check(
        "listen both
           mode http
           bind :80
           http-request add-header x-a 1
           http-response add-header x-b 1
           server s1 192.0.2.9:80",
        "GET / HTTP/1.1 | Host: h",
        expect![[r#"
              1 both
              4   HttpRequest Taken header x-a: - => 1
              1   roundrobin None [] -> Some("s1")
              1 both
              5   HttpResponse Taken header x-b: - => 1
            => both/s1 200
        "#]],
    );
}

#[test]
fn monitor_uri_answers_before_any_rule() {
    check(
        "frontend fe
           mode http
           bind :80
           monitor-uri /alive
           monitor fail if { nbsrv(be) lt 1 }
           http-request deny
           default_backend be
         backend be
           mode http
           server s1 192.0.2.9:80",
        "GET /alive HTTP/1.1 | Host: h",
        expect![[r#"
              1 fe
                  fact UsableServers(BackendRef(0))
              5     {nbsrv(be) lt 1} no 1
              5   MonitorFail NotTaken
              4   MonitorUri Taken
            => fe/<NOSRV> 200
        "#]],
    );
}

#[test]
fn monitor_fail_turns_the_answer_into_503() {
    check(
        "frontend fe
           mode http
           bind :80
           monitor-uri /alive
           monitor fail if { nbsrv(be) lt 1 }
           default_backend be
         backend be
           mode http
           server s1 192.0.2.9:80 disabled",
        "GET /alive HTTP/1.1 | Host: h",
        expect![[r#"
              1 fe
                  fact UsableServers(BackendRef(0))
              5     {nbsrv(be) lt 1} yes 0
              5   MonitorFail Taken
              4   MonitorUri Taken
            => fe/<NOSRV> 503
        "#]],
    );
}

#[test]
fn a_cookie_that_leads_to_a_dead_server_is_balanced_anew() {
    check(
        "frontend fe
           mode http
           bind :80
           default_backend be
         backend be
           mode http
           cookie S insert indirect
           server s1 192.0.2.9:80 cookie a disabled
           server s2 192.0.2.9:81 cookie b",
        "GET / HTTP/1.1 | Host: h | Cookie: S=a; T=1",
        expect![[r#"
              1 fe
              4   DefaultBackend Taken
              5 be
              7   cookie S=a: its server is down
              5   roundrobin None [("s1", "maint")] -> Some("s2")
              7   header cookie: S=a; T=1 => T=1
              7   header set-cookie: - => S=b; path=/
            => be/s2 200
        "#]],
    );
}

#[test]
fn a_backend_without_a_live_server_answers_503() {
    check(
        "frontend fe
           mode http
           bind :80
           default_backend be
         backend be
           mode http
           errorloc 503 http://sorry.example/
           server s1 192.0.2.9:80 disabled",
        "GET / HTTP/1.1 | Host: h",
        expect![[r#"
              1 fe
              4   DefaultBackend Taken
              5 be
              5   roundrobin None [("s1", "maint")] -> None
            => be/<NOSRV> 302
        "#]],
    );
}

/// Sends a cookie with dates and tells the letters and the cookie that comes back.
#[track_caller]
fn dated(words: &str, cookie: &str, expected: &str) {
    let lab = Lab::new(&format!(
        "frontend fe\n mode http\n bind :80\n default_backend be\nbackend be\n mode http\n \
         cookie S insert {words}\n server s1 192.0.2.9:80 cookie a\n \
         server s2 192.0.2.9:81 cookie b\n"
    ));
    let raw = format!("GET / HTTP/1.1\r\nHost: h\r\nCookie: {cookie}\r\n\r\n");
    let end = exchange(&lab, &World::new(&lab), &raw, ANSWER, &mut NoTrace);
    let set = end.headers.iter().find_map(|line| line.strip_prefix("set-cookie: "));
    assert_eq!(format!("{} {} {}", end.server, end.cookies, set.unwrap_or("-")), expected);
}

#[test]
fn dates_in_a_cookie_are_judged_and_renewed() {
    // The clock stands at `awQvQ`; each digit before the last is worth 256 s.
    let both = "maxidle 1m maxlife 1h";
    dated(both, "S=b|awQvQ|awQvQ", "s2 VN -");
    dated(both, "S=b|awQvP|awQvP", "s2 VU S=b|awQvQ|awQvP; path=/");
    dated(both, "S=b|awQuQ|awQuQ", "s1 EI S=a|awQvQ|awQvQ; path=/");
    dated(both, "S=b|awQvP|awQAQ", "s1 OI S=a|awQvQ|awQvQ; path=/");
    dated(both, "S=b|awQzQ|awQzQ", "s2 VN -");
    dated(both, "S=b|axQvQ|awQvQ", "s1 EI S=a|awQvQ|awQvQ; path=/");
    dated(both, "S=b|awQvQ|axQvQ", "s1 OI S=a|awQvQ|awQvQ; path=/");
    dated(both, "S=b|awQvQ", "s2 VU S=b|awQvQ|awQvQ; path=/");
    dated(both, "S=b||awQvP", "s2 VU S=b|awQvQ|awQvP; path=/");
    dated(both, "S=b|bad|bad", "s2 VU S=b|awQvQ|awQvQ; path=/");
    dated(both, "S=b", "s2 VU S=b|awQvQ|awQvQ; path=/");
    dated("maxidle 1h", "S=b|awQvP|awQvP", "s2 VU S=b|awQvQ; path=/");
    dated("maxlife 1h", "S=b|awQvQ", "s2 VU S=b|awQvQ|awQvQ; path=/");
    dated("", "S=b|awQvQ", "s1 II S=a; path=/");
}

const TCP: &str = "
frontend fe
  mode tcp
  bind :80
  tcp-request connection reject if { src 10.0.0.0/8 }
  tcp-request session silent-drop if { src 192.0.2.66 }
  tcp-request inspect-delay 5s
  tcp-request content reject if { req.len gt 4 }
  tcp-request content accept if { req.payload(0,2) -m bin 5353 }
  use_backend ssh if { req.payload(0,3) -m bin 535348 }
  default_backend other
backend ssh
  mode tcp
  server s1 192.0.2.9:22
backend other
  mode tcp
  server s1 192.0.2.9:443
";

#[test]
fn a_connection_is_admitted_by_its_source() {
    let lab = Lab::new(TCP);
    let mut world = World::new(&lab);
    for (src, accepted) in
        [([10, 1, 1, 1], false), ([192, 0, 2, 66], false), ([192, 0, 2, 7], true)]
    {
        world.src = (src, 4000).into();
        let mut stream = Stream::new(FrontendRef(0));
        let admission = admit(&lab.program, &mut stream, &world, &mut NoTrace);
        assert_eq!(admission == Admission::Accept, accepted, "{src:?}: {admission:?}");
        assert_eq!(stream.cursor, Cursor::default());
    }
}

#[test]
fn tcp_content_waits_for_what_it_tests_and_no_longer() {
    let lab = Lab::new(TCP);
    let world = World::new(&lab);
    let mut stream = Stream::new(FrontendRef(0));
    let mut step = |bytes: &[u8], complete: bool| {
        let payload = Buffered { bytes, complete };
        inspect(&lab.program, &mut stream, payload, &world, &mut NoTrace)
    };
    let first = step(b"S", false);
    assert!(
        matches!(first, Verdict::Wait { within } if within == Duration::from_secs(5)),
        "{first:?}"
    );
    let last = step(b"SSH", true);
    assert!(matches!(last, Verdict::Forward(backend) if backend.0 == 0), "{last:?}");
}

#[test]
fn wait_for_body_runs_each_rule_once() {
    let lab = Lab::new(
        "frontend fe\n mode http\n bind :80\n http-request add-header x-a 1\n \
         http-request wait-for-body time 2s at-least 3\n http-request add-header x-b 1\n \
         default_backend be\nbackend be\n mode http\n server s1 192.0.2.9:80\n",
    );
    let world = World::new(&lab);
    let mut stream = Stream::new(FrontendRef(0));
    let (mut head, _) = request("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n");
    for bytes in [&b""[..], b"ab"] {
        let body = Buffered { bytes, complete: false };
        let verdict = route(&lab.program, &mut stream, &mut head, body, &world, &mut NoTrace);
        assert!(matches!(verdict, Verdict::Wait { within } if within == Duration::from_secs(2)));
    }
    let body = Buffered { bytes: b"abc", complete: false };
    let verdict = route(&lab.program, &mut stream, &mut head, body, &world, &mut NoTrace);
    assert!(matches!(verdict, Verdict::Forward(_)), "{verdict:?}");
    assert_eq!((head.fields.count(b"x-a"), head.fields.count(b"x-b")), (1, 1));
}

#[test]
fn each_timeout_tells_where_it_comes_from() {
    let lab = Lab::new(
        "defaults\n mode http\n timeout client 10s\n timeout connect 1s\nfrontend fe\n bind :80\n \
         default_backend be\nbackend be\n http-request set-timeout server 7s\n \
         timeout server 20s\n timeout tunnel 1h\n server s1 192.0.2.9:80\n",
    );
    let world = World::new(&lab);
    let mut stream = Stream::new(FrontendRef(0));
    let (mut head, _) = request("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let body = Buffered { bytes: &[], complete: true };
    let _ = route(&lab.program, &mut stream, &mut head, body, &world, &mut NoTrace);
    let mut text = String::new();
    for timeout in timeouts_in_force(&lab.program, &stream) {
        let line = timeout.span.map_or(0, |span| lab.sources.line(span));
        let duration = timeout.duration.map_or(0, |duration| duration.as_secs());
        text += &format!("{:?} {duration}s line {line}\n", timeout.phase);
        assert!(timeout.phase != Phase::Server || duration == 7);
    }
    expect![[r#"
        Client 10s line 3
        HttpRequest 10s line 3
        HttpKeepAlive 10s line 3
        Queue 1s line 4
        Connect 1s line 4
        Server 7s line 9
        Tunnel 3600s line 11
        ClientFin 0s line 0
        ServerFin 0s line 0
        Tarpit 1s line 4
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_fact_that_is_not_known_is_named() {
    let lab = Lab::new(
        "frontend fe\n mode http\n bind :80\n http-request deny if { path /a } { src 10.0.0.0/8 }\n \
         default_backend be\nbackend be\n mode http\n server s1 192.0.2.9:80\n",
    );
    let ask = |target: &str| {
        let mut stream = Stream::new(FrontendRef(0));
        let (mut head, _) = request(&format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let body = Buffered { bytes: &[], complete: true };
        route(&lab.program, &mut stream, &mut head, body, &sample::NoFacts, &mut NoTrace)
    };
    let open = ask("/a");
    assert!(matches!(open, Verdict::Unknown(sample::Fact::Src)), "{open:?}");
    // The path decides alone: nothing has to be known of the client.
    let closed = ask("/b");
    assert!(matches!(closed, Verdict::Forward(_)), "{closed:?}");
}

#[test]
fn the_session_outlives_a_request_and_the_rest_does_not() {
    let lab = Lab::new(
        "frontend fe\n mode http\n bind :80\n http-request set-var(sess.a) path\n \
         http-request set-var(txn.b) path\n http-request set-src str(10.0.0.1)\n \
         default_backend be\nbackend be\n mode http\n server s1 192.0.2.9:80\n",
    );
    let world = World::new(&lab);
    let admitted = Stream::new(FrontendRef(0));
    let mut stream = admitted.clone();
    let (mut head, _) = request("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    let body = Buffered { bytes: &[], complete: true };
    let _ = route(&lab.program, &mut stream, &mut head, body, &world, &mut NoTrace);
    let next = stream.next_request(&admitted);
    let set = |stream: &Stream, name: &str| {
        let id = lab.program.var(name).expect("the program uses it");
        stream.vars.get(id).is_some()
    };
    assert!(set(&stream, "txn.b") && set(&next, "sess.a") && !set(&next, "txn.b"));
    assert_eq!((next.overrides.src, next.requests_before), (None, 1));
}

/// The errors of a configuration, in order.
#[track_caller]
fn refused(lines: &str, expect: Expect) {
    let text = format!(
        "frontend fe\n mode http\n bind :80\n{lines}\n default_backend be\nbackend be\n mode http\n \
         server s1 192.0.2.9:80\n"
    );
    match Lab::load(&text) {
        Ok(_) => expect.assert_eq("accepted\n"),
        Err(findings) => expect.assert_eq(&findings),
    }
}

#[test]
fn what_does_not_compile_is_reported_where_it_stands() {
    refused(
        " http-request set-header x %[nope]",
        expect![[r#"
        4 E0501 no sample fetch is named `nope`
    "#]],
    );
    refused(
        " http-request set-header x %[path,nope]",
        expect![[r#"
        4 E0502 no converter is named `nope`
    "#]],
    );
    refused(
        " http-request set-header x %[res.hdr(x)]",
        expect![[r#"
        4 E0505 `res.hdr` has no value in a frontend http-request header rule
    "#]],
    );
    refused(
        " http-request set-var(nope.x) path",
        expect![[r#"
        4 E0307 `nope.x` has no scope
    "#]],
    );
    refused(
        " http-request replace-path (a /b",
        expect![[r#"
        4 E0508 `(a` is no regular expression: unclosed group
    "#]],
    );
    refused(
        " http-request deny if { path_reg [ }",
        expect![[r#"
        4 E0508 `[` is no regular expression: unclosed character class
    "#]],
    );
    refused(
        " http-request deny if nope",
        expect![[r#"
        4 E0402 no ACL above is named `nope`
    "#]],
    );
    refused(
        " use_backend nope",
        expect![[r#"
        4 E0401 no backend is named `nope`
    "#]],
    );
    refused(
        " http-request deny deny_status 418",
        expect![[r#"
            4 E0308 no page exists for 418
        "#]],
    );
    refused(
        " http-request return status 200 errorfile /nonexistent",
        expect![[r#"
        4 E0701 `/nonexistent` cannot be read: entity not found
    "#]],
    );
    refused(
        " errorfile 503 /nonexistent",
        expect![[r#"
        4 E0701 `/nonexistent` cannot be read: entity not found
    "#]],
    );
    refused(
        " http-request capture path id 3",
        expect![[r#"
        4 E0419 no capture slot has the id 3: 0 are declared
    "#]],
    );
    refused(
        " option forwardfor except nope",
        expect![[r#"
        4 E0305 `nope` is not an address or a network
    "#]],
    );
}

#[test]
fn a_program_that_is_refused_says_why() {
    const BAD: &[&str] = &[
        "nope",
        "{ nope }",
        "{ path -m reg ( }",
        "{ src nope }",
        "{ path -f /nonexistent }",
        "{ http_auth(nope) }",
        "{ nbsrv(nope) gt 1 }",
        "{ var(nope.x) -m found }",
        "{ req.hdr(x),nope }",
        "{ balance }",
        "!",
    ];
    const LINES: &[(&str, &[&str])] = &[
        (
            "frontend",
            &["monitor fail", "use_backend be", "http-request deny", "redirect prefix /x"],
        ),
        ("frontend", &["tcp-request connection reject", "tcp-request session accept"]),
        ("frontend", &["tcp-request content reject", "http-response deny"]),
        ("frontend", &["http-after-response del-header x", "http-request capture path len 9"]),
        ("backend", &["use-server s1", "force-persist", "ignore-persist", "http-request allow"]),
        ("backend", &["tcp-response content close", "http-response set-header a b"]),
        ("listen", &["use-server s1", "force-persist", "http-response deny", "use_backend be"]),
        ("listen", &["tcp-request content accept", "http-request deny", "redirect prefix /x"]),
    ];
    for (section, lines) in LINES {
        for line in *lines {
            for bad in BAD {
                silent_refusal(section, &format!("{line} if {bad}"));
                silent_refusal(section, &format!("acl a {bad}\n {line} if a"));
            }
        }
    }
    for section in ["backend", "listen"] {
        for line in ["balance hash nope", "balance hash req.hdr(x),nope", "use-server nope if TRUE"]
        {
            silent_refusal(section, line);
        }
    }
    for line in
        ["http-request capture path id 3", "http-request return status 200 file /nonexistent"]
    {
        for section in ["frontend", "backend", "listen"] {
            silent_refusal(section, line);
        }
    }
}

/// Fails when the line refuses the program and no error says so.
#[track_caller]
fn silent_refusal(section: &str, line: &str) {
    let bind = if section == "backend" { "" } else { " bind :80\n" };
    let text = format!(
        "defaults\n mode http\n{section} one\n{bind}{line}\n {}\nbackend be\n server s1 192.0.2.9:80\n",
        if section == "frontend" { "" } else { "server s1 192.0.2.9:80" }
    );
    if let Err(findings) = Lab::load(&text) {
        assert!(findings.contains(" E"), "{section}: {line}: nothing but {findings:?}");
    }
}
