//! SOCKS4: a proxy on the way to a server (manual 5.2, `socks4`).
//!
//! It is asked with the address alone, as user `HAProxy`; what follows its answer is the server's.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The code of an answer that grants the connection.
const GRANTED: u8 = 0x5a;

/// Asks for a connection to `to`, and waits until it is there.
///
/// # Errors
/// What the connection says, a proxy that refuses, or an address of IPv6, which the protocol does not know.
pub(crate) async fn ask<T: AsyncRead + AsyncWrite + Unpin>(
    io: &mut T,
    to: SocketAddr,
) -> io::Result<()> {
    let IpAddr::V4(ip) = to.ip().to_canonical() else {
        return Err(io::Error::other("SOCKS4 knows no address of IPv6"));
    };
    let mut request = vec![4, 1];
    request.extend(to.port().to_be_bytes());
    request.extend(ip.octets());
    request.extend_from_slice(b"HAProxy\0");
    io.write_all(&request).await?;
    let mut answer = [0; 8];
    io.read_exact(&mut answer).await?;
    match answer {
        [0, GRANTED, ..] => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::ConnectionRefused, "refused by the SOCKS4 proxy")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(to: &str, answer: [u8; 8]) -> (io::Result<()>, Vec<u8>) {
        let (mut near, mut far) = tokio::io::duplex(64);
        far.write_all(&answer).await.unwrap();
        let granted = ask(&mut near, to.parse().unwrap()).await;
        drop(near);
        let mut request = Vec::new();
        far.read_to_end(&mut request).await.unwrap();
        (granted, request)
    }

    #[tokio::test]
    async fn a_proxy_is_asked_for_the_address_and_may_refuse() {
        let (granted, request) = asked("10.1.2.3:8080", [0, 0x5a, 0, 0, 0, 0, 0, 0]).await;
        assert!(granted.is_ok());
        assert_eq!(request, b"\x04\x01\x1f\x90\x0a\x01\x02\x03HAProxy\0");
        let (refused, _) = asked("10.1.2.3:8080", [0, 0x5b, 0, 0, 0, 0, 0, 0]).await;
        assert!(refused.is_err());
        let (unknown, request) = asked("[2001:db8::1]:8080", [0; 8]).await;
        assert!(unknown.is_err() && request.is_empty());
    }
}
