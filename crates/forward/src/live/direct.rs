//! Where streams of a backend go that no server is chosen for: `dispatch` and `option transparent`.

use std::net::SocketAddr;

use config::model::Proxy;

use crate::io::{ConnectTo, ServerAddress};

use super::build::{Resolve, server_address, source_address};

/// An address without a server.
#[derive(Debug)]
pub(crate) struct Direct {
    /// That of `dispatch`; `None` is where the client wanted to go.
    address: Option<ServerAddress>,
    source: Option<SocketAddr>,
    keepalive: bool,
}

impl Direct {
    pub(super) fn of(proxy: &Proxy, resolve: &Resolve<'_>) -> Option<Direct> {
        let address = match proxy.direct()? {
            config::model::Direct::Dispatch(address) => Some(server_address(address, resolve)?),
            config::model::Direct::Destination => None,
        };
        let source = proxy.source.as_ref();
        Some(Direct {
            address,
            source: source.and_then(|source| source_address(&source.value, resolve)),
            keepalive: proxy.options.srvtcpka.is_some_and(|on| on.value),
        })
    }

    /// How to reach it for a client that connected to `local`, which rules may have changed.
    pub(crate) fn connect_to(&self, local: Option<SocketAddr>) -> Option<ConnectTo> {
        let address = self.address.clone().or(local.map(ServerAddress::Tcp))?;
        let (source, keepalive) = (self.source, self.keepalive);
        Some(ConnectTo { source, keepalive, ..ConnectTo::new(address) })
    }
}
