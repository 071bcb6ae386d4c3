//! The pick of `random`: servers are drawn by weight, and of those the one with the least to do is taken.

use crate::balancer::Balancer;
use crate::lottery::Lottery;
use crate::pick::{NoServer, Step, Trace, WhyNot, passed};
use crate::shares::Quota;

impl Balancer {
    /// The server with the least load for its weight of those that the draws lead to.
    ///
    /// Fullness is looked at last, as HAProxy does: a full winner sends the stream to the queue of
    /// the backend although another server may have room.
    pub(crate) fn random<T: Trace>(
        &self,
        lottery: &Lottery,
        draws: &[u32],
        exclude: Option<usize>,
        trace: &mut T,
    ) -> Result<usize, NoServer> {
        let quota = self.quota();
        let mut best: Option<usize> = None;
        for draw in draws {
            if T::ENABLED {
                trace.step(Step::Hash(*draw));
            }
            let Some(drawn) = self.drawn((lottery, *draw), exclude, quota, trace) else { break };
            let winner = match best.filter(|best| *best != drawn) {
                Some(best) if self.busier(lottery, drawn, best) => best,
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

    /// The server that a draw leads to, or the next in the list that is neither excluded nor over its share.
    fn drawn<T: Trace>(
        &self,
        (lottery, draw): (&Lottery, u32),
        exclude: Option<usize>,
        quota: Option<Quota>,
        trace: &mut T,
    ) -> Option<usize> {
        let mut turned_down = None;
        for server in lottery.from(draw) {
            if T::ENABLED && turned_down.is_none() {
                trace.step(Step::Drawn { server });
            }
            if !self.turns_down((server, lottery.weight(server)), exclude, quota, trace) {
                return Some(server);
            }
            turned_down = Some(server);
        }
        if T::ENABLED && turned_down.is_some() {
            trace.step(Step::ExcludedAnyway);
        }
        turned_down
    }

    /// Serves `a` more than `b` for its weight? At equal load the later draw wins.
    fn busier(&self, lottery: &Lottery, a: usize, b: usize) -> bool {
        let load = |server: usize, other: usize| {
            u64::from(self.served(server)) * u64::from(lottery.weight(other))
        };
        load(a, b) > load(b, a)
    }
}
