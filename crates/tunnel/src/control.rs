//! The handle by which others watch and end a tunnel.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use crate::ended::Kill;

/// Watches and ends one tunnel from any thread. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Control(Arc<Shared>);

/// Bytes written so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// To the server.
    pub bytes_up: u64,
    /// To the client.
    pub bytes_down: u64,
}

#[derive(Debug, Default)]
struct Shared {
    /// An [`Order`] as a number; orders only grow more urgent.
    order: AtomicU8,
    bytes_up: AtomicU64,
    bytes_down: AtomicU64,
    /// Taken only when a tunnel begins, changes its task, or is given an order.
    waker: Mutex<Option<Waker>>,
}

/// What the tunnel was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    GoOn,
    Drain,
    End(Kill),
}

impl Control {
    /// A handle for a tunnel that is yet to begin; give a clone of it to [`crate::relay`].
    pub fn new() -> Control {
        Control::default()
    }

    /// Ends the tunnel at once; bytes that were not yet written are lost.
    pub fn end(&self, why: Kill) {
        let order = match why {
            Kill::Operator => 2,
            Kill::ServerDown => 3,
            Kill::ServerUp => 4,
        };
        self.tell(order);
    }

    /// Asks for an orderly end: each side gets a Close frame at the next frame boundary (1012 to the
    /// client, 1001 to the server), then the end of its stream. A tunnel that is no WebSocket only
    /// gets the end of stream.
    pub fn drain(&self) {
        self.tell(1);
    }

    /// Whether it was asked to end, in order or at once.
    pub fn is_ending(&self) -> bool {
        self.order() != Order::GoOn
    }

    /// How many bytes were written until now.
    pub fn counters(&self) -> Counters {
        Counters {
            bytes_up: self.0.bytes_up.load(Ordering::Relaxed),
            bytes_down: self.0.bytes_down.load(Ordering::Relaxed),
        }
    }

    fn tell(&self, order: u8) {
        self.0.order.fetch_max(order, Ordering::Release);
        // The waker stays: a second, more urgent order wakes the same task.
        let waker = self.0.waker.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn order(&self) -> Order {
        match self.0.order.load(Ordering::Acquire) {
            0 => Order::GoOn,
            1 => Order::Drain,
            2 => Order::End(Kill::Operator),
            3 => Order::End(Kill::ServerDown),
            _ => Order::End(Kill::ServerUp),
        }
    }

    /// Whom to wake on an order. Read the order after this, or one may be missed.
    pub(crate) fn register(&self, waker: &Waker) {
        let mut slot = self.0.waker.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(waker.clone());
    }

    /// The tunnel is the only writer, so plain stores do.
    pub(crate) fn count(&self, bytes_up: u64, bytes_down: u64) {
        self.0.bytes_up.store(bytes_up, Ordering::Relaxed);
        self.0.bytes_down.store(bytes_down, Ordering::Relaxed);
    }
}
