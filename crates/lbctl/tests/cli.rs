//! `lbctl` as its users type it: output and exit code, on files in a folder of the test.

use std::path::Path;
use std::process::{Command, Stdio};

use expect_test::{Expect, expect};

/// Runs lbctl in a folder; standard output, then standard error, then the exit code.
fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_lbctl"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .expect("lbctl");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{}{}exit {}\n",
        text(&output.stdout),
        text(&output.stderr),
        output.status.code().unwrap_or(-1)
    )
}

/// The files, the command line, and what it prints.
#[track_caller]
fn check(files: &[(&str, &str)], line: &str, expected: Expect) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let arguments: Vec<&str> = line.split(' ').collect();
    expected.assert_eq(&run(folder.path(), &arguments));
}

const EDGE: &str = "global
    hard-stop-after 30m
defaults
    mode http
    timeout client 25s
    timeout client-fin 10s
    timeout connect 5s
    timeout server 25s
    timeout tunnel 15m
frontend http
    bind 127.0.0.1:8080
    acl host_ws hdr_beg(Host) -i ws.
    http-request deny if { path /private }
    use_backend bk_ws if host_ws
    default_backend bk_page
backend bk_ws
    balance source
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
backend bk_page
    server p 192.0.2.3:80
";

#[test]
fn a_clean_file_is_quiet_and_ends_with_0() {
    check(
        &[("edge.cfg", EDGE)],
        "check --output-format concise edge.cfg",
        expect![[r#"
            exit 0
        "#]],
    );
}

#[test]
fn an_error_has_its_place_and_ends_with_1() {
    let broken = EDGE.replace("default_backend bk_page", "default_backend bk_pag");
    check(
        &[("edge.cfg", &broken)],
        "check --output-format concise --select E04 edge.cfg",
        expect![[r#"
            edge.cfg:15:21: E0401 no backend is named `bk_pag`
            exit 1
        "#]],
    );
}

#[test]
fn a_missing_file_and_a_wrong_option_end_with_2() {
    check(
        &[],
        "check none.cfg",
        expect![[r#"
        lbctl: none.cfg: No such file or directory (os error 2)
        exit 2
    "#]],
    );
    check(
        &[("edge.cfg", EDGE)],
        "check --target 9.9 edge.cfg",
        expect![[r#"
        lbctl: `9.9` is no target: use 2.4 to 3.5, or proxyd
        exit 2
    "#]],
    );
}

#[test]
fn the_json_form_has_the_fields_that_scripts_rely_on() {
    let broken = EDGE.replace("default_backend bk_page", "default_backend bk_pag");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("edge.cfg"), broken).expect("a file");
    let out =
        run(folder.path(), &["check", "--output-format", "json", "--select", "E0401", "edge.cfg"]);
    let json: serde_json::Value =
        serde_json::from_str(out.trim_end_matches("exit 1\n")).expect("json");
    assert_eq!(json["version"], 1);
    assert_eq!(json["files"], serde_json::json!(["edge.cfg"]));
    let finding = &json["findings"][0];
    assert_eq!(finding["code"], "E0401");
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["class"], "reference");
    assert_eq!((finding["line"].as_u64(), finding["column"].as_u64()), (Some(15), Some(21)));
    assert_eq!(
        (finding["end_line"].as_u64(), finding["end_column"].as_u64()),
        (Some(15), Some(27))
    );
    for field in ["message", "help", "file", "related", "fix"] {
        assert!(finding.get(field).is_some(), "{field} is there");
    }
    assert_eq!(json["summary"], serde_json::json!({"errors": 1, "warnings": 0, "notes": 0}));
}

const TWINS: &str = "defaults
    mode http
    timeout client 5s
    timeout connect 5s
    timeout server 5s
listen l
    bind :8080
    server s 192.0.2.1:80 # the first
    server s 192.0.2.2:80
";

#[test]
fn a_fix_changes_the_bytes_it_must_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("twins.cfg");
    std::fs::write(&file, TWINS).expect("a file");
    let shown = run(folder.path(), &["check", "--fix", "--diff", "twins.cfg"]);
    assert!(shown.contains("-    server s 192.0.2.2:80\n+    server s_2 192.0.2.2:80"), "{shown}");
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), TWINS, "a diff writes nothing");
    let fixed = run(folder.path(), &["check", "-q", "--fix", "twins.cfg"]);
    assert_eq!(fixed, "exit 0\n");
    let expected = TWINS.replace("server s 192.0.2.2", "server s_2 192.0.2.2");
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), expected);
}

#[test]
fn explain_shows_each_rule_with_what_it_saw() {
    check(
        &[("edge.cfg", EDGE)],
        "explain -f edge.cfg http://ws.example/chat --ws --src 192.0.2.77",
        expect![[r#"
            GET /chat HTTP/1.1 from 192.0.2.77
            comes in on 127.0.0.1:8080 (edge.cfg:11) of http

            http  (edge.cfg:10)
                13  http-request deny if { path /private }                                  no
                      13  path /private                                                   no   saw "/chat"
                14  use_backend bk_ws if host_ws                                            taken
                      12  host_ws hdr_beg(Host) -i ws.                                    yes  saw "ws.example"
                15  default_backend bk_page                                                 not reached

            bk_ws  (edge.cfg:16)
                17  balance source on "192.0.2.77", hash 0xc000024d: b, slot 1 of 2

            => bk_ws/b at 192.0.2.2:80 by edge.cfg:14

            timeouts in force
              client           25s        edge.cfg:5
              http-request     25s        edge.cfg:5
              http-keep-alive  25s        edge.cfg:5
              queue            5s         edge.cfg:7
              connect          5s         edge.cfg:7
              server           25s        edge.cfg:8
              tunnel           15m        edge.cfg:9
              client-fin       10s        edge.cfg:6
              server-fin       none
              tarpit           5s         edge.cfg:7

            the server sees
              GET /chat HTTP/1.1
              host: ws.example
              connection: Upgrade
              upgrade: websocket
              sec-websocket-version: 13
              sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==
            exit 0
        "#]],
    );
}

#[test]
fn a_request_that_is_denied_ends_with_1_and_names_the_rule() {
    check(
        &[("edge.cfg", EDGE)],
        "explain -f edge.cfg http://www.example/private",
        expect![[r#"
            GET /private HTTP/1.1 from 127.0.0.1
            comes in on 127.0.0.1:8080 (edge.cfg:11) of http

            http  (edge.cfg:10)
                13  http-request deny if { path /private }                                  taken
                      13  path /private                                                   yes  saw "/private"

            => deny 403 by edge.cfg:13

            timeouts in force
              client           25s        edge.cfg:5
              http-request     25s        edge.cfg:5
              http-keep-alive  25s        edge.cfg:5
              queue            none
              connect          none
              server           none
              tunnel           none
              client-fin       10s        edge.cfg:6
              server-fin       none
              tarpit           none
            exit 1
        "#]],
    );
}

#[test]
fn a_server_that_is_down_by_a_fact_is_passed_over() {
    check(
        &[("edge.cfg", EDGE)],
        "explain -f edge.cfg http://www.example/ --fact server_bk_page/p_down",
        expect![[r#"
        lbctl: `server_bk_page/p_down` is no fact: `server BACKEND/SERVER up|down|drain|maint`
        exit 2
    "#]],
    );
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("edge.cfg"), EDGE).expect("a file");
    let arguments =
        ["explain", "-f", "edge.cfg", "http://www.example/", "--fact", "server bk_page/p down"];
    let out = run(folder.path(), &arguments);
    assert!(
        out.contains("=> bk_page, where no server can take it: 503") && out.ends_with("exit 1\n"),
        "{out}"
    );
}

#[test]
fn a_broken_configuration_cannot_be_explained() {
    let broken = EDGE.replace("default_backend bk_page", "default_backend bk_pag");
    check(
        &[("edge.cfg", &broken)],
        "explain -f edge.cfg http://www.example/",
        expect![[r#"
            lbctl: the configuration has errors, so nothing routes:
            edge.cfg:15:21: E0401 no backend is named `bk_pag`
            exit 2
        "#]],
    );
}

#[test]
fn what_the_daemon_takes_is_explained_though_newer_versions_refuse_it() {
    let older = EDGE
        .replace("default_backend", "http-request deny if { src,add(1) 0 }\n    default_backend");
    check(
        &[("edge.cfg", &older)],
        "explain -f edge.cfg http://nobody.example/",
        expect![[r#"
            GET / HTTP/1.1 from 127.0.0.1
            comes in on 127.0.0.1:8080 (edge.cfg:11) of http

            http  (edge.cfg:10)
                13  http-request deny if { path /private }                                  no
                      13  path /private                                                   no   saw "/"
                15  http-request deny if { src,add(1) 0 }                                   no
                      15  src,add(1) 0                                                    no   saw "2130706434"
                14  use_backend bk_ws if host_ws                                            no
                      12  host_ws hdr_beg(Host) -i ws.                                    no   saw "nobody.example"
                16  default_backend bk_page                                                 taken

            bk_page  (edge.cfg:21)
                21  balance roundrobin: p, its turn

            => bk_page/p at 192.0.2.3:80 by edge.cfg:16

            timeouts in force
              client           25s        edge.cfg:5
              http-request     25s        edge.cfg:5
              http-keep-alive  25s        edge.cfg:5
              queue            5s         edge.cfg:7
              connect          5s         edge.cfg:7
              server           25s        edge.cfg:8
              tunnel           15m        edge.cfg:9
              client-fin       10s        edge.cfg:6
              server-fin       none
              tarpit           5s         edge.cfg:7

            the server sees
              GET / HTTP/1.1
              host: nobody.example
            exit 0
        "#]],
    );
}

#[test]
fn diff_tells_objects_with_their_impact() {
    let new = EDGE
        .replace("timeout tunnel 15m", "timeout tunnel 1h")
        .replace("    server b 192.0.2.2:80 check\n", "");
    check(
        &[("old.cfg", EDGE), ("new.cfg", &new)],
        "diff old.cfg new.cfg",
        expect![[r#"
            ~ backend bk_page timeout tunnel: 15m -> 1h  [hot]  (new.cfg:9)
            - backend bk_ws server b: 192.0.2.2:80  [ends streams]  (old.cfg:19)
            ~ backend bk_ws timeout tunnel: 15m -> 1h  [hot]  (new.cfg:9)
            exit 1
        "#]],
    );
    check(
        &[("old.cfg", EDGE), ("new.cfg", &new)],
        "diff --output-format markdown old.cfg new.cfg",
        expect![[r#"
            | | object | before | after | impact | place |
            |---|---|---|---|---|---|
            | changed | backend bk_page timeout tunnel | `15m` | `1h` | hot | new.cfg:9 |
            | removed | backend bk_ws server b address | `192.0.2.2:80` |  | ends streams | old.cfg:19 |
            | changed | backend bk_ws timeout tunnel | `15m` | `1h` | hot | new.cfg:9 |
            exit 1
        "#]],
    );
    check(
        &[("old.cfg", EDGE), ("new.cfg", EDGE)],
        "diff old.cfg new.cfg",
        expect![[r#"
        no difference
        exit 0
    "#]],
    );
}

#[test]
fn a_daemon_that_is_not_there_ends_with_2() {
    check(
        &[("edge.cfg", EDGE)],
        "diff -f edge.cfg --live none.sock",
        expect![[r#"
        lbctl: none.sock: No such file or directory (os error 2)
        exit 2
    "#]],
    );
}

#[test]
fn removed_keywords_are_replaced_by_what_does_the_same() {
    let old = "defaults
    mode http
    clitimeout 5s
    contimeout 5s
    srvtimeout 5s
    option forceclose
    option http-use-htx
frontend f
    bind :80
    reqadd X-Forwarded-Proto:\\ https if { src 10.0.0.0/8 }
    rspadd X-Load:\\ 50%
    reqidel ^X-Old:.*
    reqirep ^Host: Host:\\ new.example
    block if !METH_GET
    default_backend b
backend b
    option httpchk HEAD / HTTP/1.1\\r\\nHost:\\ www.example
    server s 192.0.2.1:80 check
";
    let new = "defaults
    mode http
    timeout client 5s
    timeout connect 5s
    timeout server 5s
    option httpclose
    # option http-use-htx
frontend f
    bind :80
    http-request add-header X-Forwarded-Proto https if { src 10.0.0.0/8 }
    http-response add-header X-Load 50%%
    http-request del-header X-Old
    http-request replace-header Host .* new.example
    http-request deny if !METH_GET
    default_backend b
backend b
    option httpchk HEAD / HTTP/1.1
    http-check send hdr Host www.example
    server s 192.0.2.1:80 check
";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("old.cfg");
    std::fs::write(&file, old).expect("a file");
    let out = run(folder.path(), &["check", "--fix", "--quiet", "old.cfg"]);
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), new, "{out}");
    assert!(out.ends_with("exit 0\n"), "{out}");
}
