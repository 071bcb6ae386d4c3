//! The state machine of one server: a counter moved by checks, overruled by operators.
//!
//! The counter runs from 0 to `rise + fall - 1` and says UP from `rise` on. A passed check adds
//! one, and jumps to the top on reaching `rise`; a failed one takes one away, and drops to 0 on
//! falling below `rise`. A checked server starts at `rise` exactly: it is UP, and its first failed
//! check takes it down.

mod agent;
mod analysis;
mod follow;
mod resolution;
mod saved;
mod view;

pub use agent::AgentReply;
pub use analysis::OnError;
pub use saved::Saved;

use crate::transition::{Cause, Change, CheckReport, Transition};
use crate::{AdminState, CheckResult, CheckSettings, Outcome};

/// What a server does, numbered as `srv_op_state` (management, `show servers state`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Operational {
    /// DOWN, or in maintenance.
    Stopped = 0,
    /// Coming up with a growing share of the load (`slowstart`).
    Starting = 1,
    /// Fully UP.
    Running = 2,
    /// UP for persistent streams only.
    Stopping = 3,
}

/// `set server b/s state ...`, `enable server`, `disable server`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AdminOrder {
    /// `state ready`: leave maintenance and drain.
    Ready,
    /// `state drain`: leave maintenance, take no new streams.
    Drain,
    /// `state maint` and `disable server`: take nothing, stop the checks.
    Maint,
    /// `enable server`: leave maintenance, keep a drain.
    Enable,
}

/// `set server b/s health ...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HealthOrder {
    /// As if the last check that was needed had passed.
    Up,
    /// As if the server had asked for no new streams.
    Stopping,
    /// As if the last check that was needed had failed.
    Down,
}

/// What one check result did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// Something to log under `option log-health-checks`.
    pub report: Option<CheckReport>,
    /// The server changed its state.
    pub transition: Option<Transition>,
}

/// The part of [`Health`] that a transition compares.
#[derive(Clone, Copy)]
struct State {
    operational: Operational,
    admin: AdminState,
}

/// The health of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    rise: u32,
    fall: u32,
    /// Whether checks are configured (`check` on the server line).
    checked: bool,
    /// Whether they are paused (`disable health`).
    paused: bool,
    /// Whether it comes up gradually (`slowstart`).
    slow_start: bool,
    counter: u32,
    operational: Operational,
    admin: AdminState,
    last: Option<CheckResult>,
    /// Whether its agent takes it for UP; `None` without `agent-check`.
    agent_up: Option<bool>,
    failed_checks: u64,
    down_transitions: u64,
}

impl Health {
    /// A server with `check`: UP, one failed check away from DOWN.
    #[must_use]
    pub fn checked(settings: &CheckSettings) -> Self {
        Self {
            rise: settings.rise.max(1),
            fall: settings.fall.max(1),
            checked: true,
            paused: false,
            slow_start: false,
            counter: settings.rise.max(1),
            operational: Operational::Running,
            admin: AdminState::READY,
            last: None,
            agent_up: None,
            failed_checks: 0,
            down_transitions: 0,
        }
    }

    /// A server without `check`: UP until an operator says otherwise.
    #[must_use]
    pub fn unchecked() -> Self {
        Self { checked: false, ..Self::checked(&CheckSettings::default()) }
    }

    /// The same with the `rise` and `fall` of its line, which statistics show.
    #[must_use]
    pub fn counting(self, settings: &CheckSettings) -> Self {
        Self { checked: self.checked, ..Self::checked(settings) }
    }

    /// The same server marked `disabled` in the configuration: in maintenance from the start.
    #[must_use]
    pub fn disabled(self) -> Self {
        Self {
            counter: 0,
            operational: Operational::Stopped,
            admin: AdminState::disabled(),
            ..self
        }
    }

    /// The same server before its name is resolved: in maintenance until then.
    #[must_use]
    pub fn unresolved(self) -> Self {
        let admin = self.admin.with(AdminState::RESOLVER_MAINT);
        Self { counter: 0, operational: Operational::Stopped, admin, ..self }
    }

    /// The same with `init-state`: where the counter stands before the first check.
    #[must_use]
    pub fn begin_at(self, state: &str) -> Self {
        let (counter, operational) = match state {
            "fully-up" => (self.top(), Operational::Running),
            "down" => (self.rise - 1, Operational::Stopped),
            "fully-down" => (0, Operational::Stopped),
            _ => (self.counter, self.operational),
        };
        Self { counter, operational, ..self }
    }

    /// The same server with `slowstart`: after a time DOWN it is [`Operational::Starting`] until
    /// [`Health::warmed_up`].
    #[must_use]
    pub fn slow_start(self) -> Self {
        Self { slow_start: true, ..self }
    }

    /// The time of `slowstart` is over.
    pub fn warmed_up(&mut self) {
        if self.operational == Operational::Starting {
            self.operational = Operational::Running;
        }
    }

    /// Takes over what an earlier generation knew of the same server, as a reload does: counter,
    /// state, orders and statistics stay, `rise` and `fall` are this configuration's.
    ///
    /// A server that gained or lost its `check` starts anew, but keeps what operators ordered.
    #[must_use]
    pub fn resume(self, earlier: &Self) -> Self {
        if self.checked != earlier.checked {
            let admin = earlier.admin;
            let operational =
                if admin.is_maint() { Operational::Stopped } else { self.operational };
            return Self { admin, operational, ..self };
        }
        let top = self.rise.saturating_add(self.fall) - 1;
        let counter = match (earlier.counter_is_up(), earlier.counter == earlier.top()) {
            (true, true) => top,
            (true, false) => {
                earlier.counter.saturating_sub(earlier.rise).saturating_add(self.rise).min(top)
            }
            (false, _) => earlier.counter.min(self.rise - 1),
        };
        Self {
            rise: self.rise,
            fall: self.fall,
            slow_start: self.slow_start,
            counter,
            agent_up: self.agent_up.map(|up| earlier.agent_up.unwrap_or(up)),
            ..earlier.clone()
        }
    }

    /// Takes the result of a check.
    ///
    /// In maintenance, with paused checks, or without a verdict nothing happens; the last status
    /// is kept all the same unless in maintenance.
    pub fn observe(&mut self, result: &CheckResult) -> Observed {
        if self.admin.is_maint() || self.paused || !result.status.is_result() {
            return Observed::default();
        }
        let status_changed = self.last.as_ref().is_none_or(|last| last.status != result.status);
        let counter_before = self.counter;
        match result.outcome() {
            Outcome::Failed => self.count_failure(),
            Outcome::Passed => self.count_success(),
            // Asking for no load while DOWN is not a step towards UP.
            Outcome::ConditionallyPassed if self.counter_is_up() => self.count_success(),
            Outcome::ConditionallyPassed => {}
            Outcome::Neutral | Outcome::Unknown => {}
        }
        self.last = Some(result.clone());
        let report =
            (status_changed || self.counter != counter_before).then(|| self.report(result));
        let cause = Cause::Check(result.clone());
        let transition = match result.outcome() {
            Outcome::Failed => self.go_down(cause),
            Outcome::Passed => self.go_up(cause),
            Outcome::ConditionallyPassed => self.go_stopping(cause),
            Outcome::Neutral | Outcome::Unknown => None,
        };
        Observed { report, transition }
    }

    /// Obeys `set server b/s state`, `enable server`, `disable server`. `None` when the server
    /// already is in that state.
    pub fn order(&mut self, order: AdminOrder) -> Option<Transition> {
        let before = self.state();
        match order {
            AdminOrder::Maint => self.enter_maintenance(before),
            AdminOrder::Enable => {
                let admin = self.admin.without(AdminState::FORCED_MAINT);
                self.leave_maintenance(before, admin)
            }
            AdminOrder::Ready => {
                let admin = self.admin.without(AdminState::FORCED_MAINT | AdminState::FORCED_DRAIN);
                if before.admin.is_maint() {
                    return self.leave_maintenance(before, admin);
                }
                self.admin = admin;
                let left = before.admin.is_drain() && !admin.is_drain();
                left.then(|| self.transition(before, Change::LeavesDrain))
            }
            AdminOrder::Drain => {
                let admin =
                    self.admin.without(AdminState::FORCED_MAINT).with(AdminState::FORCED_DRAIN);
                if before.admin.is_maint() {
                    return self.leave_maintenance(before, admin);
                }
                self.admin = admin;
                (!before.admin.is_drain()).then(|| self.transition(before, Change::EntersDrain))
            }
        }
    }

    /// Obeys `set server b/s health`. `None` when nothing changes.
    ///
    /// In maintenance only the counter obeys, which shows when the server comes back.
    pub fn order_health(&mut self, order: HealthOrder) -> Option<Transition> {
        self.counter = if order == HealthOrder::Down { 0 } else { self.top() };
        if self.admin.is_maint() {
            return None;
        }
        match order {
            HealthOrder::Up => self.go_up(Cause::Cli),
            HealthOrder::Stopping => self.go_stopping(Cause::Cli),
            HealthOrder::Down => self.go_down(Cause::Cli),
        }
    }

    /// `disable health` and `enable health`.
    pub fn pause_checks(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// `clear counters all`.
    pub fn clear_counters(&mut self) {
        self.failed_checks = 0;
        self.down_transitions = 0;
    }

    fn count_success(&mut self) {
        if self.counter >= self.top() {
            return;
        }
        self.counter += 1;
        if self.counter >= self.rise {
            self.counter = self.top();
        }
    }

    fn count_failure(&mut self) {
        if self.counter_is_up() {
            self.failed_checks = self.failed_checks.saturating_add(1);
        }
        self.counter = if self.counter > self.rise { self.counter - 1 } else { 0 };
    }

    fn go_down(&mut self, cause: Cause) -> Option<Transition> {
        if self.counter_is_up() || self.operational == Operational::Stopped {
            return None;
        }
        let before = self.state();
        self.stop();
        Some(self.transition(before, Change::Down(cause)))
    }

    fn go_up(&mut self, cause: Cause) -> Option<Transition> {
        let runs = matches!(self.operational, Operational::Running | Operational::Starting);
        if !self.counter_is_up() || runs || self.agent_up == Some(false) {
            return None;
        }
        let before = self.state();
        self.start();
        Some(self.transition(before, Change::Up(cause)))
    }

    /// A server that is DOWN stays DOWN: asking for no load is no reason to give it some. Only an
    /// operator can send it from DOWN to stopping.
    fn go_stopping(&mut self, cause: Cause) -> Option<Transition> {
        let was_down = self.operational == Operational::Stopped;
        let obeys = cause == Cause::Cli || !was_down;
        if !self.counter_is_up() || !obeys || self.operational == Operational::Stopping {
            return None;
        }
        let before = self.state();
        self.operational = Operational::Stopping;
        Some(self.transition(before, Change::Stopping(cause)))
    }

    fn enter_maintenance(&mut self, before: State) -> Option<Transition> {
        // Quirk: a forced drain is forgotten, so `enable server` leads to ready.
        self.admin = self.admin.without(AdminState::FORCED_DRAIN).with(AdminState::FORCED_MAINT);
        if before.admin.is_maint() {
            return None;
        }
        if self.operational != Operational::Stopped {
            self.stop();
        }
        self.counter = 0;
        Some(self.transition(before, Change::EntersMaintenance))
    }

    /// Leaving maintenance puts a server one failed check away from DOWN, as at the start.
    fn leave_maintenance(&mut self, before: State, admin: AdminState) -> Option<Transition> {
        self.admin = admin;
        if !before.admin.is_maint() || admin.is_maint() {
            return None;
        }
        self.counter = self.counter.max(self.rise);
        self.start();
        let draining = admin.is_drain();
        Some(self.transition(before, Change::LeavesMaintenance { draining }))
    }

    fn start(&mut self) {
        self.operational =
            if self.slow_start { Operational::Starting } else { Operational::Running };
    }

    fn stop(&mut self) {
        self.operational = Operational::Stopped;
        self.down_transitions = self.down_transitions.saturating_add(1);
    }

    fn transition(&self, before: State, change: Change) -> Transition {
        Transition {
            change,
            was_running: matches!(before.operational, Operational::Running | Operational::Starting)
                && !before.admin.is_drain()
                && !before.admin.is_maint(),
            was_down: before.operational == Operational::Stopped,
            is_down: self.operational == Operational::Stopped,
            is_draining: self.admin.is_drain(),
            via: None,
        }
    }

    fn report(&self, result: &CheckResult) -> CheckReport {
        let (step, steps) = self.progress();
        CheckReport { agent: false, result: result.clone(), up: self.counter_is_up(), step, steps }
    }

    fn state(&self) -> State {
        State { operational: self.operational, admin: self.admin }
    }

    fn top(&self) -> u32 {
        self.rise.saturating_add(self.fall) - 1
    }

    fn counter_is_up(&self) -> bool {
        self.counter >= self.rise
    }
}
