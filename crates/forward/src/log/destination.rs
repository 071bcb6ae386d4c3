//! An open place that log lines go to. Sending never waits.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::Arc;

use config::model::LogAddress;
use config_parse::address::{AddressKind, Host, Ports};

use super::batch;
use super::feed::Feed;
use super::servers::LogServers;

/// Where lines of one `log` address go.
#[derive(Debug)]
pub(crate) enum Destination {
    Udp(UdpSocket, SocketAddr),
    Unix(UnixDatagram, PathBuf),
    /// `stdout`, `stderr`, `fd@N`: a descriptor that is shared with the rest of the process.
    File(File),
    /// `ring@NAME`.
    Ring(Arc<Feed>),
    /// `backend@NAME`.
    Servers(LogServers),
    /// It could not be opened: every line is dropped.
    Nowhere,
}

impl Destination {
    /// What tells addresses apart.
    pub(crate) fn key(address: &LogAddress) -> String {
        match address {
            LogAddress::Address(address) => format!("{:?}", address.kind),
            LogAddress::Stdout => "stdout".to_owned(),
            LogAddress::Stderr => "stderr".to_owned(),
            LogAddress::Ring(name) => format!("ring@{name}"),
            LogAddress::Backend(name) => format!("backend@{}", name.value),
        }
    }

    pub(crate) fn open(address: &LogAddress) -> Destination {
        let opened = match address {
            LogAddress::Stdout => duplicate(io::stdout().as_fd()),
            LogAddress::Stderr => duplicate(io::stderr().as_fd()),
            LogAddress::Ring(_) => return Destination::Ring(Arc::default()),
            LogAddress::Backend(_) => return Destination::Servers(LogServers::default()),
            LogAddress::Address(address) => open_address(&address.kind),
        };
        opened.unwrap_or(Destination::Nowhere)
    }

    /// Sends lines, whose texts begin at `texts`; those of a large batch of datagrams in any order, unless it is theirs to keep. Returns how many
    /// were lost.
    pub(crate) fn send_all(&self, lines: &[&[u8]], texts: &[usize], ordered: bool) -> u64 {
        let each = |send: &dyn Fn(&[u8]) -> io::Result<usize>| {
            lines.iter().filter(|line| !batch::is_sent(send(line), line)).count() as u64
        };
        match self {
            Destination::Udp(socket, to) => batch::send_datagrams(socket, *to, lines, ordered),
            // The path is looked up for each line: a syslog daemon that restarts makes it anew.
            Destination::Unix(socket, path) => each(&|line| socket.send_to(line, path)),
            Destination::File(file) => each(&|line| io::Write::write(&mut &*file, line)),
            Destination::Ring(feed) => lines.iter().filter(|line| !feed.push(line)).count() as u64,
            Destination::Servers(servers) => {
                let lost = |(line, text): &(&&[u8], &usize)| !servers.send(line, **text);
                lines.iter().zip(texts).filter(lost).count() as u64
            }
            Destination::Nowhere => lines.len() as u64,
        }
    }
}

fn open_address(kind: &AddressKind) -> io::Result<Destination> {
    match kind {
        AddressKind::Inet { host, ports, .. } => {
            let port = match ports {
                Ports::One(port) | Ports::Range(port, _) => *port,
                Ports::Unset | Ports::Offset(_) => 514,
            };
            let to = match host {
                Host::Ip(ip) => SocketAddr::new(*ip, port),
                Host::Any => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port),
                Host::Name(name) => std::net::ToSocketAddrs::to_socket_addrs(&(&**name, port))?
                    .next()
                    .ok_or(io::ErrorKind::NotFound)?,
            };
            let any = match to {
                SocketAddr::V4(_) => SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0),
                SocketAddr::V6(_) => SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0),
            };
            let socket = UdpSocket::bind(any)?;
            socket.set_nonblocking(true)?;
            Ok(Destination::Udp(socket, to))
        }
        AddressKind::Unix(path) | AddressKind::UnixDatagram(path) => {
            let socket = UnixDatagram::unbound()?;
            socket.set_nonblocking(true)?;
            Ok(Destination::Unix(socket, path.into()))
        }
        AddressKind::Fd(number) => {
            let number = i32::try_from(*number).map_err(|_| io::ErrorKind::InvalidInput)?;
            // Opening the descriptor's own entry needs no promise that the number is open.
            let file = File::options().append(true).open(format!("/proc/self/fd/{number}"))?;
            nonblocking(&file)?;
            Ok(Destination::File(file))
        }
        AddressKind::Abns(_) | AddressKind::Abnsz(_) | AddressKind::Other(_) => {
            Ok(Destination::Nowhere)
        }
    }
}

fn duplicate(descriptor: BorrowedFd<'_>) -> io::Result<Destination> {
    let file = File::from(descriptor.try_clone_to_owned()?);
    nonblocking(&file)?;
    Ok(Destination::File(file))
}

/// A pipe whose reader stands still must not stop the traffic.
fn nonblocking(file: &File) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(file)?;
    Ok(rustix::fs::fcntl_setfl(file, flags | rustix::fs::OFlags::NONBLOCK)?)
}
