//! `track`: a server that has the state of another.

use super::{Health, Operational};
use crate::AdminState;
use crate::transition::{Cause, Change, Transition};

impl Health {
    /// Takes over the state of the server that it tracks, whose name is `via`. Its own orders stay in force.
    pub fn follow(&mut self, leader: &Health, via: &str) -> Option<Transition> {
        let transition = self.take_over(leader)?;
        Some(Transition { via: Some(via.to_owned()), ..transition })
    }

    fn take_over(&mut self, leader: &Health) -> Option<Transition> {
        let before = self.state();
        self.counter = if leader.counter_is_up() { self.top() } else { 0 };
        let inherited = |on: bool, admin: AdminState, flag| {
            if on { admin.with(flag) } else { admin.without(flag) }
        };
        let admin = inherited(leader.admin.is_maint(), self.admin, AdminState::INHERITED_MAINT);
        self.admin = inherited(leader.admin.is_drain(), admin, AdminState::INHERITED_DRAIN);
        match (before.admin.is_maint(), self.admin.is_maint()) {
            (true, true) => return None,
            (false, true) => {
                if self.operational != Operational::Stopped {
                    self.stop();
                }
                return Some(self.transition(before, Change::EntersMaintenance));
            }
            (true, false) => {
                self.operational = leader.operational;
                let draining = self.admin.is_drain();
                return Some(self.transition(before, Change::LeavesMaintenance { draining }));
            }
            (false, false) => {}
        }
        match (before.admin.is_drain(), self.admin.is_drain()) {
            (false, true) => return Some(self.transition(before, Change::EntersDrain)),
            (true, false) => return Some(self.transition(before, Change::LeavesDrain)),
            _ => {}
        }
        self.follow_operation(leader, before)
    }

    fn follow_operation(&mut self, leader: &Health, before: super::State) -> Option<Transition> {
        let serves = |state| state != Operational::Stopped;
        let cause = Cause::Tracked;
        let change = match (before.operational, leader.operational) {
            (own, Operational::Stopped) if serves(own) => {
                self.stop();
                Change::Down(cause)
            }
            (own, Operational::Stopping) if own != Operational::Stopping => {
                self.operational = Operational::Stopping;
                Change::Stopping(cause)
            }
            (
                Operational::Stopped | Operational::Stopping,
                Operational::Running | Operational::Starting,
            ) => {
                self.start();
                Change::Up(cause)
            }
            _ => return None,
        };
        Some(self.transition(before, change))
    }
}
