//! `balance leastconn`: the server with the fewest streams, served and queued, for its weight.
//!
//! Servers stand in order of their load; a server whose load changed goes behind all others with
//! the same load, so that equal servers take turns. Full servers stand aside: a pick then looks at
//! the head of the order only, however many are full.

use crate::fifo::Fifo;
use crate::server::Server;
use crate::weight::EffectiveWeight;

/// One group's order.
#[derive(Debug, Clone)]
pub(crate) struct LeastConn {
    open: Fifo,
    /// Usable servers with no room, by the load at which they ran out of it.
    full: Fifo,
}

impl LeastConn {
    pub(crate) fn new(servers: usize) -> Self {
        Self { open: Fifo::new(servers), full: Fifo::new(servers) }
    }

    /// Puts a server where its load, weight and state want it; call after any of them changed.
    pub(crate) fn touch(&mut self, at: usize, server: &Server) {
        let weight = server.usable_weight();
        if weight == 0 {
            self.open.remove(at);
            self.full.remove(at);
            return;
        }
        let key = key(server.load.inflight(), weight);
        let (to, from) = match server.is_full_with_queue() {
            true => (&mut self.full, &mut self.open),
            false => (&mut self.open, &mut self.full),
        };
        from.remove(at);
        if to.key(at) != Some(key) {
            to.push(at, key);
        }
    }

    /// Puts a server that just became usable, or got another weight, behind its equals.
    pub(crate) fn requeue(&mut self, at: usize, server: &Server) {
        self.open.remove(at);
        self.full.remove(at);
        self.touch(at, server);
    }

    /// The least loaded server with room, and the one behind it.
    pub(crate) fn heads(&self) -> (Option<usize>, Option<usize>) {
        let first = self.open.first();
        (first, first.and_then(|first| self.open.after(first)))
    }

    pub(crate) fn full(&self) -> impl Iterator<Item = usize> {
        std::iter::successors(self.full.first(), |server| self.full.after(*server))
    }
}

/// The load for the weight. An idle server is before all others whatever its weight; for the
/// others the stream that would come counts too.
fn key(inflight: u32, weight: u32) -> u64 {
    match inflight {
        0 => 0,
        _ => (u64::from(inflight) + 1) * u64::from(EffectiveWeight::MAX) / u64::from(weight),
    }
}
