//! The environment that variables are read from: an argument, never the process's own.

use std::collections::BTreeMap;

/// Variable names and values; also what `.if` predicates ask about the program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Variables.
    pub vars: BTreeMap<String, String>,
    /// What `version_atleast()` compares with, `2.6.12`.
    pub version: String,
    /// What `feature()` knows, without `+`.
    pub features: Vec<String>,
    /// What `defined()`, `streq()`, ... need nothing of; `enabled(OPT)`.
    pub enabled: Vec<String>,
}
