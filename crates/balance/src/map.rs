//! `hash-type map-based` and `static-rr`: an array with a slot for each unit of weight.
//!
//! The array is made anew after a server came or went, by the first pick that needs it: a hundred
//! state changes in a row then cost one array, and a server that was away for a while none. Weights are those at
//! start, divided by their greatest common divisor; a change at run time counts only to 0 and back.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::bitset::BitSet;
use crate::farm::Serving;
use crate::pick::{Step, Trace, WhyNot, passed};
use crate::server::Server;
use crate::weight::EffectiveWeight;

/// The array, and whose turn it is in it.
#[derive(Debug)]
pub(crate) struct Map {
    slots: ArcSwap<Vec<u32>>,
    stale: AtomicBool,
    /// The array in use, and the one before it: a server that comes back brings that one back.
    dealt: Mutex<[Deal; 2]>,
    /// The slot whose turn is next in round robin.
    turn: AtomicUsize,
    weights: Vec<u32>,
}

/// An array, and whom it was made for.
#[derive(Debug, Default)]
struct Deal {
    who: Who,
    slots: Arc<Vec<u32>>,
}

/// The servers that are dealt to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Who {
    members: Vec<bool>,
    /// Slots, where they are not the weight of all members.
    over: Option<u32>,
}

impl Map {
    pub(crate) fn new(servers: &[Server]) -> Self {
        Self {
            slots: ArcSwap::default(),
            stale: AtomicBool::new(true),
            dealt: Mutex::default(),
            turn: AtomicUsize::new(0),
            weights: reduced(
                servers.iter().map(|server| server.spec.weight.min(EffectiveWeight::MAX_USER)),
            ),
        }
    }

    /// Called after each change of who serves.
    pub(crate) fn changed(&self) {
        self.stale.store(true, Ordering::Release);
    }

    pub(crate) fn by_hash<T: Trace>(
        &self,
        servers: &[Server],
        serving: Serving,
        hash: u32,
        trace: &mut T,
    ) -> Option<usize> {
        self.refresh(servers, serving);
        let slots = self.slots.load();
        let slot = (hash as usize).checked_rem(slots.len())?;
        if T::ENABLED {
            trace.step(Step::Slot { slot, of: slots.len() });
        }
        slots.get(slot).map(|server| *server as usize)
    }

    /// The next slot whose server has room; the excluded one only if no other has.
    pub(crate) fn in_turn<T: Trace>(
        &self,
        servers: &[Server],
        serving: Serving,
        exclude: Option<usize>,
        trace: &mut T,
    ) -> Option<usize> {
        self.refresh(servers, serving);
        let slots = self.slots.load();
        let mut turn = self.turn.load(Ordering::Relaxed);
        loop {
            let (slot, server) = find(&slots, turn, servers, exclude, trace)?;
            let next = slot + 1;
            match self.turn.compare_exchange_weak(turn, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return Some(server),
                Err(other) => turn = other,
            }
        }
    }

    pub(crate) fn turn(&self) -> usize {
        self.turn.load(Ordering::Relaxed)
    }

    pub(crate) fn set_turn(&self, turn: usize) {
        self.turn.store(turn, Ordering::Relaxed);
    }

    fn refresh(&self, servers: &[Server], serving: Serving) {
        if !self.stale.load(Ordering::Acquire) {
            return;
        }
        let mut dealt = self.dealt.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.stale.swap(false, Ordering::AcqRel) {
            return;
        }
        let who = self.who(servers, serving);
        let [now, before] = &mut *dealt;
        if now.who != who {
            std::mem::swap(now, before);
        }
        if now.who != who {
            *now = Deal { slots: Arc::new(self.build(&who)), who };
        }
        self.slots.store(Arc::clone(&now.slots));
    }

    fn who(&self, servers: &[Server], serving: Serving) -> Who {
        let (backups, over) = match serving {
            Serving::Nobody => return Who::default(),
            Serving::Only(only) => (servers[only].backup, Some(self.weights[only])),
            Serving::Active => (false, None),
            Serving::Backups => (true, None),
        };
        let takes_part = |(server, weight): (&Server, &u32)| {
            server.backup == backups && server.usable_weight() > 0 && *weight > 0
        };
        let members = servers.iter().zip(&self.weights).map(takes_part).collect();
        Who { members, over }
    }

    fn build(&self, who: &Who) -> Vec<u32> {
        let candidates: Vec<(u32, u32)> = (0..)
            .zip(who.members.iter().zip(&self.weights))
            .filter(|(_, (member, _))| **member)
            .map(|(at, (_, weight))| (at, *weight))
            .collect();
        match who.over {
            Some(total) => deal(&candidates, total),
            None => spread(&candidates),
        }
    }
}

/// The first slot from `turn` on, once around, whose server has room.
fn find<T: Trace>(
    slots: &[u32],
    turn: usize,
    servers: &[Server],
    exclude: Option<usize>,
    trace: &mut T,
) -> Option<(usize, usize)> {
    let mut avoided = None;
    let turn = if turn < slots.len() { turn } else { 0 };
    for slot in (turn..slots.len()).chain(0..turn) {
        let server = slots[slot] as usize;
        if servers[server].is_full() {
            passed(trace, server, || servers[server].fullness());
        } else if exclude == Some(server) {
            passed(trace, server, || WhyNot::Excluded);
            avoided = Some((slot, server));
        } else {
            if T::ENABLED {
                trace.step(Step::Slot { slot, of: slots.len() });
            }
            return Some((slot, server));
        }
    }
    if T::ENABLED && avoided.is_some() {
        trace.step(Step::ExcludedAnyway);
    }
    avoided
}

/// Weights divided by their greatest common divisor.
fn reduced(weights: impl Iterator<Item = u32> + Clone) -> Vec<u32> {
    let divisor = weights.clone().fold(0, gcd).max(1);
    weights.map(|weight| weight / divisor).collect()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Spreads `(server, weight)` smoothly over as many slots as the weights sum up to.
///
/// By slot n a server of weight w is owed w * n / total slots, rounded down. HAProxy gives a slot
/// to the first server that has fewer than it is owed, else to the first that has as many; servers
/// that are ahead wait. Asking all servers for each slot would take minutes at 10,000 servers, so
/// each one waits in a calendar for the slot at which it is owed one more.
fn spread(candidates: &[(u32, u32)]) -> Vec<u32> {
    if let Some((_, weight)) = candidates.first()
        && candidates.iter().all(|(_, other)| other == weight)
    {
        // Equal weights are all owed a slot at once: plain turns.
        let turns = (0..*weight).flat_map(|_| candidates);
        return turns.map(|(server, _)| *server).collect();
    }
    let total: usize = candidates.iter().map(|(_, weight)| *weight as usize).sum();
    let mut spread = Spread::new(candidates, total);
    (1..=total).filter_map(|slot| spread.take(slot)).map(|at| candidates[at].0).collect()
}

/// The same over `total` slots, asking every server for each slot.
// Quirk: without `option allbackups` all usable backups are dealt to, over the weight of the first
// one: a heavier backup behind it takes slots, up to all of them.
fn deal(candidates: &[(u32, u32)], total: u32) -> Vec<u32> {
    if total == 1 {
        return candidates.first().map(|(server, _)| *server).into_iter().collect();
    }
    let total = i64::from(total);
    let mut earned = vec![0; candidates.len()];
    let mut best_of_slot = || {
        let mut best: Option<(usize, i64)> = None;
        for (at, ((_, weight), earned)) in candidates.iter().zip(&mut earned).enumerate() {
            *earned += i64::from(*weight);
            let class = (*earned + total) / total;
            if best.is_none_or(|(_, best)| class > best) {
                best = Some((at, class));
            }
        }
        let (best, _) = best?;
        earned[best] -= total;
        Some(candidates[best].0)
    };
    (0..total).filter_map(|_| best_of_slot()).collect()
}

struct Spread {
    total: u64,
    earners: Vec<Earner>,
    /// `calendar[slot]` is the first server that is owed one more from there on.
    calendar: Vec<u32>,
    behind: BitSet,
    on_time: BitSet,
}

#[derive(Clone, Copy)]
struct Earner {
    weight: u32,
    /// Slots that it is owed so far, and those that it has.
    owed: u32,
    has: u32,
    /// The next server that waits for the same slot of the calendar.
    next: u32,
}

const NO_ONE: u32 = u32::MAX;

impl Spread {
    fn new(candidates: &[(u32, u32)], total: usize) -> Self {
        let earner =
            |(_, weight): &(u32, u32)| Earner { weight: *weight, owed: 0, has: 0, next: NO_ONE };
        let mut spread = Self {
            total: total as u64,
            earners: candidates.iter().map(earner).collect(),
            calendar: vec![NO_ONE; total + 1],
            behind: BitSet::new(candidates.len()),
            on_time: BitSet::new(candidates.len()),
        };
        for at in 0..candidates.len() {
            spread.on_time.set(at, true);
            spread.note_next(at);
        }
        spread
    }

    fn take(&mut self, slot: usize) -> Option<usize> {
        let mut due = std::mem::replace(self.calendar.get_mut(slot)?, NO_ONE);
        while due != NO_ONE {
            let at = due as usize;
            due = self.earners[at].next;
            self.earners[at].owed += 1;
            self.sort_in(at);
            self.note_next(at);
        }
        let best = self.behind.first().or_else(|| self.on_time.first())?;
        self.earners[best].has += 1;
        self.sort_in(best);
        Some(best)
    }

    fn sort_in(&mut self, at: usize) {
        let Earner { owed, has, .. } = self.earners[at];
        self.behind.set(at, has < owed);
        self.on_time.set(at, has == owed);
    }

    fn note_next(&mut self, at: usize) {
        let earner = &mut self.earners[at];
        let slot = (u64::from(earner.owed + 1) * self.total).div_ceil(u64::from(earner.weight));
        if let Some(day) = self.calendar.get_mut(slot as usize) {
            earner.next = std::mem::replace(day, at as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_calendar_spreads_as_asking_everyone_does(
            weights in prop::collection::vec(1_u32..40, 1..40),
        ) {
            let candidates: Vec<(u32, u32)> = (0..).zip(weights).collect();
            let total = candidates.iter().map(|(_, weight)| weight).sum();
            let even: Vec<(u32, u32)> = candidates.iter().map(|(at, _)| (*at, 7)).collect();
            prop_assert_eq!(spread(&even), deal(&even, 7 * even.len() as u32));
            prop_assert_eq!(spread(&candidates), deal(&candidates, total));
        }

        #[test]
        fn every_server_has_as_many_slots_as_its_weight(
            weights in prop::collection::vec(1_u32..=256, 1..40),
        ) {
            let candidates: Vec<(u32, u32)> = (0..).zip(weights.iter().copied()).collect();
            let slots = spread(&candidates);
            for (server, weight) in candidates {
                let share = slots.iter().filter(|slot| **slot == server).count();
                prop_assert_eq!(share, weight as usize);
            }
        }
    }
}
