//! Streams that are no tunnels yet, as operators see and end them: those of HTTP, and those of `mode tcp` until they
//! have a server.
//!
//! Each client connection has a place in its thread's list for as long as it lives. What a request changes there are
//! a few plain stores: no lock and no allocation. Others look at it, and a look may come between two of the stores.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use sample::{BackendRef, FrontendRef};

use crate::generation::{Bound, Generation};
use crate::process::Process;

use Ordering::{Acquire, Relaxed, Release, SeqCst};

/// A client connection's place. Numbers are those of [`Info`], counted from 1; 0 is none.
#[derive(Debug)]
pub(crate) struct Place {
    list: Weak<Streams>,
    at: u32,
    client: Option<SocketAddr>,
    accepted_micros: i64,
    /// The stream that runs.
    stream: AtomicU64,
    /// The stream that is to end.
    ended: AtomicU64,
    /// The generation it began with, and the frontend there.
    frontend: AtomicU64,
    /// The backend and the server.
    target: AtomicU64,
    calls: AtomicU32,
    begun_micros: AtomicI64,
    /// Wakes the connection's task, once it has waited for anything.
    waker: OnceLock<Waker>,
}

impl Place {
    /// A stream begins.
    pub(crate) fn begin(&self, id: u64, bound: &Bound, micros: i64) {
        let generation = u64::from(bound.generation.number);
        self.target.store(0, Relaxed);
        self.frontend.store((generation << 32) | u64::from(bound.frontend.0), Relaxed);
        self.begun_micros.store(micros, Relaxed);
        self.calls.store(1, Relaxed);
        self.stream.store(id + 1, Release);
    }

    /// It has a backend, and perhaps a server.
    pub(crate) fn aims_at(&self, backend: BackendRef, server: Option<u32>) {
        let server = server.map_or(0, |at| u64::from(at) + 1);
        self.target.store(((u64::from(backend.0) + 1) << 32) | server, Relaxed);
    }

    /// No stream runs.
    pub(crate) fn rest(&self) {
        self.stream.store(0, Release);
    }

    /// The connection waits: it can be woken from now on.
    pub(crate) fn waits(&self, waker: &Waker) {
        // A task has the same waker for its whole life.
        if self.waker.get().is_none() {
            let _ = self.waker.set(waker.clone());
            // Against the one in `end`: either it sees the waker, or the order is seen here.
            fence(SeqCst);
        }
    }

    /// Whether the stream that runs was told to end and nobody did it yet.
    pub(crate) fn is_to_end(&self) -> bool {
        let ended = self.ended.load(Relaxed);
        ended != 0 && ended == self.stream.load(Relaxed)
    }

    /// The same, and whoever asks will do it.
    pub(crate) fn takes_end(&self) -> bool {
        let ends = self.is_to_end();
        if ends {
            self.ended.store(0, Relaxed);
        }
        ends
    }

    /// Passes on what a poll of the stream came to; `None` when it is still busy and is to end.
    pub(crate) fn watch<T>(&self, polled: Poll<T>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        match polled {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => {
                self.calls.store(self.calls.load(Relaxed).wrapping_add(1), Relaxed);
                self.waits(cx.waker());
                if self.is_to_end() { Poll::Ready(None) } else { Poll::Pending }
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(list) = self.list.upgrade() {
            let mut entries = list.entries();
            if let Some(entry) = entries.places.get_mut(self.at as usize) {
                *entry = Weak::new();
                entries.free.push(self.at);
            }
        }
    }
}

/// The client connections of one thread; other threads may look and give orders.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    places: Vec<Weak<Place>>,
    free: Vec<u32>,
}

impl Streams {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        // An entry is written in one step.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection.
    pub(crate) fn enter(
        self: &Arc<Self>,
        client: Option<SocketAddr>,
        accepted_micros: i64,
    ) -> Arc<Place> {
        let mut entries = self.entries();
        let at = entries.free.pop().unwrap_or_else(|| {
            entries.places.push(Weak::new());
            u32::try_from(entries.places.len() - 1).unwrap_or(u32::MAX)
        });
        let place = Arc::new(Place {
            list: Arc::downgrade(self),
            at,
            client,
            accepted_micros,
            stream: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            frontend: AtomicU64::new(0),
            target: AtomicU64::new(0),
            calls: AtomicU32::new(0),
            begun_micros: AtomicI64::new(0),
            waker: OnceLock::new(),
        });
        if let Some(entry) = entries.places.get_mut(at as usize) {
            *entry = Arc::downgrade(&place);
        }
        place
    }

    fn places(&self) -> Vec<Arc<Place>> {
        // Outside of the lock: the last handle on a place takes it.
        let places: Vec<Weak<Place>> = self.entries().places.clone();
        places.iter().filter_map(Weak::upgrade).collect()
    }

    /// How many streams run.
    pub(crate) fn running(&self) -> u64 {
        self.places().iter().filter(|place| place.stream.load(Relaxed) != 0).count() as u64
    }

    /// Makes every connection look whether it, or its stream, is still wanted.
    pub(crate) fn wake_all(&self) {
        for place in self.places() {
            if let Some(waker) = place.waker.get() {
                waker.wake_by_ref();
            }
        }
    }
}

/// What is told of a stream.
#[derive(Debug, Clone)]
pub struct StreamInfo {
    /// Its number in the process, from 0.
    pub id: u64,
    /// The configuration that it began with.
    pub generation: Arc<Generation>,
    /// Its frontend there.
    pub frontend: FrontendRef,
    /// Its backend, once chosen.
    pub backend: Option<BackendRef>,
    /// Its server, once chosen.
    pub server: Option<u32>,
    /// The client.
    pub client: Option<SocketAddr>,
    /// Microseconds since the epoch at which its connection was accepted.
    pub accepted_micros: i64,
    /// The same for its first byte.
    pub begun_micros: i64,
    /// How often its task has run.
    pub calls: u32,
    place: Arc<Place>,
}

impl StreamInfo {
    fn of(place: Arc<Place>, process: &Process) -> Option<StreamInfo> {
        let id = place.stream.load(Acquire).checked_sub(1)?;
        let (frontend, target) = (place.frontend.load(Relaxed), place.target.load(Relaxed));
        let info = StreamInfo {
            id,
            generation: process.generation((frontend >> 32) as u32)?,
            frontend: FrontendRef(frontend as u32),
            backend: ((target >> 32) as u32).checked_sub(1).map(BackendRef),
            server: (target as u32).checked_sub(1),
            client: place.client,
            accepted_micros: place.accepted_micros,
            begun_micros: place.begun_micros.load(Relaxed),
            calls: place.calls.load(Relaxed),
            place,
        };
        // Another stream may have begun while its parts were read.
        (info.place.stream.load(Acquire) == id + 1).then_some(info)
    }

    /// The name of its frontend.
    pub fn frontend_name(&self) -> &str {
        self.generation.live.frontends.get(self.frontend.0 as usize).map_or("", |it| it.name())
    }

    /// The name of its backend.
    pub fn backend_name(&self) -> Option<&str> {
        Some(self.generation.live.backends.get(self.backend?.0 as usize)?.state.name())
    }

    /// The name of its server.
    pub fn server_name(&self) -> Option<&str> {
        let backend = self.generation.live.backends.get(self.backend?.0 as usize)?;
        Some(backend.server(self.server?)?.state.name())
    }

    /// Ends it at once (`shutdown session`).
    pub fn end(&self) {
        self.place.ended.store(self.id + 1, Relaxed);
        fence(SeqCst);
        if let Some(waker) = self.place.waker.get() {
            waker.wake_by_ref();
        }
    }
}

/// Every stream that runs now and is no tunnel.
pub(crate) fn list(process: &Process, threads: &[Arc<Streams>]) -> Vec<StreamInfo> {
    let places = threads.iter().flat_map(|thread| thread.places());
    places.filter_map(|place| StreamInfo::of(place, process)).collect()
}
