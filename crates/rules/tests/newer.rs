//! Keywords that came after HAProxy 2.6, which the comparison runs cannot ask: the answers of 3.5-dev5 as text.

mod support;

use rules::NoTrace;
use support::{Lab, World, exchange};

const TOP: &str = "defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 1s
frontend fe
  bind 127.0.0.1:80
";

/// What becomes of each request: `backend status`, and the fields of the answer that are asked for.
#[track_caller]
fn check(config: &str, shown: &[&str], expected: &[(&str, &str)]) {
    let lab = Lab::newer(&format!("{TOP}{config}\n"));
    let world = World::new(&lab);
    for (request, expected) in expected {
        let mut parts = request.split(" | ");
        let mut raw = format!("GET {} HTTP/1.1\r\nHost: h\r\n", parts.next().unwrap_or("/"));
        for field in parts {
            raw.push_str(&format!("{field}\r\n"));
        }
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        let end = exchange(&lab.again(), &world, &format!("{raw}\r\n"), answer, &mut NoTrace);
        let fields = end.headers.iter().filter_map(|field| {
            let (name, value) = field.split_once(": ")?;
            shown.contains(&name).then_some(value)
        });
        let mut got = vec![end.backend.clone(), end.status.to_string()];
        got.extend(fields.map(str::to_owned));
        assert_eq!(got.join(" "), *expected, "{request}");
    }
}

#[test]
fn keep_query_appends_the_query_to_the_location() {
    check(
        "http-request redirect location /x keep-query if { path /a }
         http-request redirect location /x?y keep-query if { path /b }
         http-request redirect location /x? keep-query if { path /c }
         http-request redirect prefix /p keep-query drop-query if { path /d }",
        &["location"],
        &[
            ("/a", "fe 302 /x"),
            ("/a?", "fe 302 /x"),
            ("/a?q=1", "fe 302 /x?q=1"),
            ("/b?q=1", "fe 302 /x?y&q=1"),
            ("/b", "fe 302 /x?y"),
            ("/c?q=1", "fe 302 /x?q=1"),
            ("/d?q=1", "fe 302 /p/d"),
        ],
    );
}

#[test]
fn set_cookie_fmt_makes_the_cookie_of_a_redirect() {
    check(
        "http-request redirect location /x set-cookie-fmt A=%[path] if { path /a }
         http-request redirect location /x clear-cookie B set-cookie-fmt %[req.hdr(none)] if { path /b }",
        &["set-cookie"],
        &[("/a", "fe 302 A=/a; path=/;"), ("/b", "fe 302 ; path=/;")],
    );
}

#[test]
fn rules_pass_over_backends_that_take_no_traffic() {
    check(
        "force-be-switch if { req.hdr(x-force) 1 }
         use_backend %[path,field(2,/)] if { path_beg /named/ }
         use_backend off if { path /off }
         use_backend hidden if { path /hidden }
         use_backend on if { path_beg /off /hidden }
         default_backend off
         backend on
           http-request return status 200
         backend off
           disabled
           http-request return status 201
         backend hidden
           be-unpublished
           http-request return status 202",
        &[],
        &[
            ("/off", "on 200"),
            ("/hidden", "on 200"),
            ("/off | x-force: 1", "off 201"),
            ("/hidden | x-force: 1", "hidden 202"),
            ("/", "fe 503"),
            ("/ | x-force: 1", "off 201"),
        ],
    );
}

#[test]
fn a_field_that_a_rule_wrote_is_read_without_the_blanks_around_it() {
    check(
        "http-request return status 200 hdr x \"[%[req.fhdr(a)]]\" if { path / }
         http-request set-header b \" \t q  \"
         http-request set-header c [%[req.fhdr(b)]]
         http-request return status 200 hdr x %[req.fhdr(c)]",
        &["x"],
        &[("/ | a: \t q ", "fe 200 [q]"), ("/b", "fe 200 [q]")],
    );
}

/// The lines that rules and steps make on the way to a backend.
fn lines_of(config: &str) -> Vec<String> {
    let lab = Lab::newer(&format!("{TOP}{config}\n"));
    let world = World::new(&lab);
    let mut stream = rules::Stream::new(sample::FrontendRef(0));
    let (mut head, _) = support::request("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    let body = sample::Buffered { bytes: &[], complete: true };
    rules::route(&lab.program, &mut stream, &mut head, body, &world, &mut NoTrace);
    let shown = |line: &rules::LogLine| {
        let (text, data) = (&line.text, &line.data);
        format!(
            "{:?} {} {}",
            line.to.group,
            String::from_utf8_lossy(text),
            String::from_utf8_lossy(data)
        )
    };
    stream.lines.iter().map(shown).collect()
}

#[test]
fn steps_and_rules_write_lines_and_profiles_shape_them() {
    let lines = lines_of(
        "log 192.0.2.1 local0
         log 192.0.2.2 profile own local0
         log-format \"%OG %HM %[var(txn.p)]\"
         log-format-sd [s]
         log-steps request,close
         http-request do-log
         http-request set-var(txn.p) str(/b)
         http-request do-log profile other
         default_backend be
         backend be
         log-profile own
           on request drop
           on any format \"own %OG\" sd [own]
         log-profile other
           on http-req format \"other %[var(txn.p)]\"",
    );
    assert_eq!(
        lines,
        [
            "Some(None) txn_request GET - [s]",
            "Some(None) http-req GET - [s]",
            "Some(Some(0)) own http-req [own]",
            "None other /b [s]",
        ]
    );
}

#[test]
fn without_log_targets_rules_write_nothing() {
    assert_eq!(lines_of("http-request do-log\ndefault_backend be\nbackend be"), [""; 0]);
}

#[test]
fn variables_of_the_process_are_set_while_it_runs() {
    let lab = Lab::newer(&format!(
        "{TOP}http-request set-var(proc.a) str(x)\nhttp-request set-var(txn.b) var(proc.a)\n"
    ));
    let world = World::new(&lab);
    let program = &lab.program;
    let set = |name, text, format| program.set_process_var(name, text, format, &world);
    assert_eq!(set("proc.a", "int(3),add(4)", false), Ok(()));
    assert_eq!(program.process_var("proc.a"), Some(sample::Value::Int(7)));
    assert_eq!(set("proc.a", "<%[var(proc.a)]>", true), Ok(()));
    assert_eq!(program.process_var("proc.a"), Some(sample::Value::Str(b"<7>".as_slice().into())));
    assert_eq!(set("txn.b", "int(3)", false), Err(rules::NotSet::Scope));
    assert_eq!(set("proc.c", "int(3)", false), Err(rules::NotSet::Unused));
    assert!(matches!(set("proc.a", "nofetch", false), Err(rules::NotSet::Value(_))));
}

#[test]
fn pause_stops_between_two_rules_and_goes_on_behind_itself() {
    let lab = Lab::newer(&format!(
        "{TOP}http-request set-header a 1\nhttp-request pause 20ms\nhttp-request pause req.hdr(none)\n\
         http-request pause int(30)\nhttp-request set-header b %[req.hdr(a)]\ndefault_backend be\nbackend be\n"
    ));
    let world = World::new(&lab);
    let mut stream = rules::Stream::new(sample::FrontendRef(0));
    let (mut head, _) = support::request("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    let body = sample::Buffered { bytes: &[], complete: true };
    let mut route =
        || rules::route(&lab.program, &mut stream, &mut head, body, &world, &mut NoTrace);
    let pauses = [route(), route()].map(|verdict| match verdict {
        rules::Verdict::Pause(time) => time.as_millis(),
        _ => 0,
    });
    assert_eq!(pauses, [20, 30]);
    assert!(matches!(route(), rules::Verdict::Forward(_)));
    assert_eq!(head.fields.get(b"b"), Some(&b"1"[..]));
}
