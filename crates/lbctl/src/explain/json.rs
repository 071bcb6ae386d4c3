//! The explanation as a json object, in the format that scripts rely on.

use diag::{Sources, Span};
use rules::{Change, Event, Program, Seen};
use serde_json::{Map, Value, json};

use explanation::words::{
    address_text, kind_word, line_text as text, outcome_word, sent_status, switch,
};
use explanation::{Ending, Explained};

/// One object, version 1.
pub(crate) fn render(program: &Program, sources: &Sources, explained: &Explained) -> Value {
    let frontend = program.frontend(explained.asked.frontend);
    json!({
        "version": 1,
        "listener": listener(program, explained),
        "frontend": frontend.name(),
        "rules": rules(sources, &explained.events),
        "verdict": verdict(program, sources, explained),
        "server": server(program, explained),
        "timeouts": timeouts(sources, explained),
        "request": request(explained),
        "notes": explained.notes,
    })
}

fn listener(program: &Program, explained: &Explained) -> Value {
    let listener = &program.listeners()[explained.asked.listener];
    json!({"id": listener.id, "name": listener.name, "address": address_text(&listener.address)})
}

/// Rules in the order they were decided, each with the terms that came before it.
fn rules(sources: &Sources, events: &[Event]) -> Vec<Value> {
    let mut out = Vec::new();
    let mut conditions = Vec::new();
    for event in events {
        match event {
            Event::Term { acl, result, seen, .. } => {
                for seen in seen {
                    conditions.push(condition(sources, acl.as_deref(), seen));
                }
                if seen.is_empty() {
                    conditions.push(json!({"acl": acl, "file": null, "line": null, "result": result, "value": null}));
                }
            }
            Event::Rule { span, outcome, changes, .. } => {
                out.push(json!({
                    "file": file(sources, *span),
                    "line": sources.line(*span),
                    "text": text(sources, *span),
                    "outcome": outcome_word(*outcome),
                    "conditions": std::mem::take(&mut conditions),
                    "changes": changes.iter().map(change).collect::<Vec<_>>(),
                }));
            }
            Event::Edit { span, change: edit } => out.push(json!({
                "file": file(sources, *span),
                "line": sources.line(*span),
                "text": text(sources, *span),
                "outcome": "taken",
                "conditions": [],
                "changes": [change(edit)],
            })),
            Event::Enter { .. }
            | Event::Fact { .. }
            | Event::Persistence { .. }
            | Event::Balance { .. } => {}
        }
    }
    out
}

fn condition(sources: &Sources, acl: Option<&str>, seen: &Seen) -> Value {
    json!({
        "acl": acl,
        "file": file(sources, seen.span),
        "line": sources.line(seen.span),
        "result": seen.result,
        "value": seen.value,
    })
}

fn change(change: &Change) -> Value {
    json!({"what": change.what, "before": change.before, "after": change.after})
}

fn verdict(program: &Program, sources: &Sources, explained: &Explained) -> Value {
    let rule = |span: Option<Span>| match span {
        Some(span) => {
            json!({"file": file(sources, span), "line": sources.line(span), "text": text(sources, span)})
        }
        None => Value::Null,
    };
    let backend = explained.stream.backend.map(|backend| program.backend(backend).name());
    match &explained.ending {
        Ending::Server { status, .. } | Ending::Direct { status } => {
            json!({"kind": "backend", "backend": backend, "rule": rule(switch(&explained.events)), "status": status})
        }
        Ending::Queued => {
            json!({"kind": "backend", "backend": backend, "rule": rule(switch(&explained.events)), "status": null})
        }
        Ending::Nowhere { page } => {
            let kind = if backend.is_some() { "no-server" } else { "no-backend" };
            json!({"kind": kind, "backend": backend, "rule": rule(switch(&explained.events)), "status": sent_status(page)})
        }
        Ending::Reply(reply) => {
            json!({"kind": kind_word(reply.kind), "backend": backend, "rule": rule(reply.rule), "status": sent_status(reply)})
        }
        Ending::Closed { kind, rule: span } => {
            json!({"kind": kind, "backend": backend, "rule": rule(Some(*span)), "status": null})
        }
        Ending::BadRequest { status, why } => {
            json!({"kind": "bad-request", "backend": null, "rule": null, "status": status, "why": why})
        }
        Ending::Unknown(_) => {
            json!({"kind": "unknown", "backend": backend, "rule": null, "status": null})
        }
    }
}

fn server(program: &Program, explained: &Explained) -> Value {
    let (Some(at), Some(backend)) = (explained.server(), explained.stream.backend) else {
        return Value::Null;
    };
    let backend = program.backend(backend);
    let mut out = Map::new();
    let picked = backend.servers().get(at as usize);
    out.insert("name".into(), json!(picked.map(|server| &server.name.value)));
    out.insert("address".into(), json!(picked.map(|server| address_text(&server.address))));
    let (algorithm, key, reason) = balance(&explained.events);
    out.insert("algorithm".into(), json!(algorithm));
    out.insert("key".into(), json!(key));
    out.insert("reason".into(), json!(reason));
    Value::Object(out)
}

/// Algorithm, key and reason of the last choice; persistence counts as its own.
pub(crate) fn balance(events: &[Event]) -> (Option<String>, Option<String>, Option<String>) {
    let last = events.iter().rev().find_map(|event| match event {
        Event::Balance { algorithm, key, reason, .. } => {
            Some((Some(algorithm.clone()), key.clone(), Some(reason.clone())))
        }
        Event::Persistence { text, .. } => Some((None, None, Some(text.clone()))),
        _ => None,
    });
    last.unwrap_or_default()
}

fn timeouts(sources: &Sources, explained: &Explained) -> Value {
    let mut out = Map::new();
    for timeout in &explained.timeouts {
        let at = timeout
            .span
            .map(|span| json!({"file": file(sources, span), "line": sources.line(span)}));
        out.insert(
            explanation::text::phase_word(timeout.phase).replace('-', "_"),
            json!({"ms": timeout.duration.map(|time| time.as_millis() as u64), "from": at}),
        );
    }
    Value::Object(out)
}

fn request(explained: &Explained) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let head = &explained.head;
    let headers: Vec<Value> =
        head.fields.iter().map(|(name, value)| json!([text(name), text(value)])).collect();
    json!({"method": text(head.method()), "target": text(head.target()), "headers": headers})
}

fn file(sources: &Sources, span: Span) -> Option<&str> {
    sources.file(span.file).map(|file| file.name.as_str())
}
