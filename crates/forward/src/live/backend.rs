//! A backend: its servers, their slots, and the streams that wait for one.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU32, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use balance::{Balancer, Limits, State};
use health::{Health, Transition};
use sample::BackendRef;
use tunnel::Kill;

use crate::counters::{Gauge, PerThread};
use crate::log::ProxyLog;

use super::direct::Direct;
use super::queue::{Order, Queue, Rank, Waiter};
use super::{Counters, LastCaptured, Place, Server, Turn};

/// What belongs to a backend's name: shared by all generations that have it.
#[derive(Debug)]
pub struct BackendState {
    name: String,
    published: AtomicBool,
    /// Its counters.
    pub counters: PerThread<Counters>,
    /// The last response that could not be read.
    pub invalid: LastCaptured,
    /// Streams that it has now and at most (`scur`, `smax`).
    pub streams: Gauge,
    /// Streams that wait in it, its servers' queues not included (`qcur`, `qmax`).
    pub queued: Gauge,
    /// Streams that wait anywhere in it, in all generations: a slot that frees looks here first.
    waiting: AtomicU32,
    homes: Mutex<Vec<Weak<Backend>>>,
}

impl BackendState {
    pub(crate) fn new(name: &str, threads: usize, published: bool) -> BackendState {
        BackendState {
            name: name.to_owned(),
            published: AtomicBool::new(published),
            counters: PerThread::new(threads),
            invalid: LastCaptured::default(),
            streams: Gauge::default(),
            queued: Gauge::default(),
            waiting: AtomicU32::new(0),
            homes: Mutex::new(Vec::new()),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether rules may switch to it.
    pub fn is_published(&self) -> bool {
        self.published.load(Relaxed)
    }

    /// `publish backend` and `unpublish backend`.
    pub fn publish(&self, published: bool) {
        self.published.store(published, Relaxed);
    }

    fn homes(&self) -> MutexGuard<'_, Vec<Weak<Backend>>> {
        self.homes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A backend of one generation.
#[derive(Debug)]
pub struct Backend {
    /// Its place in the program.
    pub reference: BackendRef,
    /// What its name keeps.
    pub state: Arc<BackendState>,
    /// Picks servers, and counts what each of them carries.
    pub balancer: Arc<Balancer>,
    /// Its servers in file order.
    pub servers: Vec<Server>,
    /// `fullconn`: at this many streams each server may have its `maxconn`.
    pub fullconn: u32,
    /// Where its servers' state changes are logged.
    pub log: Arc<ProxyLog>,
    /// Where streams go that have no server.
    pub(crate) direct: Option<Direct>,
    /// What a log line calls the section.
    pub(super) section: &'static str,
    /// `option log-health-checks`.
    pub logs_checks: bool,
    /// Whether a server has a limit that moves with the load (`minconn`) or the time (`slowstart`).
    pub(super) limits_move: bool,
    pub(super) queue: Mutex<QueueCell>,
}

/// The queue behind its lock; a newtype so that `Backend` can show its debug form without it.
#[derive(Debug, Default)]
pub(super) struct QueueCell(Queue);

impl Backend {
    /// A server by its index.
    pub fn server(&self, server: u32) -> Option<&Server> {
        self.servers.get(server as usize)
    }

    /// Registers the generation's backend with its name; slots that free anywhere serve its queue.
    pub(super) fn register(self: &Arc<Self>) {
        let mut homes = self.state.homes();
        homes.retain(|home| home.strong_count() > 0);
        homes.push(Arc::downgrade(self));
    }

    fn queue(&self) -> MutexGuard<'_, QueueCell> {
        // Every step of the queue is complete when it returns, so a panic leaves nothing half done.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many streams a server may have at this moment; 0 is no limit (manual 5.2, `minconn`).
    pub fn maxconn_now(&self, server: u32) -> u32 {
        let Some(known) = self.server(server) else { return 0 };
        let (fullconn, maxconn) = (self.fullconn, known.maxconn());
        if maxconn == 0 || known.minconn >= maxconn || fullconn == 0 {
            return maxconn;
        }
        let streams = self.state.streams.now();
        if streams >= fullconn {
            return maxconn;
        }
        let share = u64::from(maxconn) * u64::from(streams) / u64::from(fullconn);
        u32::try_from(share).unwrap_or(maxconn).max(known.minconn)
    }

    /// Tells the balancer the limits of this moment, before a choice.
    pub(crate) fn refresh_limits(&self) {
        if !self.limits_move {
            return;
        }
        for at in 0..self.servers.len() {
            let server = at as u32;
            let maxconn = self.maxconn_now(server);
            self.balancer.set_limits(at, Limits { maxconn, maxqueue: self.servers[at].maxqueue });
        }
    }

    /// Takes a slot of a server, unless it is full or others wait for it.
    pub(crate) fn take(self: &Arc<Self>, server: u32) -> Option<Slot> {
        if self.maxconn_now(server) == 0 {
            return Some(self.hold(server));
        }
        let queue = self.queue();
        let free = queue.0.server_len(server) == 0 && self.has_free_slot(server);
        free.then(|| self.hold(server))
    }

    /// A slot beyond the limit, for a stream that must not wait (a retry on the same server).
    fn hold(self: &Arc<Self>, server: u32) -> Slot {
        self.count_taken(server);
        Slot { backend: Arc::clone(self), server }
    }

    fn count_taken(&self, server: u32) {
        self.balancer.take(server as usize);
        if let Some(known) = self.server(server) {
            known.state.streams.enter();
        }
    }

    fn served(&self, server: u32) -> u32 {
        self.balancer.load(server as usize).map_or(0, balance::Load::served)
    }

    fn has_free_slot(&self, server: u32) -> bool {
        let maxconn = self.maxconn_now(server);
        maxconn == 0 || self.served(server) < maxconn
    }

    /// Joins a queue. The ticket leaves it again when it is dropped.
    pub(crate) fn join_queue(self: &Arc<Self>, place: Place, rank: Rank) -> Ticket {
        let mut queue = self.queue();
        let (waiter, order, before) = queue.0.push(place, rank);
        match place {
            Place::Backend => {
                self.state.queued.enter();
            }
            Place::Server(server) => {
                self.balancer.enqueue(server as usize);
                if let Some(known) = self.server(server) {
                    known.state.queued.enter();
                }
            }
        }
        self.state.waiting.fetch_add(1, SeqCst);
        // Whoever freed a slot before this line saw nobody waiting: look again.
        fence(SeqCst);
        match place {
            Place::Server(server) => self.serve(&mut queue.0, server),
            Place::Backend => {
                for server in 0..self.servers.len() {
                    self.serve(&mut queue.0, server as u32);
                }
            }
        }
        drop(queue);
        Ticket { backend: Arc::clone(self), place, order, before, waiter, spent: false }
    }

    /// Gives free slots of a server to those who wait for it.
    fn serve(&self, queue: &mut Queue, server: u32) {
        let Some(known) = self.server(server) else { return };
        if !known.state.health().serves() {
            return;
        }
        let any = self.takes_from_backend(server);
        while self.has_free_slot(server) {
            let Some(place) = queue.serve(server, any) else { return };
            self.count_taken(server);
            self.left_queue(place);
        }
    }

    fn left_queue(&self, place: Place) {
        self.state.waiting.fetch_sub(1, SeqCst);
        match place {
            Place::Backend => self.state.queued.leave(),
            Place::Server(server) => {
                self.balancer.dequeue(server as usize);
                if let Some(known) = self.server(server) {
                    known.state.queued.leave();
                }
            }
        }
    }

    /// Whether a server takes streams that wait for any server: it balances, and a backup only
    /// while no other server does.
    fn takes_from_backend(&self, server: u32) -> bool {
        let at = server as usize;
        let balances = self.balancer.state(at) == Some(State::Up)
            && self.balancer.weight(at).is_some_and(|weight| weight.get() > 0);
        let backup = self.server(server).is_some_and(|known| known.backup);
        balances && (!backup || self.balancer.usable().0 == 0)
    }

    /// Serves the queues of every generation after a slot of a server was freed.
    pub(super) fn slot_freed(&self, server: u32) {
        fence(SeqCst);
        if self.state.waiting.load(SeqCst) == 0 {
            return;
        }
        let Some(freed) = self.server(server) else { return };
        let homes: Vec<Arc<Backend>> =
            self.state.homes().iter().filter_map(Weak::upgrade).collect();
        for home in homes {
            let same = |known: &Server| Arc::ptr_eq(&known.state, &freed.state);
            if let Some(at) = home.servers.iter().position(same) {
                let mut queue = home.queue();
                home.serve(&mut queue.0, at as u32);
            }
        }
    }

    /// Acts on a changed state of a server: tells the balancer, moves those who waited for it, and
    /// logs the change.
    pub(crate) fn state_changed(&self, server: u32, transition: &Transition) {
        let Some(known) = self.server(server) else { return };
        known.state.changed(transition.was_down);
        let (usable_before, _) = self.tell_balancer(server);
        let mut requeued = 0;
        if transition.marks_down() {
            requeued = self.release_waiting(server);
            if known.kills_streams_when_down {
                known.state.end_streams(Kill::ServerDown);
            }
        } else {
            self.slot_freed(server);
        }
        if transition.marks_up() && known.ends_backups_when_up && !known.backup {
            let backups = self.servers.iter().filter(|other| other.backup);
            backups.for_each(|other| other.state.end_streams(Kill::ServerUp));
        }
        self.log_transition(server, transition, requeued, usable_before);
    }

    /// Passes a server's health on to the balancer; returns how many servers were usable before
    /// and are now.
    pub(crate) fn tell_balancer(&self, server: u32) -> (usize, usize) {
        let count = || {
            let (active, backup) = self.balancer.usable();
            active + backup
        };
        let before = count();
        if let Some(known) = self.server(server) {
            let state = balance_state(&known.state.health());
            self.balancer.set_state(server as usize, state);
        }
        (before, count())
    }

    fn release_waiting(&self, server: u32) -> usize {
        let mut queue = self.queue();
        let released = queue.0.release_server(server);
        (0..released).for_each(|_| self.left_queue(Place::Server(server)));
        released
    }

    pub(super) fn label<'a>(&'a self, known: &'a Server) -> health::ServerLabel<'a> {
        let (backend, server) = (self.state.name(), known.state.name());
        health::ServerLabel { backend, server, backup: known.backup }
    }

    fn log_transition(
        &self,
        server: u32,
        transition: &Transition,
        requeued: usize,
        usable_before: usize,
    ) {
        let Some(known) = self.server(server) else { return };
        let (active, backup) = self.balancer.usable();
        let view = health::BackendView {
            active: active as u32,
            backup: backup as u32,
            streams: u64::from(self.served(server)),
            requeued: requeued as u64,
            queued: self.queue().0.backend_len() as u64,
        };
        for line in transition.lines(self.label(known), &view, self.logs_checks) {
            self.log.send_now(line.level as u8, line.text.as_bytes());
        }
        if usable_before > 0 && active + backup == 0 {
            self.log_no_server();
        }
    }

    /// Says that no server is left.
    pub(super) fn log_no_server(&self) {
        let line = health::LogLine::no_server_in(self.section, self.state.name());
        self.log.send_now(line.level as u8, line.text.as_bytes());
    }
}

/// What a server's health means for balancing.
pub(crate) fn balance_state(health: &Health) -> State {
    match (health.admin().is_maint(), health.serves(), health.takes_new()) {
        (true, ..) => State::Maint,
        (_, false, _) => State::Down,
        (.., false) => State::Drain,
        _ => State::Up,
    }
}

/// A connection slot of a server; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    backend: Arc<Backend>,
    server: u32,
}

impl Slot {
    pub(crate) fn server(&self) -> u32 {
        self.server
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(known) = self.backend.server(self.server) {
            known.state.streams.leave();
        }
        self.backend.balancer.release(self.server as usize);
        self.backend.slot_freed(self.server);
    }
}

/// A place in a queue.
#[derive(Debug)]
pub(crate) struct Ticket {
    backend: Arc<Backend>,
    place: Place,
    order: Order,
    before: usize,
    waiter: Arc<Waiter>,
    /// Its slot went on as a [`Slot`].
    spent: bool,
}

impl Ticket {
    /// Streams that were before this one in its queue when it came.
    pub(crate) fn before(&self) -> usize {
        self.before
    }

    /// Ready when a slot was taken for the stream, or its server went away.
    pub(crate) fn poll_turn(&self, cx: &std::task::Context<'_>) -> std::task::Poll<Turn> {
        self.waiter.poll(cx)
    }

    /// The slot of a turn that was [`Turn::Served`].
    pub(crate) fn into_slot(mut self) -> Option<Slot> {
        let Some(Turn::Served(server)) = self.waiter.turn() else { return None };
        let slot = Slot { backend: Arc::clone(&self.backend), server };
        self.spent = true;
        Some(slot)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.spent {
            return;
        }
        let mut queue = self.backend.queue();
        if queue.0.remove(self.place, self.order) {
            drop(queue);
            self.backend.left_queue(self.place);
        } else if let Some(Turn::Served(server)) = self.waiter.turn() {
            // A slot was taken for a stream that no longer wants it.
            drop(queue);
            drop(Slot { backend: Arc::clone(&self.backend), server });
        }
    }
}
