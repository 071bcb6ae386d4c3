//! Runs lbctl in a folder of the test, as its users type it.

use std::path::Path;
use std::process::{Command, Stdio};

/// A configuration without findings at error or warning level.
pub(crate) const EDGE: &str = "defaults
    mode http
    timeout client 25s
    timeout connect 5s
    timeout server 25s
    timeout tunnel 15m
frontend http
    bind 127.0.0.1:8080
    acl host_ws hdr_beg(Host) -i ws.
    use_backend bk_ws if host_ws
    http-request deny if { path /private }
    default_backend bk_page
backend bk_ws
    balance source
    server a 192.0.2.1:80
    server b 192.0.2.2:80
backend bk_page
    server p 192.0.2.3:80
";

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

/// Standard output, standard error, exit code.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> (String, String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_lbctl"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .expect("lbctl");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap_or(-1))
}
