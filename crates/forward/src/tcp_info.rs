//! What the kernel knows of a TCP connection: the numbers of `TCP_INFO`, asked for by the addresses of the connection.
//!
//! The option itself has no safe interface; the kernel's socket diagnosis (sock_diag(7)) tells the same of every
//! socket to whoever asks.

use std::cell::OnceCell;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::net::{recv, sendto, socket_with};
use sample::TcpField;

/// `SOCK_DIAG_BY_FAMILY`, `NLM_F_REQUEST`, TCP's number, and the bit of `INET_DIAG_INFO`.
const BY_FAMILY: u16 = 20;
const REQUEST: u16 = 1;
const TCP: u8 = 6;
const WITH_INFO: u8 = 1 << 1;
/// The attribute that holds the numbers.
const INFO: u16 = 2;
/// The state of a socket that listens.
const LISTEN: u8 = 10;
/// Where attributes begin in an answer: behind the headers of netlink and of the diagnosis.
const ATTRIBUTES: usize = 16 + 72;

/// One number of the connection between two addresses, ours first; `None`: there is no such connection.
pub(crate) fn ask(ours: SocketAddr, theirs: SocketAddr, field: TcpField) -> Option<i64> {
    thread_local! {
        static KERNEL: OnceCell<Option<OwnedFd>> = const { OnceCell::new() };
    }
    KERNEL.with(|kernel| {
        let kernel = kernel.get_or_init(open).as_ref()?;
        let to = SocketAddrNetlink::new(0, 0);
        sendto(kernel, &request(ours, theirs), SendFlags::empty(), &to).ok()?;
        let mut answer = [0; 1024];
        // The kernel answers within the call above.
        let (bytes, _) = recv(kernel, &mut answer, RecvFlags::DONTWAIT).ok()?;
        number(answer.get(..bytes)?, field)
    })
}

fn open() -> Option<OwnedFd> {
    let (family, kind) = (AddressFamily::NETLINK, SocketType::DGRAM);
    socket_with(family, kind, SocketFlags::CLOEXEC, Some(SOCK_DIAG)).ok()
}

fn request(ours: SocketAddr, theirs: SocketAddr) -> Vec<u8> {
    let mut out = Vec::with_capacity(72);
    out.extend(72_u32.to_ne_bytes());
    out.extend(BY_FAMILY.to_ne_bytes());
    out.extend(REQUEST.to_ne_bytes());
    out.extend([0; 8]);
    let family = if ours.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    out.extend([family.as_raw() as u8, TCP, WITH_INFO, 0]);
    out.extend(u32::MAX.to_ne_bytes());
    out.extend(ours.port().to_be_bytes());
    out.extend(theirs.port().to_be_bytes());
    for ip in [ours.ip(), theirs.ip()] {
        match ip {
            IpAddr::V4(ip) => {
                out.extend(ip.octets());
                out.extend([0; 12]);
            }
            IpAddr::V6(ip) => out.extend(ip.octets()),
        }
    }
    // Any interface, any cookie.
    out.extend([0; 4]);
    out.extend([0xff; 8]);
    out
}

fn number(answer: &[u8], field: TcpField) -> Option<i64> {
    let kind = u16::from_ne_bytes(*answer.get(4..)?.first_chunk()?);
    // Without such a connection the kernel tells of the listener on our address.
    let listens = answer.get(17) == Some(&LISTEN);
    let mut rest = answer.get(ATTRIBUTES..).filter(|_| kind == BY_FAMILY && !listens)?;
    loop {
        let length = usize::from(u16::from_ne_bytes(*rest.first_chunk()?));
        let name = u16::from_ne_bytes(*rest.get(2..)?.first_chunk()?);
        if name == INFO {
            return field_of(rest.get(4..length)?, field);
        }
        rest = rest.get(length.max(4).next_multiple_of(4)..)?;
    }
}

/// A number of `struct tcp_info`.
fn field_of(info: &[u8], field: TcpField) -> Option<i64> {
    let offset = match field {
        TcpField::Retransmits => return info.get(2).map(|count| i64::from(*count)),
        TcpField::Unacked => 24,
        TcpField::Sacked => 28,
        TcpField::Lost => 32,
        TcpField::Fackets => 40,
        TcpField::Rtt => 68,
        TcpField::RttVar => 72,
        TcpField::Reordering => 88,
    };
    Some(i64::from(u32::from_ne_bytes(*info.get(offset..)?.first_chunk()?)))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_kernel_tells_of_a_connection_and_not_of_one_that_is_not_there() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (mut server, theirs) = listener.accept().unwrap();
            client.write_all(b"x").unwrap();
            server.read_exact(&mut [0]).unwrap();
            let ours = server.local_addr().unwrap();
            assert!(ask(ours, theirs, TcpField::Rtt).is_some_and(|rtt| rtt > 0));
            assert!(ask(theirs, ours, TcpField::RttVar).is_some_and(|rtt| rtt > 0));
            assert_eq!(ask(ours, theirs, TcpField::Lost), Some(0));
            assert!(ask(ours, theirs, TcpField::Reordering).is_some_and(|count| count > 0));
            assert_eq!(ask(ours, SocketAddr::new(theirs.ip(), 1), TcpField::Rtt), None);
        }
    }
}
