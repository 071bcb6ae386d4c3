//! Servers ordered by a key; those with equal keys in the order in which they came.
//!
//! `leastconn` and `roundrobin` both live on this order. Equal keys are the common case (a quiet
//! backend, equal weights), so they share one entry of the tree and hang on it as a list through
//! an array: moving a server then allocates nothing and touches a small tree.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

const NONE: u32 = u32::MAX;
/// Stands before a server that is not in the order.
const UNLINKED: u32 = u32::MAX - 1;

#[derive(Debug, Clone, Copy)]
struct Ends {
    head: u32,
    tail: u32,
}

#[derive(Debug, Clone, Copy)]
struct Link {
    key: u64,
    before: u32,
    after: u32,
}

/// The order. Servers are numbers below the size it was made for.
#[derive(Debug, Clone)]
pub(crate) struct Fifo {
    lists: BTreeMap<u64, Ends>,
    links: Vec<Link>,
}

impl Fifo {
    pub(crate) fn new(servers: usize) -> Self {
        let unlinked = Link { key: 0, before: UNLINKED, after: NONE };
        Self { lists: BTreeMap::new(), links: vec![unlinked; servers] }
    }

    /// The server with the lowest key that came first.
    pub(crate) fn first(&self) -> Option<usize> {
        self.lists.first_key_value().map(|(_, ends)| ends.head as usize)
    }

    /// The server behind `server` in the order.
    pub(crate) fn after(&self, server: usize) -> Option<usize> {
        let link = self.linked(server)?;
        if link.after != NONE {
            return Some(link.after as usize);
        }
        self.lists.range(link.key.saturating_add(1)..).next().map(|(_, ends)| ends.head as usize)
    }

    /// The key under which `server` is in the order.
    pub(crate) fn key(&self, server: usize) -> Option<u64> {
        self.linked(server).map(|link| link.key)
    }

    /// Puts a server behind all others with the same key; it leaves its old place first.
    pub(crate) fn push(&mut self, server: usize, key: u64) {
        self.remove(server);
        let Some(link) = self.links.get_mut(server) else { return };
        let number = server as u32;
        let ends = self.lists.entry(key).or_insert(Ends { head: number, tail: NONE });
        *link = Link { key, before: ends.tail, after: NONE };
        let before = std::mem::replace(&mut ends.tail, number);
        if before != NONE {
            self.links[before as usize].after = number;
        }
    }

    /// Takes a server out; false when it was not in.
    pub(crate) fn remove(&mut self, server: usize) -> bool {
        let Some(link) = self.linked(server) else { return false };
        self.links[server].before = UNLINKED;
        if link.before != NONE {
            self.links[link.before as usize].after = link.after;
        }
        if link.after != NONE {
            self.links[link.after as usize].before = link.before;
        }
        if link.before == NONE || link.after == NONE {
            self.move_ends(link);
        }
        true
    }

    /// A server at an end of its list left: the next one is the end now.
    fn move_ends(&mut self, left: Link) {
        // Mostly it is the first of all that leaves, and that entry needs no search.
        let entry = match self.lists.first_entry().filter(|entry| *entry.key() == left.key) {
            Some(first) => first,
            None => match self.lists.entry(left.key) {
                Entry::Occupied(entry) => entry,
                Entry::Vacant(_) => return,
            },
        };
        match (left.before, left.after) {
            (NONE, NONE) => {
                entry.remove();
            }
            (NONE, after) => entry.into_mut().head = after,
            (before, _) => entry.into_mut().tail = before,
        }
    }

    fn linked(&self, server: usize) -> Option<Link> {
        self.links.get(server).copied().filter(|link| link.before != UNLINKED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every server in order.
    fn walk(fifo: &Fifo) -> Vec<usize> {
        std::iter::successors(fifo.first(), |server| fifo.after(*server)).collect()
    }

    proptest! {
        #[test]
        fn servers_come_by_key_and_then_by_arrival(
            changes in prop::collection::vec((0_usize..20, prop::option::of(0_u64..5)), 0..200),
        ) {
            let mut fifo = Fifo::new(20);
            let mut model: Vec<(u64, usize, usize)> = Vec::new();
            for (arrival, (server, key)) in changes.into_iter().enumerate() {
                model.retain(|entry| entry.2 != server);
                match key {
                    Some(key) => {
                        fifo.push(server, key);
                        model.push((key, arrival, server));
                    }
                    None => { fifo.remove(server); }
                }
                model.sort_unstable();
                let expected: Vec<usize> = model.iter().map(|entry| entry.2).collect();
                prop_assert_eq!(walk(&fifo), expected);
                prop_assert_eq!(fifo.key(server), key);
            }
        }
    }
}
