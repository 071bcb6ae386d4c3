//! What changes a server: check results, operators, slow start. Each change reaches the balancer,
//! the queue and the log.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use balance::{Algorithm, EffectiveWeight, HashMethod, Limits, SlowStart};
use health::{AdminOrder, AgentReply, CheckResult, HealthOrder, Transition};
use tokio::time::Instant;

use super::{Backend, FrontendState};

impl Backend {
    /// Takes the result of a check.
    pub(crate) fn observe(self: &Arc<Self>, server: u32, result: &CheckResult) {
        let Some(known) = self.server(server) else { return };
        let observed = known.state.health().observe(result);
        if let Some(report) = observed.report.filter(|_| self.logs_checks) {
            let line = report.line(self.label(known));
            self.log.send_now(line.level as u8, line.text.as_bytes());
        }
        self.act(server, observed.transition);
    }

    /// `set server b/s state`, `enable server`, `disable server`.
    pub fn order(self: &Arc<Self>, server: u32, order: AdminOrder) {
        let transition = self.server(server).and_then(|known| known.state.health().order(order));
        self.act(server, transition)
    }

    /// `set server b/s health`.
    pub fn order_health(self: &Arc<Self>, server: u32, order: HealthOrder) {
        let transition =
            self.server(server).and_then(|known| known.state.health().order_health(order));
        self.act(server, transition)
    }

    /// Acts on a change; the lock of the server's health is free again by then.
    pub(super) fn act(self: &Arc<Self>, server: u32, transition: Option<Transition>) {
        let Some(transition) = transition else { return };
        if transition.marks_up() {
            self.warm_up(server);
        }
        self.state_changed(server, &transition);
        self.lead(server);
    }

    /// Does what an agent says: orders first, then the weight, then the health.
    /// `set server b/s agent up|down`: as if its agent said so.
    pub fn order_agent(self: &Arc<Self>, server: u32, up: bool) {
        self.obey_agent(server, if up { "up" } else { "down" }, Duration::ZERO);
    }

    /// Does what an agent says.
    pub(crate) fn obey_agent(self: &Arc<Self>, server: u32, reply: &str, took: Duration) {
        let Some(known) = self.server(server) else { return };
        let reply = AgentReply::read(reply);
        if let Some(order) = reply.order {
            self.order(server, order);
        }
        if let Some(percent) = reply.weight_percent {
            let share = u64::from(known.initial_weight) * u64::from(percent) / 100;
            self.set_weight(server, u32::try_from(share).unwrap_or(256).min(256));
        }
        if let Some(maxconn) = reply.maxconn {
            self.set_maxconn(server, maxconn);
        }
        let Some(result) = reply.result(took) else { return };
        let observed = known.state.health().observe_agent(&result);
        if let Some(report) = observed.report.filter(|_| self.logs_checks) {
            let line = report.line(self.label(known));
            self.log.send_now(line.level as u8, line.text.as_bytes());
        }
        self.act(server, observed.transition);
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
        let usable = || {
            let (active, backup) = self.balancer.usable();
            active + backup
        };
        let before = usable();
        self.balancer.set_weight(server as usize, EffectiveWeight::full(weight));
        if before > 0 && usable() == 0 {
            self.log_no_server();
        }
        self.slot_freed(server);
        true
    }

    /// `set maxconn server`: how many streams a server may have from now on; 0 is no limit.
    pub fn set_maxconn(&self, server: u32, maxconn: u32) {
        let Some(known) = self.server(server) else { return };
        known.maxconn.store(maxconn, Relaxed);
        let limits = Limits { maxconn: self.maxconn_now(server), maxqueue: known.maxqueue };
        self.balancer.set_limits(server as usize, limits);
        self.slot_freed(server);
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

    /// `slowstart`: weight and `maxconn` of a server that came back grow over its period. Without a
    /// runtime (a test, `lbctl`) it is back at once.
    fn warm_up(self: &Arc<Self>, server: u32) {
        let Some(period) = self.server(server).and_then(|known| known.slowstart) else { return };
        if tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let began = Instant::now();
        self.warm(server, SlowStart { period, elapsed: Duration::ZERO });
        let backend = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                let slow = SlowStart { period, elapsed: began.elapsed() };
                let serves =
                    backend.server(server).is_some_and(|known| known.state.health().serves());
                if !serves {
                    return;
                }
                backend.warm(server, slow);
                if !slow.is_warming() {
                    return;
                }
            }
        });
    }

    fn warm(&self, server: u32, slow: SlowStart) {
        let Some(known) = self.server(server) else { return };
        self.balancer.set_weight(server as usize, slow.weight(known.state.weight()));
        let maxconn = slow.maxconn(known.maxconn());
        self.balancer.set_limits(server as usize, Limits { maxconn, maxqueue: known.maxqueue });
        self.slot_freed(server);
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
