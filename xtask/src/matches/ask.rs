//! Many small requests over one connection, several at a time, and the bodies of their answers.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::shell::Failure;

/// Requests that are sent before the first of their answers is read.
const AT_ONCE: usize = 50;

/// The body that each key gets, in order.
pub(crate) fn all(address: SocketAddr, keys: &[String]) -> Result<Vec<String>, Failure> {
    let wrong = |e: std::io::Error| e.to_string();
    let mut client = TcpStream::connect(address).map_err(wrong)?;
    client.set_read_timeout(Some(Duration::from_secs(300))).map_err(wrong)?;
    let mut answers = Vec::with_capacity(keys.len());
    let mut unread = Vec::new();
    for batch in keys.chunks(AT_ONCE) {
        let mut text = String::new();
        for key in batch {
            let _ = write!(text, "GET / HTTP/1.1\r\nhost: h\r\nx-k: {key}\r\n\r\n");
        }
        client.write_all(text.as_bytes()).map_err(wrong)?;
        for _ in batch {
            answers.push(next(&mut client, &mut unread)?);
        }
    }
    Ok(answers)
}

/// The next answer's body; what was read behind it stays in `unread`.
fn next(client: &mut TcpStream, unread: &mut Vec<u8>) -> Result<String, Failure> {
    let mut piece = [0; 16384];
    loop {
        if let Some((body, used)) = body(unread) {
            unread.drain(..used);
            return Ok(body);
        }
        match client.read(&mut piece).map_err(|e| e.to_string())? {
            0 => return Err(String::from("the connection was closed")),
            count => unread.extend_from_slice(&piece[..count]),
        }
    }
}

/// The body of the first answer, when all of it is there, and where it ends. An answer that is not 200 shows its head.
fn body(bytes: &[u8]) -> Option<(String, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let length: usize =
        head.split("content-length: ").nth(1)?.lines().next()?.trim().parse().ok()?;
    let body = bytes.get(end + 4..end + 4 + length)?;
    let ok = head.starts_with("http/1.1 200");
    let text = if ok { String::from_utf8_lossy(body).into_owned() } else { head };
    Some((text, end + 4 + length))
}
