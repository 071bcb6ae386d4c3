//! Streams of HTTP as operators see and end them: `show sess`, `shutdown session`, `shutdown sessions server`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use super::daemon::{Daemon, Folder, ask, free_port, wait_until};

/// How many requests a server has read.
type Count = Arc<AtomicUsize>;

/// A server that reads a request and says nothing, or the beginning of a response to `/body`; its port.
fn silent_server() -> (u16, Count) {
    let count = Count::default();
    let counted = Arc::clone(&count);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for mut client in listener.incoming().flatten() {
            let mut request = [0; 1024];
            let read = client.read(&mut request).unwrap_or(0);
            counted.fetch_add(1, Relaxed);
            if request[..read].starts_with(b"GET /body") {
                let _ = client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
            }
            held.push(client);
        }
    });
    (port, count)
}

/// A daemon before a silent server, with a frontend that tarpits on another port.
fn start(folder: &Folder, maxconn: &str) -> (Daemon, [u16; 2], String, Count) {
    let (port, other, (server, count)) = (free_port(), free_port(), silent_server());
    let socket = folder.path("sock");
    let text = format!(
        "global\n    nbthread 2\n    stats socket {socket} level admin\n\
         defaults\n    mode http\n    timeout client 20s\n    timeout connect 20s\n    timeout server 20s\n    timeout tarpit 20s\n\
         frontend fe\n    bind 127.0.0.1:{port}\n    default_backend be\n\
         backend be\n    server s 127.0.0.1:{server} {maxconn}\n\
         frontend slow\n    bind 127.0.0.1:{other}\n    http-request tarpit\n"
    );
    let file = folder.write("x.cfg", &text);
    (Daemon::start(&["-db", "-f", &file], port), [port, other], socket, count)
}

fn request(port: u16, text: &str) -> TcpStream {
    let mut client = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    client.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    client.write_all(text.as_bytes()).expect("sent");
    client
}

fn heard(mut client: TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is an end too.
    let _ = client.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The lines of `show sess`, once there are as many.
fn sessions(socket: &str, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    wait_until(|| {
        let told = ask(socket, "show sess");
        lines = told.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        lines.len() == count
    });
    assert_eq!(lines.len(), count, "{lines:?}");
    lines
}

fn id(line: &str) -> &str {
    line.split(':').next().unwrap_or("")
}

#[test]
fn streams_of_http_are_listed_while_they_run_and_no_longer() {
    let folder = Folder::new();
    let (_daemon, [port, other], socket, count) = start(&folder, "");
    let idle = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let waiting = request(port, "GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    let held = request(other, "GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    assert!(wait_until(|| count.load(Relaxed) == 1));
    let lines = sessions(&socket, 2);
    let source = |client: &TcpStream| client.local_addr().expect("its address").to_string();
    let first = lines.iter().find(|line| line.contains("fe=fe ")).expect("the first");
    let wanted = format!(
        ": proto=tcpv4 src={} fe=fe be=be srv=s ts=00 epoch=0 age=0s calls=",
        source(&waiting)
    );
    assert!(first.contains(&wanted), "{first}");
    let second = lines.iter().find(|line| line.contains("fe=slow ")).expect("the second");
    assert!(second.contains(" be=<NONE> srv=<none> "), "{second}");
    let one = ask(&socket, &format!("show sess {}", id(first)));
    assert!(one.starts_with(id(first)) && one.trim().lines().count() == 1, "{one}");
    drop((idle, waiting, held));
}

#[test]
fn one_stream_is_ended_by_its_id_wherever_it_stands() {
    let folder = Folder::new();
    let (_daemon, [port, other], socket, count) = start(&folder, "maxconn 1");
    let cases = [
        (port, "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", "HTTP/1.1 502 "),
        (port, "GET /body HTTP/1.1\r\nHost: t\r\n\r\n", "HTTP/1.1 200 "),
        (other, "GET / HTTP/1.1\r\nHost: t\r\n\r\n", ""),
        (port, "GET / HT", ""),
    ];
    let mut reached = 0;
    for (port, text, answer) in cases {
        let client = request(port, text);
        reached += usize::from(!answer.is_empty());
        assert!(wait_until(|| count.load(Relaxed) == reached));
        if answer.contains("200") {
            // The answer has begun.
            client.peek(&mut [0]).expect("a byte");
        }
        let lines = sessions(&socket, 1);
        assert_eq!(ask(&socket, &format!("shutdown session {}", id(&lines[0]))), "\n");
        let heard = heard(client);
        assert!(heard.starts_with(answer) && (!answer.is_empty() || heard.is_empty()), "{heard}");
        sessions(&socket, 0);
    }
    let first = request(port, "GET /1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    assert!(wait_until(|| count.load(Relaxed) == reached + 1));
    let queued = request(port, "GET /2 HTTP/1.1\r\nHost: t\r\n\r\n");
    let lines = sessions(&socket, 2);
    let last = lines.iter().find(|line| line.contains("srv=<none>")).expect("the one that waits");
    assert_eq!(ask(&socket, &format!("shutdown session {}", id(last))), "\n");
    assert_eq!(heard(queued), "");
    assert_eq!(ask(&socket, "shutdown sessions server be/s"), "\n");
    assert!(heard(first).starts_with("HTTP/1.1 502 "));
    assert!(ask(&socket, &format!("shutdown session {}", id(last))).contains("No such session"));
}

#[test]
fn a_reload_does_not_change_what_is_told_of_a_stream_that_runs() {
    let folder = Folder::new();
    let (_daemon, [port, _], socket, count) = start(&folder, "");
    let client = request(port, "GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    assert!(wait_until(|| count.load(Relaxed) == 1));
    assert!(sessions(&socket, 1)[0].contains("be=be srv=s "));
    let text = std::fs::read_to_string(folder.path("x.cfg")).expect("the file");
    folder.write(
        "x.cfg",
        &text.replace(
            "\nbackend be\n",
            "\nbackend more\nbackend be\n    server other 127.0.0.1:9\n",
        ),
    );
    assert!(ask(&socket, "reload").contains("configuration loaded"));
    assert!(sessions(&socket, 1)[0].contains("be=be srv=s "));
    drop(client);
}
