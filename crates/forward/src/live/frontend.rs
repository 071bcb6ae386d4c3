//! A frontend's counters and its limit of connections, kept by name over a reload.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::counters::{Gauge, PerThread};

use super::{Counters, LastCaptured};

/// The live half of a frontend.
#[derive(Debug)]
pub struct FrontendState {
    name: String,
    /// Its counters.
    pub counters: PerThread<Counters>,
    /// Connections now (`scur`) and at most (`smax`).
    pub connections: Gauge,
    /// The last request that could not be read.
    pub invalid: LastCaptured,
    maxconn: AtomicU32,
}

impl FrontendState {
    pub(crate) fn new(name: &str, threads: usize) -> FrontendState {
        FrontendState {
            name: name.to_owned(),
            counters: PerThread::new(threads),
            connections: Gauge::default(),
            invalid: LastCaptured::default(),
            maxconn: AtomicU32::new(0),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `maxconn`; 0 is no limit of its own.
    pub fn maxconn(&self) -> u32 {
        self.maxconn.load(Relaxed)
    }

    /// Changes `maxconn` (`set maxconn frontend`).
    pub fn set_maxconn(&self, maxconn: u32) {
        self.maxconn.store(maxconn, Relaxed);
    }

    /// Whether no more connections may be accepted now: the listeners pause until one ends.
    pub fn is_full(&self) -> bool {
        let maxconn = self.maxconn();
        maxconn != 0 && self.connections.now() >= maxconn
    }
}
