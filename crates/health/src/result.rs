//! The result of one finished check.

use std::time::Duration;

use crate::{CheckStatus, Outcome};

/// What one check came to, with what the log line and the statistics tell about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// How it ended.
    pub status: CheckStatus,
    /// The application's status code (HTTP), where one was understood.
    pub code: Option<u16>,
    /// `info: "..."` of the log line and `last_chk`: the reason phrase, the system's error, what
    /// was not found. Empty when there is nothing to add.
    pub info: String,
    /// From the start of the connection to the decision.
    pub duration: Duration,
}

impl CheckResult {
    /// A result without code and info that took no time.
    #[must_use]
    pub fn new(status: CheckStatus) -> Self {
        Self { status, code: None, info: String::new(), duration: Duration::ZERO }
    }

    /// A plain TCP check that passed.
    #[must_use]
    pub fn passed() -> Self {
        Self::new(CheckStatus::L4Ok)
    }

    /// A TCP connection that was refused.
    #[must_use]
    pub fn refused() -> Self {
        Self::new(CheckStatus::L4Connection).with_info("Connection refused")
    }

    /// The same with an application status code.
    #[must_use]
    pub fn with_code(self, code: u16) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The same with the code that a status of the application always has, 0 where none is known; other
    /// statuses have none.
    #[must_use]
    pub fn coded(self, code: Option<u16>) -> Self {
        use CheckStatus::{L7Ok, L7OkConditional, L7Status};
        let has_code = matches!(self.status, L7Ok | L7OkConditional | L7Status);
        Self { code: has_code.then_some(code.unwrap_or(0)), ..self }
    }

    /// The same with something to say.
    #[must_use]
    pub fn with_info(self, info: impl Into<String>) -> Self {
        Self { info: info.into(), ..self }
    }

    /// The same with the time it took.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self { duration, ..self }
    }

    /// What it means for the server.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.status.outcome()
    }
}
