//! From bytes to the model in one step, as `proxyd` and `lbctl` both take it.

use config_parse::env::Environment;
use diag::{Diagnostic, SourceFile, Sources};

use crate::default_path;
use crate::lower;
use crate::model::{Config, FileLines};
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
    let (mut config, mut diagnostics) = lower::read(&sources, env, target);
    let lines = sources.iter().map(|(_, file)| FileLines {
        name: file.name.clone(),
        starts: (1..).map_while(|line| file.line_start(line)).collect(),
    });
    config.files = lines.collect();
    if target.is_proxyd() {
        default_path::check(&config, &mut diagnostics);
    }
    Loaded { sources, config, diagnostics }
}
