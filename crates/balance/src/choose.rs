//! One pick: who serves, which order is asked, and what a trace hears of it.

use crate::balancer::{Balancer, lock};
use crate::engine::Engine;
use crate::farm::Serving;
use crate::hash::hash;
use crate::lottery::Lottery;
use crate::map::Map;
use crate::pick::{NoServer, Pick, PickInput, Step, Trace, WhyNot, passed};
use crate::ring::Ring;
use crate::spec::{Algorithm, State};

impl Balancer {
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
            Engine::Sticky(groups) => lock(groups)[group].first(),
            Engine::Map(_) => None,
            Engine::Ring(rings) => {
                return self.pick_on_ring(&rings[group], input, trace);
            }
            Engine::Random(lotteries) => {
                return self.pick_by_draws(&lotteries[group], input, trace);
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
        match self.hash_of(input, trace) {
            Some(hash) => {
                self.ring_by_hash(ring, hash, input.exclude, trace).ok_or(NoServer::NoneUsable)
            }
            None => self.ring_in_turn(ring, input.exclude, trace).ok_or(NoServer::AllFull),
        }
    }

    fn pick_by_draws<T: Trace>(
        &self,
        lottery: &Lottery,
        input: &PickInput<'_>,
        trace: &mut T,
    ) -> Result<usize, NoServer> {
        let draws = input.draws.get(..self.draws()).unwrap_or(input.draws);
        self.random(lottery, if draws.is_empty() { &[0] } else { draws }, input.exclude, trace)
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
        usize::from(server.backup) == group && server.usable_weight() > 0
    }

    fn tell_who_serves<T: Trace>(&self, serving: Serving, trace: &mut T) {
        for (at, server) in self.servers.iter().enumerate() {
            let why = match serving {
                _ if server.state() != State::Up => WhyNot::State(server.state()),
                _ if self.engine.usable(server) == 0 => WhyNot::NoWeight,
                Serving::Active if server.backup => WhyNot::BackupNotNeeded,
                Serving::Only(only) if at == only => continue,
                Serving::Only(only) if !self.servers[only].backup => WhyNot::BackupNotNeeded,
                Serving::Only(_) => WhyNot::LaterBackup,
                _ => continue,
            };
            trace.step(Step::Passed { server: at, why });
        }
        match serving {
            Serving::Only(only) if self.servers[only].backup => {
                trace.step(Step::Backups { count: 1 });
            }
            Serving::Backups => {
                trace.step(Step::Backups { count: self.control().farm.usable_backups() });
            }
            Serving::Nobody | Serving::Active | Serving::Only(_) => {}
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
