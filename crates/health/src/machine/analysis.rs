//! `observe`: errors of the traffic count as failed checks (manual 5.2, `on-error`).

use super::{Health, Observed};
use crate::{CheckResult, CheckStatus};

/// What too many errors in a row do to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// `fastinter`: the next check comes sooner, nothing else.
    FastInter,
    /// `fail-check`: as a failed check.
    #[default]
    FailCheck,
    /// `sudden-death`: as a failed check, and the next one takes it down.
    SuddenDeath,
    /// `mark-down`: it is down at once.
    MarkDown,
}

impl Health {
    /// Takes note of `count` errors in a row, the last of them being `error`. A server without checks has no use
    /// for it: nothing would bring it up again.
    pub fn analyse(&mut self, on_error: OnError, count: u32, error: &str) -> Observed {
        let most = match on_error {
            OnError::FastInter => return Observed::default(),
            OnError::FailCheck => u32::MAX,
            OnError::SuddenDeath => self.rise.saturating_add(1),
            OnError::MarkDown => self.rise,
        };
        if !self.checked || self.admin.is_maint() || self.paused {
            return Observed::default();
        }
        self.counter = self.counter.min(most);
        let info = format!("Detected {count} consecutive errors, last one was: {error}");
        self.observe(&CheckResult::new(CheckStatus::Analysis).with_info(info))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CheckSettings;

    /// The status of a settled server (`rise 2 fall 3`) after each of two notes.
    fn twice(on_error: OnError) -> String {
        let mut health =
            Health::checked(&CheckSettings { rise: 2, fall: 3, ..CheckSettings::default() });
        health.observe(&CheckResult::passed());
        let mut said = Vec::new();
        for _ in 0..2 {
            health.analyse(on_error, 10, "Wrong http response");
            said.push(health.status().into_owned());
        }
        said.join(", ")
    }

    #[test]
    fn errors_cost_what_on_error_says() {
        assert_eq!(twice(OnError::FastInter), "UP, UP");
        assert_eq!(twice(OnError::FailCheck), "UP 2/3, UP 1/3");
        assert_eq!(twice(OnError::SuddenDeath), "UP 1/3, DOWN");
        assert_eq!(twice(OnError::MarkDown), "DOWN, DOWN");
    }
}
