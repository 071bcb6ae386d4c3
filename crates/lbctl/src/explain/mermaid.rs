//! The explanation as a Mermaid flowchart: each rule a node, the way that the request took drawn thick.

use diag::Sources;
use rules::{Event, Outcome, Program};

use explanation::Explained;
use explanation::text::verdict;
use explanation::words::line_text as text;

/// The chart.
pub(crate) fn render(program: &Program, sources: &Sources, explained: &Explained) -> String {
    let first = explained.asked.head.split(|byte| *byte == b'\r').next().unwrap_or(b"");
    let mut out = String::from("flowchart TD\n");
    out.push_str(&format!("    n0([\"{}\"])\n", label(&String::from_utf8_lossy(first))));
    let mut number = 0;
    let mut link = "==>".to_owned();
    let mut last = 0;
    for event in &explained.events {
        let (words, answer) = match event {
            Event::Enter { proxy, .. } => (format!("[[\"{}\"]]", label(proxy)), None),
            Event::Rule { outcome: Outcome::Skipped, .. } => continue,
            Event::Rule { span, outcome, .. } => {
                let line = format!("{} {}", sources.line(*span), text(sources, *span));
                let answer = match outcome {
                    Outcome::Taken => "yes",
                    Outcome::NotTaken | Outcome::Skipped => "no",
                    Outcome::Unknown => "unknown",
                };
                (format!("{{\"{}\"}}", label(&line)), Some(answer))
            }
            Event::Balance { algorithm, pick, .. } => {
                let pick = pick.as_deref().unwrap_or("no server");
                (format!("[/\"balance {}: {}\"/]", label(algorithm), label(pick)), None)
            }
            _ => continue,
        };
        number += 1;
        out.push_str(&format!("    n{last} {link} n{number}{words}\n"));
        link = answer.map_or("==>".to_owned(), |answer| format!("== {answer} ==>"));
        last = number;
    }
    let end = label(&verdict(program, sources, explained));
    out.push_str(&format!("    n{last} {link} n{}([\"{end}\"])\n", number + 1));
    out
}

/// Text that a quoted label may hold.
fn label(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
