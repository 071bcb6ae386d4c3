//! Told results: a line for each test that did not pass, a row for each folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Outcome, Told};

/// Tells a test that did not pass.
pub(crate) fn line(name: &str, outcome: &Outcome) {
    match outcome {
        Outcome::Passed => {}
        Outcome::Failed(why) => println!("failed   {name}: {why}"),
        Outcome::Skipped(why) => println!("skipped  {name}: {why}"),
    }
}

/// How many of a folder's tests ended in which way.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Count {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Skipped(_) => self.skipped += 1,
        }
    }
}

fn counts(told: &[Told]) -> (BTreeMap<&str, Count>, Count) {
    let mut folders: BTreeMap<&str, Count> = BTreeMap::new();
    let mut all = Count::default();
    for test in told {
        let folder = test.name.rsplit_once('/').map_or(".", |(folder, _)| folder);
        folders.entry(folder).or_default().add(&test.outcome);
        all.add(&test.outcome);
    }
    (folders, all)
}

/// Prints passed, failed and skipped of each folder.
pub(crate) fn table(told: &[Told]) {
    let (folders, all) = counts(told);
    println!("{:<20} {:>7} {:>7} {:>7}", "folder", "passed", "failed", "skipped");
    for (name, count) in folders.iter().chain([(&"all", &all)]) {
        println!("{name:<20} {:>7} {:>7} {:>7}", count.passed, count.failed, count.skipped);
    }
}

/// The same as Markdown, with the reason of each failure and skip.
pub(crate) fn markdown(told: &[Told]) -> String {
    let (folders, all) = counts(told);
    let mut text = String::from("| folder | passed | failed | skipped |\n|---|---:|---:|---:|\n");
    for (name, count) in folders.iter().chain([(&"**all**", &all)]) {
        let Count { passed, failed, skipped } = count;
        let _ = writeln!(text, "| {name} | {passed} | {failed} | {skipped} |");
    }
    text += "\n| failed test | reason |\n|---|---|\n";
    for test in told {
        if let Outcome::Failed(why) = &test.outcome {
            let _ = writeln!(text, "| {} | {} |", test.name, cell(why));
        }
    }
    text += "\n| skipped for | tests |\n|---|---|\n";
    let mut skips: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for test in told {
        if let Outcome::Skipped(why) = &test.outcome {
            skips.entry(why).or_default().push(&test.name);
        }
    }
    for (why, tests) in skips {
        let _ = writeln!(text, "| {} | {} |", cell(why), tests.join(", "));
    }
    text
}

/// Text that does not end a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
