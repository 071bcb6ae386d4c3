//! Stub servers: each answers with its name and the head it received, byte for byte.
//!
//! A request says how it wants to be answered: `x-stub: 404`, `chunked`, `close`, `nolength`, `cookie=A=b`,
//! `header=Name=value`, `garbage`, `drop`, `hang`, `slow=MILLISECONDS`, `interim=103`, `cut` (half the body, then
//! closed), `early` (answered before the body is read), `count` (how many requests this connection has seen),
//! `refuse-upgrade`; several are separated by commas. `x-stub-raw: BYTES` (with `\r`, `\n`, `\xHH`) answers with
//! exactly these bytes and closes. An upgrade is accepted and echoed. A header of version 2 of the PROXY protocol
//! becomes a line of text before the head.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::case::unescape;
use crate::shell::{self, Failure};

/// A number of stub servers on loopback ports, `s1` to `sN`, for the life of the program.
#[derive(Debug)]
pub(crate) struct Stubs {
    /// Their ports, `s1` first.
    pub(crate) ports: Vec<u16>,
    /// A port on which nothing listens.
    pub(crate) closed: u16,
}

impl Stubs {
    /// Starts them.
    pub(crate) fn start(count: usize) -> Result<Stubs, Failure> {
        let mut ports = Vec::new();
        for number in 1..=count {
            let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
            ports.push(listener.local_addr().map_err(|e| e.to_string())?.port());
            answer_on(listener, format!("s{number}"));
        }
        Ok(Stubs { ports, closed: shell::free_port() })
    }

    /// The name of the stub on a port.
    pub(crate) fn name(&self, port: u16) -> Option<String> {
        self.ports.iter().position(|known| *known == port).map(|at| format!("s{}", at + 1))
    }
}

/// Answers on a listener under a name, for the life of the program.
pub(crate) fn answer_on(listener: TcpListener, name: String) {
    std::thread::spawn(move || accept(&listener, &name));
}

fn accept(listener: &TcpListener, name: &str) {
    for client in listener.incoming().flatten() {
        let name = name.to_owned();
        std::thread::spawn(move || serve(client, &name));
    }
}

fn serve(mut client: TcpStream, name: &str) {
    // Limits of a test server: a proxy that forgets a connection must not keep us for ever.
    let _ = client.set_read_timeout(Some(Duration::from_secs(30)));
    let _ = client.set_nodelay(true);
    let mut input = Vec::new();
    let mut count = 0;
    let Some(mut proxied) = read_proxied(&mut client, &mut input) else { return };
    while let Some(head) = read_head(&mut client, &mut input) {
        count += 1;
        let head = std::mem::take(&mut proxied) + &head;
        if !answer(&mut client, name, &head, &mut input, count) {
            return;
        }
    }
}

/// What begins a header of version 2 of the PROXY protocol.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A PROXY header of version 2 as a line of text, but for the client's port; nothing when there is none.
fn read_proxied(client: &mut TcpStream, input: &mut Vec<u8>) -> Option<String> {
    while input.len() < SIGNATURE.len() && SIGNATURE.starts_with(input) {
        more(client, input)?;
    }
    if !input.starts_with(SIGNATURE) {
        return Some(String::new());
    }
    while input.len() < 16 {
        more(client, input)?;
    }
    let end = 16 + usize::from(u16::from_be_bytes([input[14], input[15]]));
    while input.len() < end {
        more(client, input)?;
    }
    let rest = input.split_off(end);
    let mut header = std::mem::replace(input, rest);
    // Where the client's port stands, behind the two addresses.
    let port = match header[13] >> 4 {
        1 => 24..26,
        2 => 48..50,
        _ => 0..0,
    };
    if let Some(port) = header.get_mut(port) {
        port.fill(0);
    }
    let hex: String = header[12..].iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("PROXY2 {hex}\r\n"))
}

/// The next head with its empty line; what follows it stays in `input`.
fn read_head(client: &mut TcpStream, input: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = input.windows(4).position(|w| w == b"\r\n\r\n") {
            let rest = input.split_off(end + 4);
            let head = std::mem::replace(input, rest);
            return Some(String::from_utf8_lossy(&head).into_owned());
        }
        more(client, input)?;
    }
}

fn more(client: &mut TcpStream, input: &mut Vec<u8>) -> Option<()> {
    let mut bytes = [0; 16384];
    let n = client.read(&mut bytes).ok().filter(|n| *n > 0)?;
    input.extend_from_slice(&bytes[..n]);
    Some(())
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

/// Answers one request; whether the connection stays open.
fn answer(
    client: &mut TcpStream,
    name: &str,
    head: &str,
    input: &mut Vec<u8>,
    count: usize,
) -> bool {
    let wishes: Vec<&str> = field(head, "x-stub").unwrap_or("").split(',').map(str::trim).collect();
    if wishes.contains(&"drop") {
        return false;
    }
    if wishes.contains(&"hang") {
        while more(client, input).is_some() {}
        return false;
    }
    if let Some(pause) = number(&wishes, "slow=") {
        std::thread::sleep(Duration::from_millis(pause));
    }
    if let Some(raw) = field(head, "x-stub-raw") {
        // Bytes that cannot be written in a case are answered with nothing.
        let _ = client.write_all(&unescape(raw).unwrap_or_default());
        // Closing with unread bytes would be a reset, which may overtake the answer.
        let _ = client.shutdown(std::net::Shutdown::Write);
        while more(client, input).is_some() {}
        return false;
    }
    if wishes.contains(&"garbage") {
        // The proxy may have closed already.
        let _ = client.write_all(b"this is no response\r\n\r\n");
        return false;
    }
    if field(head, "upgrade").is_some() && !wishes.contains(&"refuse-upgrade") {
        echo(client, name, head, input);
        return false;
    }
    let early = wishes.contains(&"early");
    if !early && field(head, "expect").is_some() {
        // The proxy may have closed already.
        let _ = client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
    }
    let body = if early { Some(Vec::new()) } else { read_body(client, head, input) };
    let Some(body) = body else { return false };
    if wishes.contains(&"interim=103") {
        let _ = client.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    }
    respond(client, name, head, &body, &wishes, count) && !early
}

fn number(wishes: &[&str], name: &str) -> Option<u64> {
    wishes.iter().find_map(|wish| wish.strip_prefix(name)).and_then(|text| text.parse().ok())
}

fn read_body(client: &mut TcpStream, head: &str, input: &mut Vec<u8>) -> Option<Vec<u8>> {
    if field(head, "transfer-encoding").is_some() {
        loop {
            if let Some(end) = input.windows(5).position(|w| w == b"0\r\n\r\n") {
                let rest = input.split_off(end + 5);
                return Some(std::mem::replace(input, rest));
            }
            more(client, input)?;
        }
    }
    let length =
        field(head, "content-length").and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    while input.len() < length {
        more(client, input)?;
    }
    let rest = input.split_off(length);
    Some(std::mem::replace(input, rest))
}

fn respond(
    client: &mut TcpStream,
    name: &str,
    head: &str,
    body: &[u8],
    wishes: &[&str],
    count: usize,
) -> bool {
    let status = wishes.iter().find_map(|wish| wish.parse::<u16>().ok()).unwrap_or(200);
    let method = head.split(' ').next().unwrap_or("");
    let mut text = format!("{name}\n{head}").into_bytes();
    text.extend_from_slice(body);
    let mut out = format!("HTTP/1.1 {status} Stub\r\nX-Stub-Name: {name}\r\n");
    if wishes.contains(&"count") {
        out.push_str(&format!("X-Stub-Count: {count}\r\n"));
    }
    for wish in wishes {
        if let Some(cookie) = wish.strip_prefix("cookie=") {
            out.push_str(&format!("Set-Cookie: {cookie}; path=/\r\n"));
        }
        if let Some((field, value)) =
            wish.strip_prefix("header=").and_then(|pair| pair.split_once('='))
        {
            out.push_str(&format!("{field}: {value}\r\n"));
        }
    }
    let bodiless = method == "HEAD" || status == 204 || status == 304;
    let close = wishes.contains(&"close") || wishes.contains(&"nolength");
    if close {
        out.push_str("Connection: close\r\n");
    }
    let mut out = if wishes.contains(&"chunked") {
        let mut out = (out + "Transfer-Encoding: chunked\r\n\r\n").into_bytes();
        if !bodiless {
            let half = text.len() / 2;
            for part in [&text[..half], &text[half..]] {
                out.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
                out.extend_from_slice(part);
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b"0\r\n\r\n");
        }
        text.clear();
        out
    } else if wishes.contains(&"nolength") || status == 204 {
        (out + "\r\n").into_bytes()
    } else {
        format!("{out}Content-Length: {}\r\n\r\n", text.len()).into_bytes()
    };
    let cut = wishes.contains(&"cut");
    if cut {
        text.truncate(text.len() / 2);
    }
    if !bodiless {
        out.extend_from_slice(&text);
    }
    client.write_all(&out).is_ok() && !close && !cut
}

fn echo(client: &mut TcpStream, name: &str, head: &str, input: &mut Vec<u8>) {
    let token = field(head, "upgrade").unwrap_or("");
    let mut out = format!(
        "HTTP/1.1 101 Switching Protocols\r\nX-Stub-Name: {name}\r\nConnection: Upgrade\r\nUpgrade: {token}\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    )
    .into_bytes();
    // The head comes back through the tunnel first, so that the client sees what the server saw. It goes out
    // with the 101: a proxy that refuses the 101 counts all bytes of it, in one piece or in two.
    out.extend_from_slice(head.as_bytes());
    out.append(input);
    loop {
        if client.write_all(&out).is_err() {
            return;
        }
        out.clear();
        if more(client, &mut out).is_none() {
            return;
        }
    }
}
