//! Who looks on while a condition is evaluated.

use sample::Value;

use crate::{Outcome, Test};

/// One test that was evaluated.
#[derive(Debug)]
pub struct Observation<'s, 'v> {
    /// The test.
    pub test: &'s Test,
    /// What it said.
    pub outcome: Outcome,
    /// The value that decided: the one that matched, or the last that did not.
    pub value: Option<Value<'v>>,
    /// The pattern that matched, as written.
    pub pattern: Option<&'s str>,
}

/// Records what a condition saw. It is a type parameter, so recording nothing costs nothing.
pub trait Seen {
    /// Whether anything is recorded; `false` takes the recording out of the compiled code.
    const ON: bool;
    /// A test was evaluated.
    fn test(&mut self, observation: Observation<'_, '_>);
}

/// Records nothing.
impl Seen for () {
    const ON: bool = false;

    fn test(&mut self, _observation: Observation<'_, '_>) {}
}
