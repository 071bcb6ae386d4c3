//! What the statistics and the balancer read of a [`Health`].

use std::borrow::Cow;

use crate::{AdminState, CheckResult, CheckStatus, Health, Operational};

impl Health {
    /// Whether the server may be given a stream at all: not DOWN and not in maintenance. A
    /// draining server may, for a persistent client.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.operational != Operational::Stopped && !self.admin.is_maint()
    }

    /// Whether the balancer may choose it: serving, not draining, not stopping. The weight, which
    /// is not kept here, has its say too.
    #[must_use]
    pub fn takes_new(&self) -> bool {
        self.serves() && self.operational != Operational::Stopping && !self.admin.is_drain()
    }

    /// What it does (`srv_op_state`).
    #[must_use]
    pub fn operational(&self) -> Operational {
        self.operational
    }

    /// What is demanded of it (`srv_admin_state`).
    #[must_use]
    pub fn admin(&self) -> AdminState {
        self.admin
    }

    /// Whether its checks are to run now.
    #[must_use]
    pub fn wants_checks(&self) -> bool {
        self.checked && !self.paused && !self.admin.is_maint()
    }

    /// Whether checks are configured.
    #[must_use]
    pub fn is_checked(&self) -> bool {
        self.checked
    }

    /// The counter, `check_health` of the statistics.
    #[must_use]
    pub fn counter(&self) -> u32 {
        self.counter
    }

    /// `rise`, as `check_rise`.
    #[must_use]
    pub fn rise(&self) -> u32 {
        self.rise
    }

    /// `fall`, as `check_fall`.
    #[must_use]
    pub fn fall(&self) -> u32 {
        self.fall
    }

    /// The last result since the start or the last maintenance.
    #[must_use]
    pub fn last(&self) -> Option<&CheckResult> {
        self.last.as_ref()
    }

    /// The status of that result, `INI` before the first.
    #[must_use]
    pub fn check_status(&self) -> CheckStatus {
        self.last.as_ref().map_or(CheckStatus::Initializing, |last| last.status)
    }

    /// `chkfail`: failed checks while UP.
    #[must_use]
    pub fn failed_checks(&self) -> u64 {
        self.failed_checks
    }

    /// `chkdown`: times it went DOWN, maintenance included.
    #[must_use]
    pub fn down_transitions(&self) -> u64 {
        self.down_transitions
    }

    /// UP with nothing left to prove.
    #[must_use]
    pub fn is_settled_up(&self) -> bool {
        self.counter >= self.top()
    }

    /// DOWN without a passed check since.
    #[must_use]
    pub fn is_settled_down(&self) -> bool {
        self.counter == 0
    }

    /// How far the counter is on its way: `(2, 3)` of `2/3 UP`, `(1, 2)` of `1/2 DOWN`.
    #[must_use]
    pub fn progress(&self) -> (u32, u32) {
        if self.counter_is_up() {
            (self.counter - self.rise + 1, self.fall)
        } else {
            (self.counter, self.rise)
        }
    }

    /// The `status` column of the statistics.
    #[must_use]
    pub fn status(&self) -> Cow<'static, str> {
        let (step, steps) = self.progress();
        let word = self.status_word();
        let partial = self.checked
            && !self.admin.is_maint()
            && !self.is_settled_up()
            && !self.is_settled_down();
        if partial { format!("{word} {step}/{steps}").into() } else { word.into() }
    }

    fn status_word(&self) -> &'static str {
        if self.admin.has(AdminState::RESOLVER_MAINT) {
            return "MAINT (resolution)";
        }
        if self.admin.is_maint() {
            return "MAINT";
        }
        match self.operational {
            Operational::Stopped if self.is_down_by_agent() => "DOWN (agent)",
            Operational::Stopped => "DOWN",
            _ if self.admin.is_drain() && self.agent_up.is_some() => "DRAIN (agent)",
            _ if self.admin.is_drain() => "DRAIN",
            Operational::Stopping => "NOLB",
            _ if self.checked => "UP",
            _ => "no check",
        }
    }

    /// `srv_check_state`: 2 checks are configured, 4 they are wanted, 8 they rest, 1 one is
    /// running.
    #[must_use]
    pub fn check_state_bits(&self, in_progress: bool) -> u8 {
        if !self.checked {
            return 0;
        }
        let configured = 0x02;
        let enabled = if self.paused { 0 } else { 0x04 };
        let resting = if self.admin.is_maint() { 0x08 } else { 0 };
        configured | enabled | resting | u8::from(in_progress)
    }
}
