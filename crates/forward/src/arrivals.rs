//! Limits of arrivals a second: of the process (`maxconnrate`, `maxsessrate`) and of one frontend
//! (`rate-limit sessions`). Whoever comes too fast waits in the kernel's queue.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::clock::wall_micros;
use crate::counters::Rate;
use crate::generation::{Bound, Listener};
use crate::live::Counters;

/// The limits of the process; 0 is none. They change with `set rate-limit`.
#[derive(Debug, Default)]
pub struct Arrivals {
    connections: AtomicU32,
    sessions: AtomicU32,
}

impl Arrivals {
    /// Connections a second (`maxconnrate`).
    pub fn connections(&self) -> u32 {
        self.connections.load(Relaxed)
    }

    /// Sessions a second (`maxsessrate`).
    pub fn sessions(&self) -> u32 {
        self.sessions.load(Relaxed)
    }

    /// Changes the limit of connections a second.
    pub fn limit_connections(&self, limit: u32) {
        self.connections.store(limit, Relaxed);
    }

    /// Changes the limit of sessions a second.
    pub fn limit_sessions(&self, limit: u32) {
        self.sessions.store(limit, Relaxed);
    }

    /// Whether a listener may take one more now; always where nothing is limited.
    pub fn permit(&self, listener: &Listener) -> Permit {
        let (connections, sessions) = (self.connections(), self.sessions());
        let Some(bound) = listener.bound() else { return Permit::Unlimited };
        let own = own_limit(&bound);
        if connections == 0 && sessions == 0 && own.is_none() {
            return Permit::Unlimited;
        }
        let micros = wall_micros();
        let frontends = &bound.generation.live.frontends;
        let reached = |limit: u32, rate: fn(&Counters) -> &Rate| {
            let rates = frontends.iter().map(|frontend| frontend.counters.rate(micros, rate));
            limit != 0 && rates.fold(0, u32::saturating_add) >= limit
        };
        let frontend = frontends.get(bound.frontend.0 as usize);
        let own_reached = own.zip(frontend).is_some_and(|(limit, frontend)| {
            frontend.counters.rate(micros, |c| &c.session_rate) >= limit
        });
        let wait = reached(connections, |c| &c.connection_rate)
            || reached(sessions, |c| &c.session_rate)
            || own_reached;
        if wait { Permit::Wait } else { Permit::Counted }
    }
}

/// `rate-limit sessions`; 0 is no limit.
fn own_limit(bound: &Bound) -> Option<u32> {
    let proxy = bound.generation.program.frontend(bound.frontend).proxy();
    proxy.rate_limit_sessions.map(|limit| limit.value).filter(|limit| *limit != 0)
}

/// What [`Arrivals::permit`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Nothing is limited: accept.
    Unlimited,
    /// Accept one, and let it be counted before asking again.
    Counted,
    /// A limit is reached: ask again later.
    Wait,
}
