//! What `check`, `check --fix` and `fmt` make of a text, without files around them.

use config::Target;
use diag::{Diagnostic, Safety, Sources};

use crate::arguments::Env;
use crate::check::{findings, mended};

/// The sources and every finding of a text, as `lbctl check` shows them.
pub fn check(bytes: &[u8], target: Target) -> (Sources, Vec<Diagnostic>) {
    findings(vec![("text.cfg".into(), bytes.to_vec())], target, Env::None, false)
}

/// The text with every cure of this kind applied, as `lbctl check --fix` writes it; `None` when it has none.
pub fn fix(bytes: &[u8], target: Target, most: Safety) -> Option<Vec<u8>> {
    let checked = check(bytes, target);
    let (files, ..) = mended(&checked, target, Env::None, most, &|_| true);
    files.into_iter().next().map(|(_, fixed)| fixed).filter(|fixed| fixed != bytes)
}

/// The text laid out, as `lbctl fmt` writes it; `None` if that would change its words, which would be a bug.
pub fn layout(bytes: &[u8]) -> Option<Vec<u8>> {
    crate::fmt::format(bytes)
}
