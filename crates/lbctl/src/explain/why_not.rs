//! `--why-not BACKEND`: the first condition that kept a request away from a backend, out of the trace.

use diag::{Sources, Span};
use rules::{Event, Outcome, Program, Seen};
use serde_json::{Value, json};

use crate::exit::CouldNot;
use explanation::Explained;
use explanation::words::line_text as text;

/// One rule that leads to the backend, and what stood in the way.
pub(crate) struct Obstacle {
    /// The rule; `None` when no rule of the frontend leads there.
    pub(crate) rule: Option<Span>,
    /// The condition or the rule that kept the request away.
    pub(crate) by: Option<Span>,
    pub(crate) why: String,
}

/// Why each rule that leads to a backend did not; empty when the request went there.
pub(crate) fn find(
    program: &Program,
    explained: &Explained,
    backend: &str,
) -> Result<Vec<Obstacle>, CouldNot> {
    let wanted =
        program.backend_named(backend).ok_or_else(|| format!("no backend is named `{backend}`"))?;
    if explained.stream.backend == Some(wanted.reference()) {
        return Ok(Vec::new());
    }
    let frontend = program.frontend(explained.asked.frontend);
    let proxy = frontend.proxy();
    let mut leads: Vec<Span> = proxy
        .switching
        .iter()
        .filter(|rule| rule.backend.value.as_text().is_none_or(|name| name == backend))
        .map(|rule| rule.span)
        .collect();
    let default = proxy.default_backend.as_ref().filter(|name| name.value == backend);
    leads.extend(default.map(|name| name.span));
    if leads.is_empty() {
        let why = format!("no rule of `{}` leads to `{backend}`", frontend.name());
        return Ok(vec![Obstacle { rule: None, by: Some(proxy.name.span), why }]);
    }
    Ok(leads.into_iter().map(|rule| obstacle(&explained.events, rule)).collect())
}

fn obstacle(events: &[Event], wanted: Span) -> Obstacle {
    let mut failed: Option<(Option<String>, Span, Vec<Seen>)> = None;
    let mut ended_by = None;
    for event in events {
        match event {
            Event::Term { acl, span, result, seen } if *result != Some(true) => {
                failed.get_or_insert((acl.clone(), *span, seen.clone()));
            }
            Event::Rule { span, outcome, .. } => {
                let same = span.file == wanted.file
                    && span.start <= wanted.start
                    && wanted.end <= span.end
                    || *span == wanted;
                match outcome {
                    Outcome::NotTaken | Outcome::Unknown if same => return not_held(*span, failed),
                    Outcome::Skipped if same => {
                        let why = "an earlier rule was taken".to_owned();
                        return Obstacle { rule: Some(wanted), by: ended_by, why };
                    }
                    Outcome::Taken if same => {
                        let why = "it was taken, and named no backend that exists".to_owned();
                        return Obstacle { rule: Some(wanted), by: Some(*span), why };
                    }
                    Outcome::Taken => ended_by = Some(*span),
                    _ => {}
                }
                failed = None;
            }
            _ => {}
        }
    }
    let why = "the request never came to this rule".to_owned();
    Obstacle { rule: Some(wanted), by: ended_by, why }
}

fn not_held(rule: Span, failed: Option<(Option<String>, Span, Vec<Seen>)>) -> Obstacle {
    let Some((acl, span, seen)) = failed else {
        return Obstacle { rule: Some(rule), by: None, why: "its condition did not hold".into() };
    };
    let values: Vec<String> = seen
        .iter()
        .map(|seen| {
            seen.value.as_ref().map_or("no value".to_owned(), |value| format!("\"{value}\""))
        })
        .collect();
    let name = acl.map_or("its condition".to_owned(), |acl| format!("`{acl}`"));
    let why = format!("{name} did not hold: it saw {}", values.join(", "));
    Obstacle { rule: Some(rule), by: Some(span), why }
}

/// Lines for people.
pub(crate) fn as_text(sources: &Sources, backend: &str, obstacles: &[Obstacle]) -> String {
    if obstacles.is_empty() {
        return format!("\nwhy not {backend}: it went there\n");
    }
    let mut out = format!("\nwhy not {backend}\n");
    for Obstacle { rule, by, why } in obstacles {
        if let Some(rule) = rule {
            out.push_str(&format!("{:>6}  {}\n", sources.line(*rule), text(sources, *rule)));
        }
        out.push_str(&format!("        {why}"));
        if let Some(by) = by {
            out.push_str(&format!("  ({}: {})", sources.cite(*by), text(sources, *by)));
        }
        out.push('\n');
    }
    out
}

/// For programs.
pub(crate) fn as_json(sources: &Sources, backend: &str, obstacles: &[Obstacle]) -> Value {
    let place = |span: &Option<Span>| {
        span.map(|span| {
            json!({
                "file": sources.file(span.file).map(|file| file.name.as_str()),
                "line": sources.line(span),
                "text": text(sources, span),
            })
        })
    };
    let list: Vec<Value> = obstacles
        .iter()
        .map(|one| json!({"rule": place(&one.rule), "by": place(&one.by), "why": one.why}))
        .collect();
    json!({"backend": backend, "obstacles": list})
}
