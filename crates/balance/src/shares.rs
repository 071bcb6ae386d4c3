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

/// What all servers may serve together at one moment, in the parts in which it is dealt out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quota {
    /// The weight that serves.
    total: u64,
    /// Streams for each unit of weight, and those that remain.
    whole: u64,
    rest: u64,
}

impl Balancer {
    /// What `hash-balance-factor` lets the servers serve; `None` without the directive.
    ///
    /// The backend may hold `factor` per cent of its streams, the coming one included, rounded up.
    /// Each unit of weight gets the same whole number of them, and what remains is dealt out in
    /// file order so that the parts add up.
    pub(crate) fn quota(&self) -> Option<Quota> {
        let factor = u64::from(self.spec.balance_factor);
        let total = u64::from(self.shares.total.load(Relaxed));
        if factor == 0 || total == 0 {
            return None;
        }
        let slots = ((u64::from(self.served.load(Relaxed)) + 1) * factor).div_ceil(100);
        Some(Quota { total, whole: slots / total, rest: slots % total })
    }

    /// How many streams of `quota` are a server's.
    pub(crate) fn share(&self, quota: Quota, at: usize, weight: u32) -> u32 {
        let Quota { total, whole, rest } = quota;
        let weight = u64::from(weight);
        let before = u64::from(self.shares.before[at].load(Relaxed));
        let dealt = (before + weight) * rest / total - before * rest / total;
        u32::try_from(weight * whole + dealt).unwrap_or(u32::MAX).max(1)
    }

    /// Whether a server has its share.
    pub(crate) fn has_its_share(&self, quota: Quota, at: usize, weight: u32) -> bool {
        let served = u64::from(self.served(at));
        // What is dealt out adds at most one for each unit of weight: mostly that is answer enough.
        match (u64::from(weight) * quota.whole, u64::from(weight) * (quota.whole + 1)) {
            (least, _) if served < least => false,
            (_, most) if served >= most.max(1) => true,
            _ => served >= u64::from(self.share(quota, at, weight)),
        }
    }

    /// Counts the weights anew after any of them changed.
    pub(crate) fn recount(&self) {
        if self.spec.balance_factor == 0 {
            return;
        }
        let mut totals = [0, 0];
        for (server, before) in self.servers.iter().zip(&self.shares.before) {
            let total = &mut totals[usize::from(server.backup)];
            before.store(*total, Relaxed);
            *total += server.usable_weight();
        }
        let total = if totals[0] > 0 { totals[0] } else { totals[1] };
        self.shares.total.store(total, Relaxed);
    }
}
