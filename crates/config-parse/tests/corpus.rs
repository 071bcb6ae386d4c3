//! Configurations of the world, where a folder of them is named in `WEIR_CORPUS`: none has a finding of
//! the text, and each prints back as its bytes.

use std::path::{Path, PathBuf};

use config_parse::env::Environment;
use config_parse::tree;
use diag::{SourceFile, Sources, render};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "cfg" || ext == "conf") {
            found.push(path);
        }
    }
}

#[test]
fn the_corpus_is_read_without_a_finding() {
    let Some(folder) = std::env::var_os("WEIR_CORPUS") else {
        eprintln!("skipped: WEIR_CORPUS names no folder of configurations");
        return;
    };
    let mut found = Vec::new();
    files(Path::new(&folder), &mut found);
    found.sort();
    let mut report = String::new();
    for path in &found {
        let bytes = std::fs::read(path).expect("a file that was just listed");
        let mut sources = Sources::new();
        sources.add(SourceFile::new(path.display().to_string(), bytes.clone()));
        let (tree, findings) = tree::parse(&sources, &Environment::of_version("3.5-dev5"));
        assert_eq!(tree.print(&sources), bytes, "{}", path.display());
        report.push_str(&render::concise(&sources, &findings));
    }
    assert!(report.is_empty(), "{} files:\n{report}", found.len());
}
