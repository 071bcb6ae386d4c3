//! When checks start, so that not all of them hit the same machine in the same instant.

use std::time::Duration;

/// The chance that `spread-checks` adds to every interval: a share of it, to either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spread {
    percent: u8,
}

impl Spread {
    /// A spread of `percent` of the interval; more than HAProxy's 50 counts as 50.
    #[must_use]
    pub fn percent(percent: u8) -> Self {
        Self { percent: percent.min(50) }
    }

    /// The interval with its noise. `draw` is evenly distributed over all of `u32`.
    #[must_use]
    pub fn apply(self, interval: Duration, draw: u32) -> Duration {
        if self.percent == 0 {
            return interval;
        }
        let widest = f64::from(self.percent) / 100.0;
        // -widest ..= +widest
        let share = (f64::from(draw) / f64::from(u32::MAX)).mul_add(2.0 * widest, -widest);
        interval.mul_f64((1.0 + share).max(0.0))
    }
}

/// How long after the start of the process the server at `position` of `count` is first checked.
///
/// HAProxy spreads all checked servers of the process evenly over the shortest interval of any of
/// them (`shortest`, see [`crate::CheckSettings::shortest`]), but never over more than
/// `max_spread` (global `max-spread-checks`).
#[must_use]
pub fn first_check_after(
    shortest: Duration,
    max_spread: Option<Duration>,
    position: u32,
    count: u32,
) -> Duration {
    let over = max_spread.map_or(shortest, |limit| shortest.min(limit));
    // A u32 product cannot overflow Duration's range; the order keeps the millisecond exact.
    over.checked_mul(position).map_or(over, |total| total / count.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn first_checks_divide_the_shortest_interval() {
        let starts: Vec<u128> =
            (0..4).map(|i| first_check_after(SECOND, None, i, 4).as_millis()).collect();
        assert_eq!(starts, [0, 250, 500, 750]);
    }

    #[test]
    fn max_spread_checks_bounds_the_last_first_check() {
        let limit = Some(Duration::from_millis(100));
        assert_eq!(first_check_after(SECOND, limit, 1, 2), Duration::from_millis(50));
        assert_eq!(first_check_after(Duration::from_millis(10), limit, 1, 2).as_millis(), 5);
    }

    #[test]
    fn no_servers_is_no_division_by_zero() {
        assert_eq!(first_check_after(SECOND, None, 0, 0), Duration::ZERO);
    }

    #[test]
    fn the_spread_reaches_both_ends_and_no_further() {
        let spread = Spread::percent(20);
        assert_eq!(spread.apply(SECOND, 0).as_millis(), 800);
        assert_eq!(spread.apply(SECOND, u32::MAX).as_millis(), 1200);
        assert_eq!(Spread::percent(200).apply(SECOND, 0).as_millis(), 500);
        assert_eq!(Spread::default().apply(SECOND, 12345), SECOND);
    }
}
