//! `balance first`: the lowest `id` with a free connection slot.

use crate::bitset::BitSet;
use crate::server::Server;

/// One group: the servers that are usable and have room, by rank.
#[derive(Debug, Clone)]
pub(crate) struct First {
    open: BitSet,
    /// Server by rank, and rank by server.
    by_rank: Vec<usize>,
    rank: Vec<usize>,
}

impl First {
    pub(crate) fn new(servers: &[Server]) -> Self {
        let mut by_rank: Vec<usize> = (0..servers.len()).collect();
        by_rank.sort_by_key(|at| servers[*at].spec.id);
        let mut rank = vec![0; servers.len()];
        for (place, at) in by_rank.iter().enumerate() {
            rank[*at] = place;
        }
        Self { open: BitSet::new(servers.len()), by_rank, rank }
    }

    /// Notes whether a server has room; call after its load, limits or state changed.
    pub(crate) fn touch(&mut self, at: usize, server: &Server) {
        self.open.set(self.rank[at], server.usable_weight() > 0 && !server.is_full());
    }

    /// The first server with room, and the one behind it.
    pub(crate) fn heads(&self) -> (Option<usize>, Option<usize>) {
        let first = self.open.first();
        let second = first.and_then(|first| self.open.first_from(first + 1));
        let server = |rank: usize| self.by_rank[rank];
        (first.map(server), second.map(server))
    }

    /// The servers in the order in which they are asked.
    pub(crate) fn order(&self) -> &[usize] {
        &self.by_rank
    }
}
