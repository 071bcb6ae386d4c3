//! What a balancer is made from, the same for the daemon and for `lbctl`.

use std::net::SocketAddr;

use balance::{Affinity, Algorithm, ServerSpec, Spec, State};
use config::model::{self, Balance, HashAffinity, HashType, Server};
use config_parse::address::{AddressKind, Host, Ports};
use sample::BackendRef;

use crate::Program;

/// What a [`balance::Balancer`] of this backend is made from. An address that is a name is `None`
/// until the caller resolves it; a `disabled` server is in maintenance.
pub fn server_table(program: &Program, backend: BackendRef) -> (Spec, Vec<ServerSpec>) {
    let backend = program.backend(backend);
    let proxy = backend.proxy();
    let on = |option: Option<diag::Spanned<bool>>| option.is_some_and(|option| option.value);
    let spec = Spec {
        algorithm: algorithm(proxy.balance.as_ref().map(|balance| &balance.value)),
        hash_type: hash_type(proxy.hash_type.map(|hash| hash.value)),
        balance_factor: proxy.hash_balance_factor.map_or(0, |factor| factor.value),
        affinity: match proxy.hash_affinity.map(|affinity| affinity.value).unwrap_or_default() {
            HashAffinity::Always => Affinity::Always,
            HashAffinity::MaxConn => Affinity::MaxConn,
            HashAffinity::MaxQueue => Affinity::MaxQueue,
        },
        all_backups: on(proxy.options.allbackups),
    };
    let servers = backend.servers().iter().enumerate();
    let servers = servers.map(|(at, server)| one(server, backend.server_id(at as u32)));
    (spec, servers.collect())
}

fn one(server: &Server, id: u32) -> ServerSpec {
    let settings = &server.settings;
    let on = |setting: Option<diag::Spanned<bool>>| setting.is_some_and(|setting| setting.value);
    ServerSpec {
        name: server.name.value.clone(),
        id,
        weight: settings.weight.map_or(1, |weight| weight.value),
        backup: on(settings.backup),
        state: if on(settings.disabled) { State::Maint } else { State::Up },
        hash_key: match settings.hash_key.as_ref().map(|key| key.value.as_str()) {
            Some("addr") => balance::HashKey::Addr,
            Some("addr-port") => balance::HashKey::AddrPort,
            _ => balance::HashKey::Id,
        },
        address: literal(&server.address.kind),
    }
}

fn literal(address: &AddressKind) -> Option<SocketAddr> {
    let AddressKind::Inet { host: Host::Ip(ip), ports, .. } = address else { return None };
    let port = match ports {
        Ports::One(port) | Ports::Range(port, _) => *port,
        Ports::Unset | Ports::Offset(_) => 0,
    };
    Some(SocketAddr::new(*ip, port))
}

fn algorithm(balance: Option<&Balance>) -> Algorithm {
    match balance {
        None | Some(Balance::RoundRobin) => Algorithm::RoundRobin,
        Some(Balance::StaticRr) => Algorithm::StaticRr,
        Some(Balance::LeastConn) => Algorithm::LeastConn,
        Some(Balance::First) => Algorithm::First,
        Some(Balance::Random { draws }) => Algorithm::Random { draws: *draws },
        Some(
            Balance::Source
            | Balance::Uri { .. }
            | Balance::UrlParam { .. }
            | Balance::Hdr { .. }
            | Balance::RdpCookie { .. }
            | Balance::Hash(_)
            | Balance::LogHash(_),
        ) => Algorithm::Hash,
        Some(Balance::Sticky) => Algorithm::Sticky,
    }
}

fn hash_type(line: Option<HashType>) -> balance::HashType {
    let Some(line) = line else { return balance::HashType::default() };
    balance::HashType {
        method: match line.method {
            model::HashMethod::MapBased => balance::HashMethod::MapBased,
            model::HashMethod::Consistent => balance::HashMethod::Consistent,
        },
        function: match line.function {
            model::HashFunction::Sdbm => balance::HashFunction::Sdbm,
            model::HashFunction::Djb2 => balance::HashFunction::Djb2,
            model::HashFunction::Wt6 => balance::HashFunction::Wt6,
            model::HashFunction::Crc32 => balance::HashFunction::Crc32,
            model::HashFunction::None => balance::HashFunction::None,
        },
        avalanche: line.avalanche,
    }
}
