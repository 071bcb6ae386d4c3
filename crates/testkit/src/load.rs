//! WebSocket load: an echo server, and clients that ping, sit idle, or watch over their tunnels.
//!
//! Raw sockets after the handshake: what is measured is the proxy, not a frame library.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const HANDSHAKE: &[u8] = b"GET /ws HTTP/1.1\r\nHost: ws.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: zGYcUVMijj7ihvhLCEegZQ==\r\n\r\n";
const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: DVDuNyg5QVQp78vY6Ts9/uXsAWE=\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";

/// Answers upgrades with a 101 and echoes what follows; other requests get 200 and 100 bytes, keep-alive.
///
/// # Errors
/// When the address cannot be bound or a connection cannot be accepted.
pub async fn echo(address: SocketAddr) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    loop {
        let (client, _) = listener.accept().await?;
        client.set_nodelay(true)?;
        tokio::spawn(async move {
            // The peer may go away at any time; a load server has nobody to tell.
            let _ = answer(client).await;
        });
    }
}

async fn answer(mut client: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while read_head(&mut client, &mut head).await? {
        if head.to_ascii_lowercase().windows(9).any(|w| w == b"\nupgrade:") {
            client.write_all(SWITCH).await?;
            return echo_bytes(client).await;
        }
        let mut answer = OK.to_vec();
        answer.resize(OK.len() + 100, b'x');
        client.write_all(&answer).await?;
    }
    Ok(())
}

async fn echo_bytes(mut client: TcpStream) -> std::io::Result<()> {
    loop {
        client.readable().await?;
        let mut bytes = [0; 65536];
        match client.try_read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(n) => client.write_all(&bytes[..n]).await?,
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(e) => return Err(e),
        }
    }
}

async fn read_head(stream: &mut TcpStream, head: &mut Vec<u8>) -> std::io::Result<bool> {
    head.clear();
    let mut byte = [0; 4096];
    loop {
        let n = stream.read(&mut byte).await?;
        if n == 0 {
            return Ok(false);
        }
        head.extend_from_slice(&byte[..n]);
        if head.windows(4).any(|w| w == b"\r\n\r\n") {
            return Ok(true);
        }
    }
}

/// Opens a tunnel.
///
/// # Errors
/// When the connection fails or the answer is not a 101.
pub async fn upgrade(address: SocketAddr) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.write_all(HANDSHAKE).await?;
    let mut head = Vec::new();
    read_head(&mut stream, &mut head).await?;
    if head.starts_with(b"HTTP/1.1 101") {
        return Ok(stream);
    }
    let line =
        String::from_utf8_lossy(head.split(|b| *b == b'\r').next().unwrap_or(b"")).into_owned();
    Err(std::io::Error::other(format!("no 101 but `{line}`")))
}

/// Sends `size` bytes and reads them back over `tunnels` tunnels for `time`; gives the number of round trips.
pub async fn ping(address: SocketAddr, tunnels: usize, time: Duration, size: usize) -> u64 {
    let trips = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + time;
    let tasks: Vec<_> = (0..tunnels)
        .map(|_| {
            let trips = trips.clone();
            tokio::spawn(async move {
                let mut stream = upgrade(address).await?;
                let message = vec![1; size];
                let mut back = vec![0; size];
                while Instant::now() < end {
                    stream.write_all(&message).await?;
                    stream.read_exact(&mut back).await?;
                    trips.fetch_add(1, Ordering::Relaxed);
                }
                std::io::Result::Ok(())
            })
        })
        .collect();
    for task in tasks {
        // A tunnel that failed shows in the count.
        let _ = task.await;
    }
    trips.load(Ordering::Relaxed)
}

/// How a watch over tunnels ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched {
    /// Tunnels that opened.
    pub opened: usize,
    /// Tunnels that echoed to the very end.
    pub kept: usize,
}

/// Opens tunnels and sends one message every `every` on each until `time` is over.
pub async fn watch(
    address: SocketAddr,
    tunnels: usize,
    time: Duration,
    every: Duration,
) -> Watched {
    let mut streams = Vec::new();
    for _ in 0..tunnels {
        if let Ok(stream) = upgrade(address).await {
            streams.push(stream);
        }
    }
    let opened = streams.len();
    let end = Instant::now() + time;
    let tasks: Vec<_> = streams
        .into_iter()
        .map(|mut stream| {
            tokio::spawn(async move {
                let mut back = [0; 4];
                while Instant::now() < end {
                    let echoed = stream.write_all(b"ping").await.is_ok()
                        && stream.read_exact(&mut back).await.is_ok();
                    if !echoed || &back != b"ping" {
                        return false;
                    }
                    tokio::time::sleep(every).await;
                }
                true
            })
        })
        .collect();
    let mut kept = 0;
    for task in tasks {
        kept += usize::from(task.await.unwrap_or(false));
    }
    Watched { opened, kept }
}

/// Requests and failures of a keep-alive load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// Responses with status 200, whole.
    pub good: u64,
    /// Anything else.
    pub failed: u64,
}

/// Sends `rate` requests a second over `connections` keep-alive connections for `time`.
///
/// A connection that the proxy closed between two responses (`Connection: close`, or while idle) is opened anew.
pub async fn requests(
    address: SocketAddr,
    connections: usize,
    rate: u32,
    time: Duration,
) -> Requests {
    let end = Instant::now() + time;
    let pause = Duration::from_secs_f64(connections as f64 / f64::from(rate.max(1)));
    let tasks: Vec<_> =
        (0..connections).map(|_| tokio::spawn(request_loop(address, end, pause))).collect();
    let mut sum = Requests::default();
    for task in tasks {
        let one = task.await.unwrap_or(Requests { good: 0, failed: 1 });
        sum.good += one.good;
        sum.failed += one.failed;
    }
    sum
}

async fn request_loop(address: SocketAddr, end: Instant, pause: Duration) -> Requests {
    let mut sum = Requests::default();
    let mut stream = None;
    let mut next = Instant::now();
    while Instant::now() < end {
        match one_request(&mut stream, address).await {
            Ok(()) => sum.good += 1,
            Err(_) => sum.failed += 1,
        }
        next += pause;
        tokio::time::sleep_until(next.into()).await;
    }
    sum
}

async fn one_request(kept: &mut Option<TcpStream>, address: SocketAddr) -> std::io::Result<()> {
    let reused = kept.is_some();
    let mut stream = match kept.take() {
        Some(stream) => stream,
        None => TcpStream::connect(address).await?,
    };
    match exchange(&mut stream).await {
        Ok(keep) => {
            if keep {
                *kept = Some(stream);
            }
            Ok(())
        }
        // An idle connection may be closed at any time before an answer begins; clients send again.
        Err(e) if reused && e.kind() == std::io::ErrorKind::UnexpectedEof => {
            let mut fresh = TcpStream::connect(address).await?;
            if exchange(&mut fresh).await? {
                *kept = Some(fresh);
            }
            Ok(())
        }
        Err(e) => Err(e),
    }
}

/// One request and its whole answer; whether the connection stays open.
async fn exchange(stream: &mut TcpStream) -> std::io::Result<bool> {
    stream.write_all(b"GET /load HTTP/1.1\r\nHost: ws.example\r\n\r\n").await?;
    let mut answer = Vec::new();
    let mut bytes = [0; 4096];
    loop {
        let n = stream.read(&mut bytes).await?;
        if n == 0 {
            let kind = if answer.is_empty() {
                std::io::ErrorKind::UnexpectedEof
            } else {
                std::io::ErrorKind::InvalidData
            };
            return Err(kind.into());
        }
        answer.extend_from_slice(&bytes[..n]);
        let Some(end) = answer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        if !answer.starts_with(b"HTTP/1.1 200") {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        if answer.len() >= end + 4 + 100 {
            let head = answer[..end].to_ascii_lowercase();
            return Ok(!head.windows(17).any(|w| w == b"connection: close"));
        }
    }
}
