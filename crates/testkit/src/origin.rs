//! The server behind the bench: answers of a given size, a sink for bodies, and an echo after an upgrade.
//!
//! | request | answer |
//! |---|---|
//! | `/SIZE` | 200 and SIZE bytes |
//! | `/chunked/SIZE` | 200 and SIZE bytes in chunks of 4 KiB |
//! | `/slow/SIZE` | the same as `/SIZE`, [`SLOW`] later |
//! | any with `Upgrade` | 101, then every byte comes back |
//!
//! Request bodies are read and forgotten. It must never be the bottleneck: an answer is made once
//! and sent again and again.

use std::cell::RefCell;
use std::io::{Error, ErrorKind};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long `/slow/SIZE` waits: many clients can ask before the first is answered.
pub const SLOW: Duration = Duration::from_secs(2);

/// Every byte of every body. A chunked body that ends in `0\r\n\r\n` has therefore ended.
pub const FILL: u8 = b'x';

const BLOCK: usize = 256 * 1024;
static BODY: [u8; BLOCK] = [FILL; BLOCK];
const CHUNK: usize = 4096;
const BUFFER: usize = 16 * 1024;
const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: DVDuNyg5QVQp78vY6Ts9/uXsAWE=\r\n\r\n";

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

/// Serves every connection, for ever. Runs inside a `LocalSet`.
///
/// # Errors
/// When a connection cannot be accepted.
pub async fn serve(listener: TcpListener) -> std::io::Result<()> {
    loop {
        let (client, _) = listener.accept().await?;
        client.set_nodelay(true)?;
        tokio::task::spawn_local(async move {
            // Proxies are killed between rounds: a connection may end anywhere.
            if let Ok(Some(client)) = answer_requests(client).await {
                // A task of its own: the request buffers are freed.
                tokio::task::spawn_local(echo(client));
            }
        });
    }
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    /// Bytes of the head.
    head: usize,
    target: String,
    body: RequestBody,
    upgrade: bool,
    close: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RequestBody {
    Length(u64),
    Chunked,
}

/// Answers until the client leaves (`None`) or upgrades.
async fn answer_requests(mut client: TcpStream) -> std::io::Result<Option<TcpStream>> {
    let mut received = Vec::with_capacity(BUFFER);
    let mut prepared = Prepared::default();
    loop {
        let Some(asked) = read_head(&mut client, &mut received).await? else { return Ok(None) };
        received.drain(..asked.head);
        if asked.upgrade {
            client.write_all(SWITCH).await?;
            client.write_all(&received).await?;
            return Ok(Some(client));
        }
        skip_body(&mut client, &mut received, asked.body).await?;
        if asked.target.starts_with("/slow/") {
            tokio::time::sleep(SLOW).await;
        }
        prepared.prepare(&asked.target, asked.close);
        prepared.send(&mut client).await?;
        if asked.close {
            return Ok(None);
        }
    }
}

async fn read_head(
    client: &mut TcpStream,
    received: &mut Vec<u8>,
) -> std::io::Result<Option<Asked>> {
    loop {
        if let Some(asked) = parse(received)? {
            return Ok(Some(asked));
        }
        if client.read_buf(received).await? == 0 {
            return Ok(None);
        }
    }
}

fn parse(bytes: &[u8]) -> std::io::Result<Option<Asked>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let status = request.parse(bytes).map_err(|e| Error::new(ErrorKind::InvalidData, e))?;
    let httparse::Status::Complete(head) = status else { return Ok(None) };
    let mut asked = Asked {
        head,
        target: request.path.unwrap_or("/").to_owned(),
        body: RequestBody::Length(0),
        upgrade: false,
        close: request.version == Some(0),
    };
    for header in request.headers.iter() {
        let value = std::str::from_utf8(header.value).unwrap_or("").trim();
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("content-length") {
            asked.body = RequestBody::Length(value.parse().unwrap_or(0));
        } else if is("transfer-encoding") {
            asked.body = RequestBody::Chunked;
        } else if is("upgrade") {
            asked.upgrade = true;
        } else if is("connection") {
            asked.close |= value.eq_ignore_ascii_case("close");
        }
    }
    Ok(Some(asked))
}

/// Reads a request body away; what came after it stays in `received`.
async fn skip_body(
    client: &mut TcpStream,
    received: &mut Vec<u8>,
    body: RequestBody,
) -> std::io::Result<()> {
    match body {
        RequestBody::Length(mut left) => loop {
            let here = left.min(received.len() as u64);
            received.drain(..here as usize);
            left -= here;
            if left == 0 {
                return Ok(());
            }
            if client.read_buf(received).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        },
        // The bench's bodies hold only FILL, and it does not pipeline.
        RequestBody::Chunked => {
            while !received.ends_with(b"0\r\n\r\n") {
                let kept = received.len().saturating_sub(8);
                received.drain(..kept);
                if client.read_buf(received).await? == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            }
            received.clear();
            Ok(())
        }
    }
}

/// The answer to the target that was asked for last: a connection asks for the same again and again.
#[derive(Debug, Default)]
struct Prepared {
    target: String,
    close: bool,
    /// The head and, when it is small or chunked, the body.
    begin: Vec<u8>,
    /// Bytes of [`FILL`] that follow.
    rest: u64,
}

impl Prepared {
    fn prepare(&mut self, target: &str, close: bool) {
        if self.target == target && self.close == close {
            return;
        }
        let size = target.rsplit('/').next().and_then(|word| word.parse().ok()).unwrap_or(100);
        let connection = if close { "Connection: close\r\n" } else { "" };
        self.target = target.to_owned();
        self.close = close;
        self.rest = 0;
        if target.starts_with("/chunked/") {
            self.begin =
                format!("HTTP/1.1 200 OK\r\n{connection}Transfer-Encoding: chunked\r\n\r\n")
                    .into_bytes();
            write_chunks(size, &mut self.begin);
            return;
        }
        self.begin =
            format!("HTTP/1.1 200 OK\r\n{connection}Content-Length: {size}\r\n\r\n").into_bytes();
        if size <= BLOCK as u64 {
            self.begin.extend_from_slice(&BODY[..size as usize]);
        } else {
            self.rest = size;
        }
    }

    async fn send(&self, client: &mut TcpStream) -> std::io::Result<()> {
        client.write_all(&self.begin).await?;
        let mut left = self.rest;
        while left > 0 {
            let block = left.min(BLOCK as u64);
            client.write_all(&BODY[..block as usize]).await?;
            left -= block;
        }
        Ok(())
    }
}

fn write_chunks(size: u64, out: &mut Vec<u8>) {
    let mut left = size;
    while left > 0 {
        let chunk = left.min(CHUNK as u64);
        out.extend_from_slice(format!("{chunk:x}\r\n").as_bytes());
        out.extend_from_slice(&BODY[..chunk as usize]);
        out.extend_from_slice(b"\r\n");
        left -= chunk;
    }
    out.extend_from_slice(b"0\r\n\r\n");
}

/// Gives every byte back; holds none while nothing comes.
async fn echo(mut client: TcpStream) -> std::io::Result<()> {
    loop {
        client.readable().await?;
        let rest = SCRATCH.with_borrow_mut(|scratch| echo_once(&client, scratch));
        match rest {
            Ok(None) => return Ok(()),
            Ok(Some(rest)) => client.write_all(&rest).await?,
            Err(e) if e.kind() == ErrorKind::WouldBlock => {}
            Err(e) => return Err(e),
        }
    }
}

/// Reads and writes once; what the peer did not take, or `None` at the end.
fn echo_once(client: &TcpStream, scratch: &mut [u8]) -> std::io::Result<Option<Vec<u8>>> {
    let read = client.try_read(scratch)?;
    if read == 0 {
        return Ok(None);
    }
    let written = match client.try_write(&scratch[..read]) {
        Ok(written) => written,
        Err(e) if e.kind() == ErrorKind::WouldBlock => 0,
        Err(e) => return Err(e),
    };
    Ok(Some(scratch[written..read].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(target: &str, begin: &str, bytes: u64) {
        let mut prepared = Prepared::default();
        prepared.prepare(target, false);
        let text = String::from_utf8_lossy(&prepared.begin).into_owned();
        assert!(text.starts_with(begin), "{target}: {}", &text[..begin.len().min(text.len())]);
        let fill = prepared.begin.iter().filter(|byte| **byte == FILL).count() as u64;
        assert_eq!(fill + prepared.rest, bytes, "{target}");
    }

    #[test]
    fn a_target_names_the_size_of_its_answer() {
        check("/100", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx", 100);
        check("/slow/7", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nx", 7);
        check("/1048576", "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n", 1_048_576);
        check(
            "/chunked/5000",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\nx",
            5000,
        );
        check("/nonsense", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", 100);
    }

    #[test]
    fn a_head_says_what_follows_it() {
        let asked =
            parse(b"POST /1 HTTP/1.1\r\nConnection: close\r\nContent-Length: 5\r\n\r\nxxxxx")
                .unwrap()
                .unwrap();
        assert_eq!((asked.head, asked.body), (58, RequestBody::Length(5)));
        assert!(asked.close && !asked.upgrade);
        assert_eq!(parse(b"GET / HTT").unwrap(), None);
        assert!(parse(b"\x00\x01\r\n\r\n").is_err());
    }
}
