//! Servers that are added and removed while the daemon runs.

use super::daemon::{Daemon, Folder, ask, free_port, get};

/// A daemon with backends `be` (server `a`), `fixed` and `empty`, and two frontends that stand for servers and name
/// themselves; the ports of its frontend and of the two.
fn start(folder: &Folder) -> (Daemon, [u16; 3], String) {
    let ports = [free_port(), free_port(), free_port()];
    let socket = folder.path("sock");
    let [port, one, two] = ports;
    let says = |name: &str| {
        format!("http-request return status 200 content-type text/plain string {name}")
    };
    let text = format!(
        "global\n    nbthread 2\n    stats socket {socket} level admin\n\
         defaults\n    mode http\n    timeout client 5s\n    timeout connect 5s\n    timeout server 5s\n\
         frontend fe\n    bind 127.0.0.1:{port}\n    use_backend be if {{ path /be }}\n    default_backend empty\n\
         frontend f1\n    bind 127.0.0.1:{one}\n    {}\nfrontend f2\n    bind 127.0.0.1:{two}\n    {}\n\
         backend be\n    server a 127.0.0.1:{one}\n    server used 127.0.0.1:{one} disabled\n    use-server used if {{ hdr(x) y }}\n\
         backend fixed\n    balance static-rr\n    server a 127.0.0.1:1\n\
         backend empty\n",
        says("one"),
        says("two")
    );
    let file = folder.write("x.cfg", &text);
    (Daemon::start(&["-db", "-f", &file], port), ports, socket)
}

#[test]
fn a_server_is_added_in_maintenance_and_serves_once_it_is_enabled() {
    let folder = Folder::new();
    let (_daemon, [port, _, two], socket) = start(&folder);
    assert_eq!(get(port, "/").0, 503);
    let add = format!("add server empty/new 127.0.0.1:{two} weight 7");
    assert_eq!(ask(&socket, &add), "New server registered.\n\n");
    assert_eq!(get(port, "/").0, 503);
    assert!(ask(&socket, "show servers state empty").contains(" 1 new 127.0.0.1 0 1 7 7 "));
    assert_eq!(ask(&socket, "enable server empty/new"), "\n");
    assert_eq!(get(port, "/"), (200, "two".into()));
    assert_eq!(ask(&socket, &add), "Already exists a server with the same name in backend.\n\n");
    for (command, answer) in [
        ("add server", "Require 'backend/server'."),
        ("add server none/s 127.0.0.1:1", "No such backend."),
        ("add server empty/s", "'server' expects <name> and <addr>[:<port>] as arguments."),
        (
            "add server fixed/s 127.0.0.1:1",
            "Backend does not support dynamic servers : backend 'fixed' uses a non dynamic load balancing method.",
        ),
    ] {
        assert_eq!(ask(&socket, command), format!("{answer}\n\n"), "{command}");
    }
    let refused = ask(&socket, "add server empty/s 127.0.0.1:1 nonsense");
    assert!(refused.contains("nonsense"), "{refused}");
    let quoted = ask(&socket, "add server empty/s 127.0.0.1:1 cookie a\\ \\\"b");
    assert_eq!(quoted, "New server registered.\n\n");
    assert!(ask(&socket, "add server help").contains("\nweight\n"));
}

#[test]
fn what_operators_changed_stays_when_a_server_comes_or_goes() {
    let folder = Folder::new();
    let (_daemon, [port, one, two], socket) = start(&folder);
    assert_eq!(get(port, "/be").1, "one");
    ask(&socket, &format!("set server be/a addr 127.0.0.1 port {two}"));
    ask(&socket, "set maxconn frontend fe 77");
    ask(&socket, "set maxconn server be/a 5");
    ask(&socket, "set weight be/a 200%");
    assert_eq!(
        ask(&socket, &format!("add server be/b 127.0.0.1:{one}")),
        "New server registered.\n\n"
    );
    assert_eq!(get(port, "/be").1, "two");
    let stat = ask(&socket, "show stat");
    let limit = |name: &str| {
        let line = stat.lines().find(|line| line.starts_with(name)).unwrap_or("");
        line.split(',').nth(6).unwrap_or("").to_owned()
    };
    assert_eq!([limit("fe,FRONTEND"), limit("be,a")], ["77", "5"]);
    assert_eq!(ask(&socket, "del server be/b"), "Server deleted.\n\n");
    assert_eq!(get(port, "/be").1, "two");
    assert!(ask(&socket, "reload").contains("configuration loaded"));
    assert_eq!(get(port, "/be").1, "one", "a reload reads the file");
}

#[test]
fn only_a_server_in_maintenance_that_nothing_points_at_is_removed() {
    let folder = Folder::new();
    let (_daemon, [port, ..], socket) = start(&folder);
    let pointed = "This server cannot be removed at runtime due to other configuration elements pointing to it.";
    for (command, answer) in [
        ("del server", "Require 'backend/server'."),
        ("del server none/a", "No such backend."),
        ("del server be/none", "No such server."),
        ("del server be/used", pointed),
        ("del server be/a", "Only servers in maintenance mode can be deleted."),
    ] {
        assert_eq!(ask(&socket, command), format!("{answer}\n\n"), "{command}");
    }
    assert_eq!(get(port, "/be").1, "one");
    assert_eq!(ask(&socket, "disable server be/a"), "\n");
    assert_eq!(ask(&socket, "del server be/a"), "Server deleted.\n\n");
    assert_eq!(get(port, "/be").0, 503);
    assert!(!ask(&socket, "show servers state be").contains(" a 127.0.0.1 "));
}
