//! Where `log-forward` sections take messages: datagrams, and streams in the framings of RFC 6587 (manual 12.6).

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use config::model::LogForward;
use config_parse::address::{Address, AddressKind};
use rules::Program;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::AsyncReadExt as _;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::clock::wall_micros;
use crate::connection::limit;
use crate::live::server_address;
use crate::process::Process;

use super::ProxyLog;
use super::batch::Batch;
use super::forwarded::{HostWay, Message};

/// Connections at a time without `maxconn`.
const CONNECTIONS: usize = 10;
/// The longest message.
const LONGEST: usize = 65_536;
/// Datagrams that are sent on together.
const TOGETHER: usize = 64;

/// The sockets of all `log-forward` sections of a program.
#[derive(Debug, Default)]
pub struct LogInputs {
    /// By the order of the sections.
    sections: Vec<(Vec<TcpListener>, Vec<UdpSocket>)>,
}

impl LogInputs {
    /// Opens the sockets. Those of an earlier program may be open beside them.
    ///
    /// # Errors
    /// The address that cannot be listened on, and why.
    pub fn open(program: &Program) -> Result<LogInputs, String> {
        let mut sections = Vec::new();
        for section in &program.config().log_forwards {
            let streams = section.streams.iter().map(stream);
            let datagrams = section.datagrams.iter().map(datagrams);
            sections
                .push((streams.collect::<Result<_, _>>()?, datagrams.collect::<Result<_, _>>()?));
        }
        Ok(LogInputs { sections })
    }

    /// Whether nothing is listened on.
    pub fn is_empty(&self) -> bool {
        self.sections.iter().all(|(streams, datagrams)| streams.is_empty() && datagrams.is_empty())
    }

    /// Takes messages on the thread that calls, until the tasks are ended.
    pub(crate) fn start(self, program: &Program, process: &Arc<Process>) -> Vec<JoinHandle<()>> {
        let mut tasks = Vec::new();
        for (section, (streams, datagrams)) in
            program.config().log_forwards.iter().zip(self.sections)
        {
            let forwarder = Rc::new(Forwarder::new(process, program, section));
            for socket in datagrams {
                tasks.push(tokio::task::spawn_local(take_datagrams(Rc::clone(&forwarder), socket)));
            }
            for socket in streams {
                tasks.push(tokio::task::spawn_local(take_streams(Rc::clone(&forwarder), socket)));
            }
        }
        tasks
    }
}

/// A section at work.
struct Forwarder {
    process: Arc<Process>,
    log: ProxyLog,
    host: HostWay,
    line_framed: bool,
    opaque: bool,
    silence: Option<Duration>,
    connections: Semaphore,
}

impl Forwarder {
    fn new(process: &Arc<Process>, program: &Program, section: &LogForward) -> Forwarder {
        let most = section.maxconn.map_or(CONNECTIONS, |most| most.value as usize);
        Forwarder {
            process: Arc::clone(process),
            log: ProxyLog::of_lines(process, program.config(), &section.log),
            host: HostWay::named(section.host.as_ref().map(|way| way.value.as_str())),
            line_framed: section.line_framed,
            opaque: section.opaque,
            silence: limit(section.client),
            connections: Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS)),
        }
    }

    fn add(&self, bytes: &[u8], source: Option<IpAddr>, batch: &mut Batch) {
        let message = if self.opaque { Message::opaque(bytes) } else { Message::read(bytes) };
        self.log.forward(&message, source, self.host, wall_micros(), batch);
    }

    fn send(&self, batch: &mut Batch) {
        self.process.logs_dropped(batch.send(LONGEST));
    }
}

async fn take_datagrams(forwarder: Rc<Forwarder>, socket: UdpSocket) {
    let Ok(socket) = tokio::net::UdpSocket::from_std(socket) else { return };
    let (mut buffer, mut batch) = (vec![0; LONGEST], Batch::default());
    loop {
        // An error is one of an earlier datagram.
        let Ok((bytes, from)) = socket.recv_from(&mut buffer).await else { continue };
        forwarder.add(buffer.get(..bytes).unwrap_or_default(), Some(from.ip()), &mut batch);
        for _ in 1..TOGETHER {
            let Ok((bytes, from)) = socket.try_recv_from(&mut buffer) else { break };
            forwarder.add(buffer.get(..bytes).unwrap_or_default(), Some(from.ip()), &mut batch);
        }
        forwarder.send(&mut batch);
        tokio::task::yield_now().await;
    }
}

async fn take_streams(forwarder: Rc<Forwarder>, socket: TcpListener) {
    let Ok(socket) = tokio::net::TcpListener::from_std(socket) else { return };
    loop {
        if let Ok(room) = forwarder.connections.acquire().await {
            // It is given back by the connection.
            room.forget();
        }
        match socket.accept().await {
            Ok((io, from)) => {
                let forwarder = Rc::clone(&forwarder);
                tokio::task::spawn_local(async move {
                    let _ = take_stream(&forwarder, io, from.ip()).await;
                    forwarder.connections.add_permits(1);
                });
            }
            Err(_) => {
                forwarder.connections.add_permits(1);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

async fn take_stream(
    forwarder: &Forwarder,
    mut io: tokio::net::TcpStream,
    from: IpAddr,
) -> io::Result<()> {
    let (mut received, mut batch) = (Vec::new(), Batch::default());
    loop {
        let read = io.read_buf(&mut received);
        let read = match forwarder.silence {
            Some(silence) => tokio::time::timeout(silence, read).await??,
            None => read.await?,
        };
        let mut taken = 0;
        while let Some((message, whole)) = framed(&received[taken..], forwarder.line_framed) {
            forwarder.add(message, Some(from), &mut batch);
            taken += whole;
        }
        received.drain(..taken);
        forwarder.send(&mut batch);
        if read == 0 || received.len() > LONGEST {
            return Ok(());
        }
    }
}

/// The first message of a stream, and how many bytes it takes: behind its length, or up to the end of its line.
fn framed(bytes: &[u8], by_line: bool) -> Option<(&[u8], usize)> {
    if !by_line && bytes.first()?.is_ascii_digit() {
        let blank = bytes.iter().take(8).position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(&bytes[..blank]).ok()?.parse().ok()?;
        let end = (blank + 1).checked_add(length)?;
        return Some((bytes.get(blank + 1..end)?, end));
    }
    let end = memchr::memchr(b'\n', bytes)?;
    Some((&bytes[..end], end + 1))
}

fn place(address: &Address) -> Result<SocketAddr, String> {
    let found = match &address.kind {
        AddressKind::Inet { .. } => server_address(address, &|_, _| None),
        _ => None,
    };
    let found = found.and_then(|address| address.socket());
    found.ok_or_else(|| String::from("`log-forward` listens on addresses of IPv4 and IPv6 only"))
}

fn stream(address: &Address) -> Result<TcpListener, String> {
    let to = place(address)?;
    let opened = open(to, Type::STREAM, Protocol::TCP).and_then(|socket| {
        socket.listen(1024)?;
        Ok(TcpListener::from(socket))
    });
    opened.map_err(|error| format!("cannot listen on {to} for `log-forward`: {error}"))
}

fn datagrams(address: &Address) -> Result<UdpSocket, String> {
    let to = place(address)?;
    let opened = open(to, Type::DGRAM, Protocol::UDP).map(UdpSocket::from);
    opened.map_err(|error| format!("cannot take datagrams on {to} for `log-forward`: {error}"))
}

fn open(to: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(to), kind, Some(protocol))?;
    // A reload opens it anew beside the one that ends.
    socket.set_reuse_port(true)?;
    if kind == Type::STREAM {
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&to.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_cut_by_lengths_and_by_lines() {
        let mut rest: &[u8] = b"<1>a b\n6 <1>two<1>x\n7 <1>t";
        let mut seen = Vec::new();
        while let Some((message, whole)) = framed(rest, false) {
            seen.push(String::from_utf8_lossy(message).into_owned());
            rest = &rest[whole..];
        }
        assert_eq!(seen, ["<1>a b", "<1>two", "<1>x"]);
        assert_eq!(rest, b"7 <1>t");
        assert_eq!(framed(b"6 <1>two\n", true), Some((&b"6 <1>two"[..], 9)));
        assert_eq!(framed(b"99999999999 x", false), None);
    }
}
