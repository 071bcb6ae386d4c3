//! The explanation for people: what was asked, each rule with what it saw, and what came of it.

use std::fmt::Write;

use config::model::Direct;
use diag::{Sources, Span};
use rules::{Change, Event, Outcome, Phase, Program, RuleFamily, Seen};

use crate::evaluate::{Ending, Explained, version};
use crate::words::{address_text, kind_word, line_text as text, sent_status, switch};

/// The whole text, with a line end.
pub fn render(program: &Program, sources: &Sources, explained: &Explained) -> String {
    let mut out = String::new();
    asked(&mut out, program, sources, explained);
    steps(&mut out, sources, &explained.events);
    ending(&mut out, program, sources, explained);
    timeouts(&mut out, sources, explained);
    seen_by_server(&mut out, explained);
    for note in &explained.notes {
        line(&mut out, &format!("note: {note}"));
    }
    out
}

/// Writing to a string cannot fail.
fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn asked(out: &mut String, program: &Program, sources: &Sources, explained: &Explained) {
    let asked = &explained.asked;
    let first = asked.head.split(|byte| *byte == b'\r').next().unwrap_or(b"");
    line(out, &format!("{} from {}", String::from_utf8_lossy(first), asked.src.ip()));
    let listener = &program.listeners()[asked.listener];
    let frontend = program.frontend(asked.frontend);
    line(
        out,
        &format!(
            "comes in on {} ({}) of {}",
            address_text(&listener.address),
            sources.cite(listener.span),
            frontend.name()
        ),
    );
}

fn steps(out: &mut String, sources: &Sources, events: &[Event]) {
    let mut terms: Vec<String> = Vec::new();
    for event in events {
        match event {
            Event::Enter { proxy, span } => {
                line(out, &format!("\n{proxy}  ({})", sources.cite(*span)))
            }
            Event::Term { acl, span, result, seen } => {
                terms.extend(term(sources, acl.as_deref(), *span, *result, seen))
            }
            Event::Rule { family, span, outcome, changes } => {
                line(out, &rule(sources, *family, *span, *outcome));
                for term in terms.drain(..) {
                    line(out, &term);
                }
                for change in changes {
                    line(out, &changed(change));
                }
            }
            Event::Persistence { text, span } => {
                line(out, &format!("{:>6}  {text}", sources.line(*span)))
            }
            Event::Balance { algorithm, key, hash, passed, pick, reason, span } => {
                let key = key.as_ref().map(|key| format!(" on \"{key}\"")).unwrap_or_default();
                let hash = hash.map(|hash| format!(", hash {hash:#010x}")).unwrap_or_default();
                let pick = pick.as_deref().unwrap_or("no server");
                line(
                    out,
                    &format!(
                        "{:>6}  balance {algorithm}{key}{hash}: {pick}, {reason}",
                        sources.line(*span)
                    ),
                );
                for (server, why) in passed {
                    line(out, &format!("          passed over {server}: {why}"));
                }
            }
            Event::Edit { span, change } => {
                line(out, &format!("{:>6}  {}", sources.line(*span), text(sources, *span)));
                line(out, &changed(change));
            }
            Event::Fact { .. } => {}
        }
    }
}

fn rule(sources: &Sources, family: RuleFamily, span: Span, outcome: Outcome) -> String {
    let outcome = match (family, outcome) {
        (_, Outcome::Taken) => "taken",
        (_, Outcome::NotTaken) => "no",
        (_, Outcome::Skipped) => "not reached",
        (_, Outcome::Unknown) => "unknown",
    };
    format!("{:>6}  {:<70}  {outcome}", sources.line(span), text(sources, span))
}

/// One line for each ACL line that was tried.
fn term(
    sources: &Sources,
    acl: Option<&str>,
    span: Span,
    result: Option<bool>,
    seen: &[Seen],
) -> Vec<String> {
    if seen.is_empty() {
        return vec![format!("          {} {}", acl.unwrap_or("{ }"), word(result))];
    }
    seen.iter()
        .map(|seen| {
            let what = match acl {
                Some(_) => text(sources, seen.span).trim_start_matches("acl ").to_owned(),
                None => sources.text(span),
            };
            let value = seen
                .value
                .as_ref()
                .map_or("no value".to_owned(), |value| format!("saw \"{value}\""));
            format!(
                "        {:>4}  {:<62}  {:<3}  {value}",
                sources.line(seen.span),
                what,
                word(seen.result)
            )
        })
        .collect()
}

fn word(result: Option<bool>) -> &'static str {
    match result {
        Some(true) => "yes",
        Some(false) => "no",
        None => "?",
    }
}

fn changed(change: &Change) -> String {
    let quoted = |value: &Option<String>| {
        value.as_ref().map_or("(none)".to_owned(), |value| format!("\"{value}\""))
    };
    format!("          {}: {} -> {}", change.what, quoted(&change.before), quoted(&change.after))
}

fn ending(out: &mut String, program: &Program, sources: &Sources, explained: &Explained) {
    line(out, &format!("\n=> {}", verdict(program, sources, explained)));
}

/// What became of the request, in one line.
pub fn verdict(program: &Program, sources: &Sources, explained: &Explained) -> String {
    let by = |span: Option<Span>| {
        span.map(|span| format!(" by {}", sources.cite(span))).unwrap_or_default()
    };
    match &explained.ending {
        Ending::Server { server, status } => {
            let backend = explained.stream.backend.map(|backend| program.backend(backend));
            let line = backend.and_then(|backend| backend.servers().get(*server as usize));
            let name = backend_name(program, explained);
            let to = line.map_or_else(String::new, |line| {
                format!("{name}/{} at {}", line.name.value, address_text(&line.address))
            });
            format!("{to}{}{}", by(switch(&explained.events)), changed_status(explained, *status))
        }
        Ending::Direct { status } => {
            let backend = explained.stream.backend.map(|backend| program.backend(backend));
            let to = match backend.and_then(|backend| backend.proxy().direct()) {
                Some(Direct::Dispatch(address)) => format!("at {}", address_text(address)),
                _ => "where the client wanted to go".to_owned(),
            };
            let name = backend_name(program, explained);
            let rule = by(switch(&explained.events));
            format!("{name}, {to}{rule}{}", changed_status(explained, *status))
        }
        Ending::Queued => {
            format!("{}, where it waits in the queue", backend_name(program, explained))
        }
        Ending::Nowhere { page } => {
            let status = sent_status(page);
            let status = status.map_or("closed without an answer".to_owned(), |s| s.to_string());
            match explained.stream.backend {
                Some(_) => {
                    let name = backend_name(program, explained);
                    format!("{name}, where no server can take it: {status}")
                }
                None => {
                    format!("{status}: no rule chose a backend, and there is no default_backend")
                }
            }
        }
        Ending::Reply(reply) => {
            format!("{} {}{}", kind_word(reply.kind), reply.head.status, by(reply.rule))
        }
        Ending::Closed { kind, rule } => format!("{kind}{}", by(Some(*rule))),
        Ending::BadRequest { status, why } => format!("{status} before any rule: {why}"),
        Ending::Unknown(_) => "unknown".to_owned(),
    }
}

fn changed_status(explained: &Explained, status: u16) -> String {
    let changed = status != 0 && status != explained.asked.answer.status;
    if changed { format!(", whose answer becomes {status}") } else { String::new() }
}

fn backend_name<'p>(program: &'p Program, explained: &Explained) -> &'p str {
    explained.stream.backend.map_or("", |backend| program.backend(backend).name())
}

/// A phase as the manual spells its timeout.
pub fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Client => "client",
        Phase::HttpRequest => "http-request",
        Phase::HttpKeepAlive => "http-keep-alive",
        Phase::Queue => "queue",
        Phase::Connect => "connect",
        Phase::Server => "server",
        Phase::Tunnel => "tunnel",
        Phase::ClientFin => "client-fin",
        Phase::ServerFin => "server-fin",
        Phase::Tarpit => "tarpit",
    }
}

fn timeouts(out: &mut String, sources: &Sources, explained: &Explained) {
    if explained.timeouts.is_empty() {
        return;
    }
    line(out, "\ntimeouts in force");
    for timeout in &explained.timeouts {
        let time = timeout.duration.map_or("none".to_owned(), duration);
        let from = timeout.span.map_or(String::new(), |span| sources.cite(span));
        line(out, format!("  {:<16} {time:<10} {from}", phase_word(timeout.phase)).trim_end());
    }
}

/// A duration in the largest unit that divides it, as a configuration would spell it.
fn duration(time: std::time::Duration) -> String {
    let millis = time.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    let whole = units.iter().find(|(size, _)| millis > 0 && millis.is_multiple_of(*size));
    whole.map_or_else(|| format!("{millis}ms"), |(size, unit)| format!("{}{unit}", millis / size))
}

/// The head as it leaves for the server, `Connection` and framing aside.
fn seen_by_server(out: &mut String, explained: &Explained) {
    if explained.server().is_none() || explained.head.method().is_empty() {
        return;
    }
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let head = &explained.head;
    line(out, "\nthe server sees");
    line(out, &format!("  {} {} {}", lossy(head.method()), lossy(head.target()), version(head)));
    for (name, value) in head.fields.iter() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {}: {}", lossy(name), lossy(value));
    }
}
