//! A server whose name is resolved while the process runs.

use std::net::IpAddr;
use std::sync::Arc;

use config::model::Server as Line;
use config_parse::address::{AddressKind, Family, Host};
use ipnet::IpNet;

use crate::generation::Generation;
use crate::live::{Backend, Server};

use super::{Kind, Question};

/// A server that names a `resolvers` section.
pub(super) struct Subject {
    pub(super) backend: Arc<Backend>,
    pub(super) server: u32,
    /// The name of its line.
    pub(super) host: String,
    /// Which family is asked for first.
    pub(super) prefer: Kind,
    /// `resolve-net`: which addresses are taken first.
    nets: Vec<IpNet>,
    /// `resolve-opts allow-dup-ip`.
    pub(super) shares: bool,
    /// `resolve-opts ignore-weight`.
    pub(super) keeps_weight: bool,
}

/// The servers that name this section.
pub(super) fn of(generation: &Generation, section: &str) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (backend, live) in generation.program.backends().zip(&generation.live.backends) {
        for (line, server) in backend.servers().iter().zip(0..) {
            let resolvers = line.settings.resolvers.as_ref();
            if resolvers.is_some_and(|resolvers| resolvers.value == section) {
                subjects.extend(Subject::new(line, live, server));
            }
        }
    }
    subjects
}

impl Subject {
    fn new(line: &Line, backend: &Arc<Backend>, server: u32) -> Option<Subject> {
        let AddressKind::Inet { host: Host::Name(host), family, .. } = &line.address.kind else {
            return None;
        };
        let how = line.settings.resolving.as_deref().cloned().unwrap_or_default();
        let prefer = match (family, how.prefer.as_ref().map(|prefer| prefer.value.as_str())) {
            (Family::V4, _) | (Family::Any, Some("ipv4")) => Kind::V4,
            _ => Kind::V6,
        };
        let has = |word: &str| {
            how.opts.as_ref().is_some_and(|opts| opts.value.split(',').any(|it| it == word))
        };
        let nets = how.net.as_ref().map_or("", |net| net.value.as_str());
        Some(Subject {
            backend: Arc::clone(backend),
            server,
            host: host.clone(),
            prefer,
            nets: nets.split(',').filter_map(network).collect(),
            shares: has("allow-dup-ip"),
            keeps_weight: has("ignore-weight"),
        })
    }

    /// The server as it lives.
    pub(super) fn live(&self) -> Option<&Server> {
        self.backend.server(self.server)
    }

    /// Whether its name is that of a service.
    pub(super) fn is_service(&self) -> bool {
        self.host.starts_with('_')
    }

    /// What is asked for it now: its own name, and the target that a service gave it.
    pub(super) fn questions(&self) -> Vec<Question> {
        let named = self.live().map(|server| server.state.named().clone()).unwrap_or_default();
        let mut questions = Vec::new();
        if self.is_service() {
            questions.push((self.host.clone(), Kind::Service));
        }
        match named.host {
            Some(host) if !named.brought_along => questions.push((host, self.prefer)),
            None if !self.is_service() => questions.push((self.host.clone(), self.prefer)),
            _ => {}
        }
        questions
    }

    /// The name that its address comes from.
    pub(super) fn host_now(&self) -> Option<String> {
        let named = self.live()?.state.named().host.clone();
        named.or_else(|| (!self.is_service()).then(|| self.host.clone()))
    }

    /// How gladly it takes an address: those of its networks first, then those of its family.
    pub(super) fn likes(&self, ip: IpAddr) -> (bool, bool) {
        (self.nets.iter().any(|net| net.contains(&ip)), ip.is_ipv4() == (self.prefer == Kind::V4))
    }
}

/// `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `10.1.2.3`.
fn network(text: &str) -> Option<IpNet> {
    let (address, mask) = text.split_once('/').map_or((text, None), |(a, m)| (a, Some(m)));
    let address: IpAddr = address.parse().ok()?;
    match mask {
        None => Some(address.into()),
        Some(mask) => match mask.parse() {
            Ok(bits) => IpNet::new(address, bits).ok(),
            Err(_) => IpNet::with_netmask(address, mask.parse().ok()?).ok(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{IpAddr, network};

    #[test]
    fn networks_are_read_in_each_of_their_forms() {
        for (text, inside) in [
            ("10.0.0.0/8", "10.9.9.9"),
            ("10.0.0.0/255.0.0.0", "10.9.9.9"),
            ("10.1.2.3", "10.1.2.3"),
            ("2001:db8::/32", "2001:db8:1::1"),
        ] {
            let net = network(text).expect("a network");
            let inside: IpAddr = inside.parse().expect("an address");
            assert!(net.contains(&inside), "{text}");
        }
        assert_eq!(network(""), None);
    }
}
