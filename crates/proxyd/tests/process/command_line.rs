//! What the options of the command line do, seen from outside.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use super::config;
use super::daemon::{Daemon, Folder, PROXYD, ask, free_port, get, listens, run, wait_until};

/// A daemon whose runtime socket gives its listeners away.
fn giver(folder: &Folder, port: u16, threads: u32) -> (Daemon, String) {
    let socket = folder.path("old");
    let global = format!(
        "    nbthread {threads}\n    stats socket {socket} level admin expose-fd listeners"
    );
    let file = folder.write("old.cfg", &config(port, &global));
    (Daemon::start(&["-db", "-f", &file], port), socket)
}

#[test]
fn the_listeners_of_an_old_process_are_taken_over_and_nobody_is_refused() {
    let folder = Folder::new();
    let port = free_port();
    let (mut old, socket) = giver(&folder, port, 3);
    let pid = old.pid().to_string();
    let sockets = |daemon: &Daemon| {
        let files = format!("/proc/{}/fd", daemon.pid());
        let links = std::fs::read_dir(files).expect("its files").flatten();
        let names = links.filter_map(|link| std::fs::read_link(link.path()).ok());
        names.map(|name| name.display().to_string()).collect::<Vec<_>>()
    };
    let olds: Vec<String> = sockets(&old);
    // `noreuseport` cannot bind beside another: this one serves only if it was given the sockets.
    let text = config(port, "    nbthread 1\n    noreuseport").replace("string one", "string two");
    let file = folder.write("new.cfg", &text);
    let new = Daemon::start_quietly(&["-db", "-f", &file, "-x", &socket, "-sf", &pid]);
    let mut answers = Vec::new();
    assert!(wait_until(|| {
        answers.push(get(port, "/").1);
        answers.last().is_some_and(|answer| answer == "two")
    }));
    assert_eq!(old.wait(), Some(0), "it ends when asked to");
    answers.extend((0..50).map(|_| get(port, "/").1));
    assert!(answers.iter().all(|answer| answer == "one" || answer == "two"), "{answers:?}");
    let shared = sockets(&new).iter().filter(|name| olds.contains(name)).count();
    assert!(shared >= 3, "all three sockets of the old process: {:?} {olds:?}", sockets(&new));
}

#[test]
fn a_unix_listener_is_taken_over_as_the_same_socket() {
    let folder = Folder::new();
    let (port, path, socket) = (free_port(), folder.path("web"), folder.path("old"));
    let text = |global: &str, port: u16| {
        config(port, global)
            .replace("    http-request", &format!("    bind {path}\n    http-request"))
    };
    let exposing = format!("    stats socket {socket} expose-fd listeners");
    let file = folder.write("old.cfg", &text(&exposing, port));
    let mut old = Daemon::start(&["-db", "-f", &file], port);
    use std::os::unix::fs::MetadataExt;
    let before = std::fs::metadata(&path).expect("the socket").ino();
    let other = free_port();
    let file = folder.write("new.cfg", &text("", other));
    let _new = Daemon::start(&["-db", "-f", &file, "-x", &socket], other);
    old.signal("-USR1");
    assert_eq!(old.wait(), Some(0));
    assert_eq!(std::fs::metadata(&path).expect("the socket").ino(), before);
    let mut client = std::os::unix::net::UnixStream::connect(&path).expect("it listens");
    client.write_all(b"GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").expect("asked");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("answered");
    assert!(answer.ends_with("one"), "{answer}");
}

#[test]
fn without_an_old_process_nothing_is_started_and_dev_null_is_none() {
    let folder = Folder::new();
    let port = free_port();
    let file = folder.write("x.cfg", &config(port, ""));
    let (code, _, said) = run(&["-db", "-f", &file, "-x", &folder.path("none")]);
    assert_eq!(code, 1);
    assert!(said.contains("cannot be taken over"), "{said}");
    let _daemon = Daemon::start(&["-db", "-f", &file, "-x", "/dev/null"], port);
}

#[test]
fn a_process_that_gives_no_listeners_is_named_and_the_ports_are_bound_beside_it() {
    let folder = Folder::new();
    let port = free_port();
    let socket = folder.path("other");
    let listener = UnixListener::bind(&socket).expect("a socket");
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.read(&mut [0; 64]);
            let _ = client.write_all(b"Unknown command: '_listeners'\n\n");
        }
    });
    let file = folder.write("x.cfg", &config(port, ""));
    let mut child = Command::new(PROXYD)
        .args(["-db", "-f", &file, "-x", &socket])
        .stderr(Stdio::piped())
        .spawn()
        .expect("proxyd");
    assert!(wait_until(|| listens(port)));
    child.kill().expect("ended");
    let mut said = String::new();
    child.stderr.take().expect("its words").read_to_string(&mut said).expect("text");
    child.wait().expect("its end");
    assert!(
        said.contains("no sockets come from there") && said.contains("Unknown command"),
        "{said}"
    );
}

#[test]
fn a_name_among_peers_and_the_files_are_told_to_configuration_and_operator() {
    let folder = Folder::new();
    let port = free_port();
    let socket = folder.path("sock");
    let global =
        format!("    stats socket {socket} level admin\n    description $HAPROXY_LOCALPEER");
    let file = folder.write(
        "x.cfg",
        &config(port, &global).replace("string one", "string \"$HAPROXY_LOCALPEER\""),
    );
    let _daemon = Daemon::start(&["-db", "-L", "east-1", "-m", "60", "-f", &file], port);
    assert_eq!(get(port, "/").1, "east-1");
    assert_eq!(ask(&socket, "show env HAPROXY_LOCALPEER"), "HAPROXY_LOCALPEER=east-1\n\n");
    assert_eq!(ask(&socket, "show env HAPROXY_CFGFILES"), format!("HAPROXY_CFGFILES={file}\n\n"));
    assert_eq!(ask(&socket, "show env HAPROXY_CLI"), format!("HAPROXY_CLI=unix@{socket}\n\n"));
    assert!(ask(&socket, "show info").contains("\nMemmax_MB: 60\n"));
}

#[test]
fn memory_is_limited_as_the_kernel_limits_it() {
    let folder = Folder::new();
    let port = free_port();
    let file = folder.write("x.cfg", &config(port, ""));
    let daemon = Daemon::start(&["-db", "-m", "60", "-f", &file], port);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", daemon.pid())).expect("limits");
    let data = limits.lines().find(|line| line.starts_with("Max data size")).unwrap_or("");
    assert!(data.contains(" 62914560 "), "{data}");
    assert_eq!(get(port, "/").1, "one");
}

#[test]
fn a_name_that_cannot_be_resolved_stops_the_start_unless_it_is_excused() {
    let folder = Folder::new();
    let text = |methods: &str| {
        let text = config(free_port(), "");
        format!("{text}backend be\n    server s nosuch.invalid:80{methods}\n")
    };
    let file = folder.write("x.cfg", &text(""));
    let (code, _, said) = run(&["-c", "-f", &file]);
    assert_eq!(code, 1);
    let why = "'server be/s': could not resolve address 'nosuch.invalid'";
    assert!(said.contains(why), "{said}");
    let (code, _, said) = run(&["-c", "-dr", "-f", &file]);
    assert_eq!(code, 0);
    assert!(said.contains("disabling server"), "{said}");
    for excuse in [" init-addr libc,none", " init-addr none", " init-addr 127.0.0.9"] {
        let file = folder.write("y.cfg", &text(excuse));
        assert_eq!(run(&["-c", "-q", "-f", &file]).0, 0, "{excuse}");
    }
}

#[test]
fn what_has_no_meaning_here_is_said_in_a_line_at_the_start() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port();
    let file = folder.write("x.cfg", &config(port, ""));
    let (_, _, said) = run(&["-db", "-de", "-dMx", "-f", &file]);
    assert!(said.contains("-de changes nothing: epoll is the only poller"), "{said}");
    assert!(said.contains("-dMx changes nothing: "), "{said}");
    let (_, _, said) = run(&["-db", "-q", "-de", "-f", &file]);
    assert!(!said.contains("-de"), "{said}");
}

#[test]
fn dumps_are_printed_once_the_configuration_was_read() {
    let folder = Folder::new();
    let text =
        config(1, "").replace("mode http", "mode http # a comment") + ".diag \"look here\"\n";
    let file = folder.write("x.cfg", &text);
    let (code, out, said) = run(&["-dC", "-q", "-c", "-f", &file]);
    assert_eq!(code, 0, "{said}");
    assert!(out.contains("defaults\n\tmode http\n\ttimeout client 5s\n"), "{out}");
    assert!(out.contains("\t.diag \"look here\"\n"), "{out}");
    let (_, out, _) = run(&["-dL", "-q", "-c", "-f", &file]);
    assert!(out.lines().next().is_some_and(|line| line.ends_with("/proxyd")), "{out}");
    let (_, out, _) = run(&["-dKhelp", "-q", "-c", "-f", &file]);
    assert!(out.contains("svc: service names\n"), "{out}");
    let (_, out, _) = run(&["-dKcnv,cfg", "-q", "-c", "-f", &file]);
    assert!(out.contains("# List of registered sample converter functions:\n"), "{out}");
    assert!(out.contains("\tuse_backend "), "{out}");
    let (_, _, said) = run(&["-c", "-f", &file]);
    assert!(!said.contains("look here"), "{said}");
    let (_, _, said) = run(&["-dD", "-c", "-f", &file]);
    assert!(said.contains("look here"), "{said}");
}

#[test]
fn quiet_and_zero_warning_in_the_file_do_what_their_options_do() {
    let folder = Folder::new();
    let warned = |global: &str| {
        let file = folder.write("x.cfg", &format!("{}.warning \"mind this\"\n", config(1, global)));
        run(&["-c", "-f", &file])
    };
    assert_eq!(warned("").0, 0);
    assert_eq!(warned("    zero-warning").0, 1);
    let (code, out, said) = warned("    quiet");
    assert_eq!((code, out.as_str(), said.as_str()), (0, "", ""));
}
