//! Whatever a file holds, `lbctl check` ends by itself with findings or with exit code 2.

use std::path::Path;
use std::process::{Command, Stdio};

/// Checks bytes and gives the exit code and the output. A run that does not end is killed by its CPU limit, and a
/// bug of ours would be a 3.
fn check(bytes: &[u8], format: &str) -> (i32, String) {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("bad.cfg"), bytes).expect("a file");
    limited(dir.path(), &["check", "--output-format", format, "bad.cfg"])
}

/// At most a minute of CPU and 4 GiB: a hang or a flood ends the test and not the machine.
fn limited(dir: &Path, arguments: &[&str]) -> (i32, String) {
    let line = "ulimit -t 60 && ulimit -v 4194304 && exec \"$0\" \"$@\"";
    let output = Command::new("sh")
        .args(["-c", line, env!("CARGO_BIN_EXE_lbctl")])
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .expect("lbctl");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code().unwrap_or(-1), said)
}

#[track_caller]
fn ends(name: &str, bytes: &[u8], expected: i32) {
    // Snippets take their time in a build for tests.
    let formats = if bytes.len() < 300_000 { &["full", "json"][..] } else { &["concise"] };
    for format in formats {
        let (code, said) = check(bytes, format);
        let said = said.get(..300).unwrap_or(&said);
        assert_eq!(code, expected, "{name} as {format}: {said}");
    }
}

/// Bytes that look like chance and are the same in every run.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn bytes_that_are_no_text_are_findings() {
    ends("noise", &noise(200_000), 1);
    ends("zeros", &vec![0; 200_000], 1);
    ends("a zero in a line", b"frontend f\0\n    bind :80\n", 1);
    ends("latin 1", b"# caf\xe9\ndefaults\n    timeout client 1s # \xff\n", 0);
    ends("line ends of a Mac", &b"frontend f\r bind :80\r".repeat(1000), 1);
}

#[test]
fn a_line_of_a_million_bytes_is_read_or_refused() {
    let line = |middle: &str| format!("frontend f\n    bind {}\n", middle).into_bytes();
    ends("one word", &line(&"a".repeat(1_000_000)), 1);
    ends("many words", &line(&"a ".repeat(500_000)), 1);
    ends("quotes", &line(&"\"".repeat(300_001)), 1);
    ends("backslashes", &line(&"\\".repeat(300_001)), 1);
    ends("variables", &line(&format!("\"{}\"", "${A}".repeat(50_000))), 1);
    ends("a comment", &line(&format!(":80 # {}", "a".repeat(1_000_000))), 0);
}

#[test]
fn what_nests_deep_is_read_or_refused() {
    ends("blocks", &b".if 1\n".repeat(100_000), 1);
    let closed = [b".if 1\n".repeat(100_000), b".endif\n".repeat(100_000)].concat();
    ends("closed blocks", &closed, 1);
    let parentheses = "(".repeat(100_000);
    let rule = format!("frontend f\n    bind :80\n    http-request deny if {{ {parentheses} }}\n");
    ends("a condition", rule.as_bytes(), 1);
    ends("a predicate", format!(".if {parentheses}\n.endif\n").as_bytes(), 1);
    let groups = format!(
        "frontend f\n    bind :80\n    http-request deny if {{ path_reg {}{} }}\n",
        "(".repeat(50_000),
        ")".repeat(50_000)
    );
    ends("a regular expression", groups.as_bytes(), 1);
}

#[test]
fn large_files_of_anything_end() {
    ends("ten megabytes of comments", &b"# nothing to see here\n".repeat(480_000), 0);
    ends("unknown words", &b"    nosuchkeyword x y\n".repeat(50_000), 1);
    ends("sections", &b"backend b\n".repeat(20_000), 1);
    let mut servers = b"backend b\n".to_vec();
    servers.extend(b"    server s 192.0.2.1:80\n".repeat(20_000));
    ends("twins", &servers, 1);
    let lines = |line: fn(usize) -> String| -> Vec<u8> {
        (0..20_000).map(line).collect::<String>().into_bytes()
    };
    let acls = [
        b"frontend f\n bind :80\n".to_vec(),
        lines(|n| format!(" acl a{n} path /\n http-request deny if a{n}\n")),
    ];
    ends("ACLs", &acls.concat(), 0);
    let unknown = [b"frontend f\n bind :80\n".to_vec(), lines(|n| format!(" use_backend b{n}\n"))];
    ends("backends that are not", &unknown.concat(), 1);
    let users = [b"userlist u\n".to_vec(), lines(|n| format!(" user u{n} insecure-password x\n"))];
    ends("users", &users.concat(), 0);
}

#[test]
fn what_multiplies_is_bounded() {
    ends("ports", &[&b"frontend f\n"[..], &b" bind :1-65535\n".repeat(2000)].concat(), 1);
    let doubled: String = (0..60).map(|n| format!(" setenv V{} \"$V{n}$V{n}\"\n", n + 1)).collect();
    ends("variables", format!("global\n setenv V0 aaaaaaaaaaaaaaaa\n{doubled}").as_bytes(), 1);
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join("inner.cfg")).expect("a folder");
    std::os::unix::fs::symlink("loop.cfg", dir.path().join("loop.cfg")).expect("a link");
    assert_eq!(limited(dir.path(), &["check", "loop.cfg"]).0, 2);
    assert_eq!(limited(dir.path(), &["check", "none.cfg"]).0, 2);
    // A folder of a folder is no configuration, and one without files neither.
    assert_eq!(limited(dir.path(), &["check", "inner.cfg"]).0, 2);
    assert_eq!(limited(dir.path(), &["check", "."]).0, 2);
    assert_eq!(limited(dir.path(), &["check"]).0, 2);
}
