//! What the answer for a name means for the servers that wait for it.

use std::net::IpAddr;
use std::sync::atomic::Ordering::Relaxed;

use super::message::{Record, Refusal};
use super::resolver::Resolver;
use super::subject::Subject;

/// Who answered.
pub(super) struct Answered<'a> {
    pub(super) resolver: &'a Resolver,
    pub(super) by: usize,
}

impl Record {
    /// Whether it stands for the same: the weight of a service may differ.
    pub(super) fn is_same(&self, other: &Record) -> bool {
        match (self, other) {
            (Record::Address(ip), Record::Address(other)) => ip == other,
            (
                Record::Service { target, port, .. },
                Record::Service { target: other, port: same, .. },
            ) => target == other && port == same,
            _ => false,
        }
    }
}

/// Gives the servers of a name what its records say.
pub(super) fn give(who: &[&Subject], records: &[&Record], answered: &Answered<'_>) {
    let addresses: Vec<IpAddr> = records
        .iter()
        .filter_map(|record| match record {
            Record::Address(ip) => Some(*ip),
            Record::Service { .. } => None,
        })
        .collect();
    if addresses.is_empty() {
        give_targets(who, records)
    } else {
        give_addresses(who, &addresses, answered)
    }
}

/// Servers of one backend do not share an address, unless they say so.
fn give_addresses(who: &[&Subject], addresses: &[IpAddr], answered: &Answered<'_>) {
    let server = &answered.resolver.nameservers[answered.by];
    let by = format!("{}/{}", answered.resolver.name(), server.name);
    let mut told = false;
    for (at, subject) in who.iter().enumerate() {
        let others = |ip: IpAddr, among: &[&Subject]| {
            let mut others = among.iter().filter(|other| {
                other.server != subject.server
                    && std::sync::Arc::ptr_eq(&other.backend, &subject.backend)
            });
            !subject.shares && others.any(|other| address(other) == Some(ip))
        };
        let Some(host) = subject.host_now() else { continue };
        let current = address(subject);
        // Of several that began with the same address the first keeps it.
        let keeps = current.filter(|ip| addresses.contains(ip) && !others(*ip, &who[..at]));
        let free = || addresses.iter().copied().filter(|ip| !others(*ip, who));
        // Of those that are liked the same the first counts.
        let best = || {
            free()
                .reduce(|best, ip| if subject.likes(ip) > subject.likes(best) { ip } else { best })
        };
        match keeps.or_else(best) {
            Some(ip) if current == Some(ip) => {
                subject.backend.find_name(subject.server, &host, true)
            }
            Some(ip) => {
                let by = if told { "DNS cache" } else { by.as_str() };
                told = true;
                server.counters.update.fetch_add(1, Relaxed);
                subject.backend.resolve(subject.server, ip, by);
                subject.backend.find_name(subject.server, &host, true);
            }
            None => subject.backend.lose_name(subject.server, "No IP for server "),
        }
    }
}

fn address(subject: &Subject) -> Option<IpAddr> {
    let address = subject.live()?.state.address()?;
    address.socket().map(|address| address.ip())
}

/// Each record of a service has a server of its own.
fn give_targets(who: &[&Subject], records: &[&Record]) {
    let services: Vec<(&str, u16, u16, Option<IpAddr>)> = records
        .iter()
        .filter_map(|record| match record {
            Record::Service { target, port, weight, address } => {
                Some((target.as_str(), *port, *weight, *address))
            }
            Record::Address(_) => None,
        })
        .collect();
    let has = |subject: &Subject| subject.live().and_then(|server| server.state.named().service());
    for subject in who {
        let gone = has(subject).is_some_and(|(host, port)| {
            !services.iter().any(|service| (service.0, service.1) == (host.as_str(), port))
        });
        if gone {
            drop_target(subject);
        }
    }
    for (target, port, weight, address) in services {
        let mine = |subject: &&&Subject| {
            has(subject).is_some_and(|(host, known)| (host.as_str(), known) == (target, port))
        };
        let subject = match who.iter().find(mine) {
            Some(subject) => subject,
            None => {
                let Some(free) = who.iter().find(|subject| has(subject).is_none()) else {
                    continue;
                };
                free.backend.take_target(free.server, target, port, address);
                free
            }
        };
        if !subject.keeps_weight {
            let _ = subject.backend.set_weight(subject.server, u32::from(weight) / 256 + 1);
        }
    }
}

/// No answer has it any more.
fn drop_target(subject: &Subject) {
    subject.backend.lose_name(subject.server, "entry removed from SRV record");
    if let Some(server) = subject.live() {
        *server.state.named() = crate::live::Named::default();
    }
}

/// A name was not found for too long.
pub(super) fn take_away(who: &[&Subject], refusal: Refusal) {
    let why = match refusal {
        Refusal::Nx => "DNS NX status",
        Refusal::Refused => "DNS refused status",
        Refusal::Timeout => "DNS timeout status",
        Refusal::Other => "unspecified DNS error",
    };
    for subject in who {
        let named = subject.live().map(|server| server.state.named().clone());
        match named {
            Some(named) if subject.is_service() && named.host.is_some() => drop_target(subject),
            _ => subject.backend.lose_name(subject.server, why),
        }
    }
}
