//! Streams that wait for a free connection slot (manual 5.2, `maxconn`; 4.2, `timeout queue`).
//!
//! A stream waits in the queue of its backend, where any server may take it, or in that of one
//! server, when persistence or a hash demands that server. A slot that frees goes to whoever has
//! waited longest in either. Whoever frees the slot takes it again in the name of the waiter, so
//! nobody can come in between.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

/// Where a stream waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Any server will do.
    Backend,
    /// Only this one.
    Server(u32),
}

/// What became of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A slot of this server is taken for the stream.
    Served(u32),
    /// The server is gone: choose again.
    Again,
}

const WAITING: u32 = u32::MAX;
const AGAIN: u32 = u32::MAX - 1;

/// One waiting stream.
#[derive(Debug)]
pub(super) struct Waiter {
    outcome: AtomicU32,
    waker: Mutex<Option<Waker>>,
}

impl Waiter {
    fn new() -> Waiter {
        Waiter { outcome: AtomicU32::new(WAITING), waker: Mutex::new(None) }
    }

    pub(super) fn turn(&self) -> Option<Turn> {
        match self.outcome.load(Relaxed) {
            WAITING => None,
            AGAIN => Some(Turn::Again),
            server => Some(Turn::Served(server)),
        }
    }

    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Turn> {
        // The lock orders the outcome against the waker: whoever decides does so inside it.
        let mut waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = self.turn() {
            return Poll::Ready(turn);
        }
        if !waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    fn decide(&self, turn: Turn) {
        let outcome = match turn {
            Turn::Served(server) => server,
            Turn::Again => AGAIN,
        };
        let waker = {
            let mut waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
            self.outcome.store(outcome, Relaxed);
            waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Where a stream stands among those that wait (manual 4.4, `set-priority-class` and `-offset`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    /// Lower goes first, however long the others wait.
    pub(crate) class: i32,
    /// When it came, moved by its offset.
    pub(crate) since: Instant,
}

impl Rank {
    /// The rank of a stream that begins to wait now.
    pub(crate) fn now(class: i32, offset_millis: i32) -> Rank {
        let (now, offset) =
            (Instant::now(), Duration::from_millis(offset_millis.unsigned_abs().into()));
        let moved =
            if offset_millis < 0 { now.checked_sub(offset) } else { now.checked_add(offset) };
        Rank { class, since: moved.unwrap_or(now) }
    }
}

/// By rank; equal ones in the order of their arrival.
pub(super) type Order = (Rank, u64);

/// The queues of one backend and all its servers.
#[derive(Debug, Default)]
pub(super) struct Queue {
    arrivals: u64,
    backend: BTreeMap<Order, Arc<Waiter>>,
    servers: BTreeMap<u32, BTreeMap<Order, Arc<Waiter>>>,
}

impl Queue {
    /// Appends a waiter; returns it with its key for [`Queue::remove`] and how many wait before it.
    pub(super) fn push(&mut self, place: Place, rank: Rank) -> (Arc<Waiter>, Order, usize) {
        self.arrivals += 1;
        let order = (rank, self.arrivals);
        let waiter = Arc::new(Waiter::new());
        let list = match place {
            Place::Backend => &mut self.backend,
            Place::Server(server) => self.servers.entry(server).or_default(),
        };
        let before = list.range(..order).count();
        list.insert(order, Arc::clone(&waiter));
        (waiter, order, before)
    }

    /// Takes a waiter out; false when it had left already.
    pub(super) fn remove(&mut self, place: Place, order: Order) -> bool {
        match place {
            Place::Backend => self.backend.remove(&order).is_some(),
            Place::Server(server) => {
                self.servers.get_mut(&server).is_some_and(|list| list.remove(&order).is_some())
            }
        }
    }

    /// Who is served next by this server, and where it waited. `any` says whether the server takes
    /// streams that wait for any server.
    pub(super) fn serve(&mut self, server: u32, any: bool) -> Option<Place> {
        let own = self.servers.get(&server).and_then(|list| list.keys().next().copied());
        let shared = self.backend.keys().next().copied().filter(|_| any);
        let place = match (own, shared) {
            (Some(own), Some(shared)) if shared < own => Place::Backend,
            (Some(_), _) => Place::Server(server),
            (None, Some(_)) => Place::Backend,
            (None, None) => return None,
        };
        let list = match place {
            Place::Backend => Some(&mut self.backend),
            Place::Server(server) => self.servers.get_mut(&server),
        };
        let (_, waiter) = list?.pop_first()?;
        waiter.decide(Turn::Served(server));
        Some(place)
    }

    /// Sends every waiter of one server to choose again; returns how many there were.
    pub(super) fn release_server(&mut self, server: u32) -> usize {
        let list = self.servers.remove(&server).unwrap_or_default();
        list.values().for_each(|waiter| waiter.decide(Turn::Again));
        list.len()
    }

    /// Streams that wait for any server.
    pub(super) fn backend_len(&self) -> usize {
        self.backend.len()
    }

    /// Streams that wait for one server.
    pub(super) fn server_len(&self, server: u32) -> usize {
        self.servers.get(&server).map_or(0, BTreeMap::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(class: i32) -> Rank {
        Rank::now(class, 0)
    }

    #[test]
    fn the_longest_wait_is_served_first_whichever_queue_it_is_in() {
        let mut queue = Queue::default();
        let places = [Place::Backend, Place::Server(1), Place::Server(2), Place::Backend];
        for place in places {
            queue.push(place, rank(0));
        }
        let served: Vec<_> = std::iter::from_fn(|| queue.serve(1, true)).collect();
        assert_eq!(served, [Place::Backend, Place::Server(1), Place::Backend]);
        assert_eq!(queue.serve(2, true), Some(Place::Server(2)));
    }

    #[test]
    fn a_server_that_balances_nothing_serves_only_its_own_queue() {
        let mut queue = Queue::default();
        queue.push(Place::Backend, rank(0));
        queue.push(Place::Server(0), rank(0));
        assert_eq!(queue.serve(0, false), Some(Place::Server(0)));
        assert_eq!(queue.serve(0, false), None);
        assert_eq!(queue.backend_len(), 1);
    }

    #[test]
    fn a_lower_class_overtakes() {
        let mut queue = Queue::default();
        let (late, ..) = queue.push(Place::Backend, rank(5));
        let (early, ..) = queue.push(Place::Backend, rank(-5));
        queue.serve(3, true);
        assert_eq!((early.turn(), late.turn()), (Some(Turn::Served(3)), None));
    }

    #[test]
    fn an_offset_is_time_that_was_waited_or_has_yet_to_be() {
        let mut queue = Queue::default();
        let (first, ..) = queue.push(Place::Backend, rank(0));
        let (older, ..) = queue.push(Place::Backend, Rank::now(0, -60_000));
        let (younger, ..) = queue.push(Place::Server(3), Rank::now(0, 60_000));
        queue.serve(3, true);
        assert_eq!((older.turn(), first.turn()), (Some(Turn::Served(3)), None));
        queue.serve(3, true);
        assert_eq!((first.turn(), younger.turn()), (Some(Turn::Served(3)), None));
    }
}
