//! One client connection of the load, and one exchange over it.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Idle, Plan, Work};

/// Grown once, when bodies are larger than a head.
const SMALL: usize = 4096;
const LARGE: usize = 256 * 1024;

/// A client connection: its socket, and what it says on it.
#[derive(Debug)]
pub(super) struct Connection {
    address: SocketAddr,
    manner: Manner,
    /// None until it is needed, and after a failure.
    stream: Option<TcpStream>,
    /// What is sent, in turn.
    messages: Vec<Vec<u8>>,
    turn: usize,
    buffer: Vec<u8>,
}

/// How an exchange goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Request,
    FreshRequest,
    Echo,
    Upgrade,
    Stream,
}

impl Connection {
    /// Opens the connection and, where the plan repeats exchanges, makes the first.
    pub(super) async fn open(plan: &Plan, number: usize) -> std::io::Result<Connection> {
        let mut connection = Connection {
            address: plan.address,
            manner: manner(&plan.work),
            stream: None,
            messages: messages(&plan.work),
            turn: number,
            buffer: vec![0; buffer_size(&plan.work)],
        };
        match plan.work {
            // Each of these starts with its first exchange of a phase, or all at once.
            Work::Stream => connection.ask().await?,
            Work::Idle(Idle::Pair) => connection.connect().await?,
            Work::Idle(Idle::Tunnel) => {
                connection.upgrade().await?;
            }
            Work::Requests { .. } | Work::Echo { .. } | Work::Upgrades | Work::Idle(_) => {
                connection.exchange(Instant::now()).await?;
            }
        }
        if let Work::Idle(_) = plan.work {
            // An idle client should not weigh more than what it measures.
            connection.buffer = Vec::new();
        }
        Ok(connection)
    }

    /// One exchange; the bytes received. A stream goes on until `end`.
    pub(super) async fn exchange(&mut self, end: Instant) -> std::io::Result<u64> {
        let done = match self.manner {
            Manner::Request => self.request().await,
            Manner::FreshRequest => self.fresh_request().await,
            Manner::Echo => self.echo().await,
            Manner::Upgrade => self.upgrade_and_leave().await,
            Manner::Stream => self.stream(end).await,
        };
        if done.is_err() {
            self.stream = None;
        }
        done
    }

    /// Sends the next message.
    pub(super) async fn ask(&mut self) -> std::io::Result<()> {
        self.connect().await?;
        let message = self.turn % self.messages.len();
        self.turn += 1;
        let Some(stream) = &mut self.stream else { return Err(ErrorKind::NotConnected.into()) };
        stream.write_all(&self.messages[message]).await
    }

    /// Reads the whole answer to a request.
    pub(super) async fn hear(&mut self) -> std::io::Result<u64> {
        if self.buffer.is_empty() {
            self.buffer = vec![0; SMALL];
        }
        let Some(stream) = &mut self.stream else { return Err(ErrorKind::NotConnected.into()) };
        let mut filled = 0;
        let answer = loop {
            let read = read_some(stream, &mut self.buffer[filled..]).await?;
            filled += read;
            if let Some(answer) = Answer::parse(&self.buffer[..filled])? {
                break answer;
            }
        };
        let mut received = filled as u64;
        // Chunked bodies hold only FILL between their sizes: only the last chunk ends like this.
        let mut tail = Tail::default();
        tail.push(&self.buffer[answer.head..filled]);
        while !answer.whole(received, &tail) {
            let read = read_some(stream, &mut self.buffer).await?;
            received += read as u64;
            tail.push(&self.buffer[..read]);
        }
        if answer.close {
            self.stream = None;
        }
        Ok(received)
    }

    async fn connect(&mut self) -> std::io::Result<()> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        Ok(())
    }

    async fn request(&mut self) -> std::io::Result<u64> {
        self.ask().await?;
        self.hear().await
    }

    async fn fresh_request(&mut self) -> std::io::Result<u64> {
        let received = self.request().await;
        self.stream = None;
        received
    }

    async fn echo(&mut self) -> std::io::Result<u64> {
        if self.stream.is_none() {
            self.upgrade().await?;
        }
        self.ask().await?;
        let Some(stream) = &mut self.stream else { return Err(ErrorKind::NotConnected.into()) };
        let length = self.messages[0].len();
        stream.read_exact(&mut self.buffer[..length]).await?;
        Ok(length as u64)
    }

    async fn upgrade_and_leave(&mut self) -> std::io::Result<u64> {
        let received = self.upgrade().await;
        self.stream = None;
        received
    }

    async fn upgrade(&mut self) -> std::io::Result<u64> {
        self.connect().await?;
        let Some(stream) = &mut self.stream else { return Err(ErrorKind::NotConnected.into()) };
        stream.write_all(HANDSHAKE.as_bytes()).await?;
        let mut filled = 0;
        loop {
            filled += read_some(stream, &mut self.buffer[filled..]).await?;
            if self.buffer[..filled].ends_with(b"\r\n\r\n") {
                break;
            }
        }
        if self.buffer.starts_with(b"HTTP/1.1 101") {
            return Ok(filled as u64);
        }
        Err(unexpected(&self.buffer[..filled]))
    }

    async fn stream(&mut self, end: Instant) -> std::io::Result<u64> {
        let Some(stream) = &mut self.stream else { return Err(ErrorKind::NotConnected.into()) };
        let mut received = 0;
        while Instant::now() < end {
            received += read_some(stream, &mut self.buffer).await? as u64;
        }
        Ok(received)
    }
}

const HANDSHAKE: &str = "GET /ws HTTP/1.1\r\nHost: app.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: zGYcUVMijj7ihvhLCEegZQ==\r\n\r\n";

/// Longer than any phase lasts.
const ENDLESS: &str = "GET /1099511627776 HTTP/1.1\r\nHost: app.example\r\n\r\n";

fn manner(work: &Work) -> Manner {
    match work {
        Work::Requests { fresh: true, .. } => Manner::FreshRequest,
        Work::Requests { .. } | Work::Idle(_) => Manner::Request,
        Work::Echo { .. } => Manner::Echo,
        Work::Upgrades => Manner::Upgrade,
        Work::Stream => Manner::Stream,
    }
}

fn messages(work: &Work) -> Vec<Vec<u8>> {
    match work {
        Work::Requests { target, hosts, body, fresh } => {
            hosts.iter().map(|host| request(target, host, *body, *fresh)).collect()
        }
        Work::Echo { payload } => vec![frame(*payload)],
        Work::Upgrades => vec![HANDSHAKE.as_bytes().to_vec()],
        Work::Stream => vec![ENDLESS.as_bytes().to_vec()],
        Work::Idle(Idle::Pair) => vec![request("/slow/100", "app.example", 0, false)],
        Work::Idle(_) => vec![request("/100", "app.example", 0, false)],
    }
}

fn buffer_size(work: &Work) -> usize {
    match work {
        Work::Requests { target, .. } => {
            let size: usize = target.rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0);
            (size + SMALL).min(LARGE)
        }
        Work::Echo { payload } => payload + SMALL,
        Work::Stream => LARGE,
        Work::Upgrades | Work::Idle(_) => SMALL,
    }
}

fn request(target: &str, host: &str, body: usize, fresh: bool) -> Vec<u8> {
    let method = if body > 0 { "POST" } else { "GET" };
    let mut text = format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bench\r\nAccept: */*\r\n"
    );
    if body > 0 {
        text.push_str(&format!("Content-Length: {body}\r\n"));
    }
    if fresh {
        text.push_str("Connection: close\r\n");
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.resize(bytes.len() + body, crate::origin::FILL);
    bytes
}

/// A whole binary message of a client (RFC 6455 section 5.2); the mask is zero, so it may be echoed as it is.
fn frame(payload: usize) -> Vec<u8> {
    const BINARY: u8 = 0x82;
    const MASKED: u8 = 0x80;
    let mut bytes = vec![BINARY];
    match (u8::try_from(payload), u16::try_from(payload)) {
        (Ok(short @ 0..126), _) => bytes.push(MASKED | short),
        (_, Ok(medium)) => {
            bytes.push(MASKED | 126);
            bytes.extend(medium.to_be_bytes());
        }
        _ => {
            bytes.push(MASKED | 127);
            bytes.extend((payload as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.resize(bytes.len() + payload, 1);
    bytes
}

/// The head of an answer, as far as its end depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Answer {
    head: usize,
    /// Bytes of the body; a chunked one tells at its end.
    length: Option<u64>,
    close: bool,
}

impl Answer {
    /// `None` while the head is not whole; an error when the status is not 200.
    fn parse(bytes: &[u8]) -> std::io::Result<Option<Answer>> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut headers);
        let status = response.parse(bytes).map_err(|e| Error::new(ErrorKind::InvalidData, e))?;
        let httparse::Status::Complete(head) = status else { return Ok(None) };
        if response.code != Some(200) {
            return Err(unexpected(bytes));
        }
        let value = |name: &str| {
            let header = response.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name));
            header.and_then(|header| std::str::from_utf8(header.value).ok())
        };
        let close = value("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"));
        let length = value("content-length").and_then(|v| v.parse().ok());
        Ok(Some(Answer { head, length, close }))
    }

    fn whole(&self, received: u64, tail: &Tail) -> bool {
        match self.length {
            Some(length) => received >= self.head as u64 + length,
            None => tail.0 == *b"0\r\n\r\n",
        }
    }
}

/// The last five bytes of a body.
#[derive(Debug, Default, Clone, Copy)]
struct Tail([u8; 5]);

impl Tail {
    fn push(&mut self, bytes: &[u8]) {
        for byte in &bytes[bytes.len().saturating_sub(5)..] {
            self.0.rotate_left(1);
            self.0[4] = *byte;
        }
    }
}

async fn read_some(stream: &mut TcpStream, buffer: &mut [u8]) -> std::io::Result<usize> {
    match stream.read(buffer).await? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        read => Ok(read),
    }
}

fn unexpected(answer: &[u8]) -> Error {
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or(b"");
    Error::other(format!("answered `{}`", String::from_utf8_lossy(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_states_its_length_as_short_as_it_can() {
        let begin = |payload: usize| frame(payload)[..4].to_vec();
        assert_eq!(begin(125), [0x82, 0x80 | 125, 0, 0]);
        assert_eq!(begin(128), [0x82, 0x80 | 126, 0, 128]);
        assert_eq!(begin(16384), [0x82, 0x80 | 126, 64, 0]);
        assert_eq!(begin(70000), [0x82, 0x80 | 127, 0, 0]);
        assert_eq!(frame(128).len(), 128 + 8);
    }

    #[test]
    fn a_chunked_answer_is_whole_after_its_last_chunk() {
        let answer = Answer { head: 10, length: None, close: false };
        let mut tail = Tail::default();
        tail.push(b"5\r\nxxxxx\r\n0\r");
        assert!(!answer.whole(100, &tail));
        tail.push(b"\n\r\n");
        assert!(answer.whole(100, &tail));
    }

    #[test]
    fn only_a_200_is_an_answer() {
        assert!(Answer::parse(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").is_err());
        assert_eq!(Answer::parse(b"HTTP/1.1 20").unwrap(), None);
        let answer = Answer::parse(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nxx");
        assert_eq!(answer.unwrap(), Some(Answer { head: 38, length: Some(5), close: false }));
    }
}
