//! What a phase counts: exchanges, failures, bytes and latencies.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a phase came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whole exchanges.
    pub count: u64,
    /// Exchanges that failed.
    pub failed: u64,
    /// Bytes that were received, heads included.
    pub bytes: u64,
    /// How long the phase took.
    pub seconds: f64,
    /// Latency that half of the exchanges stayed within, in microseconds.
    pub p50_us: f64,
    /// That 99 % stayed within.
    pub p99_us: f64,
    /// That 99.9 % stayed within.
    pub p999_us: f64,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    latencies: Vec<Duration>,
    pub(super) failed: u64,
    bytes: u64,
}

impl Tally {
    pub(super) fn good(&mut self, latency: Duration, bytes: u64) {
        self.latencies.push(latency);
        self.bytes += bytes;
    }

    pub(super) fn add(&mut self, other: Tally) {
        self.latencies.extend(other.latencies);
        self.failed += other.failed;
        self.bytes += other.bytes;
    }

    pub(super) fn outcome(mut self, time: Duration) -> Outcome {
        self.latencies.sort_unstable();
        Outcome {
            count: self.latencies.len() as u64,
            failed: self.failed,
            bytes: self.bytes,
            seconds: time.as_secs_f64(),
            p50_us: percentile(&self.latencies, 0.5),
            p99_us: percentile(&self.latencies, 0.99),
            p999_us: percentile(&self.latencies, 0.999),
        }
    }
}

/// The smallest latency that this share of the sorted ones does not exceed.
fn percentile(sorted: &[Duration], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    let at = sorted.get(rank.saturating_sub(1));
    at.map_or(0.0, |latency| latency.as_secs_f64() * 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_latency_that_was_seen() {
        let sorted: Vec<_> = (1..=1000).map(Duration::from_micros).collect();
        for (share, expect) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0), (1.0, 1000.0)] {
            assert!((percentile(&sorted, share) - expect).abs() < 0.01, "{share}");
        }
        assert!(percentile(&[], 0.5).abs() < 0.01);
        assert!((percentile(&sorted[..1], 0.999) - 1.0).abs() < 0.01);
    }
}
