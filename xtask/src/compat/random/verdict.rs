//! What HAProxy and `lbctl check` say of each line: lines that HAProxy refuses go, until it takes the rest.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::compat::case::Case;
use crate::compat::{side, stub};
use crate::shell::Failure;

/// How often lines are taken out: what is only looked at when all lines are good comes last.
const ROUNDS: usize = 12;

/// Words of HAProxy about lines that are refused only because another line was: one cause is one error here.
const FOLLOWS: &[&str] = &["no such ACL"];

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Lines on which the two do not agree, with who refuses them.
    pub(super) differing: Vec<String>,
    /// How many lines both refuse.
    pub(super) refused: usize,
    /// Whether HAProxy takes what is left.
    pub(super) runs: bool,
}

/// Takes out of the case what HAProxy refuses.
pub(super) fn settle(
    haproxy: &Path,
    lbctl: &Path,
    case: &mut Case,
    stubs: &stub::Stubs,
) -> Result<Verdict, Failure> {
    let place = side::Place::new(stubs)?;
    let mut verdict = Verdict::default();
    for _ in 0..ROUNDS {
        let config = place.config(case)?;
        let theirs = refused(haproxy, &["-c"], &config, &place)?;
        let ours = refused(
            lbctl,
            &["check", "--target", "2.6", "--output-format", "concise"],
            &config,
            &place,
        )?;
        let Some(theirs) = theirs else {
            verdict.runs = ours.is_none();
            for (line, why) in ours.iter().flatten() {
                verdict.differing.push(told("only lbctl refuses", case, *line, why));
            }
            return Ok(verdict);
        };
        if theirs.is_empty() {
            // It names no line: the whole is refused or not.
            if ours.is_none() {
                verdict.differing.push("    only haproxy refuses the whole".to_owned());
            }
            return Ok(verdict);
        }
        let theirs = placed(case, theirs);
        for (line, why) in &theirs {
            if ours.as_ref().is_some_and(|ours| ours.contains_key(line)) {
                verdict.refused += 1;
            } else if !FOLLOWS.iter().any(|follows| why.contains(follows)) {
                verdict.differing.push(told("only haproxy refuses", case, *line, why));
            }
        }
        case.config = without(&case.config, &theirs);
    }
    Ok(verdict)
}

/// HAProxy says of the last line it read what it finds in a log format once the section is whole: then the lines
/// with formats are meant.
fn placed(case: &Case, said: BTreeMap<usize, String>) -> BTreeMap<usize, String> {
    let mut out = BTreeMap::new();
    for (line, why) in said {
        let text = case.config.lines().nth(line.saturating_sub(1)).unwrap_or("");
        if why.contains("parse log-format") && !is_a_format(text) {
            // The expression is named with what stands behind it.
            let expression = why.split_once('<').map_or("", |(_, rest)| rest);
            let expression = expression.split([']', '>']).next().unwrap_or("");
            let formats = case.config.lines().enumerate();
            let formats =
                formats.filter(|(_, text)| is_a_format(text) && text.contains(expression));
            out.extend(formats.map(|(at, _)| (at + 1, why.clone())));
        } else {
            out.insert(line, why);
        }
    }
    out
}

fn is_a_format(line: &str) -> bool {
    ["log-format ", "unique-id-format "].iter().any(|word| line.contains(word))
}

fn told(who: &str, case: &Case, line: usize, why: &str) -> String {
    let text = case.config.lines().nth(line.saturating_sub(1)).unwrap_or("").trim();
    format!("    {who}: {text}\n      {why}")
}

/// The lines without those of the numbers.
fn without(config: &str, numbers: &BTreeMap<usize, String>) -> String {
    let kept = config.lines().enumerate().filter(|(at, _)| !numbers.contains_key(&(at + 1)));
    kept.map(|(_, line)| format!("{line}\n")).collect()
}

/// The numbers of the lines that a checker refuses; `None` when it takes the file.
fn refused(
    program: &Path,
    arguments: &[&str],
    config: &Path,
    place: &side::Place,
) -> Result<Option<BTreeMap<usize, String>>, Failure> {
    let output = Command::new(program)
        .args(arguments)
        .arg("-f")
        .arg(config)
        .envs(place.env.iter().cloned())
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    if output.status.success() {
        return Ok(None);
    }
    let name = format!("{}:", config.display());
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    // HAProxy's warnings go, and all findings here that are no errors.
    let lines = said.lines().filter(|line| line.contains("[ALERT]") || line.contains(": E0"));
    Ok(Some(
        lines
            .filter_map(|line| line.split_once(&name))
            .filter_map(|(_, rest)| {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                Some((
                    digits.parse().ok()?,
                    rest.trim_start_matches(|c: char| !c.is_alphabetic()).to_owned(),
                ))
            })
            .collect(),
    ))
}
