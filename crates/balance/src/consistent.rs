//! The picks on the consistent ring: by hash, with bounded load, and in turn.

use crate::balancer::Balancer;
use crate::pick::{Step, Trace, WhyNot, passed};
use crate::ring::Ring;
use crate::shares::Quota;
use crate::spec::Affinity;

impl Balancer {
    /// The nearest server on the ring that is neither excluded nor over its share of the load.
    pub(crate) fn ring_by_hash<T: Trace>(
        &self,
        ring: &Ring,
        hash: u32,
        exclude: Option<usize>,
        trace: &mut T,
    ) -> Option<usize> {
        let mut told = false;
        let mut turned_down = None;
        let quota = self.quota();
        let found = ring.nearest(hash, |point| {
            if T::ENABLED && !told {
                told = true;
                trace.step(Step::Point { position: point.position, server: point.server });
            }
            // A server has many points; it is asked once in a row.
            if turned_down == Some(point.server) {
                return None;
            }
            if self.turns_down((point.server, ring.weight(point.server)), exclude, quota, trace) {
                turned_down = Some(point.server);
                return None;
            }
            Some(point.server)
        });
        // All were turned down: only the excluded one is left, or the loads changed meanwhile.
        if T::ENABLED && found.is_none() && turned_down.is_some() {
            trace.step(Step::ExcludedAnyway);
        }
        found.or(turned_down)
    }

    /// Whether a server, by its usable weight, is to be passed over while another will do.
    pub(crate) fn turns_down<T: Trace>(
        &self,
        (server, weight): (usize, u32),
        exclude: Option<usize>,
        quota: Option<Quota>,
        trace: &mut T,
    ) -> bool {
        if exclude == Some(server) {
            passed(trace, server, || WhyNot::Excluded);
        } else if self.is_left_for_another(server) {
            passed(trace, server, || self.server(server).fullness());
        } else if let Some(quota) = quota
            && self.has_its_share(quota, server, weight)
        {
            passed(trace, server, || {
                let share = self.share(quota, server, weight);
                WhyNot::Overloaded { served: self.served(server), share }
            });
        } else {
            return false;
        }
        true
    }

    /// `hash-preserve-affinity` passes over a server in this state.
    fn is_left_for_another(&self, server: usize) -> bool {
        match self.spec.affinity {
            Affinity::Always => false,
            Affinity::MaxConn => self.server(server).is_full(),
            Affinity::MaxQueue => self.server(server).has_full_queue(),
        }
    }

    /// The next point on the ring whose server has room; the excluded one only if no other has.
    pub(crate) fn ring_in_turn<T: Trace>(
        &self,
        ring: &Ring,
        exclude: Option<usize>,
        trace: &mut T,
    ) -> Option<usize> {
        let mut avoided = None;
        let found = ring.in_turn(|point| {
            let server = self.server(point.server);
            if server.is_full() {
                passed(trace, point.server, || server.fullness());
                None
            } else if exclude == Some(point.server) {
                passed(trace, point.server, || WhyNot::Excluded);
                avoided = exclude;
                None
            } else {
                Some(point.server)
            }
        });
        found.or(avoided)
    }
}
