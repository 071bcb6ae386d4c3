//! The same bytes to HAProxy 2.6 and to this crate: accepted or refused, with which status, and what
//! the server received.
//!
//! Needs `/usr/sbin/haproxy`; without it the test says so and passes. What is known to differ is
//! listed in `DIFFERS`, each with its reason; an entry that no longer differs fails the test.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test says what it skips")]

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http1::{
    BodyLength, ChunkDecoder, ChunkEvent, Fields, LAST_CHUNK, Limits, Parsed, RequestHead,
    ResponseHead, Version, parse_request, parse_response, parse_trailers, request_body,
    response_body, set_request_connection, set_response_connection, write_chunk_end,
    write_chunk_size,
};

const HAPROXY: &str = "/usr/sbin/haproxy";

/// Inputs on which we differ on purpose: a piece of the input, and why.
const DIFFERS: &[(&str, &str)] = &[
    ("ontent-Length: 1844674407370955161", "2^64 and 2^64-1 are refused, not wrapped"),
    ("RTSP/1.0 200", "an old server of another protocol is passed on as HTTP/1.0"),
    ("HTTP/1.1 20 OK", "a status has at least three digits"),
    ("HTTP/1.1 099 OK", "a status is at least 100"),
    ("HTTP/1.1 000 OK", "a status is at least 100"),
    ("CONNECT a:80 HTTP/1.1\r\nTransfer-Encoding", "a CONNECT has no body, nor a word about one"),
    ("Transfer-Encoding: chunked\r\n\r\nok", "heads only: the body's first chunk is bad"),
];

/// Inputs that one HAProxy process refuses and another passes on, from run to run with the same
/// binary; ours are refused.
const UNSTABLE: &[&str] = &["\r\n0\r\nA : b\r\n", "\r\n0\r\nA\u{fffd}: a\r\n"];

/// What one side made of an input.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Status(u16),
    Sent(String),
    Waits,
}

fn lines(text: &str) -> impl Iterator<Item = Vec<u8>> + '_ {
    text.lines().filter(|line| !line.starts_with("# ") && !line.is_empty()).map(unescape)
}

fn unescape(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = line.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match (byte, byte == b'\\') {
            (_, false) => byte,
            _ => match bytes.next().unwrap() {
                b'r' => b'\r',
                b'n' => b'\n',
                b't' => b'\t',
                b'x' => {
                    let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
                }
                other => other,
            },
        });
    }
    out
}

/// A running HAProxy between this test and a stub server.
struct Oracle {
    child: Child,
    address: SocketAddr,
    answer: Arc<Mutex<Vec<u8>>>,
    received: Receiver<Vec<u8>>,
    _dir: tempfile::TempDir,
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Oracle {
    fn start() -> Option<Oracle> {
        if !std::path::Path::new(HAPROXY).exists() {
            eprintln!("skipped: {HAPROXY} is missing");
            return None;
        }
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        // The port is free again by the time HAProxy binds it; nothing else here takes ports.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("haproxy.cfg");
        let config = format!(
            "defaults\n mode http\n timeout client 2s\n timeout server 2s\n timeout connect 1s\n \
             timeout http-request 300ms\n timeout http-keep-alive 1ms\n\
             frontend fe\n bind {address}\n default_backend be\n\
             backend be\n server s 127.0.0.1:{port}\n"
        );
        std::fs::write(&file, config).unwrap();
        let child = Command::new(HAPROXY)
            .args(["-db", "-q", "-f"])
            .arg(&file)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answer = Arc::new(Mutex::new(Vec::new()));
        let (sent, received) = channel();
        let shared = Arc::clone(&answer);
        std::thread::spawn(move || {
            for client in server.incoming() {
                let (answer, sent) = (shared.lock().unwrap().clone(), sent.clone());
                std::thread::spawn(move || sent.send(serve(client.unwrap(), &answer)));
            }
        });
        while TcpStream::connect(address).is_err() {
            std::thread::yield_now();
        }
        Some(Oracle { child, address, answer, received, _dir: dir })
    }

    /// Sends the request; returns what the client and what the server received.
    fn ask(&self, request: &[u8], answer: &[u8]) -> (Vec<u8>, Vec<u8>) {
        *self.answer.lock().unwrap() = answer.to_vec();
        while self.received.try_recv().is_ok() {}
        let mut client = TcpStream::connect(self.address).unwrap();
        client.set_read_timeout(Some(Duration::from_millis(1200))).unwrap();
        client.write_all(request).unwrap();
        let mut got = Vec::new();
        let mut piece = [0; 4096];
        loop {
            match client.read(&mut piece) {
                Ok(0) => break,
                Ok(n) => got.extend_from_slice(&piece[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
            if got.starts_with(b"HTTP/1.1 200") && got.ends_with(b"\r\nok") {
                break;
            }
        }
        drop(client);
        let server = self.received.recv_timeout(Duration::from_millis(if status(&got) == 200 {
            1000
        } else {
            1
        }));
        (got, server.unwrap_or_default())
    }
}

/// Reads a request until it pauses, answers and closes.
fn serve(mut stream: TcpStream, answer: &[u8]) -> Vec<u8> {
    let mut got = Vec::new();
    let mut piece = [0; 4096];
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    loop {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(n) => got.extend_from_slice(&piece[..n]),
        }
        if got.windows(4).any(|end| end == b"\r\n\r\n") {
            stream.set_read_timeout(Some(Duration::from_millis(25))).unwrap();
        }
    }
    let _ = stream.write_all(answer);
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.read(&mut piece);
    got
}

fn status(response: &[u8]) -> u16 {
    let digits = response.get(9..12).unwrap_or_default();
    std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// What this crate would do with a request: its status, or the bytes for the server.
fn our_request(raw: &[u8]) -> Outcome {
    let mut head = RequestHead::new();
    let consumed = match parse_request(raw, &mut head, &Limits::default()) {
        Err(error) => return Outcome::Status(error.status()),
        Ok(Parsed::Partial) => return Outcome::Waits,
        Ok(Parsed::Complete { consumed }) => consumed,
    };
    let body = request_body(&head).unwrap();
    set_request_connection(&mut head, true);
    let mut out = Vec::new();
    head.write_to(&mut out);
    let mut rest = &raw[consumed..];
    match body {
        BodyLength::Length(bytes) => {
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).min(rest.len());
            out.extend_from_slice(&rest[..bytes]);
        }
        BodyLength::Chunked => match rechunk(&mut rest, &mut out) {
            Ok(()) => {}
            Err(status) => return Outcome::Status(status),
        },
        BodyLength::None | BodyLength::UntilClose => {}
    }
    Outcome::Sent(escape(&out))
}

/// Decodes a chunked body and encodes it again, as HAProxy does.
fn rechunk(rest: &mut &[u8], out: &mut Vec<u8>) -> Result<(), u16> {
    let mut decoder = ChunkDecoder::new();
    loop {
        let taken = match decoder.next(rest) {
            Err(_) => return Err(400),
            Ok(ChunkEvent::More) => return Ok(()),
            Ok(ChunkEvent::Framing(bytes)) => bytes,
            Ok(ChunkEvent::Data(bytes)) => {
                write_chunk_size(bytes, out);
                out.extend_from_slice(&rest[..bytes]);
                write_chunk_end(out);
                bytes
            }
            Ok(ChunkEvent::Trailers) => {
                let mut trailers = Fields::new();
                let parsed = parse_trailers(rest, &mut trailers, &Limits::default());
                if let Err(error) = parsed {
                    return Err(error.status());
                }
                if trailers.is_empty() {
                    out.extend_from_slice(LAST_CHUNK);
                } else {
                    out.extend_from_slice(b"0\r\n");
                    trailers.write_to(out);
                    out.extend_from_slice(b"\r\n");
                }
                return Ok(());
            }
        };
        *rest = &rest[taken..];
    }
}

/// What this crate would send the client for a server's answer to `GET /`: the head only.
fn our_response(raw: &[u8]) -> Outcome {
    let mut head = ResponseHead::new();
    let mut out = Vec::new();
    let mut rest = raw;
    loop {
        match parse_response(rest, &mut head, &Limits::default()) {
            Ok(Parsed::Complete { consumed }) => rest = &rest[consumed..],
            Ok(Parsed::Partial) if !out.is_empty() => return Outcome::Sent(escape(&out)),
            _ => return Outcome::Status(502),
        }
        if head.status == 101 && !http1::switches_protocol(&head) {
            return Outcome::Status(502);
        }
        let close = response_body(&head, b"GET") == Ok(BodyLength::UntilClose);
        set_response_connection(&mut head, Version::Http11, !close);
        head.write_to(&mut out);
        if head.status >= 200 || head.status == 101 {
            return Outcome::Sent(escape(&out));
        }
    }
}

fn escape(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn check(
    name: &str,
    inputs: &[Vec<u8>],
    theirs: impl Fn(&[u8]) -> Outcome,
    ours: impl Fn(&[u8]) -> Outcome,
) {
    let mut report = String::new();
    for input in inputs {
        let shown = escape(input);
        let ours = ours(input);
        let theirs = theirs(input);
        let text = String::from_utf8_lossy(input);
        let known = DIFFERS.iter().find(|(piece, _)| text.contains(piece));
        if UNSTABLE.iter().any(|piece| text.contains(piece)) {
            assert_eq!(ours, Outcome::Status(400));
            continue;
        }
        match (theirs == ours, known) {
            (true, None) | (false, Some(_)) => {}
            (true, Some((_, reason))) => {
                writeln!(report, "no longer differs ({reason}): {shown}").unwrap();
            }
            (false, None) => {
                writeln!(report, "{shown}\n  haproxy {theirs:?}\n  ours    {ours:?}").unwrap();
            }
        }
    }
    eprintln!("{name}: {} inputs", inputs.len());
    assert!(report.is_empty(), "{report}");
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn their_request(oracle: &Oracle, raw: &[u8]) -> Outcome {
    let (client, server) = oracle.ask(raw, OK);
    match status(&client) {
        200 => Outcome::Sent(escape(&server)),
        408 => Outcome::Waits,
        other => Outcome::Status(other),
    }
}

#[test]
fn requests_are_refused_and_forwarded_as_haproxy_does() {
    let Some(oracle) = Oracle::start() else { return };
    let inputs: Vec<_> = lines(include_str!("differential/requests.txt")).collect();
    assert!(inputs.len() >= 150);
    check("requests", &inputs, |raw| their_request(&oracle, raw), our_request);
}

#[test]
fn chunked_bodies_are_refused_and_forwarded_as_haproxy_does() {
    let Some(oracle) = Oracle::start() else { return };
    let head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let inputs: Vec<_> = lines(include_str!("differential/chunks.txt"))
        .map(|body| [&head[..], &body].concat())
        .collect();
    check("chunked bodies", &inputs, |raw| their_request(&oracle, raw), our_request);
}

#[test]
fn heads_are_as_large_as_haproxy_takes_them() {
    let Some(oracle) = Oracle::start() else { return };
    let sized = |fields: usize, bytes: usize| {
        let mut text = String::from("GET / HTTP/1.1\r\n");
        for index in 0..fields {
            write!(text, "a{index:02}: b\r\n").unwrap();
        }
        let pad = bytes - text.len() - "z: \r\n\r\n".len();
        writeln!(text, "z: {}\r\n\r", "x".repeat(pad)).unwrap();
        text.into_bytes()
    };
    let mut inputs = Vec::new();
    for (fields, most) in [(0, 15277), (10, 15237), (50, 15077)] {
        inputs.extend([sized(fields, most - 1), sized(fields, most), sized(fields, most + 1)]);
    }
    inputs.extend([98, 99, 100, 101].map(|fields| sized(fields, 3000)));
    check("sizes", &inputs, |raw| their_request(&oracle, raw), our_request);
}

#[test]
fn responses_are_refused_and_forwarded_as_haproxy_does() {
    let Some(oracle) = Oracle::start() else { return };
    let inputs: Vec<_> = lines(include_str!("differential/responses.txt")).collect();
    let theirs = |raw: &[u8]| {
        let (client, _) = oracle.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", raw);
        if status(&client) == 502 {
            return Outcome::Status(502);
        }
        let mut end = 0;
        while let Some(at) = client[end..].windows(4).position(|it| it == b"\r\n\r\n") {
            if end > 0 && status(&client[end..]) == 502 {
                break;
            }
            let informational =
                client[end..].get(9) == Some(&b'1') && status(&client[end..]) != 101;
            end += at + 4;
            if !informational {
                break;
            }
        }
        Outcome::Sent(escape(&client[..end]))
    };
    check("responses", &inputs, theirs, our_response);
}
