//! The outcome of one check, with HAProxy's code, words and number for it.

/// What a check came to: the `check_status` of the statistics (management 9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckStatus {
    /// Nothing is known.
    Unknown,
    /// Checks are configured, none has finished.
    Initializing,
    /// The server's traffic failed too often in a row (`observe`).
    Analysis,
    /// The socket could not be made or broke with an error of the system.
    SocketError,
    /// The TCP connection was established, and that was all there was to check.
    L4Ok,
    /// The TCP connection was not established in time.
    L4Timeout,
    /// The TCP connection was refused or the server is out of reach.
    L4Connection,
    /// The TLS handshake succeeded.
    L6Ok,
    /// The TLS handshake took too long.
    L6Timeout,
    /// The TLS handshake failed.
    L6Response,
    /// The application did not answer in time.
    L7Timeout,
    /// The application's answer was not understood or not the wanted one.
    L7Response,
    /// The application's answer is good.
    L7Ok,
    /// The answer is good, but asks for no new load (404 with `disable-on-404`).
    L7OkConditional,
    /// The application answered with an error status.
    L7Status,
    /// An external check process failed to run.
    ProcessError,
    /// An external check process took too long.
    ProcessTimeout,
    /// An external check process ended well.
    ProcessOk,
}

/// What a result means for the state of the server, numbered as `srv_check_result` (management,
/// `show servers state`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// No result yet.
    Unknown = 0,
    /// Valid, but without meaning for the state.
    Neutral = 1,
    /// The check failed.
    Failed = 2,
    /// The check passed.
    Passed = 3,
    /// The check passed, and the server wants no new load.
    ConditionallyPassed = 4,
}

struct Row(CheckStatus, u8, Outcome, &'static str, &'static str);

/// Number (`srv_check_status`), outcome, code (`check_status`), words (`check_desc`).
const ROWS: [Row; 18] = {
    use {CheckStatus as S, Outcome as O};
    [
        Row(S::Unknown, 0, O::Unknown, "UNK", "Unknown"),
        Row(S::Initializing, 1, O::Unknown, "INI", "Initializing"),
        Row(S::Analysis, 4, O::Failed, "HANA", "Health analyze"),
        Row(S::SocketError, 5, O::Failed, "SOCKERR", "Socket error"),
        Row(S::L4Ok, 6, O::Passed, "L4OK", "Layer4 check passed"),
        Row(S::L4Timeout, 7, O::Failed, "L4TOUT", "Layer4 timeout"),
        Row(S::L4Connection, 8, O::Failed, "L4CON", "Layer4 connection problem"),
        Row(S::L6Ok, 9, O::Passed, "L6OK", "Layer6 check passed"),
        Row(S::L6Timeout, 10, O::Failed, "L6TOUT", "Layer6 timeout"),
        Row(S::L6Response, 11, O::Failed, "L6RSP", "Layer6 invalid response"),
        Row(S::L7Timeout, 12, O::Failed, "L7TOUT", "Layer7 timeout"),
        Row(S::L7Response, 13, O::Failed, "L7RSP", "Layer7 invalid response"),
        Row(S::L7Ok, 15, O::Passed, "L7OK", "Layer7 check passed"),
        Row(
            S::L7OkConditional,
            16,
            O::ConditionallyPassed,
            "L7OKC",
            "Layer7 check conditionally passed",
        ),
        Row(S::L7Status, 17, O::Failed, "L7STS", "Layer7 wrong status"),
        Row(S::ProcessError, 18, O::Failed, "PROCERR", "External check error"),
        Row(S::ProcessTimeout, 19, O::Failed, "PROCTOUT", "External check timeout"),
        Row(S::ProcessOk, 20, O::Passed, "PROCOK", "External check passed"),
    ]
};

impl CheckStatus {
    /// Every status, in the order of its number.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.0)
    }

    fn row(self) -> &'static Row {
        // The table has a row for each variant (tested), so the first is only a formality.
        ROWS.iter().find(|row| row.0 == self).unwrap_or(&ROWS[0])
    }

    /// The number in `show servers state` (`srv_check_status`).
    #[must_use]
    pub fn number(self) -> u8 {
        self.row().1
    }

    /// What it means for the server.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        self.row().2
    }

    /// The short code of the statistics, such as `L7OK`. `INI` and `UNK` are shown empty there.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().3
    }

    /// The words of log lines and of `check_desc`.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.row().4
    }

    /// Whether a check has finished at all.
    #[must_use]
    pub fn is_result(self) -> bool {
        self.outcome() != Outcome::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_own_row_in_the_order_of_the_numbers() {
        let numbers: Vec<u8> = CheckStatus::all().map(CheckStatus::number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        assert_eq!(CheckStatus::ProcessOk.code(), "PROCOK");
        assert_eq!(CheckStatus::Unknown.code(), "UNK");
    }
}
