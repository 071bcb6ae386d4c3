//! One server as all threads see it: state and weight, limits, and what it carries right now.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

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

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) spec: ServerSpec,
    pub(crate) load: Arc<Load>,
    state: AtomicU8,
    weight: AtomicU32,
    maxconn: AtomicU32,
    maxqueue: AtomicU32,
}

impl Server {
    pub(crate) fn new(spec: ServerSpec, load: Arc<Load>) -> Self {
        Self {
            load,
            state: AtomicU8::new(spec.state as u8),
            weight: AtomicU32::new(EffectiveWeight::full(spec.weight).get()),
            maxconn: AtomicU32::new(0),
            maxqueue: AtomicU32::new(0),
            spec,
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
        self.weight.load(Relaxed)
    }

    pub(crate) fn set_weight(&self, weight: EffectiveWeight) {
        self.weight.store(weight.get(), Relaxed);
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
