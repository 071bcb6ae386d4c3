//! Services: answers that are made by a part of the daemon instead of a server (`http-request use-service`).
//!
//! A service answers like a server: its response goes through all response rules.

mod metric_tables;
mod metrics;
pub(crate) mod prometheus;
pub(crate) mod statistics;

use http1::ResponseHead;

/// What a service answers with.
pub(crate) struct Answer {
    pub(crate) head: ResponseHead,
    /// The bytes of its body, without any framing.
    pub(crate) body: Vec<u8>,
}

/// The name of the service in the place of a server's, for the log.
pub(crate) const PROMETHEUS: &str = "<PROMEX>";
