//! What changed about a server: the value that logs, statistics and balancing act on.

use crate::{CheckResult, Outcome};

/// Why a server changed its operational state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The result of this check.
    Check(CheckResult),
    /// `set server b/s health` on the runtime socket.
    Cli,
    /// The server that it tracks did the same.
    Tracked,
}

/// One step in the life of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Takes no streams any more.
    Down(Cause),
    /// Takes streams again.
    Up(Cause),
    /// Takes no new streams but persistent ones: it answers 404, or was told to stop.
    Stopping(Cause),
    /// Forced into maintenance.
    EntersMaintenance,
    /// Left forced maintenance; `draining` when a forced drain remains.
    LeavesMaintenance {
        /// A forced drain is in force from here on.
        draining: bool,
    },
    /// Its name has no address any more; why.
    LosesName(String),
    /// Its name has an address again.
    FindsName {
        /// The name.
        host: String,
        /// Something else keeps it in maintenance.
        stays: bool,
    },
    /// Forced to drain.
    EntersDrain,
    /// Left the forced drain.
    LeavesDrain,
}

/// A [`Change`] with the server's state around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// What happened.
    pub change: Change,
    /// It ran before: operational, neither stopping nor draining nor in maintenance. Losing such
    /// a server is an alert; losing one that was on its way out is a notice.
    pub was_running: bool,
    /// It was DOWN before.
    pub was_down: bool,
    /// It is DOWN now.
    pub is_down: bool,
    /// A forced drain is in force after the change.
    pub is_draining: bool,
    /// The server, as `backend/name`, that it tracks and that made it change.
    pub via: Option<String>,
}

impl Transition {
    /// Whether the server stops serving here: established streams may have to be shut down
    /// (`on-marked-down shutdown-sessions`), queued ones go elsewhere.
    #[must_use]
    pub fn marks_down(&self) -> bool {
        let lost = matches!(
            self.change,
            Change::Down(_) | Change::EntersMaintenance | Change::LosesName(_)
        );
        lost && !self.was_down
    }

    /// Whether the server starts serving here (`on-marked-up`, slow start).
    #[must_use]
    pub fn marks_up(&self) -> bool {
        match self.change {
            Change::Up(_) | Change::LeavesMaintenance { .. } | Change::FindsName { .. } => {
                self.was_down && !self.is_down
            }
            _ => false,
        }
    }
}

/// What `option log-health-checks` logs: the result of a check that changed the counter or the
/// status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// It was the agent's reply.
    pub agent: bool,
    /// The result.
    pub result: CheckResult,
    /// Whether the server is UP by its counter afterwards.
    pub up: bool,
    /// The position on the way, `2` of `2/3 UP`.
    pub step: u32,
    /// Its end, `3` of `2/3 UP`: `fall` while UP, `rise` while DOWN.
    pub steps: u32,
}

impl CheckReport {
    /// `succeeded`, `failed` or `conditionally succeeded`.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        match self.result.outcome() {
            Outcome::Passed => "succeeded",
            Outcome::ConditionallyPassed => "conditionally succeeded",
            Outcome::Failed => "failed",
            Outcome::Neutral | Outcome::Unknown => "completed",
        }
    }
}
