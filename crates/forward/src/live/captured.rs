//! The last message of a proxy that could not be read, for `show errors`.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

/// A request or a response that broke its grammar.
#[derive(Debug, Clone)]
pub struct Captured {
    /// Its number in the process, from 0.
    pub event: u64,
    /// Microseconds since the epoch.
    pub micros: i64,
    /// Name and id of the stream's frontend.
    pub frontend: (String, u32),
    /// Those of the server that sent it; only of a response.
    pub server: Option<(String, u32)>,
    /// The client.
    pub client: Option<SocketAddr>,
    /// What was received.
    pub bytes: Vec<u8>,
    /// As much as could have been.
    pub room: usize,
    /// The byte that was wrong.
    pub at: usize,
}

/// The last one, if there is any.
#[derive(Debug, Default)]
pub struct LastCaptured(Mutex<Option<Box<Captured>>>);

impl LastCaptured {
    /// The last one.
    pub fn get(&self) -> Option<Captured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_deref().cloned()
    }

    pub(crate) fn set(&self, captured: Captured) {
        let new = Some(Box::new(captured));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = new;
    }
}
