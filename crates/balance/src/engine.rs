//! The orders behind the algorithms, for active servers and for backups.

use std::sync::Mutex;

use crate::balancer::{Control, lock};
use crate::fifo::Fifo;
use crate::first::First;
use crate::leastconn::LeastConn;
use crate::lottery::Lottery;
use crate::map::Map;
use crate::ring::Ring;
use crate::roundrobin::RoundRobin;
use crate::server::Server;
use crate::spec::{Algorithm, HashMethod, Spec};

/// Active servers and backups have an order each.
#[derive(Debug)]
pub(crate) enum Engine {
    RoundRobin(Box<Mutex<[RoundRobin; 2]>>),
    LeastConn(Mutex<[LeastConn; 2]>),
    First(Mutex<[First; 2]>),
    Sticky(Mutex<[Fifo; 2]>),
    Map(Map),
    Ring([Ring; 2]),
    Random([Lottery; 2]),
}

impl Engine {
    pub(crate) fn new(spec: &Spec, servers: &[Server], control: &mut Control) -> Self {
        // Mostly there are no backups, and then their order needs no memory.
        let places = |backup: bool| -> &[Server] {
            if servers.iter().any(|server| server.backup == backup) { servers } else { &[] }
        };
        let weights = |backup: bool| -> Vec<u32> {
            let weight = |s: &Server| if s.backup == backup { s.usable_weight() } else { 0 };
            places(backup).iter().map(weight).collect()
        };
        let consistent = spec.hash_type.method == HashMethod::Consistent;
        match spec.algorithm {
            Algorithm::RoundRobin => {
                let group = |backup| RoundRobin::new(&weights(backup));
                Self::RoundRobin(Box::new(Mutex::new([group(false), group(true)])))
            }
            Algorithm::LeastConn => {
                let mut groups = [false, true].map(|backup| LeastConn::new(places(backup).len()));
                for (at, server) in servers.iter().enumerate() {
                    groups[usize::from(server.backup)].touch(at, server);
                }
                Self::LeastConn(Mutex::new(groups))
            }
            Algorithm::First => {
                let mut groups = [false, true].map(|backup| First::new(places(backup)));
                for (at, server) in servers.iter().enumerate() {
                    groups[usize::from(server.backup)].touch(at, server);
                }
                Self::First(Mutex::new(groups))
            }
            Algorithm::Sticky => {
                let mut groups = [Fifo::new(servers.len()), Fifo::new(servers.len())];
                for (at, server) in
                    servers.iter().enumerate().filter(|(_, s)| s.usable_weight() > 0)
                {
                    groups[usize::from(server.backup)].push(at, 0);
                }
                Self::Sticky(Mutex::new(groups))
            }
            Algorithm::Hash if !consistent => Self::Map(Map::new(servers)),
            Algorithm::StaticRr => Self::Map(Map::new(servers)),
            Algorithm::Hash => {
                let [active, backups] =
                    [false, true].map(|backup| Ring::new(servers, |s| s.backup == backup));
                control.upkeep = [active.1, backups.1];
                Self::Ring([active.0, backups.0])
            }
            Algorithm::Random { .. } => Self::Random(
                [false, true].map(|backup| Lottery::new(servers, |s| s.backup == backup)),
            ),
        }
    }

    /// The weight with which a server takes part under this algorithm.
    pub(crate) fn usable(&self, server: &Server) -> u32 {
        match self {
            // Static: a weight other than 0 is always the one at start, which may be 0.
            Self::Map(_) if server.usable_weight() > 0 => server.spec.weight,
            _ => server.usable_weight(),
        }
    }

    pub(crate) fn set(&self, servers: &[Server], at: usize, weight: u32, control: &mut Control) {
        let group = usize::from(servers[at].backup);
        match self {
            Self::RoundRobin(groups) => lock(groups)[group].set(at, weight),
            Self::LeastConn(groups) => lock(groups)[group].requeue(at, &servers[at]),
            Self::First(groups) => lock(groups)[group].touch(at, &servers[at]),
            Self::Sticky(groups) => {
                let order = &mut lock(groups)[group];
                match weight {
                    0 => drop(order.remove(at)),
                    _ if order.key(at).is_none() => order.push(at, 0),
                    _ => {}
                }
            }
            Self::Map(_) => {}
            Self::Ring(rings) => {
                rings[group].set(servers, at, weight, &mut control.upkeep[group]);
            }
            Self::Random(lotteries) => lotteries[group].set(at, weight),
        }
    }
}
