//! The facts of an explanation: what the command line says, and for the rest a daemon that just started.

use std::cell::Cell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use balance::{Balancer, State};
use sample::{Fact, FactValue, Facts, ServerRef};

/// Answers the evaluator's questions.
pub(crate) struct Given<'w> {
    pub(crate) src: SocketAddr,
    pub(crate) dst: Option<SocketAddr>,
    pub(crate) listener: usize,
    pub(crate) now_micros: i64,
    pub(crate) seed: Option<u64>,
    /// Streams explained before this one.
    pub(crate) stream: u64,
    pub(crate) balancers: &'w HashMap<u32, Arc<Balancer>>,
    /// Answers that are assumed, to follow a branch.
    pub(crate) answers: &'w HashMap<Fact, FactValue>,
    /// Whether something was assumed of the load.
    pub(crate) assumed: Cell<bool>,
}

impl Facts for Given<'_> {
    fn read(&self, fact: Fact) -> Option<FactValue> {
        if let Some(answer) = self.answers.get(&fact) {
            return Some(answer.clone());
        }
        let number = |n: usize| Some(FactValue::Int(i64::try_from(n).unwrap_or(i64::MAX)));
        match fact {
            Fact::Src => Some(FactValue::Addr(self.src)),
            Fact::Dst => Some(self.dst.map_or(FactValue::Missing, FactValue::Addr)),
            Fact::Listener => number(self.listener),
            Fact::Now => Some(FactValue::Int(self.now_micros)),
            Fact::UtcOffset => Some(FactValue::Int(0)),
            Fact::StreamId => Some(FactValue::Int(i64::try_from(self.stream).unwrap_or(i64::MAX))),
            Fact::Draw(n) => {
                self.seed.map(|seed| FactValue::Int(i64::from(draw(seed, self.stream, n))))
            }
            Fact::ServerUp(server) => self.server(server, |balancer, at| {
                FactValue::Bool(matches!(balancer.state(at), Some(State::Up | State::Drain)))
            }),
            Fact::ServerWeight(server) => self.server(server, |balancer, at| {
                FactValue::Int(balancer.weight(at).map_or(0, |weight| i64::from(weight.get())))
            }),
            Fact::UsableServers(backend) => {
                let balancer = self.balancers.get(&backend.0)?;
                let (active, spare) = balancer.usable();
                number(if active > 0 { active } else { spare })
            }
            Fact::ProcessConnections
            | Fact::FrontendConnections(_)
            | Fact::BackendConnections(_) => {
                self.assumed.set(true);
                Some(FactValue::Int(1))
            }
            Fact::FrontendRate(_)
            | Fact::FrontendRequestRate(_)
            | Fact::BackendRate(_)
            | Fact::BackendQueue(_)
            | Fact::ServerConnections(_)
            | Fact::ServerQueue(_)
            | Fact::ServerRate(_) => {
                self.assumed.set(true);
                Some(FactValue::Int(0))
            }
            Fact::SrcIsLocal => is_local(Some(self.src)),
            Fact::DstIsLocal => is_local(self.dst),
            Fact::Stopping | Fact::ReceivedProxy => Some(FactValue::Bool(false)),
            Fact::ProxyTlv(_) => Some(FactValue::Missing),
            // What only the daemon or its machine knows; names and ids are the evaluator's own knowledge.
            _ => None,
        }
    }
}

impl Given<'_> {
    fn server(
        &self,
        server: ServerRef,
        ask: impl Fn(&Balancer, usize) -> FactValue,
    ) -> Option<FactValue> {
        let balancer = self.balancers.get(&server.backend.0)?;
        Some(ask(balancer, server.server as usize))
    }
}

/// Whether an address is one of this machine: certain for loopback, not known here for others.
fn is_local(address: Option<SocketAddr>) -> Option<FactValue> {
    address.filter(|address| address.ip().is_loopback()).map(|_| FactValue::Bool(true))
}

/// The n-th draw of a stream: a small mixing function, the same for the same seed.
fn draw(seed: u64, stream: u64, n: u32) -> u32 {
    let mut x = seed ^ stream.rotate_left(32) ^ u64::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for factor in [0xBF58_476D_1CE4_E5B9_u64, 0x94D0_49BB_1331_11EB] {
        x = (x ^ (x >> 30)).wrapping_mul(factor);
    }
    (x >> 32) as u32
}

/// Microseconds since the epoch.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
