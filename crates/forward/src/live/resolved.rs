//! What the resolution of its name does to a server while the process runs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use health::LogLevel;

use crate::io::ServerAddress;

use super::Backend;

/// The name that a server's address comes from, where it is not that of its line.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// What an operator or a record of its service gave.
    pub host: Option<String>,
    /// The port that came with a record of its service.
    pub(crate) port: Option<u16>,
    /// The record brought an address along: the name is not asked for.
    pub(crate) brought_along: bool,
}

impl Named {
    /// The record of its service.
    pub(crate) fn service(&self) -> Option<(String, u16)> {
        self.host.clone().zip(self.port)
    }
}

impl Backend {
    /// Gives a server another address, found by whom.
    pub(crate) fn resolve(&self, server: u32, ip: IpAddr, by: &str) {
        let Some(known) = self.server(server) else { return };
        let old = known.state.address().and_then(|address| address.socket());
        let own = match known.ports {
            config_parse::address::Ports::One(port) => port,
            _ => 0,
        };
        let port = known.state.named().port.or(old.map(|old| old.port())).unwrap_or(own);
        known.state.set_address(Some(ServerAddress::Tcp(SocketAddr::new(ip, port))));
        let old = old.map(|old| old.ip()).filter(|ip| *ip != IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let old = old.map_or_else(|| "(none)".to_owned(), |ip| ip.to_string());
        let (backend, name) = (self.state.name(), known.state.name());
        self.say(&format!("{backend}/{name} changed its IP from {old} to {ip} by {by}."));
    }

    /// A server has an address again.
    pub(crate) fn find_name(self: &Arc<Self>, server: u32, host: &str, by_answer: bool) {
        let Some(known) = self.server(server) else { return };
        let Some(transition) = known.state.health().find_name(host) else { return };
        self.act(server, Some(transition));
        if by_answer {
            let (backend, name) = (self.state.name(), known.state.name());
            self.say(&format!(
                "Server {backend}/{name} administratively READY thanks to valid DNS answer."
            ));
        }
    }

    /// A server has no address any more.
    pub(crate) fn lose_name(self: &Arc<Self>, server: u32, why: &str) {
        let Some(known) = self.server(server) else { return };
        known.state.set_address(None);
        let transition = known.state.health().lose_name(why);
        self.act(server, transition);
    }

    /// A record of a server's service gives it a name, a port, and perhaps an address.
    pub(crate) fn take_target(
        self: &Arc<Self>,
        server: u32,
        target: &str,
        port: u16,
        address: Option<IpAddr>,
    ) {
        let Some(known) = self.server(server) else { return };
        *known.state.named() = Named {
            host: Some(target.to_owned()),
            port: Some(port),
            brought_along: address.is_some(),
        };
        if let Some(ip) = address {
            self.resolve(server, ip, "DNS additional record");
        }
        let (backend, name) = (self.state.name(), known.state.name());
        self.say(&format!(
            "{backend}/{name} changed its FQDN from (null) to {target} by 'SRV record'"
        ));
        if address.is_some() {
            self.find_name(server, target, false);
        }
    }

    fn say(&self, line: &str) {
        self.log.send_now(LogLevel::Notice as u8, line.as_bytes());
    }
}
