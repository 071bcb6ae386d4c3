//! The daemon as a process: its exit codes, signals, files and runtime socket, seen from outside.

mod binds;
mod checks;
mod command_line;
mod daemon;
mod dynamic;
mod errors;
mod explain;
mod lists;
mod places;
mod resolvers;
mod sessions;
mod tunnels;

use std::os::unix::fs::MetadataExt;
use std::process::Command;

use daemon::{Daemon, Folder, free_port, get, listens, run, wait_until};

/// A frontend that answers by itself, on `port`, with `extra` lines in `global`.
fn config(port: u16, extra: &str) -> String {
    format!(
        "global\n{extra}\ndefaults\n    mode http\n    timeout client 5s\n    timeout connect 5s\n    timeout server 5s\n\
         frontend fe\n    bind 127.0.0.1:{port}\n    http-request return status 200 content-type text/plain string one\n"
    )
}

#[test]
fn a_valid_file_is_valid_and_a_broken_one_is_not() {
    let folder = Folder::new();
    let good = folder.write("good.cfg", &config(free_port(), ""));
    let bad = folder.write("bad.cfg", "frontend fe\n    bind :1\n    mode htp\n    nonsense\n");
    let (code, out, _) = run(&["-c", "-f", &good]);
    assert_eq!((code, out.trim()), (0, "Configuration file is valid"));
    let (code, _, err) = run(&["-c", "-f", &bad]);
    assert_eq!(code, 1);
    assert!(err.contains("htp") && err.contains("nonsense"), "both mistakes are told:\n{err}");
    let (code, _, err) = run(&["-c", "-f", "/nonexistent/x.cfg"]);
    assert_eq!(code, 1);
    assert!(err.contains("/nonexistent/x.cfg"), "{err}");
}

#[test]
fn a_port_that_is_taken_is_a_refusal_and_nothing_is_left() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port();
    let pidfile = folder.path("pid");
    let file = folder.write("x.cfg", &config(port, ""));
    let (code, _, err) = run(&["-D", "-f", &file, "-p", &pidfile]);
    assert_eq!(code, 1);
    assert!(
        err.contains(&format!("127.0.0.1:{port}")) && err.contains("listens there already"),
        "{err}"
    );
    assert!(!std::path::Path::new(&pidfile).exists(), "no pid file of a daemon that is not there");
}

#[test]
fn in_the_background_it_serves_when_the_parent_returns_and_names_itself() {
    let folder = Folder::new();
    let port = free_port();
    let pidfile = folder.path("pid");
    let file = folder.write("x.cfg", &config(port, ""));
    let (code, _, err) = run(&["-D", "-f", &file, "-p", &pidfile]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(get(port, "/"), (200, "one".into()));
    let pid = std::fs::read_to_string(&pidfile).expect("the pid file");
    let killed = Command::new("kill").args(["-TERM", pid.trim()]).status().expect("kill");
    assert!(killed.success());
    assert!(wait_until(|| !listens(port)), "it ends when told");
}

#[test]
fn a_reload_swaps_what_is_served_and_a_broken_file_changes_nothing() {
    let folder = Folder::new();
    let port = free_port();
    let socket = folder.path("sock");
    let global = format!("    stats socket {socket} level admin");
    let file = folder.write("x.cfg", &config(port, &global));
    let daemon = Daemon::start(&["-db", "-f", &file], port);
    assert_eq!(get(port, "/").1, "one");

    folder.write("x.cfg", &config(port, &global).replace("string one", "string two"));
    daemon.signal("-HUP");
    assert!(wait_until(|| get(port, "/").1 == "two"), "HUP reloads");

    folder.write(
        "x.cfg",
        &config(port, &global).replace("http-request return", "http-request retrun"),
    );
    let answer = daemon::ask(&socket, "reload");
    assert!(answer.contains("nothing changed") && answer.contains("retrun"), "{answer}");
    assert_eq!(get(port, "/").1, "two");

    folder.write("x.cfg", &config(port, &global).replace("string one", "string three"));
    let answer = daemon::ask(&socket, "reload");
    assert!(answer.contains("1 listeners kept"), "{answer}");
    assert_eq!(get(port, "/").1, "three");
}

#[test]
fn a_reload_can_move_a_listener_and_one_that_cannot_bind_keeps_the_old() {
    let folder = Folder::new();
    let (first, second) = (free_port(), free_port());
    let socket = folder.path("sock");
    let global = format!("    stats socket {socket} level admin");
    let file = folder.write("x.cfg", &config(first, &global));
    let _daemon = Daemon::start(&["-db", "-f", &file], first);

    folder.write("x.cfg", &config(second, &global));
    let answer = daemon::ask(&socket, "reload");
    assert!(answer.contains("0 listeners kept, 1 opened, 1 closed"), "{answer}");
    assert_eq!(get(second, "/").1, "one");
    assert!(wait_until(|| !listens(first)));

    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    folder.write("x.cfg", &config(taken.local_addr().expect("its address").port(), &global));
    let answer = daemon::ask(&socket, "reload");
    assert!(answer.contains("listens there already"), "{answer}");
    assert_eq!(get(second, "/").1, "one");
}

#[test]
fn a_soft_stop_lets_a_tunnel_finish_and_refuses_new_connections() {
    let folder = Folder::new();
    let port = free_port();
    let server = daemon::echo_server();
    let text = format!(
        "defaults\n    mode tcp\n    timeout client 5s\n    timeout connect 5s\n    timeout server 5s\n\
         listen l\n    bind 127.0.0.1:{port}\n    server s 127.0.0.1:{server}\n"
    );
    let file = folder.write("x.cfg", &text);
    let mut daemon = Daemon::start(&["-db", "-f", &file], port);
    let mut tunnel = daemon::Line::open(port);
    assert_eq!(tunnel.say("hello"), "hello");
    daemon.signal("-USR1");
    assert!(wait_until(|| !listens(port)), "nothing new is accepted");
    assert_eq!(tunnel.say("still here"), "still here");
    drop(tunnel);
    assert_eq!(daemon.wait(), Some(0), "it ends when the last connection has gone");
}

#[test]
fn the_runtime_socket_answers_as_haproxys_does() {
    let folder = Folder::new();
    let port = free_port();
    let socket = folder.path("sock");
    let text = format!(
        "global\n    stats socket {socket} mode 600 level admin\n    stats socket {socket}.user level user\n\
         defaults\n    mode http\n    timeout client 5s\n    timeout connect 5s\n    timeout server 5s\n\
         frontend fe\n    bind 127.0.0.1:{port}\n    default_backend be\n\
         backend be\n    server s1 127.0.0.1:9 weight 10\n    server s2 127.0.0.1:10 disabled\n"
    );
    let file = folder.write("x.cfg", &text);
    let _daemon = Daemon::start(&["-db", "-f", &file], port);

    let stat = daemon::ask(&socket, "show stat");
    assert_eq!(std::fs::metadata(&socket).expect("the socket").mode() & 0o777, 0o600);
    let names: Vec<String> = stat
        .lines()
        .skip(1)
        .map(|line| line.split(',').take(2).collect::<Vec<_>>().join("/"))
        .collect();
    assert_eq!(names, ["fe/FRONTEND", "be/s1", "be/s2", "be/BACKEND", ""]);
    assert!(stat.starts_with("# pxname,svname,qcur"), "{stat}");
    assert!(daemon::ask(&socket, "show info").contains(&format!("\nPid: {}\n", _daemon.pid())));
    assert!(daemon::ask(&socket, "show version").starts_with(proxyd::VERSION));
    assert!(daemon::ask(&socket, "show servers state").contains("be 2 s2 127.0.0.1 0 5"));
    assert_eq!(daemon::ask(&socket, "set server be/s2 state ready").trim(), "");
    assert!(daemon::ask(&socket, "show servers state").contains("be 2 s2 127.0.0.1 2 4"));
    assert_eq!(daemon::ask(&socket, "set weight be/s1 50%").trim(), "");
    assert_eq!(daemon::ask(&socket, "get weight be/s1").trim(), "5 (initial 10)");
    assert_eq!(daemon::ask(&socket, "set server be/none state ready").trim(), "No such server.");
    assert_eq!(
        daemon::ask(&format!("{socket}.user"), "set weight be/s1 50%").trim(),
        "Permission denied"
    );
    let config = daemon::ask(&socket, "show config");
    assert!(config.starts_with("# weir configuration 1\n") && config.contains(&text), "{config}");
}

#[test]
fn as_root_it_becomes_the_user_that_the_file_names_and_can_still_reload() {
    if !nix::unistd::Uid::effective().is_root() {
        println!("skipped: needs root");
        return;
    }
    let folder = Folder::new();
    folder.open_to_all();
    let port = free_port();
    let root = folder.directory("empty");
    let global = format!("    user nobody\n    chroot {root}");
    let file = folder.write("x.cfg", &config(port, &global));
    let daemon = Daemon::start(&["-db", "-f", &file], port);
    let is_root = || {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).expect("its status");
        let uid = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap_or("");
        uid.split_whitespace().next() == Some("0")
    };
    // It listens before it gives its rights up.
    assert!(wait_until(|| !is_root()));
    folder.write("x.cfg", &config(port, &global).replace("string one", "string two"));
    daemon.signal("-USR2");
    assert!(wait_until(|| get(port, "/").1 == "two"), "a reload reads the file by its old name");
}

#[test]
fn a_full_process_keeps_what_it_has_and_lets_the_new_wait() {
    let folder = Folder::new();
    let port = free_port();
    let server = daemon::echo_server();
    let text = format!(
        "global\n    maxconn 2\n    nbthread 1\ndefaults\n    mode tcp\n    timeout client 5s\n    timeout connect 5s\n    timeout server 5s\n\
         listen l\n    bind 127.0.0.1:{port}\n    server s 127.0.0.1:{server}\n"
    );
    let file = folder.write("x.cfg", &text);
    let mut daemon = Daemon::start_quietly(&["-db", "-f", &file]);
    assert!(wait_until(|| daemon.is_bound(port)));
    let mut first = daemon::Line::open(port);
    let mut second = daemon::Line::open(port);
    assert_eq!((first.say("a"), second.say("b")), ("a".into(), "b".into()));
    let mut third = daemon::Line::open(port);
    third.send("c");
    assert_eq!((first.say("d"), second.say("e")), ("d".into(), "e".into()));
    drop(first);
    assert_eq!(third.hear(), "c", "it is served when there is room");
    daemon.end();
}

#[test]
fn the_service_manager_is_told_when_it_is_ready_and_when_it_stops() {
    let folder = Folder::new();
    let port = free_port();
    let file = folder.write("x.cfg", &config(port, ""));
    let path = folder.path("notify");
    let manager = std::os::unix::net::UnixDatagram::bind(&path).expect("a socket");
    manager.set_read_timeout(Some(std::time::Duration::from_secs(10))).expect("a timeout");
    let hear = || {
        let mut bytes = [0; 64];
        let n = manager.recv(&mut bytes).expect("a message");
        String::from_utf8_lossy(&bytes[..n]).into_owned()
    };
    let mut daemon = Daemon::start_with(&["-Ws", "-f", &file], &[("NOTIFY_SOCKET", &path)]);
    assert_eq!(hear(), "READY=1");
    assert_eq!(get(port, "/").1, "one", "ready means that it serves");
    daemon.signal("-USR2");
    assert_eq!([hear(), hear()], ["RELOADING=1", "READY=1"]);
    daemon.signal("-USR1");
    assert_eq!(hear(), "STOPPING=1");
    assert_eq!(daemon.wait(), Some(0));
}

#[test]
fn without_descriptors_the_new_wait_and_the_old_go_on() {
    let folder = Folder::new();
    let port = free_port();
    let server = daemon::echo_server();
    let text = format!(
        "global\n    nbthread 1\n    maxconn 10\ndefaults\n    mode tcp\n    timeout client 20s\n    timeout connect 5s\n    timeout server 20s\n    retries 0\n\
         listen l\n    bind 127.0.0.1:{port}\n    server s 127.0.0.1:{server}\n"
    );
    let file = folder.write("x.cfg", &text);
    let mut daemon = Daemon::start_quietly(&["-db", "-n", "1000", "-f", &file]);
    assert!(wait_until(|| daemon.is_bound(port)));
    let limit = Command::new("prlimit")
        .args([format!("--pid={}", daemon.pid()), "--nofile=40:40".into()])
        .status();
    if !limit.is_ok_and(|status| status.success()) {
        println!("skipped: `prlimit` is missing (package util-linux)");
        return;
    }
    let mut lines: Vec<daemon::Line> = Vec::new();
    for number in 0..8 {
        let mut line = daemon::Line::open(port);
        assert_eq!(line.say(&format!("line {number}")), format!("line {number}"));
        lines.push(line);
    }
    // These are more than 40 descriptors allow; the kernel takes them, the daemon cannot.
    let waiting: Vec<daemon::Line> = (0..40).map(|_| daemon::Line::open(port)).collect();
    for line in &mut lines {
        assert_eq!(line.say("still here"), "still here");
    }
    drop(waiting);
    drop(lines);
    assert!(
        wait_until(|| daemon::Line::open(port).say_or_nothing("again") == "again"),
        "it serves again"
    );
    daemon.end();
}

#[test]
fn the_master_cli_tells_the_process_reloads_and_leads_to_the_worker() {
    let folder = Folder::new();
    let port = free_port();
    let master = folder.path("master");
    let file = folder.write("x.cfg", &config(port, ""));
    let place = format!("{master},mode,600");
    let daemon = Daemon::start(&["-W", "-db", "-S", &place, "-f", &file], port);
    let pid = daemon.pid();

    let proc = daemon::ask(&master, "show proc");
    assert_eq!(std::fs::metadata(&master).expect("the socket").mode() & 0o777, 0o600);
    let rows: Vec<Vec<&str>> = proc.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1][..4], [pid.to_string().as_str(), "master", "0", "[failed:"], "{proc}");
    assert_eq!(rows[2], ["#", "workers"]);
    assert_eq!(rows[3][..3], [pid.to_string().as_str(), "worker", "0"]);
    for target in ["@1", &format!("@!{pid}")] {
        assert!(
            daemon::ask(&master, &format!("{target} show info")).contains("\nProcess_num: 1\n")
        );
    }
    assert_eq!(
        daemon::ask(&master, "@2 show info"),
        "Can't find the target PID matching the prefix '@2'\n"
    );
    assert!(daemon::ask(&master, "show info").starts_with("Unknown command"), "it is the worker's");
    assert!(daemon::ask(&master, "@1 show proc").starts_with("Unknown command"), "the master's");
    assert!(daemon::ask(&master, "@1; show info").contains("\nProcess_num: 1\n"), "it stays there");

    folder.write("x.cfg", &config(port, "").replace("string one", "string two"));
    assert!(daemon::ask(&master, "reload").contains("configuration loaded"));
    assert_eq!(get(port, "/").1, "two");
    folder.write("x.cfg", "nonsense\n");
    assert!(daemon::ask(&master, "reload").contains("nonsense"));
    assert!(daemon::ask(&master, "show startup-logs").contains("nonsense"));
    assert!(daemon::ask(&master, "show proc").contains(" 1 [failed: 1] "));
}

#[test]
fn a_server_gets_another_address_and_the_next_connection_goes_there() {
    let folder = Folder::new();
    let (port, old, new) = (free_port(), free_port(), free_port());
    let socket = folder.path("sock");
    let text = |name: &str, port: u16| {
        let rule = format!("http-request return status 200 content-type text/plain string {name}");
        format!("frontend {name}\n    bind 127.0.0.1:{port}\n    {rule}\n")
    };
    let (first, second) = (text("old", old), text("new", new));
    let defaults = "defaults\n    mode http\n    timeout client 5s\n    timeout connect 5s\n    timeout server 5s\n";
    let file = folder.write(
        "x.cfg",
        &format!(
            "global\n    stats socket {socket} level admin\n{defaults}{first}{second}\
             frontend fe\n    bind 127.0.0.1:{port}\n    default_backend be\n\
             backend be\n    server s 127.0.0.1:{old}\n"
        ),
    );
    let _daemon = Daemon::start(&["-db", "-f", &file], port);
    assert_eq!(get(port, "/").1, "old");
    for (words, said) in [
        (
            format!("127.0.0.1 port {new}"),
            format!("no need to change the addr, port changed from '{old}' to '{new}'"),
        ),
        ("127.0.0.1".into(), "no need to change the addr".into()),
        (
            format!("127.0.0.2 port {new}"),
            "IP changed from '127.0.0.1' to '127.0.0.2', no need to change the port".into(),
        ),
        (
            "127.0.0.1 port x".into(),
            "IP changed from '127.0.0.2' to '127.0.0.1', problem converting port 'x' to an int"
                .into(),
        ),
        ("localhost".into(), "Invalid addr 'localhost'".into()),
    ] {
        let answer = daemon::ask(&socket, &format!("set server be/s addr {words}"));
        assert_eq!(answer, format!("{said} by 'stats socket command'\n\n"));
    }
    assert_eq!(get(port, "/").1, "new");
}

#[test]
fn a_soft_stop_serves_those_who_wait_in_the_kernels_queue() {
    use std::io::{Read, Write};
    let folder = Folder::new();
    let port = free_port();
    let file = folder.write("x.cfg", &config(port, ""));
    let mut daemon = Daemon::start(&["-db", "-f", &file], port);
    // While it is stopped nobody accepts, and everything that is to happen waits for it at once.
    daemon.signal("-STOP");
    let clients: Vec<_> = (0..20)
        .map(|_| {
            let mut client = std::net::TcpStream::connect(("127.0.0.1", port)).expect("queued");
            client.write_all(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n").expect("sent");
            client
        })
        .collect();
    daemon.signal("-USR1");
    daemon.signal("-CONT");
    for mut client in clients {
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer and an end");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    assert_eq!(daemon.wait(), Some(0));
}
