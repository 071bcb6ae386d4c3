//! `cases/check`: what each rule of insight finds, and what it leaves alone.

use std::fs;
use std::path::Path;

use config::Target;
use config_parse::env::Environment;

/// Below every case: timeouts, and the backends that cases name.
const DEFAULTS: &str =
    "defaults\n mode http\n timeout client 30s\n timeout connect 5s\n timeout server 30s\n";
const BACKENDS: &str =
    "\nbackend api\n server s 192.0.2.8:80 check\nbackend b\n server s 192.0.2.9:80 check\n";

/// The codes that are found in a case, and what keeps it from being loaded.
fn found(case: &str) -> (Vec<&'static str>, Vec<String>) {
    let text = format!("{DEFAULTS}{case}{BACKENDS}");
    let files = [(String::from("case.cfg"), text.into_bytes())];
    let target = Target::HaProxy(3, 5);
    let environment = Environment::of_version("3.5.0");
    let loaded = config::load(files, &environment, target);
    let mut findings = loaded.diagnostics;
    let (_, more) = rules::compile_for(loaded.config, &|_| Ok(Vec::new()), &environment, target);
    findings.extend(more);
    let errors = findings.iter().filter(|finding| finding.is_error());
    let errors = errors.map(|error| format!("{} {}", error.code, error.message)).collect();
    (findings.iter().map(|finding| finding.code.as_str()).collect(), errors)
}

#[test]
fn each_case_is_found_where_it_should_be_and_nowhere_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/check");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let code = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        for part in text.split("\n## ").skip(1) {
            let expected = part.starts_with("Found");
            let case = part.split("```").nth(1).unwrap().trim_start_matches("haproxy\n");
            let (codes, errors) = found(case);
            count += 1;
            if codes.contains(&code.as_str()) != expected || !errors.is_empty() {
                let should = if expected { "should be found" } else { "should not be found" };
                wrong.push(format!("{code} {should}: {codes:?} {errors:?}\n{case}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "only {count} cases were read");
}
