//! What a file of server states tells of a server (management, `show servers state`).

use super::{Health, Operational};
use crate::{AdminState, CheckResult, CheckStatus};

/// The columns that say how a server was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// `srv_op_state`.
    pub operational: u8,
    /// `srv_admin_state`.
    pub admin: u8,
    /// `srv_check_status`.
    pub check: u8,
}

/// Bits of `srv_admin_state`.
const FORCED_MAINT: u8 = 0x01;
const FORCED_DRAIN: u8 = 0x08;

impl Health {
    /// Takes over a saved state. What the configuration says of maintenance stays.
    pub fn restore(&mut self, saved: Saved) {
        if saved.admin & FORCED_MAINT != 0 {
            self.admin = self.admin.with(AdminState::FORCED_MAINT);
        }
        if saved.admin & FORCED_DRAIN != 0 {
            self.admin = self.admin.with(AdminState::FORCED_DRAIN);
        }
        let operational = match saved.operational {
            _ if self.admin.is_maint() => Operational::Stopped,
            0 => Operational::Stopped,
            3 => Operational::Stopping,
            _ => Operational::Running,
        };
        self.counter = match operational {
            Operational::Stopped => 0,
            Operational::Stopping => self.rise,
            Operational::Starting | Operational::Running => self.top(),
        };
        self.operational = operational;
        let status = CheckStatus::all().find(|status| status.number() == saved.check);
        if let Some(status) = status.filter(|status| self.checked && status.is_result()) {
            self.last = Some(CheckResult::new(status));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CheckSettings;

    #[test]
    fn a_saved_state_is_taken_over_but_for_the_maintenance_of_the_configuration() {
        let checked = || Health::checked(&CheckSettings::default());
        let after = |mut health: Health, operational, admin| {
            health.restore(Saved { operational, admin, check: 8 });
            format!("{} {}", health.status(), health.counter())
        };
        assert_eq!(after(checked(), 2, 0), "UP 4");
        assert_eq!(after(checked(), 0, 0), "DOWN 0");
        assert_eq!(after(checked(), 3, 0), "NOLB 1/3 2");
        assert_eq!(after(checked(), 2, 8), "DRAIN 4");
        assert_eq!(after(checked(), 0, 1), "MAINT 0");
        assert_eq!(after(Health::unchecked(), 0, 0), "DOWN 0");
        assert_eq!(after(Health::unchecked().disabled(), 2, 0), "MAINT 0");
    }
}
