//! `show errors`: the last messages that could not be read.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::daemon::{Daemon, Folder, ask, free_port};

/// A server whose answers cannot be read; its port.
fn broken_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.read(&mut [0; 1024]);
            let _ = client.write_all(b"HTTP/1.1 200 OK\r\nX y: 1\r\n\r\n");
        }
    });
    port
}

fn send(port: u16, request: &str) -> String {
    let mut client = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    client.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn the_last_invalid_request_and_response_are_shown() {
    let (folder, port, server) = (Folder::new(), free_port(), broken_server());
    let socket = folder.path("sock");
    let text = format!(
        "global\n    stats socket {socket} level admin\ndefaults\n    mode http\n    timeout client 5s\n    \
         timeout connect 1s\n    timeout server 5s\nfrontend fe\n    bind 127.0.0.1:{port}\n    \
         default_backend be\nbackend be\n    server s 127.0.0.1:{server}\n"
    );
    let _daemon = Daemon::start(&["-db", "-f", &folder.write("x.cfg", &text)], port);
    assert!(ask(&socket, "show errors").ends_with("] : 0\n\n"));
    assert!(send(port, "GET / HTTP/1.1\r\nHo st: h\r\n\r\n").starts_with("HTTP/1.1 400 "));
    let said = send(port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert!(said.starts_with("HTTP/1.1 502 "), "{said}");
    let all = ask(&socket, "show errors");
    for part in [
        "] : 2\n",
        "] frontend fe (#2): invalid request\n  backend <NONE> (#-1), server <NONE> (#-1), event #0, src 127.0.0.1:",
        "  len 28, wraps at 16384, error at position 18:\n  \n  00000  GET / HTTP/1.1\\r\\n\n  00016  Ho st: h\\r\\n\n",
        "] backend be (#3): invalid response\n  frontend fe (#2), server s (#1), event #1, src 127.0.0.1:",
        "  00017  X y: 1\\r\\n\n",
    ] {
        assert!(all.contains(part), "{part}\n{all}");
    }
    assert!(!ask(&socket, "show errors fe response").contains("invalid"));
    assert!(!ask(&socket, "show errors be request").contains("invalid"));
    assert!(ask(&socket, "show errors be").contains("invalid response"));
}
