//! The time of one step: monotonic for durations and timers, wall clock for logs.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Both clocks at one moment. Read once per step and handed around.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    pub(crate) instant: Instant,
    /// Microseconds since the Unix epoch.
    pub(crate) micros: i64,
}

impl Now {
    pub(crate) fn read() -> Now {
        Now { instant: Instant::now(), micros: wall_micros() }
    }
}

/// Microseconds since the Unix epoch; 0 on a machine whose clock stands before it.
pub(crate) fn wall_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
