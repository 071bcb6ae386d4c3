//! The result of a test or a condition.

use sample::Fact;

/// Yes, no, or why neither can be said yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The condition holds.
    Yes,
    /// It does not.
    No,
    /// More input has to be waited for.
    Wait,
    /// It depends on a fact that was not given.
    Unknown(Fact),
}

impl Outcome {
    /// `!`: yes and no change places.
    pub fn negate(self) -> Self {
        match self {
            Outcome::Yes => Outcome::No,
            Outcome::No => Outcome::Yes,
            open => open,
        }
    }
}

impl From<bool> for Outcome {
    fn from(yes: bool) -> Self {
        if yes { Outcome::Yes } else { Outcome::No }
    }
}

impl Outcome {
    /// Both must hold: a no decides, then what is open stays open.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Outcome::No, _) | (_, Outcome::No) => Outcome::No,
            (Outcome::Yes, other) => other,
            (open, _) => open,
        }
    }

    /// One must hold: a yes decides, then what is open stays open.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Outcome::Yes, _) | (_, Outcome::Yes) => Outcome::Yes,
            (Outcome::No, other) => other,
            (open, _) => open,
        }
    }
}
