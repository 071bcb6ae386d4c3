//! How often a server is checked and how many results it takes to change its state.

use std::time::Duration;

use crate::Health;

/// The `inter`, `fastinter`, `downinter`, `rise` and `fall` of a `server` line (manual 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckSettings {
    /// Time between two checks of a server whose state is settled UP. Default 2 s.
    pub inter: Duration,
    /// Time between two checks while the state is changing; `None` means `inter`.
    pub fastinter: Option<Duration>,
    /// Time between two checks of a server that is settled DOWN; `None` means `inter`.
    pub downinter: Option<Duration>,
    /// Passed checks in a row that bring a server up. At least 1; default 2.
    pub rise: u32,
    /// Failed checks in a row that take a server down. At least 1; default 3.
    pub fall: u32,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self { inter: Duration::from_secs(2), fastinter: None, downinter: None, rise: 2, fall: 3 }
    }
}

impl CheckSettings {
    /// The time to let pass before the next check, by the table under `inter` in manual 5.2.
    ///
    /// "Yet unchecked" needs no case of its own: an unchecked server starts one failure away from
    /// DOWN, which is not a settled counter.
    #[must_use]
    pub fn interval(&self, health: &Health) -> Duration {
        if health.is_settled_up() {
            self.inter
        } else if health.is_settled_down() {
            self.downinter.unwrap_or(self.inter)
        } else {
            self.fastinter.unwrap_or(self.inter)
        }
    }

    /// The shortest of the three intervals: the start of the checks is spread over it.
    #[must_use]
    pub fn shortest(&self) -> Duration {
        let fast = self.fastinter.unwrap_or(self.inter);
        let down = self.downinter.unwrap_or(self.inter);
        self.inter.min(fast).min(down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CheckResult;

    #[test]
    fn the_interval_follows_the_table_of_the_manual() {
        let settings = CheckSettings {
            inter: Duration::from_millis(5000),
            fastinter: Some(Duration::from_millis(1000)),
            downinter: Some(Duration::from_millis(9000)),
            ..CheckSettings::default()
        };
        let mut health = Health::checked(&settings);
        // (result before the check, interval after it, where the counter is then)
        let story = [
            (None, 1000, "yet unchecked"),
            (Some(true), 5000, "3/3 UP"),
            (Some(false), 1000, "2/3 UP"),
            (Some(false), 1000, "1/3 UP"),
            (Some(false), 9000, "0/2 DOWN"),
            (Some(true), 1000, "1/2 DOWN"),
            (Some(true), 5000, "3/3 UP"),
        ];
        for (passed, millis, at) in story {
            match passed {
                Some(true) => drop(health.observe(&CheckResult::passed())),
                Some(false) => drop(health.observe(&CheckResult::refused())),
                None => {}
            }
            assert_eq!(settings.interval(&health), Duration::from_millis(millis), "{at}");
        }
    }

    #[test]
    fn intervals_that_are_not_set_are_inter() {
        let settings = CheckSettings::default();
        assert_eq!(settings.interval(&Health::checked(&settings)), Duration::from_secs(2));
        assert_eq!(settings.shortest(), Duration::from_secs(2));
    }
}
