//! `random`: every server holds as many tickets as it has weight, and a draw takes one of them.
//!
//! A tree of partial sums over the weights (Fenwick's): a draw and a change of a weight are one step for each bit of
//! the number of servers, through four bytes a server. One writer, and readers without a lock: a draw that meets a
//! change half done may lead to a neighbour, never to a server without weight while another has some.

use std::hint::select_unpredictable;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering::Relaxed};

use crate::server::Server;

/// One group's tickets: those of the active servers, or those of the backups.
#[derive(Debug)]
pub(crate) struct Lottery {
    /// Usable weight of each server of the list, 0 of those of the other group.
    weights: Vec<AtomicU16>,
    /// `sums[n]` is the weight of the servers from `n - (n & -n)` up to but not including `n`. As long as the next
    /// power of two says, so that a draw needs no check of bounds that depends on it.
    sums: Vec<AtomicU32>,
    total: AtomicU32,
}

/// Servers that have tickets: as many of the greatest weight have the greatest sum there is.
const MOST: usize = (1 << 20) - 1;

impl Lottery {
    pub(crate) fn new(servers: &[Server], members: impl Fn(&Server) -> bool) -> Self {
        let places = if servers.iter().any(&members) { servers.len().min(MOST) } else { 0 };
        let lottery = Self {
            weights: (0..places).map(|_| AtomicU16::new(0)).collect(),
            sums: (0..(places + 1).next_power_of_two()).map(|_| AtomicU32::new(0)).collect(),
            total: AtomicU32::new(0),
        };
        for (at, server) in servers.iter().enumerate().filter(|(_, server)| members(server)) {
            lottery.set(at, server.usable_weight());
        }
        lottery
    }

    /// A server has `weight` tickets from now on.
    pub(crate) fn set(&self, at: usize, weight: u32) {
        let Some(known) = self.weights.get(at) else { return };
        let before = u32::from(known.swap(weight as u16, Relaxed));
        let change = weight.wrapping_sub(before);
        let mut node = at + 1;
        while let Some(sum) = self.sums.get(node) {
            sum.fetch_add(change, Relaxed);
            node += node & node.wrapping_neg();
        }
        self.total.fetch_add(change, Relaxed);
    }

    /// The tickets of a server.
    pub(crate) fn weight(&self, server: usize) -> u32 {
        self.weights.get(server).map_or(0, |weight| u32::from(weight.load(Relaxed)))
    }

    /// The server that `draw` of 2^32 leads to, and then all others that have tickets, in the order of the list.
    pub(crate) fn from(&self, draw: u32) -> impl Iterator<Item = usize> {
        let ticket = (u64::from(draw) * u64::from(self.total.load(Relaxed))) >> 32;
        let first = self.holder(ticket as u32).min(self.weights.len());
        (first..self.weights.len()).chain(0..first).filter(|server| self.weight(*server) > 0)
    }

    /// Who holds a ticket, counted from 0 in the order of the list.
    fn holder(&self, ticket: u32) -> usize {
        let mut server = 0;
        let mut left = ticket;
        let mut stride = self.sums.len() / 2;
        while stride > 0 {
            let sum = self.sums[server + stride].load(Relaxed);
            // Which way it goes is chance, so a branch would be guessed wrong every other time.
            let passes = sum <= left;
            server += select_unpredictable(passes, stride, 0);
            left -= select_unpredictable(passes, sum, 0);
            stride /= 2;
        }
        server
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::LoadRef;
    use crate::spec::ServerSpec;
    use proptest::prelude::*;

    fn lottery(weights: &[u32]) -> Lottery {
        let specs = (1..)
            .zip(weights)
            .map(|(id, weight)| ServerSpec::new(format!("s{id}"), id).weight(*weight));
        let loads = LoadRef::row(weights.len());
        let servers: Vec<Server> =
            specs.zip(loads).map(|(spec, load)| Server::new(spec, load)).collect();
        Lottery::new(&servers, |_| true)
    }

    proptest! {
        #[test]
        fn each_ticket_is_held_by_the_server_that_the_sums_say(
            weights in prop::collection::vec(0_u32..=256, 1..70),
            changes in prop::collection::vec((0_usize..75, 0_u32..=4096), 0..40),
        ) {
            let lottery = lottery(&weights);
            let mut tickets: Vec<u32> = weights.iter().map(|weight| weight * 16).collect();
            for (at, weight) in changes {
                lottery.set(at, weight);
                if let Some(known) = tickets.get_mut(at) {
                    *known = weight;
                }
            }
            let total: u32 = tickets.iter().sum();
            prop_assert_eq!(lottery.total.load(Relaxed), total);
            let mut first = 0;
            for (server, count) in tickets.iter().enumerate().filter(|(_, count)| **count > 0) {
                prop_assert_eq!(lottery.holder(first), server);
                prop_assert_eq!(lottery.holder(first + count - 1), server);
                first += count;
            }
        }

        #[test]
        fn a_draw_goes_round_all_servers_that_have_tickets_once(
            weights in prop::collection::vec(0_u32..3, 0..20), draw in any::<u32>(),
        ) {
            let mut seen: Vec<usize> = lottery(&weights).from(draw).collect();
            seen.sort_unstable();
            let some: Vec<usize> = (0..weights.len()).filter(|at| weights[*at] > 0).collect();
            prop_assert_eq!(seen, some);
        }
    }
}
