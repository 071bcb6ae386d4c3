//! What goes into one pick and what comes out of it, with the trace that explains it.

use std::fmt;
use std::net::IpAddr;

use crate::spec::State;

/// What one request brings to [`Balancer::pick`](crate::Balancer::pick).
#[derive(Debug, Clone, Copy, Default)]
pub struct PickInput<'a> {
    /// The hash key; `None` when the request has none, which means round robin.
    pub key: Option<Key<'a>>,
    /// Random numbers for [`Algorithm::Random`](crate::Algorithm::Random), one for each draw; with
    /// fewer, fewer servers are compared, and none is one that drew 0.
    pub draws: &'a [u32],
    /// A server to avoid while another one will do: the one that just failed (`option redispatch`).
    pub exclude: Option<usize>,
}

impl<'a> PickInput<'a> {
    /// A request whose key is `bytes`.
    #[must_use]
    pub fn key(bytes: &'a [u8]) -> Self {
        Self { key: Some(Key::Bytes(bytes)), ..Self::default() }
    }

    /// A request that comes from `address`, for `balance source`.
    #[must_use]
    pub fn source(address: IpAddr) -> Self {
        Self { key: Some(Key::Source(address)), ..Self::default() }
    }
}

/// What is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'a> {
    /// Bytes of the request. `balance hash EXPR` converts its sample to binary first.
    Bytes(&'a [u8]),
    /// The source address. Its hash does not use the function of `hash-type`.
    Source(IpAddr),
}

/// The chosen server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// Its place in the list that the [`Balancer`](crate::Balancer) was made from.
    pub server: usize,
}

/// Why no server was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoServer {
    /// No server takes new streams: the answer is a 503.
    NoneUsable,
    /// Every usable server is at its limit: the stream waits in the queue of the backend.
    AllFull,
}

impl fmt::Display for NoServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoneUsable => "no server is usable",
            Self::AllFull => "all usable servers are full",
        })
    }
}

impl std::error::Error for NoServer {}

/// Why a candidate was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// Its state takes nothing new.
    State(State),
    /// Its weight is 0.
    NoWeight,
    /// It is a backup, and a server that is not one is usable.
    BackupNotNeeded,
    /// It is a backup behind the first usable one, without `option allbackups`.
    LaterBackup,
    /// It serves as many streams as it may, or has some waiting.
    Full {
        /// Streams that it serves.
        served: u32,
        /// Streams that wait for it.
        queued: u32,
        /// Its `maxconn` at this moment.
        maxconn: u32,
    },
    /// `hash-balance-factor`: it has its share of the load.
    Overloaded {
        /// Streams that it serves.
        served: u32,
        /// Streams that it may serve at this load of the backend.
        share: u32,
    },
    /// `random`: another drawn server has less to do for its weight.
    Busier,
    /// The caller asked to avoid it.
    Excluded,
}

/// One thing that happened during a pick, in the order in which it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// All servers that are not backups are unusable: `count` backups serve.
    Backups {
        /// Backups that serve: 1 without `option allbackups`.
        count: usize,
    },
    /// The request has no key: round robin applies.
    NoKey,
    /// The hash of the key, or the random draw.
    Hash(u32),
    /// Map-based: the slot of the map and how many there are.
    Slot {
        /// The slot, from 0.
        slot: usize,
        /// Slots in the map: the total weight.
        of: usize,
    },
    /// Consistent: the point on the ring that is nearest to the hash.
    Point {
        /// Where the point is, of 2^32.
        position: u32,
        /// The server that it belongs to.
        server: usize,
    },
    /// `random`: the server that a draw leads to.
    Drawn {
        /// The server.
        server: usize,
    },
    /// `leastconn`: the server at the head of the order and its streams, served and queued.
    Least {
        /// The server.
        server: usize,
        /// Its streams.
        load: u32,
    },
    /// A candidate was passed over.
    Passed {
        /// The candidate.
        server: usize,
        /// Why.
        why: WhyNot,
    },
    /// Every other candidate is worse: the server to avoid is taken all the same.
    ExcludedAnyway,
    /// The chosen server.
    Chosen {
        /// The server.
        server: usize,
    },
}

/// Hears what a pick does. The same code runs with [`NoTrace`] for the daemon and with
/// [`Recorder`] for `lbctl explain`.
pub trait Trace {
    /// False lets the compiler drop everything that only a trace wants.
    const ENABLED: bool;

    /// Called for each step.
    fn step(&mut self, step: Step);
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTrace;

impl Trace for NoTrace {
    const ENABLED: bool = false;

    fn step(&mut self, _: Step) {}
}

/// Keeps every step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorder {
    /// The steps, oldest first.
    pub steps: Vec<Step>,
}

impl Trace for Recorder {
    const ENABLED: bool = true;

    fn step(&mut self, step: Step) {
        self.steps.push(step);
    }
}

/// Records that `server` was passed over, working out the reason only for a trace that listens.
pub(crate) fn passed<T: Trace>(trace: &mut T, server: usize, why: impl FnOnce() -> WhyNot) {
    if T::ENABLED {
        trace.step(Step::Passed { server, why: why() });
    }
}
