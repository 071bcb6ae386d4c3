//! What the resolution of a server's name does to it (manual 5.3).

use super::{Health, Operational};
use crate::AdminState;
use crate::transition::{Change, Transition};

impl Health {
    /// Its name has no address any more, for this reason.
    pub fn lose_name(&mut self, why: &str) -> Option<Transition> {
        let before = self.state();
        self.admin = self.admin.with(AdminState::RESOLVER_MAINT);
        if before.admin.is_maint() {
            return None;
        }
        if self.operational != Operational::Stopped {
            self.stop();
        }
        self.counter = 0;
        Some(self.transition(before, Change::LosesName(why.to_owned())))
    }

    /// Its name, `host`, has an address again. `None` when it had one before.
    pub fn find_name(&mut self, host: &str) -> Option<Transition> {
        let before = self.state();
        if !before.admin.has(AdminState::RESOLVER_MAINT) {
            return None;
        }
        self.admin = self.admin.without(AdminState::RESOLVER_MAINT);
        let stays = self.admin.is_maint();
        if !stays {
            self.counter = self.counter.max(self.rise);
            self.start();
        }
        Some(self.transition(before, Change::FindsName { host: host.to_owned(), stays }))
    }
}

#[cfg(test)]
mod tests {
    use crate::{AdminOrder, CheckSettings, Health};

    #[test]
    fn a_server_comes_and_goes_with_its_name() {
        let mut health = Health::checked(&CheckSettings::default()).unresolved();
        assert_eq!(health.status(), "MAINT (resolution)");
        assert!(health.find_name("a.test").is_some_and(|change| change.marks_up()));
        assert!(health.find_name("a.test").is_none(), "it has its name");
        assert_eq!(health.status(), "UP 1/3");
        assert!(health.lose_name("DNS NX status").is_some_and(|change| change.marks_down()));
        assert!(health.lose_name("DNS NX status").is_none(), "it has lost it");
        assert!(health.order(AdminOrder::Maint).is_none(), "it is in maintenance already");
        assert!(health.find_name("a.test").is_some_and(|change| !change.marks_up()));
        assert_eq!(health.status(), "MAINT");
    }
}
