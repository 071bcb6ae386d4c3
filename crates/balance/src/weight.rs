//! Weights in the unit that balancing counts in, and how slow start makes them grow.
//!
//! HAProxy balances in sixteenths of a user weight, so that a server with weight 1 has sixteen
//! steps of slow start and sixteen points on the hash ring.

use std::time::Duration;

/// A weight in sixteenths: 0 to 4096. 0 takes nothing new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EffectiveWeight(u16);

impl EffectiveWeight {
    /// Sixteenths in a user weight of 1.
    pub const SCALE: u32 = 16;
    /// The largest user weight.
    pub const MAX_USER: u32 = 256;
    /// The largest value, in sixteenths.
    pub const MAX: u32 = Self::MAX_USER * Self::SCALE;

    /// The weight of a server at full speed. `user` above 256 counts as 256.
    #[must_use]
    pub fn full(user: u32) -> Self {
        Self::sixteenths(user.min(Self::MAX_USER) * Self::SCALE)
    }

    /// A weight in sixteenths; above 4096 counts as 4096.
    #[must_use]
    pub fn sixteenths(value: u32) -> Self {
        Self(u16::try_from(value.min(Self::MAX)).unwrap_or(u16::MAX))
    }

    /// The weight in sixteenths.
    #[must_use]
    pub fn get(self) -> u32 {
        u32::from(self.0)
    }

    pub(crate) fn bits(self) -> u16 {
        self.0
    }
}

/// How far a server that came back has warmed up (manual 5.2, `slowstart`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowStart {
    /// `slowstart`: how long the server takes to reach full speed; zero is off.
    pub period: Duration,
    /// How long ago the server came up.
    pub elapsed: Duration,
}

impl SlowStart {
    /// True until `period` is over.
    #[must_use]
    pub fn is_warming(self) -> bool {
        self.elapsed < self.period
    }

    /// The weight at this moment: it grows in sixteen steps from a sixteenth of `user` to all of
    /// it. HAProxy counts in whole seconds here; pass whole seconds to be identical with it.
    #[must_use]
    pub fn weight(self, user: u32) -> EffectiveWeight {
        if !self.is_warming() {
            return EffectiveWeight::full(user);
        }
        let steps = self.share_of(EffectiveWeight::SCALE).min(EffectiveWeight::SCALE);
        EffectiveWeight::sixteenths(user.min(EffectiveWeight::MAX_USER) * steps)
    }

    /// The connection limit at this moment, from 1 to all of `maxconn`; 0 (no limit) stays 0.
    #[must_use]
    pub fn maxconn(self, maxconn: u32) -> u32 {
        if maxconn == 0 || !self.is_warming() {
            return maxconn;
        }
        let elapsed = self.elapsed.as_millis();
        let share = u128::from(maxconn) * elapsed / self.period.as_millis().max(1);
        u32::try_from(share).unwrap_or(maxconn).clamp(1, maxconn)
    }

    /// `whole * elapsed / period`, rounded up to the next step so that the first is not 0.
    fn share_of(self, whole: u32) -> u32 {
        let done = u128::from(whole) * self.elapsed.as_millis();
        u32::try_from(done / self.period.as_millis().max(1) + 1).unwrap_or(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(user: u32, elapsed: u64, sixteenths: u32, maxconn: u32) {
        let slow =
            SlowStart { period: Duration::from_secs(16), elapsed: Duration::from_secs(elapsed) };
        assert_eq!(slow.weight(user).get(), sixteenths);
        assert_eq!(slow.maxconn(100), maxconn);
    }

    #[test]
    fn a_server_that_comes_back_warms_up_in_sixteen_steps() {
        check(1, 0, 1, 1);
        check(1, 1, 2, 6);
        check(100, 8, 900, 50);
        check(100, 15, 1600, 93);
        check(100, 16, 1600, 100);
        check(100, 1000, 1600, 100);
        check(0, 3, 0, 18);
    }

    #[test]
    fn no_slowstart_is_full_speed_at_once() {
        let off = SlowStart { period: Duration::ZERO, elapsed: Duration::ZERO };
        assert_eq!(off.weight(7).get(), 112);
        assert_eq!(off.maxconn(9), 9);
    }

    #[test]
    fn weights_beyond_the_manual_count_as_256() {
        assert_eq!(EffectiveWeight::full(1000).get(), 4096);
        assert_eq!(EffectiveWeight::sixteenths(9999).get(), 4096);
    }
}
