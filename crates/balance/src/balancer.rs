//! One backend's balancer: shared by all threads, told of changes, asked for picks.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::farm::{Farm, Serving, ServingCell};
use crate::first::First;
use crate::hash::hash;
use crate::leastconn::LeastConn;
use crate::map::Map;
use crate::pick::{NoServer, Pick, PickInput, Step, Trace, WhyNot, passed};
use crate::ring::{Ring, Upkeep};
use crate::roundrobin::RoundRobin;
use crate::server::{self, Limits, Load, Server};
use crate::spec::{Algorithm, HashMethod, ServerSpec, Spec, State};
use crate::weight::EffectiveWeight;

/// The servers of one backend under one algorithm.
///
/// Servers are named by their place in the list that [`Balancer::new`] was given. A place beyond
/// the list is no error: nothing happens.
#[derive(Debug)]
pub struct Balancer {
    spec: Spec,
    servers: Box<[Server]>,
    engine: Engine,
    serving: ServingCell,
    /// Streams that all servers serve together; counts for `hash-balance-factor`.
    served: Arc<AtomicU32>,
    shares: Shares,
    control: Mutex<Control>,
    successor: OnceLock<Successor>,
}

/// Active servers and backups have an order each.
#[derive(Debug)]
enum Engine {
    RoundRobin(Mutex<[RoundRobin; 2]>),
    LeastConn(Mutex<[LeastConn; 2]>),
    First(Mutex<[First; 2]>),
    Map(Map),
    Ring([Ring; 2]),
}

/// What only the writer needs.
#[derive(Debug)]
struct Control {
    farm: Farm,
    upkeep: [Upkeep; 2],
}

/// The balancer that a reload put in our place.
#[derive(Debug)]
struct Successor {
    balancer: Arc<Balancer>,
    /// Where each of our servers is there.
    places: Vec<Option<usize>>,
}

/// For `hash-balance-factor`: the total weight that serves, and for each server the weight of
/// those before it.
#[derive(Debug, Default)]
struct Shares {
    total: AtomicU32,
    before: Vec<AtomicU32>,
}

impl Balancer {
    /// A balancer at start: nothing served yet, no limits, the states of `servers`.
    #[must_use]
    pub fn new(spec: Spec, servers: Vec<ServerSpec>) -> Self {
        let fresh = |spec: ServerSpec| Server::new(spec, Arc::default());
        Self::build(spec, servers.into_iter().map(fresh).collect(), Arc::default())
    }

    /// A balancer for a new generation of the configuration.
    ///
    /// Servers that `old` knows by name share their [`Load`] with it; they keep the limits, and
    /// where the `server` line did not change also state and weight. With the same algorithm and
    /// the same list also the turn goes on where it was. After [`Balancer::hand_over`] streams
    /// that end on `old` are counted here too.
    #[must_use]
    pub fn inherit(spec: Spec, servers: Vec<ServerSpec>, old: &Self) -> Self {
        let _no_change_meanwhile = old.control();
        let places: std::collections::HashMap<&str, &Server> =
            old.servers.iter().map(|server| (server.spec.name.as_str(), server)).collect();
        let adopt = |spec: ServerSpec| {
            let Some(known) = places.get(spec.name.as_str()) else {
                return Server::new(spec, Arc::default());
            };
            let unchanged = known.spec.weight == spec.weight && known.spec.state == spec.state;
            let server = Server::new(spec, Arc::clone(&known.load));
            server.set_limits(known.limits());
            if unchanged {
                server.set_state(known.state());
                server.set_weight(EffectiveWeight::sixteenths(known.weight()));
            }
            server
        };
        let servers: Box<[Server]> = servers.into_iter().map(adopt).collect();
        let same = spec == old.spec
            && servers.len() == old.servers.len()
            && servers.iter().zip(&old.servers).all(|(new, old)| {
                new.spec == old.spec && new.usable_weight() == old.usable_weight()
            });
        let new = Self::build(spec, servers, Arc::clone(&old.served));
        if same {
            new.continue_turns(old);
        }
        new
    }

    /// Makes `new` hear of the streams that still end on this balancer. Only the first call counts.
    pub fn hand_over(&self, new: &Arc<Self>) {
        let place = |server: &Server| {
            new.servers.iter().position(|other| Arc::ptr_eq(&other.load, &server.load))
        };
        let places: Vec<Option<usize>> = self.servers.iter().map(place).collect();
        let followed: Vec<usize> = places.iter().copied().flatten().collect();
        if self.successor.set(Successor { balancer: Arc::clone(new), places }).is_ok() {
            // Streams may have ended between `inherit` and now.
            for server in followed {
                new.load_changed(server);
            }
        }
    }

    fn build(spec: Spec, servers: Box<[Server]>, served: Arc<AtomicU32>) -> Self {
        let mut control = Control { farm: Farm::new(&spec), upkeep: Default::default() };
        let engine = Engine::new(&spec, &servers, &mut control);
        for (at, server) in servers.iter().enumerate().filter(|(_, s)| engine.usable(s) > 0) {
            control.farm.note(at, server.spec.backup, true);
        }
        let serving = ServingCell::new(control.farm.serving());
        let shares = Shares {
            total: AtomicU32::new(0),
            before: servers.iter().map(|_| AtomicU32::new(0)).collect(),
        };
        let balancer = Self {
            spec,
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

    fn continue_turns(&self, old: &Self) {
        match (&self.engine, &old.engine) {
            (Engine::RoundRobin(new), Engine::RoundRobin(old)) => {
                let turns = lock(old).clone();
                *lock(new) = turns;
            }
            (Engine::Map(new), Engine::Map(old)) => new.set_turn(old.turn()),
            (Engine::Ring(new), Engine::Ring(old)) => {
                for (new, old) in new.iter().zip(old) {
                    new.set_last(old.last());
                }
            }
            _ => {}
        }
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

    fn load_changed(&self, at: usize) {
        let server = &self.servers[at];
        let group = usize::from(server.spec.backup);
        match &self.engine {
            Engine::LeastConn(groups) => lock(groups)[group].touch(at, server),
            Engine::First(groups) => lock(groups)[group].touch(at, server),
            Engine::RoundRobin(_) | Engine::Map(_) | Engine::Ring(_) => {}
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
            control.farm.note(at, server.spec.backup, after > 0);
            self.serving.store(control.farm.serving());
        }
        if let Engine::Map(map) = &self.engine {
            map.changed();
        }
        self.recount();
    }

    /// Chooses a server. The streams that it serves change only by [`Balancer::take`].
    ///
    /// # Errors
    /// [`NoServer`] when no server takes new streams, or all that do are full.
    pub fn pick<T: Trace>(&self, input: &PickInput<'_>, trace: &mut T) -> Result<Pick, NoServer> {
        let serving = self.serving.load();
        if T::ENABLED {
            self.tell_who_serves(serving, trace);
        }
        let chosen = match (serving, &self.engine) {
            (Serving::Nobody, _) => Err(NoServer::NoneUsable),
            (_, Engine::Map(map)) if self.spec.algorithm == Algorithm::StaticRr => {
                map.in_turn(&self.servers, serving, input.exclude, trace).ok_or(NoServer::AllFull)
            }
            // Quirk: a hash that leads to one server only is not computed, and counts as 0.
            (Serving::Only(_), Engine::Map(map)) => {
                map.by_hash(&self.servers, serving, 0, trace).ok_or(NoServer::NoneUsable)
            }
            // Quirk: a lone backup is taken even when it is full; its own queue holds the stream.
            (Serving::Only(server), _) => Ok(server),
            (_, Engine::Map(map)) => self.pick_by_map(map, serving, input, trace),
            (Serving::Active, engine) => self.pick_in(engine, 0, input, trace),
            (Serving::Backups, engine) => self.pick_in(engine, 1, input, trace),
        };
        if T::ENABLED
            && let Ok(server) = chosen
        {
            trace.step(Step::Chosen { server });
        }
        chosen.map(|server| Pick { server })
    }

    fn pick_by_map<T: Trace>(
        &self,
        map: &Map,
        serving: Serving,
        input: &PickInput<'_>,
        trace: &mut T,
    ) -> Result<usize, NoServer> {
        match self.hash_of(input, trace) {
            Some(hash) => {
                map.by_hash(&self.servers, serving, hash, trace).ok_or(NoServer::NoneUsable)
            }
            None => {
                map.in_turn(&self.servers, serving, input.exclude, trace).ok_or(NoServer::AllFull)
            }
        }
    }

    fn pick_in<T: Trace>(
        &self,
        engine: &Engine,
        group: usize,
        input: &PickInput<'_>,
        trace: &mut T,
    ) -> Result<usize, NoServer> {
        let chosen = match engine {
            Engine::RoundRobin(groups) => {
                lock(groups)[group].pick(&self.servers, input.exclude, trace)
            }
            Engine::LeastConn(groups) => {
                let order = lock(groups);
                if T::ENABLED {
                    self.tell_full(order[group].full(), trace);
                }
                let chosen = avoid(order[group].heads(), input.exclude, trace);
                if T::ENABLED
                    && let Some(server) = chosen
                {
                    let load = self.servers[server].load.inflight();
                    trace.step(Step::Least { server, load });
                }
                chosen
            }
            Engine::First(groups) => {
                let order = lock(groups);
                let heads = order[group].heads();
                if T::ENABLED {
                    let all = order[group].order().iter().copied();
                    let before = all.take_while(|at| Some(*at) != heads.0);
                    let full = before.filter(|at| self.counts_in(*at, group));
                    self.tell_full(full, trace);
                }
                avoid(heads, input.exclude, trace)
            }
            Engine::Map(_) => None,
            Engine::Ring(rings) => {
                return self.pick_on_ring(&rings[group], input, trace);
            }
        };
        chosen.ok_or(NoServer::AllFull)
    }

    fn pick_on_ring<T: Trace>(
        &self,
        ring: &Ring,
        input: &PickInput<'_>,
        trace: &mut T,
    ) -> Result<usize, NoServer> {
        let exclude = input.exclude;
        if let Algorithm::Random { draws } = self.spec.algorithm {
            let draws = input.draws.get(..draws.max(1) as usize).unwrap_or(input.draws);
            if !draws.is_empty() {
                return self.random(ring, draws, exclude, trace);
            }
        } else if let Some(hash) = self.hash_of(input, trace) {
            return self.ring_by_hash(ring, hash, exclude, trace).ok_or(NoServer::NoneUsable);
        }
        self.ring_in_turn(ring, exclude, trace).ok_or(NoServer::AllFull)
    }

    fn hash_of<T: Trace>(&self, input: &PickInput<'_>, trace: &mut T) -> Option<u32> {
        if self.spec.algorithm != Algorithm::Hash {
            return None;
        }
        let hash = input.key.map(|key| hash(self.spec.hash_type, key));
        if T::ENABLED {
            trace.step(hash.map_or(Step::NoKey, Step::Hash));
        }
        hash
    }

    fn tell_full<T: Trace>(&self, full: impl Iterator<Item = usize>, trace: &mut T) {
        for at in full {
            passed(trace, at, || self.servers[at].fullness());
        }
    }

    fn counts_in(&self, at: usize, group: usize) -> bool {
        let server = &self.servers[at];
        usize::from(server.spec.backup) == group && server.usable_weight() > 0
    }

    fn tell_who_serves<T: Trace>(&self, serving: Serving, trace: &mut T) {
        for (at, server) in self.servers.iter().enumerate() {
            let why = match serving {
                _ if server.state() != State::Up => WhyNot::State(server.state()),
                _ if self.engine.usable(server) == 0 => WhyNot::NoWeight,
                Serving::Active if server.spec.backup => WhyNot::BackupNotNeeded,
                Serving::Only(only) if at == only => continue,
                Serving::Only(only) if !self.servers[only].spec.backup => WhyNot::BackupNotNeeded,
                Serving::Only(_) => WhyNot::LaterBackup,
                _ => continue,
            };
            trace.step(Step::Passed { server: at, why });
        }
        match serving {
            Serving::Only(only) if self.servers[only].spec.backup => {
                trace.step(Step::Backups { count: 1 });
            }
            Serving::Backups => {
                trace.step(Step::Backups { count: self.control().farm.usable_backups() });
            }
            Serving::Nobody | Serving::Active | Serving::Only(_) => {}
        }
    }

    pub(crate) fn server(&self, at: usize) -> &Server {
        &self.servers[at]
    }

    pub(crate) fn served(&self, at: usize) -> u32 {
        self.servers[at].load.served()
    }

    /// How many streams `hash-balance-factor` lets a server serve; `None` without the directive.
    ///
    /// The backend may hold `factor` per cent of its streams, the coming one included, rounded up.
    /// Each unit of weight gets the same whole number of them, and what remains is dealt out in
    /// file order so that the parts add up.
    pub(crate) fn share(&self, at: usize) -> Option<u32> {
        let factor = u64::from(self.spec.balance_factor);
        let total = u64::from(self.shares.total.load(Relaxed));
        if factor == 0 || total == 0 {
            return None;
        }
        let slots = ((u64::from(self.served.load(Relaxed)) + 1) * factor).div_ceil(100);
        let (whole, rest) = (slots / total, slots % total);
        let weight = u64::from(self.servers[at].weight());
        let before = u64::from(self.shares.before[at].load(Relaxed));
        let dealt = (before + weight) * rest / total - before * rest / total;
        Some(u32::try_from(weight * whole + dealt).unwrap_or(u32::MAX).max(1))
    }

    fn recount(&self) {
        if self.spec.balance_factor == 0 {
            return;
        }
        let mut totals = [0, 0];
        for (server, before) in self.servers.iter().zip(&self.shares.before) {
            let total = &mut totals[usize::from(server.spec.backup)];
            before.store(*total, Relaxed);
            *total += server.usable_weight();
        }
        let total = if totals[0] > 0 { totals[0] } else { totals[1] };
        self.shares.total.store(total, Relaxed);
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        lock(&self.control)
    }
}

impl Engine {
    fn new(spec: &Spec, servers: &[Server], control: &mut Control) -> Self {
        let weights = |backup: bool| -> Vec<u32> {
            let weight = |s: &Server| if s.spec.backup == backup { s.usable_weight() } else { 0 };
            servers.iter().map(weight).collect()
        };
        let consistent = spec.hash_type.method == HashMethod::Consistent;
        match spec.algorithm {
            Algorithm::RoundRobin => {
                let group = |backup| RoundRobin::new(&weights(backup));
                Self::RoundRobin(Mutex::new([group(false), group(true)]))
            }
            Algorithm::LeastConn => {
                let mut groups = [LeastConn::new(servers.len()), LeastConn::new(servers.len())];
                for (at, server) in servers.iter().enumerate() {
                    groups[usize::from(server.spec.backup)].touch(at, server);
                }
                Self::LeastConn(Mutex::new(groups))
            }
            Algorithm::First => {
                let mut groups = [First::new(servers), First::new(servers)];
                for (at, server) in servers.iter().enumerate() {
                    groups[usize::from(server.spec.backup)].touch(at, server);
                }
                Self::First(Mutex::new(groups))
            }
            Algorithm::Hash if !consistent => Self::Map(Map::new(servers)),
            Algorithm::StaticRr => Self::Map(Map::new(servers)),
            Algorithm::Hash | Algorithm::Random { .. } => {
                let [active, backups] =
                    [false, true].map(|backup| Ring::new(servers, |s| s.spec.backup == backup));
                control.upkeep = [active.1, backups.1];
                Self::Ring([active.0, backups.0])
            }
        }
    }

    /// The weight with which a server takes part under this algorithm.
    fn usable(&self, server: &Server) -> u32 {
        match self {
            // Static: a weight other than 0 is always the one at start, which may be 0.
            Self::Map(_) if server.usable_weight() > 0 => server.spec.weight,
            _ => server.usable_weight(),
        }
    }

    fn set(&self, servers: &[Server], at: usize, weight: u32, control: &mut Control) {
        let group = usize::from(servers[at].spec.backup);
        match self {
            Self::RoundRobin(groups) => lock(groups)[group].set(at, weight),
            Self::LeastConn(groups) => lock(groups)[group].requeue(at, &servers[at]),
            Self::First(groups) => lock(groups)[group].touch(at, &servers[at]),
            Self::Map(_) => {}
            Self::Ring(rings) => {
                rings[group].set(servers, at, weight, &mut control.upkeep[group]);
            }
        }
    }
}

/// The first of two servers, unless it is to be avoided and there is a second.
fn avoid<T: Trace>(
    heads: (Option<usize>, Option<usize>),
    exclude: Option<usize>,
    trace: &mut T,
) -> Option<usize> {
    let (first, second) = heads;
    match (first.filter(|first| exclude == Some(*first)), second) {
        (Some(first), Some(second)) => {
            passed(trace, first, || WhyNot::Excluded);
            Some(second)
        }
        (Some(first), None) => {
            if T::ENABLED {
                trace.step(Step::ExcludedAnyway);
            }
            Some(first)
        }
        (None, _) => first,
    }
}

/// No code panics under these locks; if one did, the order is still sound enough to serve.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
