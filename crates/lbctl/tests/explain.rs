//! `lbctl explain` with what its options add to a request.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;

use support::{EDGE, folder, run};

#[test]
fn a_curl_command_is_a_request() {
    let text = EDGE.replace("{ path /private }", "{ req.hdr(x-team) core } METH_PUT");
    let dir = folder(&[("edge.cfg", &text)]);
    let curl = "curl -X PUT 'http://ws.example/x?y' -H 'X-Team: core' -d a=1";
    let (out, err, code) = run(dir.path(), &["explain", "-f", "edge.cfg", "--curl", curl]);
    assert!(out.starts_with("PUT /x?y HTTP/1.1"), "{out}{err}");
    assert!(out.contains("=> deny 403 by edge.cfg:11") && code == 1, "{out}");
}

#[test]
fn why_not_names_the_first_condition_in_the_way() {
    let dir = folder(&[("edge.cfg", EDGE)]);
    let ask = |url: &str, format: &str| {
        let line =
            ["explain", "-f", "edge.cfg", url, "--why-not", "bk_ws", "--output-format", format];
        run(dir.path(), &line).0
    };
    let out = ask("http://www.example/", "text");
    let expected = "
why not bk_ws
    10  use_backend bk_ws if host_ws
        `host_ws` did not hold: it saw \"www.example\"  (edge.cfg:9: acl host_ws hdr_beg(Host) -i ws.)
";
    assert!(out.ends_with(expected), "{out}");
    let json: serde_json::Value =
        serde_json::from_str(&ask("http://www.example/", "json")).expect("json");
    assert_eq!(json["why_not"]["obstacles"][0]["by"]["line"], 9);
    assert!(ask("http://ws.example/", "text").ends_with("why not bk_ws: it went there\n"));
    let out = ask("http://ws.example/private", "text");
    assert!(out.contains("never came to this rule  (edge.cfg:11: http-request deny"), "{out}");
    let (_, err, code) = run(dir.path(), &["explain", "-f", "edge.cfg", "/", "--why-not", "none"]);
    assert!(err.contains("no backend is named `none`") && code == 2, "{err}");
}

#[test]
fn a_map_is_read_from_where_it_is() {
    let text = EDGE.replace(
        "use_backend bk_ws if host_ws",
        "use_backend %[req.hdr(host),map(/none/hosts.map)]",
    );
    let text = text.replace("    acl host_ws hdr_beg(Host) -i ws.\n", "");
    let dir = folder(&[("edge.cfg", &text), ("hosts.map", "chat.example bk_ws\n")]);
    let line = ["explain", "-f", "edge.cfg", "http://chat.example/"];
    assert_eq!(run(dir.path(), &line).2, 2, "the map is not there");
    let line = [&line[..], &["--map", "/none/hosts.map=hosts.map"]].concat();
    let (out, err, code) = run(dir.path(), &line);
    assert!(out.contains("=> bk_ws/") && code == 0, "{out}{err}");
}

#[test]
fn a_moment_is_given_as_people_write_it() {
    let text = EDGE.replace("{ path /private }", "{ date,http_date -m beg Sat }");
    let dir = folder(&[("edge.cfg", &text)]);
    let at = |moment| {
        run(dir.path(), &["explain", "-f", "edge.cfg", "http://a.example/", "--at", moment])
    };
    assert_eq!(at("2026-01-31T12:00:00Z").2, 1, "a Saturday");
    assert_eq!(at("2026-01-30T12:00:00Z").2, 0);
    assert_eq!(at("yesterday").2, 2);
}

#[test]
fn the_name_of_a_tls_client_chooses_in_tcp_mode() {
    let text = "defaults
    mode tcp
    timeout client 1s
    timeout connect 1s
    timeout server 1s
frontend f
    bind :443
    tcp-request inspect-delay 1s
    tcp-request content accept if { req.ssl_hello_type 1 }
    use_backend chat if { req.ssl_sni -i chat.example }
    default_backend page
backend chat
    server c 192.0.2.1:443
backend page
    server p 192.0.2.2:443
";
    let dir = folder(&[("edge.cfg", text)]);
    let ask = |name| run(dir.path(), &["explain", "-f", "edge.cfg", "/", "--sni", name]).0;
    assert!(ask("chat.example").contains("=> chat/c"), "{}", ask("chat.example"));
    assert!(ask("www.example").contains("=> page/p"));
    assert!(!ask("chat.example").contains("nothing waits"));

    let dir = folder(&[("edge.cfg", &text.replace("    tcp-request inspect-delay 1s\n", ""))]);
    let ask = |name| run(dir.path(), &["explain", "-f", "edge.cfg", "/", "--sni", name]).0;
    let chat = ask("chat.example");
    assert!(chat.contains("=> page/p"), "nothing has come when the rules run: {chat}");
    assert!(chat.contains("if they come with the connection, it goes to chat"), "{chat}");
    assert!(!ask("www.example").contains("nothing waits"));
}

#[test]
fn what_is_not_known_is_followed_both_ways() {
    let text =
        EDGE.replace("use_backend bk_ws if host_ws", "use_backend bk_ws if { rand(100) lt 10 }");
    let dir = folder(&[("edge.cfg", &text.replace("    acl host_ws hdr_beg(Host) -i ws.\n", ""))]);
    let (out, _, code) = run(dir.path(), &["explain", "-f", "edge.cfg", "http://a.example/"]);
    assert!(out.contains("=> unknown") && code == 1, "{out}");
    assert!(out.contains("when a random draw (give --seed) is the lowest: bk_ws/"), "{out}");
    assert!(out.contains("when a random draw (give --seed) is the highest: bk_page/p"), "{out}");
    let (out, ..) = run(
        dir.path(),
        &["explain", "-f", "edge.cfg", "http://a.example/", "--output-format", "json"],
    );
    let json: serde_json::Value = serde_json::from_str(&out).expect("json");
    assert_eq!(json["verdict"]["kind"], "unknown");
    assert_eq!(json["branches"][0]["verdict"]["backend"], "bk_ws");
}

#[test]
fn a_chart_shows_the_way() {
    let dir = folder(&[("edge.cfg", EDGE)]);
    let line = ["explain", "-f", "edge.cfg", "http://ws.example/", "--output-format", "mermaid"];
    let (out, ..) = run(dir.path(), &line);
    assert!(out.starts_with("flowchart TD\n    n0([\"GET / HTTP/1.1\"])\n"), "{out}");
    assert!(
        out.contains("{\"10 use_backend bk_ws if host_ws\"}\n") && out.contains("== yes ==>"),
        "{out}"
    );
}

#[test]
fn a_running_daemon_is_asked_for_its_configuration_and_states() {
    let dir = folder(&[]);
    let listener = UnixListener::bind(dir.path().join("weir.sock")).expect("a socket");
    let answers = std::thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let mut stream = stream.expect("a client");
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).expect("a command");
            let reply = match line.trim() {
                "show config" => admin::ConfigText {
                    files: vec![("edge.cfg".into(), EDGE.as_bytes().to_vec())],
                    env: Vec::new(),
                }
                .write()
                .into_bytes(),
                _ => b"1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight\n\
                      2 bk_ws 1 a 192.0.2.1 2 1 1\n2 bk_ws 2 b 192.0.2.2 2 0 1\n"
                    .to_vec(),
            };
            stream.write_all(&reply).expect("an answer");
        }
    });
    let line = ["explain", "--live", "weir.sock", "http://ws.example/"];
    let (out, err, code) = run(dir.path(), &line);
    assert!(out.contains("=> bk_ws/b at 192.0.2.2:80") && code == 0, "{out}{err}");
    assert!(out.contains("passed over a: maint"), "{out}");
    answers.join().expect("both were asked");
}

const REACH: &str = "defaults
 mode http
 timeout client 5s
 timeout connect 5s
 timeout server 5s
frontend f
 bind :80
 http-request deny if { src 10.0.0.0/8 } { path_beg /admin/ }
 use_backend api if { path_beg /api/ } { method GET }
 use_backend v1 if { path_beg /api/v1/ } { method GET }
 use_backend ws if { hdr(upgrade) -i websocket } { path_reg ^/chat/[0-9]+$ }
 default_backend web
backend api
 http-request deny if { path_sub secret }
 server s 192.0.2.1:80
backend v1
 server s 192.0.2.2:80
backend ws
 server a 192.0.2.4:80
 server b 192.0.2.5:80
backend web
 server s 192.0.2.6:80
backend lonely
 server s 192.0.2.7:80
";

/// The first line of the answer, and the request if there is one.
fn reach(target: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("c.cfg"), REACH).expect("a file");
    let arguments = ["explain", "-f", "c.cfg", "--reach", target];
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_lbctl"))
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .expect("lbctl runs");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let lines: Vec<&str> = text.lines().take(3).map(str::trim).collect();
    format!("{} exit {}", lines.join(" | "), out.status.code().unwrap_or(-1))
}

#[test]
fn reach_finds_a_request_or_says_why_there_is_none() {
    for (target, answer) in [
        ("api", "api is reached by | GET http://www.example/api/ |  exit 0"),
        (
            "ws",
            "ws is reached by | GET http://www.example/chat/0 -H 'upgrade: websocket' |  exit 0",
        ),
        (
            "ws/b",
            "ws/b is reached by | GET http://www.example/chat/0 -H 'upgrade: websocket', when others came before it |  exit 0",
        ),
        (
            "c.cfg:8",
            "c.cfg:8 is reached by | GET http://www.example/admin/ --src 10.0.0.0 |  exit 0",
        ),
        ("14", "14 is reached by | GET http://www.example/api/secret |  exit 0"),
        (
            "v1",
            "no request reaches v1 | 10  use_backend v1 if { path_beg /api/v1/ } { method GET } | an earlier rule ends every request that would match  (c.cfg:9: use_backend api if { path_beg /api/ } { method GET }) exit 1",
        ),
        ("lonely", "no request reaches lonely | 23  backend lonely | no rule leads there exit 1"),
    ] {
        assert_eq!(reach(target), answer);
    }
}

#[test]
fn routes_that_change_come_with_a_request_that_shows_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let new =
        REACH.replace("{ path_beg /api/ } { method GET }", "{ path_beg /api/ } { method POST }");
    std::fs::write(folder.path().join("old.cfg"), REACH).expect("a file");
    std::fs::write(folder.path().join("new.cfg"), new).expect("a file");
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_lbctl"))
        .args(["diff", "--routes", "--output-format", "json", "old.cfg", "new.cfg"])
        .current_dir(folder.path())
        .output()
        .expect("lbctl runs");
    let json: serde_json::Value = serde_json::from_slice(&out.stdout).expect("json");
    let routes: Vec<String> = json["routes"]
        .as_array()
        .expect("routes")
        .iter()
        .map(|one| format!("{} -> {}: {}", one["from"], one["to"], one["example"]).replace('"', ""))
        .collect();
    assert_eq!(
        routes,
        [
            "backend api -> backend v1: GET http://www.example/api/v1/",
            "backend api -> backend web: GET http://www.example/api/",
            "backend web -> backend api: POST http://www.example/api/",
        ]
    );
}
