//! The life of one stream: read, queue, connect, retry, forward, log.
//!
//! In: sockets that a listener accepted, and the [`Generation`] (a compiled program with its live
//! state) that they belong to. Out: bytes to servers and clients, log lines, counters.
//!
//! Invariants:
//! - **Thread per core.** A [`Worker`] lives on one thread; a client connection is one task there and
//!   never changes thread. The server connection is driven inside that task.
//! - **Whole swap.** A stream holds the generation it began with; the next request of the same
//!   connection may meet another.
//! - **One evaluator.** What becomes of a request is decided in `rules` alone.
//! - **Nothing held while idle.** An idle connection has no buffer and no large future, and after a while no
//!   task; an idle tunnel has no buffer either.
//! - No lock is held across an await, and none is taken per request on a backend without `maxconn`
//!   beyond the balancer's own.
//! - **No panic from outside.** Whatever a client or a server sends becomes a status or a log line.
//!
//! Start with [`Worker::serve`]; a request's life is `http/stream.rs`.

mod address;
mod arrivals;
mod buffer;
mod check;
mod clock;
mod connection;
mod counters;
mod facts;
mod generation;
mod http;
mod idle;
mod io;
mod ledger;
mod live;
mod log;
mod parking;
mod process;
mod proxy_protocol;
mod reach;
mod resolve;
mod service;
mod shelf;
mod socks4;
mod stat;
mod streams;
mod tcp;
mod tcp_info;
mod tcp_response;
mod termination;
mod timer;
mod tunnels;
mod work;
mod worker;

pub use arrivals::{Arrivals, Permit};
pub use check::Checks;
pub use counters::{Counter, Gauge, PerThread, Rate};
pub use generation::{Bound, Generation, Listener};
pub use io::{ConnectTo, Connector, Io, ServerAddress, Socket, SystemConnector};
pub use live::{
    Backend, BackendState, Captured, CheckAims, Counters, FrontendState, LastCaptured, Live, Named,
    Resolve, Server, ServerState, TimeSums,
};
pub use log::{LogInputs, LogRing, ProxyLog};
pub use process::{Process, Settings};
pub use resolve::{Nameserver, NameserverCounters, Resolver, system_nameservers};
pub use stat::stat_rows;
pub use streams::StreamInfo;
pub use termination::{Cause, Phase, Termination};
pub use tunnels::{TunnelInfo, Tunnels};
pub use worker::Worker;
