//! What operators order through the runtime socket: states, weights, cleared counters.

use balance::{Algorithm, EffectiveWeight, HashMethod};
use health::{AdminOrder, HealthOrder, Transition};

use super::{Backend, FrontendState};

impl Backend {
    /// `set server b/s state`, `enable server`, `disable server`.
    pub fn order(&self, server: u32, order: AdminOrder) {
        self.change(server, |health| health.order(order));
    }

    /// `set server b/s health`.
    pub fn order_health(&self, server: u32, order: HealthOrder) {
        self.change(server, |health| health.order_health(order));
    }

    fn change(&self, server: u32, change: impl FnOnce(&mut health::Health) -> Option<Transition>) {
        let Some(known) = self.server(server) else { return };
        // The lock must be free again before the change is acted upon.
        let transition = change(&mut known.state.health());
        if let Some(transition) = transition {
            self.state_changed(server, &transition);
        }
        known.state.check_now.notify_one();
    }

    /// `set server b/s weight`; `false` when the algorithm's weights cannot change while it runs.
    pub fn set_weight(&self, server: u32, weight: u32) -> bool {
        let Some(known) = self.server(server) else { return false };
        let same = weight == known.state.weight();
        // A static algorithm only knows whether a server takes part: any other weight is refused.
        if self.is_static() && !same && weight != 0 {
            return false;
        }
        known.state.store_weight(weight);
        self.balancer.set_weight(server as usize, EffectiveWeight::full(weight));
        true
    }

    /// Whether the algorithm takes weights only at the start (manual 4.2, `static-rr`, `map-based`).
    fn is_static(&self) -> bool {
        let spec = self.balancer.spec();
        let mapped = spec.hash_type.method == HashMethod::MapBased;
        spec.algorithm == Algorithm::StaticRr || (spec.algorithm == Algorithm::Hash && mapped)
    }

    /// `clear counters`: maxima, and with `all` everything that is not a state.
    pub fn clear(&self, all: bool) {
        self.state.streams.clear_max();
        self.state.queued.clear_max();
        for server in &self.servers {
            server.state.streams.clear_max();
            server.state.queued.clear_max();
            if all {
                server.state.counters.clear();
                server.state.health().clear_counters();
            }
        }
        if all {
            self.state.counters.clear();
        }
    }
}

impl FrontendState {
    /// `clear counters`: maxima, and with `all` everything that is not a state.
    pub fn clear(&self, all: bool) {
        self.connections.clear_max();
        if all {
            self.counters.clear();
        }
    }
}
