//! The picks on the consistent ring: by hash, with bounded load, at random, and in turn.

use crate::balancer::Balancer;
use crate::pick::{NoServer, Step, Trace, WhyNot, passed};
use crate::ring::{Points, Ring};
use crate::shares::Quota;
use crate::spec::Affinity;

impl Balancer {
    /// The nearest server on the ring that is neither excluded nor over its share of the load.
    pub(crate) fn ring_by_hash<T: Trace>(
        &self,
        (ring, points): (&Ring, &Points),
        hash: u32,
        exclude: Option<usize>,
        trace: &mut T,
    ) -> Option<usize> {
        let mut told = false;
        let mut turned_down = None;
        let quota = self.quota();
        let found = ring.nearest(points, hash, |point| {
            if T::ENABLED && !told {
                told = true;
                trace.step(Step::Point { position: point.position, server: point.server });
            }
            // A server has many points; it is asked once in a row.
            if turned_down == Some(point.server) {
                return None;
            }
            if self.turns_down((ring, point.server), exclude, quota, trace) {
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

    fn turns_down<T: Trace>(
        &self,
        (ring, server): (&Ring, usize),
        exclude: Option<usize>,
        quota: Option<Quota>,
        trace: &mut T,
    ) -> bool {
        if exclude == Some(server) {
            passed(trace, server, || WhyNot::Excluded);
        } else if self.is_left_for_another(server) {
            passed(trace, server, || self.server(server).fullness());
        } else if let Some(quota) = quota
            && self.has_its_share(quota, server, ring.weight(server))
        {
            passed(trace, server, || {
                let share = self.share(quota, server, ring.weight(server));
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

    /// The server with the least load for its weight of those that the draws lead to.
    ///
    /// Fullness is looked at last, as HAProxy does: a full winner sends the stream to the queue of
    /// the backend although another server may have room.
    pub(crate) fn random<T: Trace>(
        &self,
        ring: &Ring,
        draws: &[u32],
        exclude: Option<usize>,
        trace: &mut T,
    ) -> Result<usize, NoServer> {
        let mut best: Option<usize> = None;
        let points = ring.points();
        points.approach(draws);
        for draw in draws {
            if T::ENABLED {
                trace.step(Step::Hash(*draw));
            }
            let Some(drawn) = self.ring_by_hash((ring, &points), *draw, exclude, trace) else {
                break;
            };
            let winner = match best.filter(|best| *best != drawn) {
                Some(best) if self.busier(ring, drawn, best) => best,
                _ => drawn,
            };
            if let Some(loser) = best.into_iter().chain([drawn]).find(|server| *server != winner) {
                passed(trace, loser, || WhyNot::Busier);
            }
            best = Some(winner);
        }
        let best = best.ok_or(NoServer::NoneUsable)?;
        let server = self.server(best);
        if server.load.queued() > 0 || server.is_full() {
            passed(trace, best, || server.fullness());
            return Err(NoServer::AllFull);
        }
        Ok(best)
    }

    /// Serves `a` more than `b` for its weight? At equal load the later draw wins.
    fn busier(&self, ring: &Ring, a: usize, b: usize) -> bool {
        let load = |server: usize, other: usize| {
            u64::from(self.served(server)) * u64::from(ring.weight(other))
        };
        load(a, b) > load(b, a)
    }
}
