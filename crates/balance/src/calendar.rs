//! Servers in order of their seats; those with equal keys in the order in which they came.
//!
//! The order of [`Fifo`](crate::fifo::Fifo) where most keys differ and lie in a known stretch: each key has its day, days
//! rise with keys, and a day's few servers hang on it as a sorted list. Finding, adding and removing then touch one day
//! and one or two servers, where a tree of ten thousand keys costs a cache miss for each of its levels.

use crate::bitset::BitSet;

const NONE: u32 = u32::MAX;
/// Days for each server. More are worth nothing: a day then holds one server at most.
const DAYS: usize = 8;

/// The lists are rings: before the head is the tail.
#[derive(Debug, Clone, Copy)]
struct Link {
    key: u64,
    /// [`NONE`] while the server is not in.
    before: u32,
    after: u32,
}

/// The order. Servers are numbers below the size it was made for.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    /// The first server of each day.
    days: Vec<u32>,
    busy: BitSet,
    /// The key at which the first day begins, and the length of a day as a power of two.
    start: u64,
    day: u32,
    links: Vec<Link>,
}

impl Calendar {
    /// An empty order that will hold keys of `start..start + length`; it holds others too, in more time.
    pub(crate) fn new(servers: usize, start: u64, length: u64) -> Self {
        let days = (servers * DAYS).next_power_of_two();
        let mut calendar = Self {
            days: vec![NONE; days],
            busy: BitSet::new(days),
            start: 0,
            day: 0,
            links: vec![Link { key: 0, before: NONE, after: NONE }; servers],
        };
        calendar.begin(start, length);
        calendar
    }

    /// Deals out the days anew; only while no server is in.
    pub(crate) fn begin(&mut self, start: u64, length: u64) {
        debug_assert!(self.busy.first().is_none(), "a server would be sought on the wrong day");
        let days = self.days.len() as u64;
        self.start = start;
        self.day = length.div_ceil(days).next_power_of_two().ilog2();
    }

    /// The server with the lowest key that came first.
    pub(crate) fn first(&self) -> Option<usize> {
        self.busy.first().map(|day| self.days[day] as usize)
    }

    /// Adds a server that is not in, behind all others with the same key.
    pub(crate) fn push(&mut self, server: usize, key: u64) {
        let day = self.day_of(key);
        let (head, number) = (self.days[day], server as u32);
        if head == NONE {
            self.links[server] = Link { key, before: number, after: number };
            self.days[day] = number;
            self.busy.set(day, true);
            return;
        }
        let tail = self.links[head as usize].before;
        let mut before = tail;
        while self.links[before as usize].key > key {
            let further = self.links[before as usize].before;
            if further == tail {
                self.days[day] = number;
                before = tail;
                break;
            }
            before = further;
        }
        let after = std::mem::replace(&mut self.links[before as usize].after, number);
        self.links[after as usize].before = number;
        self.links[server] = Link { key, before, after };
    }

    /// Takes a server out; false when it was not in.
    pub(crate) fn remove(&mut self, server: usize) -> bool {
        let Link { key, before, after } = self.links[server];
        if before == NONE {
            return false;
        }
        let (day, number) = (self.day_of(key), server as u32);
        self.links[server].before = NONE;
        if after == number {
            self.days[day] = NONE;
            self.busy.set(day, false);
            return true;
        }
        self.links[before as usize].after = after;
        self.links[after as usize].before = before;
        if self.days[day] == number {
            self.days[day] = after;
        }
        true
    }

    fn day_of(&self, key: u64) -> usize {
        let day = key.saturating_sub(self.start) >> self.day;
        (day as usize).min(self.days.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fifo::Fifo;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_order_of_a_tree(
            (start, length) in (0_u64..50, 0_u64..2000),
            changes in prop::collection::vec((0_usize..20, prop::option::of(0_u64..500)), 0..200),
        ) {
            let (mut calendar, mut fifo) = (Calendar::new(20, start, length), Fifo::new(20));
            for (server, key) in changes {
                prop_assert_eq!(calendar.remove(server), fifo.remove(server));
                if let Some(key) = key {
                    calendar.push(server, key);
                    fifo.push(server, key);
                }
                prop_assert_eq!(calendar.first(), fifo.first());
            }
            while let Some(first) = fifo.first() {
                prop_assert_eq!(calendar.first(), Some(first));
                prop_assert!(calendar.remove(first) && fifo.remove(first));
            }
            prop_assert_eq!(calendar.first(), None);
        }
    }
}
