//! Addresses as those keep them that lie idle for hours: short.

use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};

/// A socket address in half the room.
pub(crate) enum Address {
    None,
    V4(SocketAddrV4),
    V6(Box<SocketAddrV6>),
}

impl Address {
    pub(crate) fn of(address: Option<SocketAddr>) -> Address {
        match address {
            None => Address::None,
            Some(SocketAddr::V4(address)) => Address::V4(address),
            Some(SocketAddr::V6(address)) => Address::V6(Box::new(address)),
        }
    }

    pub(crate) fn socket(&self) -> Option<SocketAddr> {
        match self {
            Address::None => None,
            Address::V4(address) => Some((*address).into()),
            Address::V6(address) => Some((**address).into()),
        }
    }
}
