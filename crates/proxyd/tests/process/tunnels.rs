//! Tunnels over the runtime socket: listed, ended, drained, moved.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::daemon::{self, Daemon, Folder, free_port, wait_until};

/// A server that accepts every handshake and then says nothing, for the life of the test; its port.
fn websocket_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut head = [0; 4096];
                if client.read(&mut head).is_ok() {
                    let answer = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
                    let _ = client.write_all(answer);
                }
                while matches!(client.read(&mut head), Ok(n) if n > 0) {}
            });
        }
    });
    port
}

/// A client that has its 101.
fn open(port: u16) -> TcpStream {
    let mut client = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    client.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    let request = b"GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    client.write_all(request).expect("asked");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).expect("an answer");
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client
}

/// What is left to read before the end.
fn rest(mut client: TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // A reset is an end too.
    let _ = client.read_to_end(&mut rest);
    rest
}

/// A daemon with two WebSocket servers; its frontend's port.
fn start(folder: &Folder) -> (Daemon, u16, String) {
    let (port, socket) = (free_port(), folder.path("sock"));
    let text = format!(
        "global\n    nbthread 2\n    stats socket {socket} level admin\n\
         defaults\n    mode http\n    timeout client 30s\n    timeout connect 5s\n    timeout server 30s\n\
         frontend fe\n    bind 127.0.0.1:{port}\n    default_backend be\n\
         backend be\n    server s1 127.0.0.1:{}\n    server s2 127.0.0.1:{} disabled\n",
        websocket_server(),
        websocket_server()
    );
    let file = folder.write("x.cfg", &text);
    (Daemon::start(&["-db", "-f", &file], port), port, socket)
}

/// The rows of `show tunnels` without the title.
fn tunnels(socket: &str) -> Vec<String> {
    let text = daemon::ask(socket, "show tunnels");
    text.lines().skip(1).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn tunnels_are_listed_and_one_is_ended_by_its_id() {
    let folder = Folder::new();
    let (_daemon, port, socket) = start(&folder);
    let (first, second) = (open(port), open(port));
    let from = first.local_addr().expect("its address").to_string();
    assert!(wait_until(|| tunnels(&socket).len() == 2));
    let rows = tunnels(&socket);
    let row: Vec<&str> =
        rows.iter().find(|row| row.contains(&from)).expect("a row").split(' ').collect();
    assert_eq!(&row[1..6], [from.as_str(), "fe", "be", "s1", "websocket"]);
    let sessions = daemon::ask(&socket, "show sess");
    assert!(sessions.contains(&format!("{}: proto=tcpv4 src={from} fe=fe be=be srv=s1", row[0])));
    assert_eq!(daemon::ask(&socket, &format!("shutdown session {}", row[0])).trim(), "");
    assert_eq!(rest(first), b"", "at once and without a word");
    assert!(wait_until(|| tunnels(&socket).len() == 1));
    assert_eq!(
        daemon::ask(&socket, &format!("shutdown session {}", row[0])).trim(),
        "No such session (use 'show sess')."
    );
    drop(second);
    assert!(wait_until(|| tunnels(&socket).is_empty()));
}

#[test]
fn a_drained_server_closes_its_websockets_in_order_and_takes_no_more() {
    let folder = Folder::new();
    let (_daemon, port, socket) = start(&folder);
    let clients: Vec<_> = (0..4).map(|_| open(port)).collect();
    assert!(wait_until(|| tunnels(&socket).len() == 4));
    daemon::ask(&socket, "enable server be/s2");
    let said = daemon::ask(&socket, "drain server be/s1 over 100ms");
    assert_eq!(said.trim(), "draining 4 tunnels over 100ms");
    for client in clients {
        // Close, 1012: the service restarts (RFC 6455 section 7.4.1).
        assert_eq!(rest(client), [0x88, 0x02, 0x03, 0xf4]);
    }
    let again = open(port);
    assert!(wait_until(|| tunnels(&socket).len() == 1));
    assert!(tunnels(&socket)[0].contains(" fe be s2 websocket "));
    drop(again);
}

#[test]
fn a_rebalance_ends_what_a_server_has_beyond_its_share() {
    let folder = Folder::new();
    let (_daemon, port, socket) = start(&folder);
    let clients: Vec<_> = (0..4).map(|_| open(port)).collect();
    assert!(wait_until(|| tunnels(&socket).len() == 4));
    daemon::ask(&socket, "enable server be/s2");
    let plan = "# server weight tunnels share close\ns1 1 4 2 2\ns2 1 0 2 0\n";
    let said = daemon::ask(&socket, "rebalance be dry-run");
    assert_eq!(said, format!("{plan}would close 2 tunnels\n\n"));
    assert_eq!(tunnels(&socket).len(), 4, "nothing was done");
    let said = daemon::ask(&socket, "rebalance be");
    assert_eq!(said, format!("{plan}closing 2 tunnels\n\n"));
    let mut clients = clients.into_iter();
    for oldest in clients.by_ref().take(2) {
        assert_eq!(rest(oldest), [0x88, 0x02, 0x03, 0xf4]);
    }
    assert!(wait_until(|| tunnels(&socket).len() == 2));
    drop(clients);
}

#[test]
fn the_sockets_of_the_process_are_listed() {
    let folder = Folder::new();
    let (_daemon, _, socket) = start(&folder);
    let said = daemon::ask(&socket, "show cli sockets");
    assert_eq!(said, format!("# socket lvl processes\nunix@{socket} admin all\n\n"));
}
