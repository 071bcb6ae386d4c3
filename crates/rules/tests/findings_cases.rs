//! `cases/findings`: for each code a configuration in which it is found, and one in which it is not.
//!
//! A heading may name the reader: `## Found for 2.6`, `## Found for proxyd`; without a name it is the newest HAProxy.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use config::Target;
use config_parse::env::Environment;

/// Codes that need a machine, other bytes than text, or the whole of `lbctl check`: the tests that hold them.
const ELSEWHERE: &[(&str, &str)] = &[
    ("E0103", "crates/config-parse/tests/words.rs"),
    ("E0107", "crates/config-parse/tests/conditions.rs"),
    ("N0112", "crates/lbctl/tests/check.rs"),
    ("W0604", "crates/rules/tests/prove.rs"),
    ("W0606", "crates/rules/tests/prove.rs"),
    ("W0607", "crates/rules/tests/prove.rs"),
    ("E0701", "crates/lbctl/tests/check.rs"),
    ("E0702", "crates/lbctl/tests/check.rs"),
    ("W0710", "crates/config/tests/findings.rs"),
    ("W0713", "crates/config/tests/findings.rs"),
    ("E0720", "crates/lbctl/tests/check.rs"),
    ("E0721", "crates/lbctl/tests/check.rs"),
    ("W0722", "crates/lbctl/tests/check.rs"),
    ("W0732", "crates/lbctl/tests/check.rs"),
    ("W0738", "crates/lbctl/tests/check.rs"),
    ("W0740", "crates/lbctl/tests/check.rs"),
    ("W0741", "crates/lbctl/tests/check.rs"),
    ("W0733", "crates/lbctl/tests/check.rs"),
];

fn cases(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases").join(folder)
}

fn codes(text: &str, heading: &str) -> Vec<String> {
    let target = match heading.split_once(" for ") {
        Some((_, "proxyd")) => Target::Proxyd,
        Some((_, "2.6")) => Target::HaProxy(2, 6),
        _ => Target::HaProxy(3, 5),
    };
    let environment = Environment::of_version("3.5.0");
    let files = [(String::from("case.cfg"), text.as_bytes().to_vec())];
    let loaded = config::load(files, &environment, target);
    let mut findings = loaded.diagnostics;
    let (_, more) = rules::compile_for(loaded.config, &|_| Ok(Vec::new()), &environment, target);
    findings.extend(more);
    findings.iter().map(|finding| finding.code.to_string()).collect()
}

#[test]
fn each_code_is_found_where_it_should_be_and_nowhere_else() {
    let mut wrong = Vec::new();
    for entry in fs::read_dir(cases("findings")).unwrap() {
        let path = entry.unwrap().path();
        let code = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        for part in text.split("\n## ").skip(1) {
            let heading = part.lines().next().unwrap();
            let case = part.split("```").nth(1).unwrap().trim_start_matches("haproxy\n");
            let found = codes(case, heading);
            if found.contains(&code) != heading.starts_with("Found") {
                wrong.push(format!("{code}, {heading}: {found:?}\n{case}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_code_is_without_a_case() {
    let mut known = BTreeSet::new();
    for folder in ["findings", "check"] {
        let Ok(entries) = fs::read_dir(cases(folder)) else { continue };
        known.extend(
            entries.map(|entry| {
                entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()
            }),
        );
    }
    for (code, file) in ELSEWHERE {
        let test = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
        let text = fs::read_to_string(test).unwrap_or_default();
        if text.contains(code) {
            known.insert((*code).to_owned());
        }
    }
    let missing: Vec<_> = diag::catalogue()
        .map(|entry| entry.code.to_string())
        .filter(|code| !known.contains(code))
        .collect();
    assert!(missing.is_empty(), "without a case: {missing:?}");
}
