//! `lbctl check` as CI runs it: formats, baselines, ignored findings, codes.

mod support;

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
