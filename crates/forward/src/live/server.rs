//! A server: what its name keeps over a reload, and what its configuration says.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use config_parse::address::Ports;
use health::Health;
use tunnel::Kill;

use crate::clock::wall_micros;
use crate::counters::{Gauge, PerThread};
use crate::io::{ConnectTo, ServerAddress};
use crate::process::Process;
use crate::proxy_protocol::SendProxy;
use crate::termination::Cause;

use super::{Counters, Named};

/// What belongs to a server's name: shared by all generations that have `backend/name`.
#[derive(Debug)]
pub struct ServerState {
    process: Arc<Process>,
    backend: String,
    name: String,
    health: Mutex<Health>,
    address: ArcSwapOption<ServerAddress>,
    weight: AtomicU32,
    /// Its counters.
    pub counters: PerThread<Counters>,
    /// Streams that it serves now and at most (`scur`, `smax`).
    pub streams: Gauge,
    /// Streams in its own queue now and at most (`qcur`, `qmax`).
    pub queued: Gauge,
    /// Idle connections to it that all threads keep.
    pub(crate) idle: Gauge,
    changed_micros: AtomicI64,
    down_seconds: AtomicU64,
    /// How often its streams were ended, times 4, and why the last time: streams of HTTP compare
    /// it with what it was when they began.
    ended: AtomicU64,
    /// Errors in a row that `observe` saw.
    pub(super) errors: AtomicU32,
    /// Where its name comes from.
    named: Mutex<Named>,
    /// Where its checks go.
    aims: Mutex<CheckAims>,
    /// Its next check is to come after `fastinter`.
    pub(crate) hurry: tokio::sync::Notify,
}

/// Where the checks of a server go, as operators changed it (`set server b/s check-port` and its kin); nothing is what
/// the configuration says.
#[derive(Debug, Clone, Default)]
pub struct CheckAims {
    /// `check-addr`.
    pub check_addr: Option<IpAddr>,
    /// `check-port`.
    pub check_port: Option<u16>,
    /// `agent-addr`.
    pub agent_addr: Option<IpAddr>,
    /// `agent-port`.
    pub agent_port: Option<u16>,
    /// `agent-send`.
    pub agent_send: Option<String>,
    /// `disable agent`.
    pub agent_paused: bool,
}

impl ServerState {
    pub(crate) fn new(
        backend: &str,
        name: &str,
        health: Health,
        weight: u32,
        process: &Arc<Process>,
    ) -> ServerState {
        let threads = process.settings().threads;
        ServerState {
            process: Arc::clone(process),
            backend: backend.to_owned(),
            name: name.to_owned(),
            health: Mutex::new(health),
            address: ArcSwapOption::empty(),
            weight: AtomicU32::new(weight),
            counters: PerThread::new(threads),
            streams: Gauge::default(),
            queued: Gauge::default(),
            idle: Gauge::default(),
            changed_micros: AtomicI64::new(wall_micros()),
            down_seconds: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            errors: AtomicU32::new(0),
            named: Mutex::default(),
            aims: Mutex::default(),
            hurry: tokio::sync::Notify::new(),
        }
    }

    /// The name of its backend.
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its health, for a short look or an order. Changes go through [`super::Backend`], which tells
    /// the balancer.
    pub fn health(&self) -> MutexGuard<'_, Health> {
        // The state machine has no step that could be half done when a panic unwinds through it.
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What operators changed of its checks.
    pub fn aims(&self) -> MutexGuard<'_, CheckAims> {
        // Each field is written in one step.
        self.aims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name that its address comes from, where it is not that of its line.
    pub fn named(&self) -> MutexGuard<'_, Named> {
        // It is written in one step.
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it is; `None` while its name is not resolved.
    pub fn address(&self) -> Option<Arc<ServerAddress>> {
        self.address.load_full()
    }

    /// Gives it another address (resolution at start, `set server addr`).
    pub fn set_address(&self, address: Option<ServerAddress>) {
        self.address.store(address.map(Arc::new));
    }

    /// `weight` as configured or set by an operator, 0-256.
    pub fn weight(&self) -> u32 {
        self.weight.load(Relaxed)
    }

    pub(crate) fn store_weight(&self, weight: u32) {
        self.weight.store(weight.min(256), Relaxed);
    }

    /// Microseconds since the epoch of the last change of its state (`lastchg`).
    pub fn changed_micros(&self) -> i64 {
        self.changed_micros.load(Relaxed)
    }

    /// Seconds that it was down before the present state (`downtime`).
    pub fn down_seconds(&self) -> u64 {
        self.down_seconds.load(Relaxed)
    }

    /// When it changed the last time, as a file says.
    pub(super) fn set_changed(&self, micros: i64) {
        self.changed_micros.store(micros, Relaxed);
    }

    pub(crate) fn changed(&self, was_down: bool) {
        let now = wall_micros();
        let before = self.changed_micros.swap(now, Relaxed);
        if was_down {
            let seconds = u64::try_from((now - before) / 1_000_000).unwrap_or(0);
            self.down_seconds.fetch_add(seconds, Relaxed);
        }
    }
}

impl ServerState {
    /// A mark of this moment for [`ServerState::ended_since`].
    pub(crate) fn ended_mark(&self) -> u64 {
        self.ended.load(Relaxed)
    }

    /// Why its streams were ended after `mark`, if they were.
    pub(crate) fn ended_since(&self, mark: u64) -> Option<Cause> {
        let now = self.ended.load(Relaxed);
        (now != mark).then_some(match now % 4 {
            1 => Cause::Down,
            2 => Cause::Up,
            _ => Cause::Killed,
        })
    }

    /// Ends its streams at once (`shutdown sessions server`).
    pub fn kill_streams(&self) {
        self.end_streams(Kill::Operator);
    }

    /// Ends its streams at once.
    pub(crate) fn end_streams(&self, why: Kill) {
        let why_bits = match why {
            Kill::Operator => 0,
            Kill::ServerDown => 1,
            Kill::ServerUp => 2,
        };
        let count = (self.ended.load(Relaxed) / 4).wrapping_add(1);
        self.ended.store(count.wrapping_mul(4) | why_bits, Relaxed);
        self.process.wake_busy();
        for tunnels in self.process.tunnels() {
            tunnels.end_of_server(self, why);
        }
    }
}

/// A server as one configuration describes it.
#[derive(Debug)]
pub struct Server {
    /// What its name keeps.
    pub state: Arc<ServerState>,
    pub(super) maxconn: AtomicU32,
    /// `minconn`; `u32::MAX` when the limit does not move.
    pub minconn: u32,
    /// `weight` of its line, of which an agent takes its share.
    pub(super) initial_weight: u32,
    /// `maxqueue`; 0 is no limit.
    pub maxqueue: u32,
    /// `backup`.
    pub backup: bool,
    /// `slowstart`.
    pub slowstart: Option<Duration>,
    /// `pool-max-conn`: idle connections kept, -1 for any number.
    pub pool_max: i32,
    /// `max-reuse`: requests on one connection after the first, -1 for any number.
    pub max_reuse: i32,
    /// `send-proxy` and its relatives.
    pub(crate) send_proxy: Option<SendProxy>,
    /// `observe` and what belongs to it.
    pub(super) watch: Option<super::watch::Watch>,
    pub(crate) ports: Ports,
    pub(crate) source: Option<SocketAddr>,
    /// `socks4`: the proxy on the way.
    pub(crate) socks4: Option<SocketAddr>,
    pub(crate) keepalive: bool,
    pub(crate) user_timeout: Option<Duration>,
    pub(crate) kills_streams_when_down: bool,
    /// `on-marked-up shutdown-backup-sessions`.
    pub(crate) ends_backups_when_up: bool,
    /// Servers that track this one, by their backend.
    pub(super) followers: Mutex<Vec<(Weak<super::Backend>, u32)>>,
}

impl Server {
    /// `maxconn` as configured, or set by an operator or an agent since; 0 is no limit.
    pub fn maxconn(&self) -> u32 {
        self.maxconn.load(Relaxed)
    }

    /// How to reach it for a client that connected to `local`: a server line without a port takes over its port, one
    /// without an address its address.
    pub(crate) fn connect_to(&self, local: Option<SocketAddr>) -> Option<ConnectTo> {
        let mut address = ServerAddress::clone(&*self.state.address()?);
        if let (ServerAddress::Tcp(address), Some(local)) = (&mut address, local) {
            // `server s 0.0.0.0`: where the client wanted to go (manual 4.2, `server`).
            if address.ip().is_unspecified() {
                address.set_ip(local.ip());
            }
            match self.ports {
                // A record of its service, or an operator, may have given it one.
                Ports::Unset | Ports::One(0) if address.port() != 0 => {}
                Ports::Unset | Ports::One(0) => address.set_port(local.port()),
                Ports::Offset(by) => {
                    let port = i32::from(local.port()).saturating_add(by).clamp(0, 65535);
                    address.set_port(u16::try_from(port).unwrap_or(u16::MAX));
                }
                Ports::One(_) | Ports::Range(..) => {}
            }
        }
        Some(ConnectTo {
            address,
            source: self.source,
            keepalive: self.keepalive,
            user_timeout: self.user_timeout,
            marks: rules::Marks::default(),
            socks4: self.socks4,
        })
    }
}
