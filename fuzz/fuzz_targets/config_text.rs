//! Any bytes are a configuration: they give a tree that prints back, findings whose places exist, a program or
//! errors, and never a panic.
#![no_main]

use config::Target;
use config_parse::env::Environment;
use diag::{SourceFile, Sources};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut sources = Sources::new();
    sources.add(SourceFile::new("fuzz.cfg", bytes));
    let env = Environment::of_version("3.5.0");
    let (tree, _) = config_parse::tree::parse(&sources, &env);
    assert_eq!(tree.print(&sources), bytes, "the tree prints back");
    for target in [Target::Proxyd, Target::HaProxy(2, 6)] {
        let loaded = config::load(vec![("fuzz.cfg".into(), bytes.to_vec())], &env, target);
        for finding in &loaded.diagnostics {
            assert!(loaded.sources.line(finding.span) > 0, "a finding has a place");
        }
        let (_, more) = rules::compile(loaded.config, &|_| Ok(Vec::new()));
        let _ = diag::render::full(&loaded.sources, &loaded.diagnostics, diag::render::Style::default());
        let _ = diag::render::json(&loaded.sources, &more);
    }
});
