//! The table of `docs/performance.md`, made from the json of the last runs.

use std::fmt::Write;
use std::path::Path;

use super::report::{Entry, Report, number};
use super::scenario;
use crate::shell::{self, Failure};

const BEGIN: &str = "<!-- bench: written by `cargo xtask bench --markdown` -->";
/// Rounds that a bar needs to count as held or not.
const ENOUGH: u32 = 5;
const END: &str = "<!-- bench: end -->";

/// Writes the results of a folder between the page's two marks.
pub(crate) fn write(results: &Path) -> Result<(), Failure> {
    let file = shell::root().join("docs/performance.md");
    let page = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let page = replace(&page, &tables(results)).ok_or("docs/performance.md has lost its marks")?;
    std::fs::write(&file, page).map_err(|e| e.to_string())?;
    println!("docs/performance.md is written");
    Ok(())
}

fn replace(page: &str, tables: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{tables}{END}{after}"))
}

fn tables(results: &Path) -> String {
    let mut text = String::new();
    let mut missing = Vec::new();
    for scenario in scenario::all() {
        match Report::load(results, scenario.name) {
            Some(report) => text.push_str(&table(&report)),
            None => missing.push(format!("`{}` ({})", scenario.name, scenario.about)),
        }
    }
    if !missing.is_empty() {
        let _ = writeln!(text, "\nNot measured: {}.\n", missing.join("; "));
    }
    text
}

fn table(report: &Report) -> String {
    let columns = report.columns();
    let mut text = format!("\n### {}\n\n{}. Per {}; ", report.scenario, report.about, report.unit);
    let _ = writeln!(
        text,
        "{} rounds of {} s; {}; load average {:.1}.\n",
        report.rounds, report.seconds, report.machine, report.load_average
    );
    let headings: Vec<&str> = columns.iter().map(|(_, label)| label.as_str()).collect();
    let _ = writeln!(text, "| | {} | to haproxy |", headings.join(" | "));
    let _ = writeln!(text, "|---|{}---|", "---:|".repeat(columns.len()));
    for entry in report.contenders.iter().filter(|entry| !entry.samples.is_empty()) {
        let cell = |key: &str| entry.medians.get(key).map_or("–".into(), |v| number(*v));
        let cells: Vec<_> = columns.iter().map(|(key, _)| cell(key)).collect();
        let _ = writeln!(
            text,
            "| {} {} | {} | {} |",
            entry.name,
            entry.version,
            cells.join(" | "),
            compared(report, entry)
        );
    }
    text.push('\n');
    for entry in report.contenders.iter() {
        if let Some(why) = &entry.left_out {
            let _ = writeln!(text, "Left out: {} ({why}).", entry.name);
        }
    }
    if report.rounds < ENOUGH && !report.bars.is_empty() {
        let _ = writeln!(text, "Provisional, with fewer than {ENOUGH} rounds:\n");
    }
    for bar in &report.bars {
        let _ = writeln!(text, "- {}", bar.words());
    }
    text
}

/// The ratio of the first figure to HAProxy's, with its spread.
fn compared(report: &Report, entry: &Entry) -> String {
    const BASE: &str = "haproxy";
    let Some((first, _)) = report.metrics.first() else { return String::new() };
    if let Some(r) = report.ratio(first, &entry.name, BASE) {
        return format!("{:.2} ({:.2}–{:.2})", r.median, r.low, r.high);
    }
    // Ratios are kept in the order of turns: for those after HAProxy it is turned over.
    match report.ratio(first, BASE, &entry.name) {
        Some(r) => format!("{:.2} ({:.2}–{:.2})", 1.0 / r.median, 1.0 / r.high, 1.0 / r.low),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let expect = format!("before\n{BEGIN}\nnew\n{END}\nafter\n");
        assert_eq!(replace(&page, "new\n"), Some(expect));
        assert_eq!(replace("no marks", "new"), None);
    }

    #[test]
    fn the_page_has_the_marks() {
        let page = std::fs::read_to_string(shell::root().join("docs/performance.md")).unwrap();
        assert!(replace(&page, "").is_some());
    }
}
