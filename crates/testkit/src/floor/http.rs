//! The HTTP floor: tokio and httparse, one task a client connection, server connections from a pool of the thread.
//!
//! Requests have no body and answers a `Content-Length`; a peer that does otherwise is cut off.

use std::cell::RefCell;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::rc::Rc;

use httparse::Header;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const BUFFER: usize = 16 * 1024;
const HEADERS: usize = 101;

type Pool = Rc<RefCell<Vec<TcpStream>>>;

/// Forwards every request of every client to one server, for ever. Runs inside a `LocalSet`.
///
/// # Errors
/// When a connection cannot be accepted.
pub async fn serve(listener: TcpListener, server: SocketAddr) -> std::io::Result<()> {
    let pool = Pool::default();
    loop {
        let (client, _) = listener.accept().await?;
        client.set_nodelay(true)?;
        let stream = Stream::new(client, pool.clone(), server);
        tokio::task::spawn_local(async move {
            // Peers come and go; the load notices what it misses.
            let _ = stream.run().await;
        });
    }
}

struct Stream {
    client: TcpStream,
    pool: Pool,
    server: SocketAddr,
    request: Received,
    response: Received,
    out: Vec<u8>,
}

impl Stream {
    fn new(client: TcpStream, pool: Pool, server: SocketAddr) -> Stream {
        Stream {
            client,
            pool,
            server,
            request: Received::new(),
            response: Received::new(),
            out: Vec::with_capacity(BUFFER),
        }
    }

    async fn run(mut self) -> std::io::Result<()> {
        while self.read_request().await? {
            let idle = self.pool.borrow_mut().pop();
            let mut server = match idle {
                Some(server) => server,
                None => super::connect(self.server).await?,
            };
            server.write_all(&self.out).await?;
            self.relay_response(&mut server).await?;
            self.pool.borrow_mut().push(server);
        }
        Ok(())
    }

    /// Puts the next request into `out` as the server shall see it; false when the client left.
    async fn read_request(&mut self) -> std::io::Result<bool> {
        loop {
            if let Some(length) = write_request(self.request.bytes(), &mut self.out)? {
                self.request.consume(length);
                return Ok(true);
            }
            if self.request.read(&mut self.client).await? == 0 {
                return Ok(false);
            }
        }
    }

    async fn relay_response(&mut self, server: &mut TcpStream) -> std::io::Result<()> {
        self.response.clear();
        let mut left = loop {
            if self.response.read(server).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(left) = write_response(self.response.bytes(), &mut self.out)? {
                break left;
            }
        };
        self.client.write_all(&self.out).await?;
        while left > 0 {
            self.response.clear();
            let read = self.response.read(server).await?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.client.write_all(self.response.bytes()).await?;
            left = left.saturating_sub(read as u64);
        }
        Ok(())
    }
}

/// A fixed buffer and how much of it is filled.
struct Received {
    buffer: Vec<u8>,
    filled: usize,
}

impl Received {
    fn new() -> Received {
        Received { buffer: vec![0; BUFFER], filled: 0 }
    }

    fn bytes(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    fn clear(&mut self) {
        self.filled = 0;
    }

    fn consume(&mut self, length: usize) {
        self.buffer.copy_within(length..self.filled, 0);
        self.filled -= length;
    }

    /// Reads more behind what is there; 0 at the end, or when the buffer is full.
    async fn read(&mut self, stream: &mut TcpStream) -> std::io::Result<usize> {
        let read = stream.read(&mut self.buffer[self.filled..]).await?;
        self.filled += read;
        Ok(read)
    }
}

/// Writes the request that `bytes` begin with; its length in `bytes`, or `None` while it is not whole.
fn write_request(bytes: &[u8], out: &mut Vec<u8>) -> std::io::Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let Ok(httparse::Status::Complete(length)) = request.parse(bytes) else { return Ok(None) };
    if content_length(request.headers)? > 0 {
        return Err(Error::other("the floor takes no request bodies"));
    }
    out.clear();
    out.extend_from_slice(request.method.unwrap_or("GET").as_bytes());
    out.push(b' ');
    out.extend_from_slice(request.path.unwrap_or("/").as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    let kept = request.headers.iter().filter(|h| !h.name.eq_ignore_ascii_case("connection"));
    kept.for_each(|header| write_header(header, out));
    out.extend_from_slice(b"x-forwarded-for: 127.0.0.1\r\n\r\n");
    Ok(Some(length))
}

/// Writes the response that `bytes` begin with; the bytes of its body still to come, or `None` while the head is not whole.
fn write_response(bytes: &[u8], out: &mut Vec<u8>) -> std::io::Result<Option<u64>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(length)) = response.parse(bytes) else { return Ok(None) };
    let body = content_length(response.headers)?;
    out.clear();
    out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
    response.headers.iter().for_each(|header| write_header(header, out));
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&bytes[length..]);
    Ok(Some(body.saturating_sub((bytes.len() - length) as u64)))
}

fn write_header(header: &Header<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(header.name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(header.value);
    out.extend_from_slice(b"\r\n");
}

fn content_length(headers: &[Header<'_>]) -> std::io::Result<u64> {
    let Some(header) = headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-length"))
    else {
        return Ok(0);
    };
    let digits = std::str::from_utf8(header.value).ok().and_then(|text| text.parse().ok());
    digits.ok_or_else(|| ErrorKind::InvalidData.into())
}
