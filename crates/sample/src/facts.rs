//! Facts: everything a decision reads from outside the stream's own bytes.
//!
//! One method and one key type, so that a recorder can stand in between and a recording can replay a verdict.
//! The daemon answers every key; `lbctl` answers what it was told and `None` for the rest.

use std::net::SocketAddr;

/// A frontend by its index in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrontendRef(pub u32);

/// A backend by its index in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendRef(pub u32);

/// A server by its backend and its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerRef {
    /// The backend.
    pub backend: BackendRef,
    /// The server's index in its backend, from 0.
    pub server: u32,
}

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// The client's address ([`FactValue::Addr`]; missing for a unix socket).
    Src,
    /// The address that the client connected to.
    Dst,
    /// The listener's id (`so_id`) and name come from the program; this is its index there.
    Listener,
    /// Microseconds since the Unix epoch, when this step began.
    Now,
    /// Milliseconds of the machine's offset from UTC.
    UtcOffset,
    /// The n-th random draw of this stream: 32 uniform bits.
    Draw(u32),
    /// The stream's number in the process (`%rt`).
    StreamId,
    /// The process id.
    Pid,
    /// The machine's host name.
    Hostname,
    /// Connections of the process now.
    ProcessConnections,
    /// Connections a frontend has now (`fe_conn`).
    FrontendConnections(FrontendRef),
    /// Sessions a second of a frontend (`fe_sess_rate`).
    FrontendRate(FrontendRef),
    /// Requests a second of a frontend (`fe_req_rate`).
    FrontendRequestRate(FrontendRef),
    /// Streams a backend has now (`be_conn`).
    BackendConnections(BackendRef),
    /// Sessions a second of a backend (`be_sess_rate`).
    BackendRate(BackendRef),
    /// Servers of a backend that take new streams (`nbsrv`).
    UsableServers(BackendRef),
    /// Streams waiting in a backend's queue, its servers' queues included (`queue`).
    BackendQueue(BackendRef),
    /// Whether a server is up and takes traffic (`srv_is_up`): [`FactValue::Bool`].
    ServerUp(ServerRef),
    /// Streams a server has now (`srv_conn`).
    ServerConnections(ServerRef),
    /// Streams waiting for one server (`srv_queue`).
    ServerQueue(ServerRef),
    /// Sessions a second of a server (`srv_sess_rate`).
    ServerRate(ServerRef),
    /// A server's effective weight (`srv_weight`).
    ServerWeight(ServerRef),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactValue {
    /// Yes or no.
    Bool(bool),
    /// A number.
    Int(i64),
    /// An address.
    Addr(SocketAddr),
    /// Text.
    Text(String),
    /// It is known that there is none.
    Missing,
}

/// Answers questions about the world.
pub trait Facts {
    /// The answer, or `None` when it is not known here.
    fn read(&self, fact: Fact) -> Option<FactValue>;
}

/// Knows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFacts;

impl Facts for NoFacts {
    fn read(&self, _fact: Fact) -> Option<FactValue> {
        None
    }
}
