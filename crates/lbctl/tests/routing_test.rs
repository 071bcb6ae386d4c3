//! `lbctl test`: cases that pass, cases that fail, coverage, JUnit, cases out of a log.

mod support;

use support::{EDGE, folder, run};

const CASES: &str = r#"
files = ["edge.cfg"]

[[case]]
name = "chat goes to a server that is up"
request = "GET http://ws.example/chat"
ws = true
facts = ["server bk_ws/a down"]
[case.expect]
backend = "bk_ws"
server = "b"
status = 101
timeouts = { tunnel = "15m", client = "25s" }
headers = { upgrade = "websocket", cookie = "" }

[[case]]
name = "private is denied"
request = "http://www.example/private"
[case.expect]
verdict = "deny"
status = 403
line = 11
"#;

#[test]
fn cases_pass_and_tell_what_they_reached() {
    let dir = folder(&[("edge.cfg", EDGE), ("edge.lbtest.toml", CASES)]);
    let (out, err, code) = run(dir.path(), &["test", "--coverage", "--junit", "out.xml"]);
    assert_eq!(code, 0, "{out}{err}");
    let expected = "ok    ./edge.lbtest.toml: chat goes to a server that is up
ok    ./edge.lbtest.toml: private is denied
2 passed, 0 failed
rules taken: 2 of 3 (66.7 %)
ACL lines seen both ways: 0 of 1
  edge.cfg:12: never reached: default_backend bk_page
  edge.cfg:9: never false: acl host_ws hdr_beg(Host) -i ws.
";
    assert_eq!(out.replace("./edge.cfg", "edge.cfg"), expected);
    let xml = std::fs::read_to_string(dir.path().join("out.xml")).expect("a file");
    assert!(xml.contains("tests=\"2\" failures=\"0\""), "{xml}");
    let (out, _, code) = run(dir.path(), &["test", "--fail-under", "80"]);
    assert!(out.contains("66.7 % of the rules were reached") && code == 1, "{out}");
    let (out, _, code) = run(dir.path(), &["test", "--run", "^private"]);
    assert!(out.contains("1 passed, 0 failed") && code == 0, "{out}");
}

#[test]
fn a_case_that_fails_says_what_is_different() {
    let cases = CASES.replace("server = \"b\"", "server = \"a\"").replace("\"15m\"", "\"1h\"");
    let dir = folder(&[("edge.cfg", EDGE), ("edge.lbtest.toml", &cases)]);
    let (out, _, code) = run(dir.path(), &["test", "edge.lbtest.toml"]);
    assert_eq!(code, 1);
    assert!(out.contains("the server is b, expected a\n"), "{out}");
    assert!(out.contains("`timeout tunnel` in ms is 900000, expected 3600000\n"), "{out}");
    assert!(out.ends_with("1 passed, 1 failed\n"), "{out}");
}

#[test]
fn a_file_that_is_no_file_of_cases_ends_with_2() {
    let dir = folder(&[("edge.cfg", EDGE), ("edge.lbtest.toml", "files = 3\n")]);
    assert_eq!(run(dir.path(), &["test"]).2, 2);
    assert_eq!(run(dir.path(), &["test", "none.lbtest.toml"]).2, 2);
    let dir = folder(&[("edge.cfg", EDGE)]);
    assert_eq!(run(dir.path(), &["test"]).2, 2, "no case is no success");
}

#[test]
fn a_log_gives_cases_that_run() {
    let log = "Feb  6 12:14:14 h haproxy[1]: 10.0.1.2:33 [06/Feb/2009:12:14:14.655] http bk_ws/a 10/0/30/69/109 200 \
        27 - - ---- 1/1/1/1/0 0/0 {ws.example} {} \"GET /x HTTP/1.1\"\n\
        Feb  6 12:14:15 h haproxy[1]: 10.0.1.2:34 [06/Feb/2009:12:14:15.655] http http/<NOSRV> 0/-1/-1/-1/0 403 \
        27 - - PR-- 1/1/1/1/0 0/0 {www.example} {} \"GET /private HTTP/1.1\"\n";
    let dir = folder(&[("haproxy.cfg", EDGE), ("haproxy.log", log)]);
    let (cases, err, code) = run(dir.path(), &["test", "--from-log", "haproxy.log"]);
    assert_eq!(code, 0, "{err}");
    std::fs::write(dir.path().join("log.lbtest.toml"), &cases).expect("a file");
    let (out, err, code) = run(dir.path(), &["test"]);
    assert!(out.ends_with("2 passed, 0 failed\n") && code == 0, "{out}{err}{cases}");
}
