//! One backend's balancer: shared by all threads, told of changes, asked for picks.

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::engine::Engine;
use crate::farm::{Farm, ServingCell};
use crate::generation::Successor;
use crate::ring::Upkeep;
use crate::server::{self, Limits, Load, LoadRef, Server};
use crate::shares::Shares;
use crate::spec::{Algorithm, ServerSpec, Spec, State};
use crate::weight::EffectiveWeight;

/// The servers of one backend under one algorithm.
///
/// Servers are named by their place in the list that [`Balancer::new`] was given. A place beyond
/// the list is no error: nothing happens.
#[derive(Debug)]
pub struct Balancer {
    pub(crate) spec: Spec,
    pub(crate) servers: Box<[Server]>,
    /// The loads of all servers, where they lie in one row: a ring then asks those it passes over without reading more
    /// of them.
    row: Option<Arc<Vec<Load>>>,
    pub(crate) engine: Engine,
    pub(crate) serving: ServingCell,
    /// Streams that all servers serve together; counts for `hash-balance-factor`.
    pub(crate) served: Arc<AtomicU32>,
    pub(crate) shares: Shares,
    control: Mutex<Control>,
    pub(crate) successor: OnceLock<Successor>,
}

/// What only the writer needs.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) farm: Farm,
    pub(crate) upkeep: [Upkeep; 2],
}

impl Balancer {
    /// A balancer at start: nothing served yet, no limits, the states of `servers`.
    #[must_use]
    pub fn new(spec: Spec, servers: Vec<ServerSpec>) -> Self {
        let loads = LoadRef::row(servers.len());
        let servers = servers.into_iter().zip(loads);
        let fresh = servers.map(|(server, load)| Server::new(server, load));
        Self::build(spec, fresh.collect(), Arc::default())
    }

    pub(crate) fn build(spec: Spec, servers: Box<[Server]>, served: Arc<AtomicU32>) -> Self {
        let mut control = Control { farm: Farm::new(&spec), upkeep: Default::default() };
        let engine = Engine::new(&spec, &servers, &mut control);
        for (at, server) in servers.iter().enumerate().filter(|(_, s)| engine.usable(s) > 0) {
            control.farm.note(at, server.backup, true);
        }
        let serving = ServingCell::new(control.farm.serving());
        let shares = Shares {
            total: AtomicU32::new(0),
            before: servers.iter().map(|_| AtomicU32::new(0)).collect(),
        };
        let balancer = Self {
            spec,
            row: LoadRef::whole_row(servers.iter().map(|server| &server.load)),
            servers,
            engine,
            serving,
            served,
            shares,
            control: Mutex::new(control),
            successor: OnceLock::new(),
        };
        balancer.recount();
        balancer
    }

    /// The algorithm and its options.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// How many servers there are, usable or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.servers.len()
    }

    /// True when the backend has no server at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// How many random numbers a pick can use.
    #[must_use]
    pub fn draws(&self) -> usize {
        match self.spec.algorithm {
            Algorithm::Random { draws } => draws.max(1) as usize,
            _ => 0,
        }
    }

    /// What a server carries.
    #[must_use]
    pub fn load(&self, server: usize) -> Option<&Load> {
        self.servers.get(server).map(|server| &*server.load)
    }

    /// The state of a server.
    #[must_use]
    pub fn state(&self, server: usize) -> Option<State> {
        self.servers.get(server).map(Server::state)
    }

    /// The weight of a server, whatever its state.
    #[must_use]
    pub fn weight(&self, server: usize) -> Option<EffectiveWeight> {
        self.servers.get(server).map(|server| EffectiveWeight::sixteenths(server.weight()))
    }

    /// Servers that take new streams: those that are not backups, and backups (`srv_act`,
    /// `srv_bck`).
    #[must_use]
    pub fn usable(&self) -> (usize, usize) {
        let control = self.control();
        (control.farm.usable_active(), control.farm.usable_backups())
    }

    /// How many servers share the load now: backups only where no other server is usable, and then one of them
    /// without `option allbackups`.
    pub fn serving(&self) -> usize {
        self.control().farm.serving_count()
    }

    /// A server changed its state.
    pub fn set_state(&self, server: usize, state: State) {
        self.change(server, |server| server.set_state(state));
    }

    /// A server changed its weight: by the runtime socket, an agent, or slow start.
    ///
    /// `static-rr` and `hash-type map-based` are static: there only 0 and not 0 differ.
    pub fn set_weight(&self, server: usize, weight: EffectiveWeight) {
        self.change(server, |server| server.set_weight(weight));
    }

    /// How much a server may carry from now on.
    pub fn set_limits(&self, server: usize, limits: Limits) {
        if let Some(known) = self.servers.get(server) {
            known.set_limits(limits);
            self.load_changed(server);
        }
    }

    /// A stream got a connection slot of the server.
    pub fn take(&self, server: usize) {
        self.count(server, true, Load::add_served);
        server::step(&self.served, true);
    }

    /// A stream gave its slot back.
    pub fn release(&self, server: usize) {
        self.count(server, false, Load::add_served);
        server::step(&self.served, false);
    }

    /// A stream began to wait in the server's own queue.
    pub fn enqueue(&self, server: usize) {
        self.count(server, true, Load::add_queued);
    }

    /// A stream left the server's own queue.
    pub fn dequeue(&self, server: usize) {
        self.count(server, false, Load::add_queued);
    }

    fn count(&self, server: usize, more: bool, counter: fn(&Load, bool)) {
        if let Some(known) = self.servers.get(server) {
            counter(&known.load, more);
            self.load_changed(server);
        }
    }

    pub(crate) fn load_changed(&self, at: usize) {
        let server = &self.servers[at];
        let group = usize::from(server.backup);
        match &self.engine {
            Engine::LeastConn(groups) => lock(groups)[group].touch(at, server),
            Engine::First(groups) => lock(groups)[group].touch(at, server),
            Engine::RoundRobin(_)
            | Engine::Sticky(_)
            | Engine::Map(_)
            | Engine::Ring(_)
            | Engine::Random(_) => {}
        }
        if let Some(successor) = self.successor.get()
            && let Some(at) = successor.places.get(at).copied().flatten()
        {
            successor.balancer.load_changed(at);
        }
    }

    fn change(&self, at: usize, change: impl FnOnce(&Server)) {
        let Some(server) = self.servers.get(at) else { return };
        let mut control = self.control();
        let before = self.engine.usable(server);
        change(server);
        let after = self.engine.usable(server);
        if before == after {
            return;
        }
        self.engine.set(&self.servers, at, after, &mut control);
        if (before == 0) != (after == 0) {
            control.farm.note(at, server.backup, after > 0);
            self.serving.store(control.farm.serving());
        }
        if let Engine::Map(map) = &self.engine {
            map.changed();
        }
        self.recount();
    }

    pub(crate) fn server(&self, at: usize) -> &Server {
        &self.servers[at]
    }

    pub(crate) fn served(&self, at: usize) -> u32 {
        match &self.row {
            Some(row) => row[at].served(),
            None => self.servers[at].load.served(),
        }
    }

    pub(crate) fn control(&self) -> MutexGuard<'_, Control> {
        lock(&self.control)
    }
}

/// No code panics under these locks; if one did, the order is still sound enough to serve.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
