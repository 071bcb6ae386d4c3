//! Counters: each thread has its own line of cache, a reader adds them up.
//!
//! A counter has one writer (its thread), so an addition is a load and a store, not a locked
//! instruction. What must be exact at once (current streams, limits) is not kept here.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// One thread's counter.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds; only the thread that owns it may.
    pub(crate) fn add(&self, more: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(more), Relaxed);
    }

    /// Its value now.
    pub fn read(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// `clear counters`: a race with an addition loses the one or the other, which is harmless.
    pub(crate) fn clear(&self) {
        self.0.store(0, Relaxed);
    }
}

/// A value for each thread, on cache lines of its own.
#[derive(Debug)]
pub struct PerThread<T>(Box<[Padded<T>]>);

#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded<T>(T);

impl<T: Default> PerThread<T> {
    /// One for each of `threads` threads, at least one.
    pub(crate) fn new(threads: usize) -> PerThread<T> {
        PerThread((0..threads.max(1)).map(|_| Padded::default()).collect())
    }
}

impl<T> PerThread<T> {
    /// The value of a thread; a number that is out of range shares the last one.
    pub(crate) fn of(&self, thread: usize) -> &T {
        &self.0[thread.min(self.0.len() - 1)].0
    }

    /// Every thread's value.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|padded| &padded.0)
    }

    /// The sum of a counter over all threads.
    pub fn sum(&self, counter: impl Fn(&T) -> &Counter) -> u64 {
        self.all().map(|each| counter(each).read()).fold(0, u64::wrapping_add)
    }
}

/// Events a second, as HAProxy counts them: the running second and the share of the last one that
/// still lies within the past second.
#[derive(Debug, Default)]
pub struct Rate {
    second: AtomicU64,
    current: AtomicU32,
    previous: AtomicU32,
    max: AtomicU32,
}

impl Rate {
    /// Counts events; only the thread that owns it may.
    pub(crate) fn add(&self, micros: i64, events: u32) {
        let second = second_of(micros);
        let known = self.second.load(Relaxed);
        if known != second {
            let last = if known + 1 == second { self.current.load(Relaxed) } else { 0 };
            self.max.fetch_max(self.current.load(Relaxed), Relaxed);
            self.previous.store(last, Relaxed);
            self.current.store(0, Relaxed);
            self.second.store(second, Relaxed);
        }
        self.current.store(self.current.load(Relaxed).saturating_add(events), Relaxed);
    }

    /// Events in the second before `micros`.
    pub fn read(&self, micros: i64) -> u32 {
        let second = second_of(micros);
        let known = self.second.load(Relaxed);
        let (current, previous) = (self.current.load(Relaxed), self.previous.load(Relaxed));
        let (current, previous) = match second.checked_sub(known) {
            Some(0) => (current, previous),
            Some(1) => (0, current),
            _ => return 0,
        };
        let left = 1_000_000 - u64::try_from(micros.rem_euclid(1_000_000)).unwrap_or(0);
        let share = u64::from(previous) * left / 1_000_000;
        current.saturating_add(u32::try_from(share).unwrap_or(u32::MAX))
    }

    /// The most events that one whole second had.
    pub fn max(&self) -> u32 {
        self.max.load(Relaxed).max(self.current.load(Relaxed))
    }
}

fn second_of(micros: i64) -> u64 {
    u64::try_from(micros / 1_000_000).unwrap_or(0)
}

/// A count that must be exact at once, with the highest value it had.
#[derive(Debug, Default)]
pub struct Gauge {
    now: AtomicU32,
    max: AtomicU32,
}

impl Gauge {
    /// One more; returns how many there are with it.
    pub(crate) fn enter(&self) -> u32 {
        let now = self.now.fetch_add(1, Relaxed).saturating_add(1);
        if now > self.max.load(Relaxed) {
            self.max.fetch_max(now, Relaxed);
        }
        now
    }

    /// One less.
    pub(crate) fn leave(&self) {
        // Without its `enter` a leave would wrap to four billion; it stays at 0 instead.
        let _ = self.now.fetch_update(Relaxed, Relaxed, |now| now.checked_sub(1));
    }

    /// How many there are.
    pub fn now(&self) -> u32 {
        self.now.load(Relaxed)
    }

    /// The most there were.
    pub fn max(&self) -> u32 {
        self.max.load(Relaxed)
    }

    /// `clear counters`: the highest value starts again from now.
    pub(crate) fn clear_max(&self) {
        self.max.store(self.now(), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_fades_over_the_next_second() {
        let rate = Rate::default();
        rate.add(10_000_000, 40);
        rate.add(10_900_000, 60);
        let at = |micros| rate.read(micros);
        assert_eq!([at(10_900_000), at(11_000_000), at(11_500_000)], [100, 100, 50]);
        assert_eq!([at(11_999_999), at(12_000_000), at(99_000_000)], [0, 0, 0]);
        rate.add(11_500_000, 1);
        assert_eq!((at(11_500_000), rate.max()), (51, 100));
    }

    #[test]
    fn a_gauge_keeps_its_peak_and_never_wraps() {
        let gauge = Gauge::default();
        gauge.leave();
        assert_eq!([gauge.enter(), gauge.enter()], [1, 2]);
        gauge.leave();
        assert_eq!((gauge.now(), gauge.max()), (1, 2));
    }
}
