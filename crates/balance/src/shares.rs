//! `hash-balance-factor`: how much of the load each server may have.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::balancer::Balancer;

/// For `hash-balance-factor`: the total weight that serves, and for each server the weight of
/// those before it.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    pub(crate) total: AtomicU32,
    pub(crate) before: Vec<AtomicU32>,
}

impl Balancer {
    /// How many streams `hash-balance-factor` lets a server serve; `None` without the directive.
    ///
    /// The backend may hold `factor` per cent of its streams, the coming one included, rounded up.
    /// Each unit of weight gets the same whole number of them, and what remains is dealt out in
    /// file order so that the parts add up.
    pub(crate) fn share(&self, at: usize) -> Option<u32> {
        let factor = u64::from(self.spec.balance_factor);
        let total = u64::from(self.shares.total.load(Relaxed));
        if factor == 0 || total == 0 {
            return None;
        }
        let slots = ((u64::from(self.served.load(Relaxed)) + 1) * factor).div_ceil(100);
        let (whole, rest) = (slots / total, slots % total);
        let weight = u64::from(self.servers[at].weight());
        let before = u64::from(self.shares.before[at].load(Relaxed));
        let dealt = (before + weight) * rest / total - before * rest / total;
        Some(u32::try_from(weight * whole + dealt).unwrap_or(u32::MAX).max(1))
    }

    /// Counts the weights anew after any of them changed.
    pub(crate) fn recount(&self) {
        if self.spec.balance_factor == 0 {
            return;
        }
        let mut totals = [0, 0];
        for (server, before) in self.servers.iter().zip(&self.shares.before) {
            let total = &mut totals[usize::from(server.spec.backup)];
            before.store(*total, Relaxed);
            *total += server.usable_weight();
        }
        let total = if totals[0] > 0 { totals[0] } else { totals[1] };
        self.shares.total.store(total, Relaxed);
    }
}
