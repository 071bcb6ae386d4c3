//! One server as all threads see it: state and weight, limits, and what it carries right now.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, Ordering::Relaxed};

use crate::pick::WhyNot;
use crate::spec::{ServerSpec, State};
use crate::weight::EffectiveWeight;

/// What a server carries right now. Shared by all generations that know the server.
#[derive(Debug, Default)]
pub struct Load {
    served: AtomicU32,
    queued: AtomicU32,
}

impl Load {
    /// Streams that hold a connection slot of the server.
    #[must_use]
    pub fn served(&self) -> u32 {
        self.served.load(Relaxed)
    }

    /// Streams that wait in the server's own queue.
    #[must_use]
    pub fn queued(&self) -> u32 {
        self.queued.load(Relaxed)
    }

    pub(crate) fn inflight(&self) -> u32 {
        self.served().saturating_add(self.queued())
    }

    pub(crate) fn add_served(&self, more: bool) {
        step(&self.served, more);
    }

    pub(crate) fn add_queued(&self, more: bool) {
        step(&self.queued, more);
    }
}

/// Where the [`Load`] of a server is. Those that were made together lie side by side: of ten thousand servers they fit
/// into the cache.
#[derive(Debug, Clone)]
pub(crate) struct LoadRef {
    row: Arc<Vec<Load>>,
    at: u32,
}

impl LoadRef {
    /// Loads of servers that serve nothing yet.
    pub(crate) fn row(servers: usize) -> impl Iterator<Item = LoadRef> {
        let row: Arc<Vec<Load>> = Arc::new((0..servers).map(|_| Load::default()).collect());
        (0..servers as u32).map(move |at| LoadRef { row: Arc::clone(&row), at })
    }

    /// The row, when these are all of its loads in order.
    pub(crate) fn whole_row<'a>(
        mut loads: impl Iterator<Item = &'a LoadRef>,
    ) -> Option<Arc<Vec<Load>>> {
        let first = loads.next()?;
        let follows =
            |(at, load): (u32, &LoadRef)| load.at == at && Arc::ptr_eq(&load.row, &first.row);
        let all = first.at == 0 && (1..).zip(loads).all(follows);
        all.then(|| Arc::clone(&first.row))
    }

    /// Equal for two servers that share a load.
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref::<Load>(self).addr()
    }
}

impl Deref for LoadRef {
    type Target = Load;

    fn deref(&self) -> &Load {
        &self.row[self.at as usize]
    }
}

/// One more or one less; a counter never wraps, whatever the caller does.
pub(crate) fn step(counter: &AtomicU32, more: bool) {
    if more {
        counter.fetch_add(1, Relaxed);
    } else {
        // A release without its take would wrap to four billion streams; it stays at 0 instead.
        let _ = counter.fetch_update(Relaxed, Relaxed, |count| count.checked_sub(1));
    }
}

/// How much a server may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// `maxconn` at this moment (slow start and `minconn`/`fullconn` change it); 0 is no limit.
    pub maxconn: u32,
    /// `maxqueue`; 0 is no limit for the queue.
    pub maxqueue: u32,
}

/// Half a cache line: a pick looks at servers that it did not look at for long.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) spec: Box<ServerSpec>,
    pub(crate) load: LoadRef,
    maxconn: AtomicU32,
    maxqueue: AtomicU32,
    weight: AtomicU16,
    state: AtomicU8,
    pub(crate) backup: bool,
}

impl Server {
    pub(crate) fn new(spec: ServerSpec, load: LoadRef) -> Self {
        Self {
            load,
            maxconn: AtomicU32::new(0),
            maxqueue: AtomicU32::new(0),
            weight: AtomicU16::new(EffectiveWeight::full(spec.weight).bits()),
            state: AtomicU8::new(spec.state as u8),
            backup: spec.backup,
            spec: Box::new(spec),
        }
    }

    pub(crate) fn state(&self) -> State {
        State::from_bits(self.state.load(Relaxed))
    }

    pub(crate) fn set_state(&self, state: State) {
        self.state.store(state as u8, Relaxed);
    }

    /// The weight in sixteenths, whatever the state.
    pub(crate) fn weight(&self) -> u32 {
        u32::from(self.weight.load(Relaxed))
    }

    pub(crate) fn set_weight(&self, weight: EffectiveWeight) {
        self.weight.store(weight.bits(), Relaxed);
    }

    /// The weight that counts in balancing: 0 when the server takes nothing new.
    pub(crate) fn usable_weight(&self) -> u32 {
        if self.state() == State::Up { self.weight() } else { 0 }
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits { maxconn: self.maxconn.load(Relaxed), maxqueue: self.maxqueue.load(Relaxed) }
    }

    pub(crate) fn set_limits(&self, limits: Limits) {
        self.maxconn.store(limits.maxconn, Relaxed);
        self.maxqueue.store(limits.maxqueue, Relaxed);
    }

    /// No slot is free, or others wait for one already.
    pub(crate) fn is_full(&self) -> bool {
        let maxconn = self.maxconn.load(Relaxed);
        maxconn != 0 && (self.load.queued() > 0 || self.load.served() >= maxconn)
    }

    /// `leastconn` also fills the queue of a server, as far as `maxqueue` goes.
    pub(crate) fn is_full_with_queue(&self) -> bool {
        let Limits { maxconn, maxqueue } = self.limits();
        maxconn != 0 && self.load.inflight() >= maxconn.saturating_add(maxqueue)
    }

    /// Both limits are set, and no more streams may wait.
    pub(crate) fn has_full_queue(&self) -> bool {
        let Limits { maxconn, maxqueue } = self.limits();
        maxconn != 0 && maxqueue != 0 && self.load.queued() >= maxqueue
    }

    pub(crate) fn fullness(&self) -> WhyNot {
        WhyNot::Full {
            served: self.load.served(),
            queued: self.load.queued(),
            maxconn: self.limits().maxconn,
        }
    }
}
