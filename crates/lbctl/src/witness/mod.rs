//! Requests that are made up to show something: that a rule is taken, that two configurations part ways.
//!
//! [`alternatives`] takes conditions apart, [`choices`] makes a test true, [`sketch`] is a request in the
//! making, [`example`] writes a text that a regular expression matches, [`search`] tries. A sketch proves
//! nothing: every one goes through the evaluator that the daemon runs before it is shown.

mod alternatives;
mod choices;
mod example;
mod search;
mod sketch;

pub(crate) use alternatives::{Goal, goals};
pub(crate) use search::{Found, Pools, Tries, listeners, shadowed, sketches, took};
pub(crate) use sketch::Sketch;
