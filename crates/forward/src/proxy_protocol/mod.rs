//! The PROXY protocol: a header before a connection's first byte tells who the client is. `read` takes what
//! `accept-proxy` expects, `write` makes what `send-proxy` sends; both know version 1 (text) and 2 (binary).

mod accept;
mod read;
mod write;

use std::net::SocketAddr;
use std::time::Duration;

pub(crate) use read::Refused;
pub(crate) use write::{SendProxy, header};

/// The signature of version 2.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// Types of TLVs that mean something here (section 2.2 of the protocol).
pub(crate) mod tlv {
    pub(crate) const AUTHORITY: u8 = 0x02;
    pub(crate) const CRC32C: u8 = 0x03;
    pub(crate) const UNIQUE_ID: u8 = 0x05;
    pub(crate) const SSL: u8 = 0x20;
}

/// What a client's header said besides the addresses.
#[derive(Debug, Default)]
pub(crate) struct Proxied {
    /// The TLVs as they were received, every one whole.
    pub(crate) tlvs: Box<[u8]>,
    /// How long the header took (`%Th`).
    pub(crate) handshake: Duration,
    /// The addresses of the connection itself.
    pub(crate) connection: (Option<SocketAddr>, Option<SocketAddr>),
}

impl Proxied {
    /// The value of the first TLV of this type.
    pub(crate) fn tlv(&self, kind: u8) -> Option<&[u8]> {
        read::tlvs(&self.tlvs).find(|(known, _)| *known == kind).map(|(_, value)| value)
    }
}

/// CRC-32C (Castagnoli), as RFC 3720 wants it.
fn crc32c(parts: &[&[u8]]) -> u32 {
    let mut crc = u32::MAX;
    for byte in parts.iter().copied().flatten() {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_that_of_rfc_3720() {
        assert_eq!(super::crc32c(&[&[0; 32]]), 0x8a91_36aa);
        assert_eq!(super::crc32c(&[b"1234", b"56789"]), 0xe306_9283);
    }
}
