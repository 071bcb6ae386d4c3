//! The program and its paths: relative ones hold after `-C`, in the background and under a service manager.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::config;
use super::daemon::{self, Folder, PROXYD, free_port, get, listens, wait_until};

/// A folder with a link `bin/lb` to the program and the configuration `conf/x.cfg`.
fn laid_out(port: u16, global: &str) -> Folder {
    let folder = Folder::new();
    let (bin, conf) = (folder.directory("bin"), folder.directory("conf"));
    std::os::unix::fs::symlink(PROXYD, format!("{bin}/lb")).expect("a link");
    folder.write("conf/x.cfg", &config(port, global));
    assert!(conf.ends_with("conf"));
    folder
}

/// Starts `bin/lb` in the folder; whether it ended well, and what it said.
fn start(folder: &Folder, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new("bin/lb");
    command.current_dir(folder.path("")).args(arguments).stdin(Stdio::null());
    let output = command.output().expect("proxyd");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn end(folder: &Folder, port: u16) {
    let pid = std::fs::read_to_string(folder.path("conf/pid")).expect("the pid file below -C");
    let killed = Command::new("kill").args(["-TERM", pid.trim()]).status().expect("kill");
    assert!(killed.success());
    assert!(wait_until(|| !listens(port)), "it ends when told");
}

#[test]
fn a_relative_program_goes_to_the_background_from_a_relative_directory() {
    for mode in [&["-D"][..], &["-W", "-D"], &["-Ws", "-D"]] {
        let port = free_port();
        let folder = laid_out(port, "");
        let more = ["-C", "conf", "-f", "x.cfg", "-p", "pid"];
        let (well, said) = start(&folder, &[mode, &more[..]].concat());
        assert!(well, "{mode:?}: {said}");
        assert_eq!(get(port, "/").1, "one");
        end(&folder, port);
    }
}

#[test]
fn daemon_in_the_file_does_the_same_and_a_reload_finds_the_file_again() {
    let port = free_port();
    let folder = laid_out(port, "    daemon");
    let (well, said) = start(&folder, &["-C", "conf", "-f", "x.cfg", "-p", "pid"]);
    assert!(well, "{said}");
    let pid = std::fs::read_to_string(folder.path("conf/pid")).expect("the pid file");
    folder.write("conf/x.cfg", &config(port, "").replace("string one", "string two"));
    let told = Command::new("kill").args(["-HUP", pid.trim()]).status().expect("kill");
    assert!(told.success());
    assert!(wait_until(|| get(port, "/").1 == "two"), "HUP reloads");
    end(&folder, port);
}

#[test]
fn in_the_background_it_keeps_the_name_it_was_started_by() {
    let port = free_port();
    let folder = laid_out(port, "");
    let mut command = Command::new(PROXYD);
    command.arg0("haproxy").current_dir(folder.path(""));
    let told = command.args(["-D", "-C", "conf", "-f", "x.cfg", "-p", "pid"]).status();
    assert!(told.expect("proxyd").success());
    let pid = std::fs::read_to_string(folder.path("conf/pid")).expect("the pid file");
    let line = std::fs::read(format!("/proc/{}/cmdline", pid.trim())).expect("its command line");
    assert!(line.starts_with(b"haproxy\0-D\0"), "{}", String::from_utf8_lossy(&line));
    end(&folder, port);
}

#[test]
fn in_the_foreground_a_relative_directory_holds_too() {
    let port = free_port();
    let folder = laid_out(port, "");
    let mut command = Command::new("bin/lb");
    command.current_dir(folder.path("")).args(["-W", "-db", "-C", "conf", "-f", "x.cfg"]);
    let mut child = daemon::Daemon::of(command);
    assert!(wait_until(|| get(port, "/").1 == "one"));
    child.end();
}

#[test]
fn default_path_leads_to_pattern_files_from_any_directory() {
    let port = free_port();
    let folder = laid_out(port, "");
    folder.directory("conf/lists");
    folder.write("conf/lists/paths", "/listed\n");
    let rule =
        "    http-request deny deny_status 403 if { path -f lists/paths }\n    http-request return";
    let text = config(port, "    default-path config").replace("    http-request return", rule);
    folder.write("conf/x.cfg", &text);
    let (well, said) = start(&folder, &["-D", "-f", "conf/x.cfg", "-p", "conf/pid"]);
    assert!(well, "{said}");
    assert_eq!((get(port, "/listed").0, get(port, "/").0), (403, 200));
    end(&folder, port);
}
