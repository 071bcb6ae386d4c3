//! What the whole process has once: its settings, its counters, the sockets of its logs.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use config::model::LogAddress;
use tokio::sync::Notify;

use crate::arrivals::Arrivals;
use crate::clock::wall_micros;
use crate::counters::Gauge;
use crate::generation::Generation;
use crate::log::Destination;
use crate::streams::{self, StreamInfo, Streams};
use crate::tunnels::Tunnels;

/// What does not change while the process runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Threads, each with its own [`crate::Worker`].
    pub threads: usize,
    /// `tune.bufsize`.
    pub bufsize: usize,
    /// `tune.maxrewrite`.
    pub maxrewrite: usize,
    /// `tune.http.maxhdr`.
    pub maxhdr: usize,
    /// `maxconn` of the process; 0 is no limit.
    pub maxconn: u32,
    /// `tune.idle-pool.shared`: threads take idle server connections of others.
    pub share_idle: bool,
    /// The process id, for logs and `pid`.
    pub pid: u32,
    /// The name servers of the system (`parse-resolv-conf`).
    pub nameservers: Vec<std::net::SocketAddr>,
    /// The machine's name.
    pub hostname: String,
    /// What logs call the program without `log-tag`: `haproxy` when it replaces HAProxy.
    pub tag: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            threads: 1,
            bufsize: 16384,
            maxrewrite: 1024,
            maxhdr: 101,
            maxconn: 0,
            share_idle: true,
            pid: std::process::id(),
            nameservers: Vec::new(),
            hostname: String::new(),
            tag: "haproxy".to_owned(),
        }
    }
}

/// The process as all its threads see it.
#[derive(Debug)]
pub struct Process {
    settings: Settings,
    /// Client connections now and at most.
    pub connections: Gauge,
    /// How many may come in a second.
    pub arrivals: Arrivals,
    maxconn: AtomicU32,
    streams: AtomicU64,
    stopping: AtomicBool,
    short_of_memory: AtomicBool,
    dropped_logs: AtomicU64,
    captured: AtomicU64,
    begun_micros: i64,
    destinations: Mutex<HashMap<String, Arc<Destination>>>,
    tunnels: Mutex<Vec<Arc<Tunnels>>>,
    /// The pools of idle server connections of each thread; their type is the connector's.
    idle_pools: Mutex<Vec<Arc<dyn Any + Send + Sync>>>,
    /// The client connections of each thread.
    streams_of: Mutex<Vec<Arc<Streams>>>,
    /// Those that streams still run on.
    generations: Mutex<Vec<Weak<Generation>>>,
    next_generation: AtomicU32,
    /// Told when a connection ended while the process or its frontend was full.
    pub(crate) room: Notify,
}

impl Process {
    /// The process; made once.
    pub fn new(settings: Settings) -> Arc<Process> {
        Arc::new(Process {
            maxconn: AtomicU32::new(settings.maxconn),
            settings,
            connections: Gauge::default(),
            arrivals: Arrivals::default(),
            streams: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            short_of_memory: AtomicBool::new(false),
            dropped_logs: AtomicU64::new(0),
            captured: AtomicU64::new(0),
            begun_micros: wall_micros(),
            destinations: Mutex::default(),
            tunnels: Mutex::default(),
            idle_pools: Mutex::default(),
            streams_of: Mutex::default(),
            generations: Mutex::default(),
            next_generation: AtomicU32::new(0),
            room: Notify::new(),
        })
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// `maxconn` of the process; 0 is no limit.
    pub fn maxconn(&self) -> u32 {
        self.maxconn.load(Relaxed)
    }

    /// `set maxconn global`.
    pub fn set_maxconn(&self, maxconn: u32) {
        self.maxconn.store(maxconn, Relaxed);
    }

    /// Whether no more connections may be accepted now.
    pub fn is_full(&self) -> bool {
        let maxconn = self.maxconn();
        maxconn != 0 && self.connections.now() >= maxconn || self.short_of_memory.load(Relaxed)
    }

    /// Little memory is left of what the process may have (`-m`): no more connections are accepted until it says
    /// `false`.
    pub fn set_short_of_memory(&self, short: bool) {
        self.short_of_memory.store(short, Relaxed);
    }

    /// The number of the next stream (`%rt`), from 0.
    pub(crate) fn next_stream(&self) -> u64 {
        self.streams.fetch_add(1, Relaxed)
    }

    /// Streams begun so far.
    pub fn streams(&self) -> u64 {
        self.streams.load(Relaxed)
    }

    /// What is known of the process alone, as of now.
    pub fn facts(&self) -> impl sample::Facts + '_ {
        crate::facts::StartFacts::now(self)
    }

    /// Begins the soft stop: responses from now on end their connection. Each worker must also be
    /// told to close its idle connections.
    pub fn stop(&self) {
        self.stopping.store(true, Relaxed);
    }

    /// Whether the soft stop has begun.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Relaxed)
    }

    /// Messages that could not be read and were kept for `show errors`.
    pub fn captured(&self) -> u64 {
        self.captured.load(Relaxed)
    }

    /// The number of the next one, from 0.
    pub(crate) fn next_captured(&self) -> u64 {
        self.captured.fetch_add(1, Relaxed)
    }

    /// When it began, in microseconds since the epoch.
    pub(crate) fn begun_micros(&self) -> i64 {
        self.begun_micros
    }

    /// Log lines that no target took (`DroppedLogs` of `show info`).
    pub fn dropped_logs(&self) -> u64 {
        self.dropped_logs.load(Relaxed)
    }

    pub(crate) fn logs_dropped(&self, lines: u64) {
        if lines > 0 {
            self.dropped_logs.fetch_add(lines, Relaxed);
        }
    }

    pub(crate) fn add_tunnels(&self, tunnels: &Arc<Tunnels>) {
        self.tunnels.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(tunnels));
    }

    pub(crate) fn add_idle_pool(&self, pool: Arc<dyn Any + Send + Sync>) {
        self.idle_pools.lock().unwrap_or_else(PoisonError::into_inner).push(pool);
    }

    pub(crate) fn idle_pools(&self) -> Vec<Arc<dyn Any + Send + Sync>> {
        self.idle_pools.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn add_streams(&self, thread: &Arc<Streams>) {
        self.streams_of.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(thread));
    }

    fn streams_of(&self) -> Vec<Arc<Streams>> {
        self.streams_of.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The streams that run now and are no tunnels, of all threads.
    pub fn running_streams(&self) -> Vec<StreamInfo> {
        streams::list(self, &self.streams_of())
    }

    /// How many streams that are no tunnels run on each thread.
    pub fn streams_by_thread(&self) -> Vec<u64> {
        self.streams_of().iter().map(|thread| thread.running()).collect()
    }

    /// Makes every stream look whether it was ended.
    pub(crate) fn wake_busy(&self) {
        self.streams_of().iter().for_each(|thread| thread.wake_all());
    }

    pub(crate) fn next_generation(&self) -> u32 {
        self.next_generation.fetch_add(1, Relaxed)
    }

    pub(crate) fn add_generation(&self, generation: &Arc<Generation>) {
        let mut known = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|generation| generation.strong_count() > 0);
        known.push(Arc::downgrade(generation));
    }

    /// A generation that streams still run on.
    pub(crate) fn generation(&self, number: u32) -> Option<Arc<Generation>> {
        let known = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter_map(Weak::upgrade).find(|generation| generation.number == number)
    }

    /// The tunnels of each thread.
    pub fn tunnels(&self) -> Vec<Arc<Tunnels>> {
        self.tunnels.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The open destination of a log address, opened at its first use.
    pub(crate) fn destination(&self, address: &LogAddress) -> Arc<Destination> {
        let mut known = self.destinations.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Destination::key(address);
        Arc::clone(known.entry(key).or_insert_with(|| Arc::new(Destination::open(address))))
    }
}
