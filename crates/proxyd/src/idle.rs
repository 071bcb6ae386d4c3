//! How busy the process is, from the kernel's account of its processor time (`Idle_pct` of `show info`).

use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// Answers closer to each other than this say the same.
const WINDOW: Duration = Duration::from_secs(1);

/// The last look at the account.
#[derive(Debug)]
pub(crate) struct Idle {
    at: Instant,
    used: Duration,
    percent: u32,
}

impl Idle {
    pub(crate) fn new() -> Idle {
        Idle { at: Instant::now(), used: used(), percent: 100 }
    }

    /// The share of `threads` processors that was not used since the look before.
    pub(crate) fn percent(&mut self, threads: usize) -> u32 {
        let passed = self.at.elapsed();
        if passed >= WINDOW {
            let now = used();
            self.percent = idle(now.saturating_sub(self.used), passed, threads);
            self.at = Instant::now();
            self.used = now;
        }
        self.percent
    }
}

fn idle(used: Duration, passed: Duration, threads: usize) -> u32 {
    let whole = passed.as_micros().saturating_mul(threads.max(1) as u128).max(1);
    let busy = (used.as_micros() * 100 / whole).min(100);
    100 - u32::try_from(busy).unwrap_or(100)
}

/// Processor time of the process so far; none when the kernel does not say.
fn used() -> Duration {
    let time = |value: TimeVal| {
        let micros = value.tv_sec().saturating_mul(1_000_000).saturating_add(value.tv_usec());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    };
    getrusage(UsageWho::RUSAGE_SELF)
        .map_or(Duration::ZERO, |usage| time(usage.user_time()) + time(usage.system_time()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_of_all_threads_is_idle() {
        for (used, passed, threads, wanted) in
            [(0, 1000, 1, 100), (500, 1000, 1, 50), (500, 1000, 2, 75), (3000, 1000, 2, 0)]
        {
            let [used, passed] = [used, passed].map(Duration::from_millis);
            assert_eq!(idle(used, passed, threads), wanted);
        }
    }
}
