//! What can be proved of rules without a request: rules that are never reached, conditions that are constant.
//!
//! Everything here is one-sided: a finding is said only when it was proved, and what is not understood
//! (a fetch with a state, a file, a regular expression) proves nothing. [`atom`] knows when one test
//! implies another, [`condition`] lifts that to whole conditions, [`cover`] walks the rules in the order
//! in which they run and forgets what a rewrite between them touches.

mod atom;
mod condition;
mod cover;
mod effect;
mod rewritten;

use std::collections::HashMap;

use config::model::Config;
use diag::{Diagnostic, Span};

/// The findings of every proxy, each in time proportional to its rules.
pub(crate) fn findings(config: &Config) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for proxy in config.proxies.iter().filter(|proxy| proxy.disabled.is_none()) {
        cover::proxy(proxy, &mut findings, &mut Vec::new());
    }
    findings
}

/// The rules and `default_backend` lines that no request ever comes to, as far as that is proved, each with the
/// rule that ends every request before it; without one its condition is never true.
pub fn never_taken(config: &Config) -> HashMap<Span, Option<Span>> {
    let mut dead = Vec::new();
    for proxy in config.proxies.iter().filter(|proxy| proxy.disabled.is_none()) {
        cover::proxy(proxy, &mut Vec::new(), &mut dead);
    }
    dead.into_iter().collect()
}
