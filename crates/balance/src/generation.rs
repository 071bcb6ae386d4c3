//! Reload: a new balancer takes over what the old one knew.

use std::collections::HashMap;
use std::sync::Arc;

use crate::balancer::{Balancer, lock};
use crate::engine::Engine;
use crate::server::{LoadRef, Server};
use crate::spec::{ServerSpec, Spec};
use crate::weight::EffectiveWeight;

/// The balancer that a reload put in our place.
#[derive(Debug)]
pub(crate) struct Successor {
    pub(crate) balancer: Arc<Balancer>,
    /// Where each of our servers is there.
    pub(crate) places: Vec<Option<usize>>,
}

impl Balancer {
    /// A balancer for a new generation of the configuration.
    ///
    /// Servers that `old` knows by name share their [`Load`](crate::Load) with it; they keep the limits, and
    /// where the `server` line did not change also state and weight. With the same algorithm and
    /// the same list also the turn goes on where it was. After [`Balancer::hand_over`] streams
    /// that end on `old` are counted here too.
    #[must_use]
    pub fn inherit(spec: Spec, servers: Vec<ServerSpec>, old: &Self) -> Self {
        let _no_change_meanwhile = old.control();
        let places: HashMap<&str, &Server> =
            old.servers.iter().map(|server| (server.spec.name.as_str(), server)).collect();
        let is_fresh = |spec: &&ServerSpec| !places.contains_key(spec.name.as_str());
        let mut loads = LoadRef::row(servers.iter().filter(is_fresh).count());
        let adopt = |spec: ServerSpec| {
            let Some(known) = places.get(spec.name.as_str()) else {
                return Server::new(spec, loads.next().expect("a load for each fresh server"));
            };
            let unchanged = known.spec.weight == spec.weight && known.spec.state == spec.state;
            let server = Server::new(spec, known.load.clone());
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
        let there = new.servers.iter().enumerate();
        let there: HashMap<usize, usize> =
            there.map(|(at, server)| (server.load.address(), at)).collect();
        let place = |server: &Server| there.get(&server.load.address()).copied();
        let places: Vec<Option<usize>> = self.servers.iter().map(place).collect();
        let followed: Vec<usize> = places.iter().copied().flatten().collect();
        if self.successor.set(Successor { balancer: Arc::clone(new), places }).is_ok() {
            // Streams may have ended between `inherit` and now.
            for server in followed {
                new.load_changed(server);
            }
        }
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
}
