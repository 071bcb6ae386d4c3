//! `lbctl check` as CI runs it: formats, baselines, ignored findings, codes.

mod support;

use std::process::{Command, Stdio};

use support::{EDGE, folder, run};

const UNUSED: &str = "    acl never src 192.0.2.9\n";

fn with_unused() -> String {
    EDGE.replace("    use_backend", &format!("{UNUSED}    use_backend"))
}

#[test]
fn a_baseline_silences_what_it_knows_and_nothing_else() {
    let dir = folder(&[("edge.cfg", &with_unused())]);
    let check = |arguments: &[&str]| run(dir.path(), arguments);
    let (json, _, code) = check(&["check", "--output-format", "json", "edge.cfg"]);
    assert!(json.contains("W0409") && code == 0, "{json}");
    std::fs::write(dir.path().join("known.json"), json).expect("a file");
    let known = ["check", "--fail-on", "warning", "--output-format", "concise", "--baseline"];
    let line = [&known[..], &["known.json", "edge.cfg"]].concat();
    assert_eq!(check(&line), (String::new(), String::new(), 0));
    // Moved down a line it is still known; a second one is not.
    let moved = with_unused().replace("frontend", "# a comment\nfrontend");
    std::fs::write(dir.path().join("edge.cfg"), &moved).expect("a file");
    assert_eq!(check(&line).2, 0);
    let second = moved.replace(UNUSED, &format!("{UNUSED}    acl neither src 192.0.2.8\n"));
    std::fs::write(dir.path().join("edge.cfg"), second).expect("a file");
    let (out, _, code) = check(&line);
    assert!(out.contains("`neither`") && !out.contains("`never`") && code == 1, "{out}");
    let (_, err, code) = check(&["check", "--baseline", "edge.cfg", "edge.cfg"]);
    assert!(err.contains("a baseline is the output of") && code == 2, "{err}");
}

#[test]
fn an_ignore_comment_silences_one_finding_and_says_when_it_does_not() {
    let silenced = with_unused().replace("192.0.2.9", "192.0.2.9 # lbctl: ignore W0409 soon");
    let dir = folder(&[("edge.cfg", &silenced)]);
    let line = ["check", "--output-format", "concise", "--select", "W0409,N0112", "edge.cfg"];
    assert_eq!(run(dir.path(), &line), (String::new(), String::new(), 0));
    let used = silenced.replace("if host_ws", "if host_ws never");
    std::fs::write(dir.path().join("edge.cfg"), used).expect("a file");
    let (out, ..) = run(dir.path(), &line);
    assert_eq!(out, "edge.cfg:10:45: N0112 there is no W0409 to ignore here\n");
    run(dir.path(), &["check", "--fix", "-q", "edge.cfg"]);
    let cured = std::fs::read_to_string(dir.path().join("edge.cfg")).expect("the file");
    assert!(cured.contains("src 192.0.2.9\n"), "{cured}");
}

#[test]
fn select_ignore_and_statistics_count_what_is_left() {
    let dir = folder(&[("edge.cfg", &with_unused())]);
    let (out, ..) = run(dir.path(), &["check", "--statistics", "--select", "W04", "edge.cfg"]);
    assert_eq!(out, "     1  W0409  an ACL is never used\n");
    let line = ["check", "--statistics", "--select", "W04", "--ignore", "W0409", "edge.cfg"];
    assert_eq!(run(dir.path(), &line).0, "");
    let line = ["check", "--fail-on", "warning", "--select", "W0409", "-q", "edge.cfg"];
    assert_eq!(run(dir.path(), &line), (String::new(), String::new(), 1));
}

#[test]
fn every_format_of_ci_servers_is_written() {
    let dir = folder(&[("edge.cfg", &with_unused())]);
    for (format, begins) in [
        ("sarif", "{\"$schema\""),
        ("github", "::warning file=edge.cfg,line=10,"),
        ("gitlab", "[{\"check_name\":\"W0409\""),
        ("junit", "<?xml version=\"1.0\""),
    ] {
        let line = ["check", "--select", "W0409", "--output-format", format, "edge.cfg"];
        let (out, err, code) = run(dir.path(), &line);
        assert!(out.starts_with(begins), "{format}: {out}{err}");
        assert_eq!(code, 0, "{format}");
    }
}

#[test]
fn a_code_is_explained_by_its_page() {
    let dir = folder(&[]);
    let (page, _, code) = run(dir.path(), &["rule", "e0401"]);
    assert!(page.starts_with("# E0401: ") && page.contains("## Fixed") && code == 0, "{page}");
    assert_eq!(run(dir.path(), &["error", "E0401"]).0, page);
    let (all, ..) = run(dir.path(), &["rule", "--all", "--output-format", "json"]);
    let all: serde_json::Value = serde_json::from_str(&all).expect("json");
    let first = &all["codes"][0];
    assert_eq!((&first["code"], &first["severity"]), (&"E0101".into(), &"error".into()));
    let (_, err, code) = run(dir.path(), &["rule", "E9999"]);
    assert!(err.contains("no code is named `E9999`") && code == 2, "{err}");
}

/// A configuration that names everything that could be opened.
const TEMPTING: &str = "global
    user nobody
    group nogroup
    chroot /var/empty
    lua-load /etc/hostname
    ssl-default-bind-options no-sslv3
    stats socket /var/run/weir.sock
    ca-base /etc/ssl
defaults
    mode http
    errorfile 503 /etc/hostname
    timeout client 1s
    timeout connect 1s
    timeout server 1s
frontend f
    bind 127.0.0.1:443 ssl crt /etc/hosts
    acl bad src -f /etc/networks
    use_backend %[req.hdr(host),map(/etc/hosts)]
    http-request deny if bad
    default_backend b
backend b
    server s www.example.com:80 check
";

#[test]
fn a_check_opens_the_named_files_and_nothing_else() {
    let dir = folder(&[("edge.cfg", TEMPTING)]);
    let trace = dir.path().join("trace");
    let run = Command::new("strace")
        .args(["-f", "-e", "trace=%file,%network", "-o"])
        .arg(&trace)
        .env_remove("LD_LIBRARY_PATH")
        .args([env!("CARGO_BIN_EXE_lbctl"), "check", "--target", "proxyd", "edge.cfg"])
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .output();
    if run.is_err() {
        println!("skipped: strace is missing");
        return;
    }
    let text = std::fs::read_to_string(trace).expect("the trace");
    assert!(text.contains("\"edge.cfg\""), "{text}");
    for line in text.lines() {
        let call = line.split_once(' ').map_or(line, |(_, call)| call).trim_start();
        // The loader and the run time look for themselves and for libraries.
        let own = ["execve(", "exit", "+++", "---"].iter().any(|start| call.starts_with(start));
        let named = call.split('"').nth(1).unwrap_or("");
        let library =
            ["/lib", "/usr/lib", "/etc/ld.so", "/proc/self/", "/sys/fs/cgroup", "/sys/devices"];
        let allowed = own
            || named.is_empty() && !call.starts_with("socket")
            || named == "edge.cfg"
            || library.iter().any(|start| named.starts_with(start));
        assert!(allowed, "{line}");
    }
}

/// The file of an article on WebSockets, as it is passed around: both servers of each backend have one name.
const ARTICLE: &str = "global
    daemon
defaults
    mode http
    option http-server-close
    option redispatch
    retries 3
    timeout client 25s
    timeout connect 5s
    timeout server 25s
    timeout tunnel 15m
    default-server inter 3s rise 2 fall 3
frontend http
    bind 127.0.0.1:8080
    acl host_ws hdr_beg(Host) -i ws.
    use_backend bk_ws if host_ws
    acl host_short hdr_beg(Host) -i short.
    use_backend bk_short if host_short
backend bk_ws
    balance roundrobin
    server server1 192.0.2.125:60000 maxconn 10000 weight 10 cookie server1 check
    server server1 192.0.2.126:60000 maxconn 10000 weight 10 cookie server1 check # the second
backend bk_short
    balance roundrobin
    server server1 192.0.2.125:8082 cookie server1 check
    server server1 192.0.2.126:8082 cookie server1 check
";

#[test]
fn a_cured_file_keeps_its_mode_and_its_routing_and_haproxy_takes_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder(&[("edge.cfg", ARTICLE)]);
    let file = dir.path().join("edge.cfg");
    let (out, ..) = run(dir.path(), &["check", "--select", "E", "edge.cfg"]);
    assert!(out.matches("E0403").count() == 2 && out.contains("the first is here"), "{out}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("a mode");
    let (_, err, code) = run(dir.path(), &["check", "--fix", "-q", "edge.cfg"]);
    assert_eq!(code, 0, "{err}");
    let mode = std::fs::metadata(&file).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 1, "no half is left");
    let cured = std::fs::read_to_string(&file).expect("the file");
    let expected = ARTICLE.replace("server server1 192.0.2.126", "server server1_2 192.0.2.126");
    assert_eq!(cured, expected, "names and nothing else");
    for (url, backend) in [("http://ws.example/", "bk_ws"), ("http://short.example/x", "bk_short")]
    {
        let (out, ..) = run(dir.path(), &["explain", "-f", "edge.cfg", url]);
        assert!(out.contains(&format!("=> {backend}/server1 at 192.0.2.125")), "{out}");
    }
    match Command::new("haproxy").args(["-c", "-f"]).arg(&file).output() {
        Ok(verdict) => {
            assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stderr))
        }
        Err(_) => println!("skipped: haproxy is missing"),
    }
}

#[test]
fn fmt_lays_a_file_out_once() {
    let dir = folder(&[("edge.cfg", &EDGE.replace("    mode", "  mode"))]);
    let (out, _, code) = run(dir.path(), &["fmt", "--check", "edge.cfg"]);
    assert_eq!((out.as_str(), code), ("edge.cfg: is laid out differently\n", 1));
    let (out, ..) = run(dir.path(), &["fmt", "--diff", "edge.cfg"]);
    assert!(out.contains("-  mode http\n+    mode http\n"), "{out}");
    assert_eq!(run(dir.path(), &["fmt", "edge.cfg"]).2, 0);
    assert_eq!(run(dir.path(), &["fmt", "--check", "edge.cfg"]), (String::new(), String::new(), 0));
}

#[test]
fn compat_names_what_proxyd_refuses_with_the_share() {
    let text = EDGE.replace("bind 127.0.0.1:8080", "bind 127.0.0.1:8080 ssl crt x.pem");
    let dir = folder(&[("edge.cfg", &text)]);
    let (out, _, code) = run(dir.path(), &["compat", "edge.cfg"]);
    assert!(out.starts_with("supported      17 lines  94.4 %\n") && code == 1, "{out}");
    assert!(out.contains("\nrefused\n      1  bind … ssl"), "{out}");
    let (out, ..) = run(dir.path(), &["compat", "--output-format", "json", "edge.cfg"]);
    let json: serde_json::Value = serde_json::from_str(&out).expect("json");
    assert_eq!(json["lines"], serde_json::json!({"supported": 17, "ignored": 0, "refused": 1}));
}

#[test]
fn shells_and_man_get_what_the_command_line_is() {
    let dir = folder(&[]);
    for shell in ["bash", "zsh", "fish"] {
        let (out, _, code) = run(dir.path(), &["completions", shell]);
        assert!(out.contains("explain") && code == 0, "{shell}: {out}");
    }
    let (out, ..) = run(dir.path(), &["man"]);
    assert!(out.contains(".TH lbctl 1"), "{out}");
    assert_eq!(run(dir.path(), &["man", "pages"]).2, 0);
    let page = std::fs::read_to_string(dir.path().join("pages/lbctl-check.1")).expect("a page");
    assert!(page.contains("output\\-format"), "{page}");
}

#[test]
fn the_step_of_the_action_runs_lbctl_as_its_inputs_say() {
    let action = include_str!("../../../action.yml");
    let step = action.split("      run: |\n").nth(1).expect("a step");
    let dir = folder(&[("edge.cfg", ARTICLE), ("more.cfg", "# nothing\n")]);
    let run = |format: &str, file: &str| {
        let output = Command::new("bash")
            .args(["-eo", "pipefail", "-c", step])
            .current_dir(dir.path())
            .env("FILES", "edge.cfg more.cfg")
            .env("TARGET", "3.5")
            .env("FAIL_ON", "error")
            .env("OUTPUT_FORMAT", format)
            .env("OUTPUT_FILE", file)
            .env("BASELINE", "")
            .env("LBCTL", env!("CARGO_BIN_EXE_lbctl"))
            .output()
            .expect("bash");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, out) = run("github", "");
    assert!(code == Some(1) && out.contains("::error file=edge.cfg,line=22"), "{out}");
    assert_eq!(run("sarif", "out.sarif"), (Some(1), String::new()));
    let sarif = std::fs::read_to_string(dir.path().join("out.sarif")).expect("a file");
    assert!(sarif.contains("more.cfg"), "{sarif}");
}

/// A certificate for old.example that ended long ago.
const EXPIRED: &str = "-----BEGIN CERTIFICATE-----
MIIBGDCBv6ADAgECAgEHMAoGCCqGSM49BAMCMBYxFDASBgNVBAMMC29sZC5leGFt
cGxlMB4XDTIwMDEwMTAwMDAwMFoXDTIxMDEwMTAwMDAwMFowFjEUMBIGA1UEAwwL
b2xkLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARdwNp0LnfDHRQL
pV4ebczlQ9HJUtI5aNEJSbuTc5yZicNGifDgNd41G+n9ikQNAyC37lr4cORcQBew
a17+MTqAMAoGCCqGSM49BAMCA0gAMEUCIQCjxETJ2sJSkaIm0RAfSKCYct3KrXGx
eW9161tTlJtd0AIgF5frkM35qmOCawpFp5mTZJcp+Mny1IWBpFE0AouXJOo=
-----END CERTIFICATE-----
";

#[test]
fn a_host_is_asked_for_files_names_users_and_certificates() {
    let text = "global
    user nobody-of-this-name
    lua-load none.lua
defaults
    mode http
    errorfile 503 none.http
    timeout client 1s
    timeout connect 1s
    timeout server 1s
frontend f
    bind 127.0.0.1:0 ssl crt old.pem crt none.pem
    bind 203.0.113.7:8443
    default_backend b
backend b
    server s no-such-host.invalid:80
    server t no-such-host.invalid:80 init-addr none
global
    issuers-chain-path none
    chroot none-either
";
    let dir = folder(&[("edge.cfg", text), ("old.pem", EXPIRED)]);
    let check = |env: &str| {
        let line = [
            "check",
            "--env",
            env,
            "--select",
            "E07,W0722,W0732,W0733",
            "--output-format",
            "concise",
            "edge.cfg",
        ];
        run(dir.path(), &line).0
    };
    assert_eq!(check("none"), "", "nothing is looked at");
    let out = check("host");
    for part in [
        "edge.cfg:2:10: E0720 this machine has no user named `nobody-of-this-name`",
        "edge.cfg:3:14: E0701 `none.lua` cannot be read",
        "edge.cfg:11:30: E0721 `old.pem` has no private key",
        "edge.cfg:11:30: W0722 the certificate in `old.pem` expired ",
        "edge.cfg:11:42: E0701 `none.pem` cannot be read",
        "edge.cfg:12:10: W0732 `203.0.113.7:8443` cannot be bound",
        "edge.cfg:15:14: E0702 `no-such-host.invalid` has no address here",
        "edge.cfg:18:24: E0701 `none` is no folder of this machine",
        "edge.cfg:19:12: W0733 `none-either` is no folder of this machine",
    ] {
        assert!(out.contains(part), "{part}\n{out}");
    }
    assert!(out.contains("none.http"), "{out}");
    assert!(!out.contains("edge.cfg:16"), "{out}");
}

/// A certificate for these names and its key, made by openssl; `None` where that is missing.
fn certificate(
    folder: &std::path::Path,
    name: &str,
    key: &str,
    names: &str,
    days: &str,
) -> Option<()> {
    let names = format!("subjectAltName={names}");
    let run = Command::new("openssl")
        .args(["req", "-x509", "-newkey", key, "-nodes", "-subj", "/CN=cn.example", "-addext"])
        .args([&names, "-days", days])
        .args(if key == "ec" { &["-pkeyopt", "ec_paramgen_curve:prime256v1"][..] } else { &[] })
        .args(["-keyout", &format!("{name}.key"), "-out", name])
        .current_dir(folder)
        .output()
        .ok()?;
    run.status.success().then_some(())
}

#[test]
fn certificates_are_compared_with_their_keys_and_with_the_hosts_of_the_rules() {
    let text = "defaults
    mode http
    timeout client 1s
    timeout connect 1s
    timeout server 1s
frontend f
    bind 127.0.0.1:9 ssl crt a.pem crt b.pem
    acl api hdr(host) -i api.example API.other.example:443
    use_backend b if api or { hdr(host) x.wild.example }
    use_backend b if { hdr(host) missing.example }
    use_backend %[req.hdr(host),lower,map(hosts.map)]
    default_backend b
frontend g
    bind 127.0.0.1:19 ssl crt-list list.txt
    default_backend b
frontend h
    bind 127.0.0.1:7 ssl crt wrong.pem crt wrong-ec.pem crt soon.pem
    use_backend b if { hdr(host) soon.example }
    default_backend b
backend b
    server s 127.0.0.1:1 check
";
    let map = "# hosts\napi.example b\nold.example bb\n\nnone.example\n";
    let list = "# certificates\na.pem [alpn h2] api.example !x.example\nb.pem other.name.example\n";
    let dir = folder(&[("edge.cfg", text), ("hosts.map", map), ("list.txt", list)]);
    let make = |name: &str, key: &str, names: &str, days: &str| {
        certificate(dir.path(), name, key, names, days)
    };
    let made = make("a.pem", "rsa:2048", "DNS:api.example,DNS:api.other.example", "90")
        .and_then(|()| make("b.pem", "ec", "DNS:*.wild.example,IP:192.0.2.1", "90"))
        .and_then(|()| make("wrong.pem", "rsa:2048", "DNS:w.example", "90"))
        .and_then(|()| make("wrong-ec.pem", "ec", "DNS:w.example", "90"))
        .and_then(|()| make("soon.pem", "ec", "DNS:soon.example", "3"));
    if made.is_none() {
        println!("skipped: openssl is missing");
        return;
    }
    let copy = |from: &str, to: &str| {
        std::fs::copy(dir.path().join(from), dir.path().join(to)).expect("a copy");
    };
    copy("a.pem.key", "wrong.pem.key");
    copy("b.pem.key", "wrong-ec.pem.key");
    let line = ["check", "--env", "host", "--output-format", "concise", "--select"];
    let line = [&line[..], &["E07,W0722,W0738,W0740", "edge.cfg"]].concat();
    let (out, _, code) = run(dir.path(), &line);
    let expected = [
        "edge.cfg:10:34: W0738 no certificate of `f` is for `missing.example`",
        "edge.cfg:11:43: W0740 line 3 of `hosts.map` leads to `bb`, which is no backend",
        "edge.cfg:14:36: W0738 `list.txt` gives `b.pem` to `other.name.example`, which it does not name",
        "edge.cfg:17:30: E0721 `wrong.pem` holds a certificate to which the private key in `wrong.pem.key` does not belong",
        "edge.cfg:17:44: E0721 `wrong-ec.pem` holds a certificate to which the private key in `wrong-ec.pem.key` does not belong",
        "edge.cfg:17:61: W0722 the certificate in `soon.pem` expires in 2 days",
    ];
    assert_eq!(out.lines().collect::<Vec<_>>(), expected);
    assert_eq!(code, 1);
}

#[test]
fn connections_are_counted_against_the_memory_of_the_machine() {
    let text = "global\n    maxconn 2000000000\n    tune.bufsize 65536\n";
    let dir = folder(&[("edge.cfg", text)]);
    let line = ["check", "--select", "W0741", "--output-format", "concise", "edge.cfg"];
    assert_eq!(run(dir.path(), &line).0, "", "nothing is looked at");
    let (out, ..) = run(dir.path(), &[&line[..], &["--env", "host"]].concat());
    assert!(
        out.starts_with("edge.cfg:2:5: W0741 2000000000 connections with two buffers"),
        "{out}"
    );
}
