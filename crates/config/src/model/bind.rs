//! `bind` lines (manual 5.1).

use std::time::Duration;

use config_parse::address::Address;
use diag::Span;

/// One `bind` line: a listener for each of its addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct Bind {
    /// Comma-separated addresses; a port range is one address here.
    pub addresses: Vec<Address>,
    /// `name`.
    pub name: Option<String>,
    /// `id`.
    pub id: Option<u32>,
    /// `backlog`.
    pub backlog: Option<u32>,
    /// `maxconn`.
    pub maxconn: Option<u32>,
    /// `nice`, -1024 to 1024.
    pub nice: Option<i32>,
    /// `accept-proxy`.
    pub accept_proxy: bool,
    /// `transparent`.
    pub transparent: bool,
    /// `v4v6`, `v6only`.
    pub v6: Option<V6>,
    /// `defer-accept`.
    pub defer_accept: bool,
    /// `tfo`.
    pub tfo: bool,
    /// `mss`.
    pub mss: Option<i32>,
    /// `interface`.
    pub interface: Option<String>,
    /// `tcp-ut`.
    pub tcp_ut: Option<Duration>,
    /// `mode`, octal, of a unix socket.
    pub mode: Option<u32>,
    /// `user` or `uid` of a unix socket.
    pub user: Option<String>,
    /// `group` or `gid` of a unix socket.
    pub group: Option<String>,
    /// `level` (only meaningful on `stats socket`).
    pub level: Option<super::Level>,
    /// `expose-fd listeners` (only meaningful on `stats socket`).
    pub expose_fd: bool,
    /// Settings of TLS.
    pub tls: Option<Box<super::Tls>>,
    /// `thread`: which threads listen; empty for all.
    pub threads: Vec<ThreadSet>,
    /// `shards`.
    pub shards: Option<Shards>,
    /// `cc`.
    pub congestion_control: Option<String>,
    /// `severity-output` (only meaningful on `stats socket`).
    pub severity: Option<String>,
    /// Keywords that are ignored, by name.
    pub ignored: Vec<String>,
    /// The line.
    pub span: Span,
}

/// A part of a set of threads. Threads count from 1, and all are of the first group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThreadSet {
    /// `all`, `odd`, `even`.
    All,
    /// Every other one, from the first.
    Odd,
    /// Every other one, from the second.
    Even,
    /// `3`, `1-4`, `2-`.
    Range(u32, u32),
}

impl ThreadSet {
    /// Whether it has this thread, which counts from 1.
    pub fn has(self, thread: u32) -> bool {
        match self {
            Self::All => true,
            Self::Odd => thread % 2 == 1,
            Self::Even => thread.is_multiple_of(2),
            Self::Range(first, last) => (first..=last).contains(&thread),
        }
    }
}

/// How many sockets the threads of a listener share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shards {
    /// Each thread has one.
    ByThread,
    /// This many.
    Count(u32),
}

/// Which families a `::` listener takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum V6 {
    /// `v4v6`.
    Both,
    /// `v6only`.
    Only,
}
