//! `global`: keywords whose values are ranges of threads, processors or statuses (manual 3.1).

use std::ops::RangeInclusive;

use config_parse::tree::Word;
use diag::{Diagnostic, codes};

use super::{Keyword, Places};
use crate::lower::Directive;
use crate::model::Global;

const fn global(
    name: &'static str,
    args: &'static str,
    why: &'static str,
    lower: fn(&mut Directive<'_>, &mut Global),
) -> Keyword<Global> {
    Keyword::new(name, Places::GLOBAL, args, "3.1", why, lower).ignored(why)
}

const THREADS: &str = "threads are not placed on processors";
const STATUSES: &str = "statistics count errors by status";

pub(super) const KEYWORDS: &[Keyword<Global>] = &[
    global("cpu-map", "[auto:]<thread set>[/<thread set>] <cpu set>...", THREADS, |line, _| {
        cpu_map(line);
    }),
    global("cpu-set", "<directive> [<set>]...", THREADS, |line, _| cpu_set(line)),
    global("cpu-policy", "<policy> [threads-per-core 1|auto]", THREADS, |line, _| {
        if line.one_of(POLICIES) && line.peek().is_some() && line.one_of(&["threads-per-core"]) {
            line.one_of(&["1", "auto"]);
        }
        line.skip_rest();
    }),
    global(
        "cpu-affinity",
        "auto|per-core|per-ccx|per-thread|per-group [auto|loose]",
        THREADS,
        |line, _| {
            let group = line.peek_text() == "per-group";
            let ways = ["auto", "per-core", "per-ccx", "per-thread", "per-group"];
            if line.one_of(&ways) && group && line.peek().is_some() {
                line.one_of(&["auto", "loose"]);
            } else {
                line.end();
            }
        },
    ),
    global("thread-group", "<group> [<thread range>]...", THREADS, |line, _| thread_group(line)),
    global("http-err-codes", "[+-]<range>[,...]...", STATUSES, |line, _| statuses(line)),
    global("http-fail-codes", "[+-]<range>[,...]...", STATUSES, |line, _| statuses(line)),
];

const POLICIES: &[&str] = &[
    "none",
    "efficiency",
    "first-usable-node",
    "group-by-2-ccx",
    "group-by-2-clusters",
    "group-by-3-ccx",
    "group-by-3-clusters",
    "group-by-4-ccx",
    "group-by-4-clusters",
    "group-by-ccx",
    "group-by-cluster",
    "performance",
    "resource",
];

/// The numbers of `1` and `1-4`, when the text is one of those.
fn range(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u32>().unwrap_or(u32::MAX))
    };
    match text.split_once('-') {
        Some((low, high)) => Some((number(low)?, number(high)?)),
        None => number(text).map(|one| (one, one)),
    }
}

fn wrong(line: &mut Directive<'_>, word: &Word<'_>, what: &str, help: &str) {
    let message = format!("`{}` is not {what}", word.text);
    line.report(Diagnostic::new(codes::E0302, word.span, message).help(help));
    line.skip_rest();
}

/// How many threads a set of threads has; `None` when it is none.
fn threads(text: &str) -> Option<u32> {
    match text {
        "all" => Some(64),
        "odd" | "even" => Some(32),
        _ => {
            let (low, high) = range(text)?;
            let (low, high) = (low.min(high), low.max(high));
            (low >= 1 && high <= 64).then_some(high - low + 1)
        }
    }
}

fn cpu_map(line: &mut Directive<'_>) {
    let Some(word) = line.value("a set of threads and a set of processors") else { return };
    let (auto, set) = match word.text.strip_prefix("auto:") {
        Some(set) => (true, set),
        None => (false, word.text.as_ref()),
    };
    let (first, second) = set.split_once('/').map_or((set, None), |(a, b)| (a, Some(b)));
    let counts = threads(first).zip(second.map_or(Some(1), threads));
    let Some((first, second)) = counts else {
        return wrong(
            line,
            word,
            "a set of threads",
            "`all`, `odd`, `even`, `1`, or `1-4`, up to 64",
        );
    };
    let Some(processors) = processors(line) else { return };
    if auto && first * second != processors {
        let message = "`auto` needs as many processors as threads";
        line.error(codes::E0302, word.span, message);
    }
}

/// The sets of processors on the rest of a line: how many they are.
fn processors(line: &mut Directive<'_>) -> Option<u32> {
    let mut count = 0;
    let mut next = line.value("a set of processors")?;
    loop {
        for part in next.text.split(',') {
            match range(part).map(|(low, high)| (low.min(high), low.max(high))) {
                Some((low, high)) if high <= 1023 => count += high - low + 1,
                _ => {
                    let help = "such as `0`, `0-3` or `0,2-3`, up to 1023";
                    wrong(line, next, "a set of processors", help);
                    return None;
                }
            }
        }
        match line.word() {
            Some(word) => next = word,
            None => return Some(count),
        }
    }
}

fn cpu_set(line: &mut Directive<'_>) {
    let ways = [
        "reset",
        "drop-cluster",
        "drop-core",
        "drop-cpu",
        "drop-node",
        "drop-thread",
        "only-cluster",
        "only-core",
        "only-cpu",
        "only-node",
        "only-thread",
    ];
    while line.peek_text() == "reset" {
        line.word();
        if line.peek().is_none() {
            return;
        }
    }
    if line.one_of(&ways) {
        processors(line);
    }
    line.skip_rest();
}

fn thread_group(line: &mut Directive<'_>) {
    let most = if line.target.is_2_6() { 1 } else { 32 };
    let Some(group) = line.value("the number of a thread group") else { return };
    if range(&group.text).is_none_or(|(low, high)| low != high || !(1..=most).contains(&low)) {
        return wrong(line, group, "the number of a thread group", &format!("from 1 to {most}"));
    }
    let most = if line.target.is_2_6() { 64 } else { 1024 };
    while let Some(word) = line.word() {
        let allowed: RangeInclusive<u32> = 1..=most;
        let is_in = |(low, high)| allowed.contains(&low) && allowed.contains(&high);
        if !range(&word.text).is_some_and(is_in) {
            return wrong(line, word, "a range of threads", &format!("from 1 to {most}"));
        }
    }
}

fn statuses(line: &mut Directive<'_>) {
    let Some(mut word) = line.value("a range of statuses") else { return };
    loop {
        let text = word.text.strip_prefix(['+', '-']).unwrap_or(&word.text);
        let is_range =
            |part| range(part).is_some_and(|(low, high)| low >= 100 && high <= 599 && low <= high);
        if !text.split(',').all(is_range) {
            return wrong(line, word, "a range of statuses", "such as `400-499`, from 100 to 599");
        }
        match line.word() {
            Some(next) => word = next,
            None => return,
        }
    }
}
