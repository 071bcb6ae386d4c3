//! HAProxy 2.6 side by side: the same lines in the same sections are taken or refused by both.

use std::io::Write;
use std::process::{Command, Stdio};

use config::{Target, load};
use config_parse::env::Environment;

/// One directive a line, tried in every section; `|` before it names what differs, and why.
const LINES: &str = include_str!("haproxy_lines.txt");

const SECTIONS: &[&str] = &["defaults", "defaults named", "frontend", "backend", "listen"];

fn config(section: &str, line: &str) -> String {
    let times = " timeout client 5s\n timeout server 5s\n timeout connect 5s\n";
    let be = format!("backend be\n mode http\n{times} server s1 127.0.0.1:80\n");
    let http = " mode http\n";
    match section {
        "frontend" => format!("{be}frontend px\n{http}{times} bind :8080\n {line}\n"),
        "backend" => format!(
            "{be}frontend fe\n{times}{http} bind :8080\nbackend px\n{http} {line}\n server s1 127.0.0.1:81\n"
        ),
        "listen" => {
            format!("{be}listen px\n{http}{times} bind :8080\n {line}\n server s1 127.0.0.1:81\n")
        }
        defaults => format!(
            "{defaults}\n {line}\nfrontend fe\n{times}{http} bind :8080\n default_backend be\n{be}"
        ),
    }
}

/// Whether HAProxy takes a configuration; `None` when there is no HAProxy 2.6.
fn haproxy_takes(config: &str) -> Option<bool> {
    let mut child = Command::new("haproxy")
        .args(["-c", "-q", "-f", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(config.as_bytes()).ok()?;
    Some(child.wait().ok()?.success())
}

fn is_2_6() -> bool {
    let version = Command::new("haproxy").arg("-v").output();
    version.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("version 2.6"))
}

fn we_take(config: &str) -> (bool, String) {
    let env = Environment { version: String::from("2.6.12"), ..Environment::default() };
    let files = [(String::from("t.cfg"), config.as_bytes().to_vec())];
    let loaded = load(files, &env, Target::HaProxy(2, 6));
    let errors = loaded.diagnostics.iter().filter(|finding| finding.is_error());
    let said: Vec<String> = errors.map(|e| format!("{} {}", e.code, e.message)).collect();
    (said.is_empty(), said.join("; "))
}

fn skipped() {
    let _ = writeln!(std::io::stderr(), "skipped: needs haproxy 2.6 in PATH");
}

/// What differs in one line, if anything does.
fn compare(line: &str, sections: &[&str]) -> Vec<String> {
    let (reason, line) = match line.strip_prefix('|').and_then(|line| line.split_once('|')) {
        Some((reason, line)) => (Some(reason.trim()), line.trim()),
        None => (None, line.trim()),
    };
    let mut out = Vec::new();
    for section in sections {
        let config = config(section, line);
        let theirs = haproxy_takes(&config).unwrap_or_default();
        let (ours, said) = we_take(&config);
        // A known difference is one way only: nothing that HAProxy takes is an error here.
        if ours != theirs && !(reason.is_some() && ours) {
            out.push(format!("{section}: `{line}` HAProxy {theirs}, here {ours} {said}"));
        }
    }
    out
}

/// Compares all lines; each in all sections, or in one of them by turns.
fn compare_all(everywhere: bool) {
    if !is_2_6() {
        skipped();
        return;
    }
    let lines = LINES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let cases: Vec<(&str, &[&str])> = lines
        .zip((0..SECTIONS.len()).cycle())
        .map(|(line, at)| (line, if everywhere { SECTIONS } else { &SECTIONS[at..=at] }))
        .collect();
    let (first, second) = cases.split_at(cases.len() / 2);
    let run = |cases: &[(&str, &[&str])]| -> Vec<String> {
        cases.iter().flat_map(|(line, sections)| compare(line, sections)).collect()
    };
    let differences = std::thread::scope(|scope| {
        let other = scope.spawn(|| run(second));
        let mut all = run(first);
        all.extend(other.join().expect("comparing does not panic"));
        all
    });
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn every_line_is_taken_or_refused_as_haproxy_2_6_does() {
    compare_all(false);
}

#[test]
#[ignore = "a minute: every line in every section, 2,500 runs of HAProxy"]
fn every_line_is_taken_or_refused_as_haproxy_2_6_does_in_every_section() {
    compare_all(true);
}

#[test]
fn the_article_is_refused_and_its_repair_is_taken_by_both() {
    let article = "\
frontend http
 bind *:8080
 mode http
 timeout client 25s
 acl host_ws hdr_beg(Host) -i ws.example.org
 use_backend bk_ws if host_ws
backend bk_ws
 mode http
 timeout connect 5s
 timeout server 25s
 balance roundrobin
 server server1 127.0.0.1:60000 maxconn 10000 weight 10 cookie server1  check
\tserver server1 127.0.0.1:60001 maxconn 10000 weight 10 cookie server1  check
 server server1_2 127.0.0.1:60002
";
    assert!(!we_take(article).0);
    let files = [(String::from("t.cfg"), article.as_bytes().to_vec())];
    let loaded = load(files, &Environment::default(), Target::Proxyd);
    let mut repaired = article.to_owned();
    let fixes = loaded.diagnostics.iter().rev().filter_map(|finding| finding.fix.as_ref());
    for edit in fixes.flat_map(|fix| &fix.edits) {
        repaired.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    assert!(we_take(&repaired).0);
    assert!(repaired.contains("\tserver server1_3 127.0.0.1:60001 maxconn 10000"));
    if is_2_6() {
        assert_eq!(haproxy_takes(article), Some(false));
        assert_eq!(haproxy_takes(&repaired), Some(true));
    } else {
        skipped();
    }
}
