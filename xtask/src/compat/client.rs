//! The client: sends a request, reads the whole answer.

use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::case::{Reading, Request};

/// What came back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Interim responses (100, 103) before it.
    pub(crate) interim: String,
    /// Status line and fields, as received.
    pub(crate) head: String,
    /// Body, chunks decoded.
    pub(crate) body: String,
    /// What came through the tunnel after a 101.
    pub(crate) tunnel: String,
    /// The connection was closed after the answer.
    pub(crate) closed: bool,
}

impl Answer {
    /// The status, 0 when there was no answer.
    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
    }

    /// The stub server that answered.
    pub(crate) fn server(&self) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix("x-stub-name: "))
    }
}

/// A client that may keep its connection.
#[derive(Debug)]
pub(crate) struct Client {
    kept: Option<TcpStream>,
    held: Vec<TcpStream>,
    patience: Duration,
}

impl Client {
    /// A client that waits so long for the next byte.
    pub(crate) fn patient(patience: Duration) -> Client {
        Client { kept: None, held: Vec::new(), patience }
    }

    /// Sends a request, from an address of its own if one is given, and reads its answer; an empty answer
    /// means a connection closed without one.
    pub(crate) fn exchange(
        &mut self,
        to: SocketAddr,
        from: Option<IpAddr>,
        request: &Request,
    ) -> Answer {
        let kept = self.kept.take().filter(|_| request.same);
        let Some(mut stream) = kept.or_else(|| connect(to, from).ok()) else {
            return Answer { closed: true, ..Answer::default() };
        };
        // Without these the answer is merely slower to fail.
        let _ = stream.set_read_timeout(Some(self.patience));
        let _ = stream.set_nodelay(true);
        if stream.write_all(&request.bytes()).is_err() {
            return Answer { closed: true, ..Answer::default() };
        }
        if request.fin {
            // A connection that is closed already shows in what is read.
            let _ = stream.shutdown(Shutdown::Write);
        }
        let answer = match request.reading {
            Reading::Message => read(&mut stream, request),
            Reading::All => all(&mut stream),
            Reading::Nothing => {
                self.held.push(stream);
                return Answer::default();
            }
        };
        if !answer.closed {
            self.kept = Some(stream);
        }
        answer
    }

    /// Closes the connection that was kept for the next request; those of `!hold` stay.
    pub(crate) fn close(&mut self) {
        self.kept = None;
    }
}

fn connect(to: SocketAddr, from: Option<IpAddr>) -> std::io::Result<TcpStream> {
    let Some(from) = from else { return TcpStream::connect(to) };
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    socket.connect(&to.into())?;
    Ok(socket.into())
}

fn read(stream: &mut TcpStream, request: &Request) -> Answer {
    let mut input = Vec::new();
    let mut answer = Answer::default();
    let end = loop {
        if let Some(end) = input.windows(4).position(|w| w == b"\r\n\r\n") {
            let interim = input.starts_with(b"HTTP/1.1 100") || input.starts_with(b"HTTP/1.1 103");
            if !interim {
                break end + 4;
            }
            answer.interim.push_str(&text(&input[..end + 4]));
            input.drain(..end + 4);
        } else if !more(stream, &mut input) {
            return Answer { head: text(&input), closed: true, ..answer };
        }
    };
    let rest = input.split_off(end);
    answer.head = text(&input);
    if answer.status() == 101 {
        answer.tunnel = tunnel(stream, rest);
        answer.closed = true;
    } else {
        body(stream, request, rest, &mut answer);
    }
    answer
}

/// Everything until the other side closes, as it came.
fn all(stream: &mut TcpStream) -> Answer {
    let mut input = Vec::new();
    while more(stream, &mut input) {}
    Answer { head: text(&input), closed: true, ..Answer::default() }
}

fn body(stream: &mut TcpStream, request: &Request, mut rest: Vec<u8>, answer: &mut Answer) {
    let lower = answer.head.to_ascii_lowercase();
    let field = |name: &str| lower.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let bodiless = request.method == "HEAD" || [204, 304].contains(&answer.status());
    let close = field("connection:") == Some("close");
    if bodiless {
        answer.closed = close;
        return;
    }
    if field("transfer-encoding:").is_some() {
        while !rest.ends_with(b"0\r\n\r\n") {
            if !more(stream, &mut rest) {
                answer.closed = true;
                break;
            }
        }
        answer.body = text(&dechunk(&rest));
    } else if let Some(length) = field("content-length:").and_then(|n| n.parse::<usize>().ok()) {
        while rest.len() < length && more(stream, &mut rest) {}
        answer.closed = rest.len() < length;
        answer.body = text(&rest);
    } else {
        while more(stream, &mut rest) {}
        answer.closed = true;
        answer.body = text(&rest);
    }
    answer.closed |= close;
}

fn dechunk(mut input: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = input.windows(2).position(|w| w == b"\r\n") {
        let size = std::str::from_utf8(&input[..end])
            .ok()
            .and_then(|hex| usize::from_str_radix(hex.trim(), 16).ok());
        let Some(size) = size.filter(|size| *size > 0 && input.len() >= end + 4 + size) else {
            break;
        };
        out.extend_from_slice(&input[end + 2..end + 2 + size]);
        input = &input[end + 4 + size..];
    }
    out
}

/// Sends a masked frame through the tunnel, closes our side, and reads until the other closes.
fn tunnel(stream: &mut TcpStream, mut seen: Vec<u8>) -> String {
    let frame = [0x81, 0x85, 1, 2, 3, 4, b'h' ^ 1, b'e' ^ 2, b'l' ^ 3, b'l' ^ 4, b'o' ^ 1];
    // A tunnel that is already closed shows in what was read.
    let _ = stream.write_all(&frame);
    while !seen.ends_with(&frame) && more(stream, &mut seen) {}
    let _ = stream.shutdown(Shutdown::Write);
    while more(stream, &mut seen) {}
    text(&seen)
}

fn more(stream: &mut TcpStream, input: &mut Vec<u8>) -> bool {
    let mut bytes = [0; 16384];
    match stream.read(&mut bytes) {
        Ok(n) if n > 0 => {
            input.extend_from_slice(&bytes[..n]);
            true
        }
        _ => false,
    }
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}
