//! Options of `bind` lines and of `stats socket`, seen from outside.

use super::config;
use super::daemon::{self, Daemon, Folder, ask, free_port, get, listens, run, wait_until};
use std::io::{Read as _, Write as _};

/// A daemon whose `bind` line has these options; its port and runtime socket.
fn start(folder: &Folder, options: &str) -> (Daemon, u16, String) {
    let (port, socket) = (free_port(), folder.path("sock"));
    let global =
        format!("    nbthread 3\n    stats socket {socket} level admin severity-output number");
    let bind = format!("bind 127.0.0.1:{port}");
    let text = config(port, &global).replace(&bind, &format!("{bind} {options}"));
    let file = folder.write("x.cfg", &text);
    let daemon = Daemon::start_quietly(&["-db", "-f", &file]);
    assert!(wait_until(|| daemon.is_bound(port)), "{options}");
    (daemon, port, socket)
}

/// What each thread accepted.
fn accepted(socket: &str) -> Vec<u64> {
    let told = ask(socket, "show activity");
    let line = told.lines().find_map(|line| line.strip_prefix("accepted: ")).unwrap_or("");
    let inside = line.split(['[', ']']).nth(1).unwrap_or("");
    inside.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn only_the_threads_of_its_set_accept() {
    for (options, quiet) in
        [("thread 2", vec![0, 2]), ("thread 1/odd", vec![1]), ("thread 3 shards 1", vec![0, 1])]
    {
        let folder = Folder::new();
        let (_daemon, port, socket) = start(&folder, options);
        assert!((0..30).all(|_| get(port, "/").1 == "one"));
        let each = accepted(&socket);
        assert_eq!(each.iter().sum::<u64>(), 30, "{options}");
        assert!(quiet.iter().all(|thread| each[*thread] == 0), "{options}: {each:?}");
    }
}

#[test]
fn a_set_without_a_thread_that_exists_is_refused() {
    let folder = Folder::new();
    let port = free_port();
    let text = config(port, "    nbthread 2");
    let text = text.replace(&format!(":{port}\n"), &format!(":{port} thread 5-8\n"));
    let (code, _, said) = run(&["-db", "-f", &folder.write("x.cfg", &text)]);
    assert_eq!(code, 1);
    assert!(said.contains("none of the threads that `thread` names exists"), "{said}");
}

#[test]
fn one_socket_or_several_serve_all_threads() {
    for options in
        ["shards 1", "shards 2", "shards by-thread", "shards by-group", "shards by-process"]
    {
        let folder = Folder::new();
        let (daemon, port, _) = start(&folder, options);
        assert!((0..10).all(|_| get(port, "/").1 == "one"), "{options}");
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
        let listening = format!("0100007F:{port:04X} 00000000:0000 0A");
        let wanted = match options {
            "shards 2" => 2,
            "shards by-thread" => 3,
            _ => 1,
        };
        assert_eq!(table.matches(&listening).count(), wanted, "{options}");
        drop(daemon);
    }
}

#[test]
fn maxconn_of_a_line_keeps_more_connections_waiting() {
    let folder = Folder::new();
    let (port, server) = (free_port(), daemon::echo_server());
    let text = format!(
        "global\n    nbthread 1\ndefaults\n    mode tcp\n    timeout client 5s\n    timeout connect 5s\n    timeout server 5s\n\
         listen l\n    bind 127.0.0.1:{port} maxconn 1\n    server s 127.0.0.1:{server}\n"
    );
    let daemon = Daemon::start_quietly(&["-db", "-f", &folder.write("x.cfg", &text)]);
    assert!(wait_until(|| daemon.is_bound(port)));
    let mut first = daemon::Line::open(port);
    assert_eq!(first.say("a"), "a");
    let mut second = daemon::Line::open(port);
    assert_eq!(second.say_or_nothing("b"), "");
    assert_eq!(first.say("c"), "c");
    drop(first);
    assert_eq!(second.hear(), "b", "it is served when there is room");
}

#[test]
fn options_of_the_socket_itself_are_set_where_the_system_has_them() {
    let folder = Folder::new();
    let options = "defer-accept tfo tcp-ut 7s mss 1200 cc reno backlog 20";
    let (_daemon, port, _) = start(&folder, options);
    assert_eq!(get(port, "/").1, "one");
    let folder = Folder::new();
    let (_daemon, port, _) = start(&folder, "mss -50 cc nosuchalgorithm");
    assert!(listens(port), "one that the system does not have is a warning");
}

/// Whether the kernel probes the client that is connected to a port: what `/proc/net/tcp` says of its timer.
fn is_probed(port: u16) -> bool {
    let sockets = std::fs::read_to_string("/proc/net/tcp").expect("the kernel's table");
    let (local, established, keepalive) = (format!(":{port:04X}"), "01", "02:");
    sockets.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(1).is_some_and(|address| address.ends_with(&local))
            && fields.get(3) == Some(&established)
            && fields.get(5).is_some_and(|timer| timer.starts_with(keepalive))
    })
}

#[test]
fn clients_are_probed_where_an_option_asks_for_it() {
    for (option, probed) in
        [("option clitcpka", true), ("option tcpka", true), ("option srvtcpka", false)]
    {
        let folder = Folder::new();
        let port = free_port();
        let text = format!(
            "defaults\n    mode http\n    timeout client 5s\n    timeout server 5s\n    timeout connect 5s\n    {option}\n\
             frontend fe\n    bind 127.0.0.1:{port}\n    default_backend be\n\
             backend be\n    http-request return status 200\n"
        );
        let daemon = Daemon::start_quietly(&["-db", "-f", &folder.write("x.cfg", &text)]);
        assert!(wait_until(|| daemon.is_bound(port)));
        let mut client = std::net::TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").expect("a request");
        assert_ne!(client.read(&mut [0; 512]).expect("an answer"), 0);
        assert_eq!(is_probed(port), probed, "{option}");
    }
}

#[test]
fn answers_are_marked_with_their_severity_where_the_socket_says_so() {
    let folder = Folder::new();
    let (_daemon, _, socket) = start(&folder, "");
    assert_eq!(ask(&socket, "set server a/b state ready"), "[3]: No such backend.\n\n");
}

#[test]
fn arrivals_above_a_limit_wait_and_all_are_served() {
    for (global, section) in
        [("maxconnrate 2", ""), ("maxsessrate 2", ""), ("", "    rate-limit sessions 2\n")]
    {
        let folder = Folder::new();
        let (port, socket) = (free_port(), folder.path("sock"));
        let global = format!("    nbthread 1\n    stats socket {socket} level admin\n    {global}");
        let text = config(port, &global)
            .replace("    http-request", &format!("{section}    http-request"));
        let daemon = Daemon::start_quietly(&["-db", "-f", &folder.write("x.cfg", &text)]);
        assert!(wait_until(|| daemon.is_bound(port)));
        let clients: Vec<_> =
            (0..6).map(|_| std::thread::spawn(move || get(port, "/").0)).collect();
        let served = clients.into_iter().map(|client| client.join().expect("a client"));
        assert_eq!(served.collect::<Vec<_>>(), [200; 6], "{global}{section}");
        let info = ask(&socket, "show info");
        let most = info.lines().find_map(|line| line.strip_prefix("MaxConnRate: "));
        let most: u32 = most.and_then(|number| number.parse().ok()).expect("a number");
        assert!(most < 6, "not all in one second, as without a limit: {most}");
    }
}
