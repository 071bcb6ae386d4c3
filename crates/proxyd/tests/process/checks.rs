//! Checks and agents that operators point elsewhere.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::daemon::{Daemon, Folder, ask, echo_server, free_port, wait_until};

/// An agent that answers every question with what it was asked; its port.
fn agent() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut question = [0; 64];
            let read = client.read(&mut question).unwrap_or(0);
            let _ = client.write_all(&[&question[..read], b"\n"].concat());
        }
    });
    port
}

fn start(folder: &Folder) -> (Daemon, String) {
    let (port, closed, socket) = (free_port(), free_port(), folder.path("sock"));
    let text = format!(
        "global\n    stats socket {socket} level admin\n\
         defaults\n    mode tcp\n    timeout client 5s\n    timeout connect 1s\n    timeout server 5s\n\
         listen be\n    bind 127.0.0.1:{port}\n    server c 127.0.0.1:{closed} check inter 20ms\n    server n 127.0.0.1:1\n\
    server g 127.0.0.1:1 agent-check agent-port {closed} agent-send up agent-inter 20ms\n"
    );
    let file = folder.write("x.cfg", &text);
    (Daemon::start(&["-db", "-f", &file], port), socket)
}

/// The state of a server, as `show servers state` numbers it.
fn state(socket: &str, name: &str) -> String {
    let told = ask(socket, "show servers state be");
    let row = told.lines().find(|line| line.contains(&format!(" {name} "))).unwrap_or("");
    row.split(' ').nth(5).unwrap_or("").to_owned()
}

#[test]
fn a_check_goes_where_an_operator_sends_it() {
    let folder = Folder::new();
    let (_daemon, socket) = start(&folder);
    assert!(wait_until(|| state(&socket, "c") == "0"), "nobody listens there");
    let port = echo_server();
    assert_eq!(ask(&socket, &format!("set server be/c check-port {port}")), "\n");
    assert!(wait_until(|| state(&socket, "c") == "2"));
    assert_eq!(ask(&socket, "set server be/c check-addr 127.0.0.1 port 1"), "\n");
    assert!(wait_until(|| state(&socket, "c") == "0"));
    assert!(ask(&socket, "show servers state be").contains(" 1 127.0.0.1 - 0\n"));
}

#[test]
fn an_agent_is_asked_elsewhere_and_its_word_can_be_given_for_it() {
    let folder = Folder::new();
    let (_daemon, socket) = start(&folder);
    assert_eq!(state(&socket, "g"), "2");
    assert_eq!(ask(&socket, "set server be/g agent down"), "\n");
    assert_eq!(state(&socket, "g"), "0");
    let port = agent();
    assert_eq!(ask(&socket, &format!("set server be/g agent-addr 127.0.0.1 port {port}")), "\n");
    assert!(wait_until(|| state(&socket, "g") == "2"), "it says up");
    assert_eq!(ask(&socket, "set server be/g agent-send down"), "\n");
    assert!(wait_until(|| state(&socket, "g") == "0"), "it says down");
    assert_eq!(ask(&socket, "disable agent be/g"), "\n");
    assert_eq!(ask(&socket, "set server be/g agent up"), "\n");
    assert_eq!(state(&socket, "g"), "2");
}

#[test]
fn what_cannot_be_set_is_answered_as_haproxy_does() {
    let folder = Folder::new();
    let (_daemon, socket) = start(&folder);
    for (words, answer) in [
        ("c check-port", "set server <b>/<s> check-port requires a port."),
        ("c check-port x", "provided port is not an integer"),
        ("c check-port 70000", "provided port is invalid"),
        ("n check-port 90", "health checks are not enabled on this server"),
        (
            "c check-addr",
            "set server <b>/<s> check-addr requires an address and optionally a port.",
        ),
        ("c check-addr x", "invalid addr 'x'"),
        ("c agent up", "agent checks are not enabled on this server."),
        ("g agent x", "'set server <srv> agent' expects 'up' or 'down'."),
        ("c agent-port 11", "agent checks are not enabled on this server"),
        ("c agent-send hello", "agent checks are not enabled on this server."),
        ("c fqdn", "set server <b>/<s> fqdn requires a FQDN."),
        ("c fqdn x", "set server <b>/<s> fqdn failed because no resolution is configured."),
        (
            "c ssl on",
            "'set server <srv> ssl' cannot be set.  default-server should define ssl settings",
        ),
    ] {
        assert_eq!(
            ask(&socket, &format!("set server be/{words}")),
            format!("{answer}\n\n"),
            "{words}"
        );
    }
    let refused = "Agent was not configured on this server, cannot enable.\n\n";
    assert_eq!(ask(&socket, "enable agent be/c"), refused);
}
