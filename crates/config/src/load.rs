//! From bytes to the model in one step, as `proxyd` and `lbctl` both take it.

use config_parse::env::Environment;
use config_parse::tree;
use diag::{Diagnostic, SourceFile, Sources};

use crate::lower::lower_in;
use crate::model::Config;
use crate::target::Target;

/// A configuration and everything that was found in it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The files, for places and snippets.
    pub sources: Sources,
    /// What they mean; as much of it as could be read.
    pub config: Config,
    /// The findings of all stages so far, by place.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether a finding refuses the configuration.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads files, in order, as one configuration.
pub fn load(
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
    env: &Environment,
    target: Target,
) -> Loaded {
    let mut sources = Sources::new();
    for (name, bytes) in files {
        sources.add(SourceFile::new(name, bytes));
    }
    let (config, diagnostics) = {
        let (tree, mut diagnostics) = tree::parse(&sources, env);
        let (config, mut found) = lower_in(&sources, &tree, env, target);
        diagnostics.append(&mut found);
        diagnostics.sort_by_key(|finding| (finding.span.file, finding.span.start));
        (config, diagnostics)
    };
    Loaded { sources, config, diagnostics }
}
