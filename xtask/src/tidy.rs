//! `cargo xtask tidy`: the invariants of the tree that a program can check. Also a test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::shell;

/// The layer of each crate (docs/architecture.md): a crate may use only lower ones.
const LAYERS: &[(&str, u8)] = &[
    ("diag", 0),
    ("balance", 0),
    ("health", 0),
    ("http1", 0),
    ("tunnel", 0),
    ("admin", 0),
    ("config-parse", 1),
    ("config", 2),
    ("sample", 2),
    ("acl", 3),
    ("rules", 4),
    ("forward", 5),
    ("explanation", 5),
    ("proxyd", 6),
    ("lbctl", 6),
];

/// Words that no file may hold: they tell of a machine or of the making.
const FORBIDDEN: &[&str] = &["/work/", "/root/", "/home/"];

/// Checks the tree and prints every finding.
pub(crate) fn run() -> Result<(), shell::Failure> {
    let findings = check(&shell::root());
    for finding in &findings {
        println!("tidy: {finding}");
    }
    if findings.is_empty() {
        println!("tidy: clean");
        return Ok(());
    }
    Err(format!("tidy: {} findings", findings.len()))
}

fn check(root: &Path) -> Vec<String> {
    let mut findings = Vec::new();
    let files = files_below(root);
    for file in &files {
        let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
        let Ok(text) = fs::read_to_string(file) else { continue };
        if name.ends_with(".rs") {
            check_source(&name, &text, &mut findings);
        }
        if name.ends_with(".md") {
            check_links(root, &name, &text, &mut findings);
        }
        if name != "xtask/src/tidy.rs" {
            for word in FORBIDDEN.iter().filter(|word| text.contains(**word)) {
                findings.push(format!("{name}: holds `{word}`"));
            }
        }
    }
    check_arrows(root, &mut findings);
    check_codes(root, &mut findings);
    findings
}

fn check_source(name: &str, text: &str, findings: &mut Vec<String>) {
    if !text.starts_with("//!") && !text.starts_with("#!") {
        findings.push(format!("{name}: has no `//!` header"));
    }
    // In two parts, or this line would find itself.
    if text.contains(concat!("#[", "ignore]")) {
        findings.push(format!("{name}: an ignored test has no reason"));
    }
    let code = text.split("#[cfg(test)]").next().unwrap_or(text);
    let lines = code.lines().count();
    if lines > 700 && !name.contains("/tests/") {
        findings.push(format!("{name}: {lines} lines before its tests: two ideas in one room?"));
    }
}

/// Links to files of the tree must lead somewhere.
fn check_links(root: &Path, name: &str, text: &str, findings: &mut Vec<String>) {
    let folder = root.join(name).parent().map(Path::to_path_buf).unwrap_or_default();
    for (at, _) in text.match_indices("](") {
        let Some(link) = text[at + 2..].split(')').next() else { continue };
        let link = link.split('#').next().unwrap_or("");
        let outside = link.is_empty()
            || link.contains("://")
            || link.contains(' ')
            || link.starts_with("mailto:");
        if !outside && !folder.join(link).exists() {
            findings.push(format!("{name}: the link `{link}` leads nowhere"));
        }
    }
}

/// Dependencies point one way.
fn check_arrows(root: &Path, findings: &mut Vec<String>) {
    let layers: BTreeMap<&str, u8> = LAYERS.iter().copied().collect();
    for (name, layer) in &layers {
        let manifest = root.join("crates").join(name).join("Cargo.toml");
        let Ok(text) = fs::read_to_string(&manifest) else {
            findings.push(format!("crates/{name}: has no manifest"));
            continue;
        };
        let dependencies = text.split("[dependencies]").nth(1).unwrap_or("");
        let dependencies = dependencies.split("\n[").next().unwrap_or("");
        for line in dependencies.lines() {
            let used = line.split(['.', ' ', '=']).next().unwrap_or("");
            if layers.get(used).is_some_and(|below| below >= layer) {
                findings.push(format!("crates/{name}: depends on `{used}`, which is not below it"));
            }
            if used == "testkit" {
                findings.push(format!("crates/{name}: testkit is for tests only"));
            }
            if *name == "lbctl" && ["tokio", "hyper"].contains(&used) {
                findings.push(format!("crates/lbctl: links `{used}`"));
            }
        }
    }
}

/// Every code has a page, every page has a code.
fn check_codes(root: &Path, findings: &mut Vec<String>) {
    let codes = fs::read_to_string(root.join("crates/diag/src/codes.rs")).unwrap_or_default();
    let codes: Vec<&str> = codes
        .lines()
        .filter_map(|line| line.trim().split(' ').next())
        .filter(|word| word.len() == 5 && word[1..].bytes().all(|b| b.is_ascii_digit()))
        .collect();
    let pages = root.join("docs/errors");
    for code in &codes {
        if !pages.join(format!("{code}.md")).is_file() {
            findings.push(format!("docs/errors: {code} has no page"));
        }
    }
    for page in files_below(&pages) {
        let stem = page.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if stem.len() == 5 && !codes.contains(&stem.as_str()) {
            findings.push(format!("docs/errors: {stem}.md explains no code"));
        }
    }
}

/// The text files of the tree, build output and hidden folders left out.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return files };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            let skip = ["target", "corpus", "artifacts", "coverage"].contains(&name.as_str())
                || name.starts_with('.');
            if !skip {
                files.extend(files_below(&path));
            }
        } else if ["rs", "md", "toml", "pest", "cfg", "yml"]
            .iter()
            .any(|end| name.ends_with(&format!(".{end}")))
        {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let findings = check(&shell::root());
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }

    #[test]
    fn a_file_without_a_header_is_found() {
        let mut findings = Vec::new();
        check_source("x.rs", "fn main() {}", &mut findings);
        assert_eq!(findings, ["x.rs: has no `//!` header"]);
    }

    #[test]
    fn a_link_to_nowhere_is_found() {
        let mut findings = Vec::new();
        check_links(&shell::root(), "README.md", "[x](nowhere.md) [y](https://z)", &mut findings);
        assert_eq!(findings, ["README.md: the link `nowhere.md` leads nowhere"]);
    }
}
