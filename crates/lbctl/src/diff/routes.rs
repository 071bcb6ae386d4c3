//! `--routes`: requests that two configurations treat differently, grouped by what becomes of them.
//!
//! Requests are made up from the conditions of both sides, and each goes through the evaluator on both. A class
//! that no made-up request falls into is not seen: what is listed is so, what is not listed may be.

use std::collections::BTreeMap;

use rules::Program;
use sample::FrontendRef;
use serde_json::{Value, json};

use crate::witness::{Pools, Sketch, Tries, goals, listeners, sketches};
use explanation::{Ending, Explained};

/// Requests that are tried for one frontend.
const MOST: usize = 6_000;

/// Requests of one frontend that went one way and go another.
pub(crate) struct Route {
    frontend: String,
    before: String,
    after: String,
    /// One of them, the shortest that was seen.
    example: String,
    /// How many of those that were tried.
    count: usize,
}

/// The classes of requests that change their way.
pub(crate) fn changes(old: &Program, new: &Program) -> Vec<Route> {
    let mut out = Vec::new();
    for before in old.frontends() {
        match new.frontend_named(before.name()) {
            Some(after) => {
                let classes = compare(old, before.reference(), new, after.reference());
                let name = before.name();
                out.extend(classes.into_iter().map(|((before, after), (example, count))| Route {
                    frontend: name.to_owned(),
                    before,
                    after,
                    example,
                    count,
                }));
            }
            None => out.push(whole(before.name(), "taken in", "no listener")),
        }
    }
    let fresh = new.frontends().filter(|after| old.frontend_named(after.name()).is_none());
    out.extend(fresh.map(|after| whole(after.name(), "no listener", "taken in")));
    out
}

fn whole(frontend: &str, before: &str, after: &str) -> Route {
    let example = String::from("every request");
    Route {
        frontend: frontend.into(),
        before: before.into(),
        after: after.into(),
        example,
        count: 0,
    }
}

type Classes = BTreeMap<(String, String), (String, usize)>;

fn compare(old: &Program, before: FrontendRef, new: &Program, after: FrontendRef) -> Classes {
    let (mut left, mut right) = (Tries::new(old, MOST), Tries::new(new, MOST));
    let here = listeners(old, before).into_iter().zip(listeners(new, after));
    let here: Vec<(usize, usize)> = here.collect();
    let mut classes = Classes::new();
    for sketch in made_up(old, before, new, after) {
        for (one, two) in &here {
            let (Some(a), Some(b)) = (left.explain(&sketch, *one), right.explain(&sketch, *two))
            else {
                continue;
            };
            let ((whole, a), (other, b)) = (way(old, &a), way(new, &b));
            if whole == other {
                continue;
            }
            let words = sketch.in_words();
            let class = classes.entry((a, b)).or_insert_with(|| (words.clone(), 0));
            class.1 += 1;
            if words.len() < class.0.len() {
                class.0 = words;
            }
        }
        if left.left == 0 {
            break;
        }
    }
    classes
}

/// Requests that the conditions of either side look for: each rule's own, and mixtures of them.
fn made_up(old: &Program, before: FrontendRef, new: &Program, after: FrontendRef) -> Vec<Sketch> {
    let sides = [old.frontend(before).proxy(), new.frontend(after).proxy()];
    let mut out = vec![Sketch::default()];
    for proxy in sides {
        let rules = proxy.rules.http_request.iter().chain(&proxy.rules.redirect);
        let rules = rules.map(|rule| rule.condition.as_ref());
        let every = rules.chain(proxy.switching.iter().map(|rule| rule.condition.as_ref()));
        for sketch in
            every.flat_map(|condition| goals(proxy, condition)).flat_map(|goal| sketches(&goal))
        {
            if out.len() < MOST / 4 && !out.contains(&sketch) {
                out.push(sketch);
            }
        }
    }
    Pools::of(sides.into_iter()).mixed(&out, MOST / 2)
}

/// What becomes of a request, and the same in a few words that many requests share.
fn way(program: &Program, explained: &Explained) -> (String, String) {
    let words = match &explained.ending {
        Ending::Server { .. } | Ending::Direct { .. } | Ending::Queued => {
            backend(program, explained)
        }
        Ending::Nowhere { .. } if explained.stream.backend.is_some() => backend(program, explained),
        Ending::Nowhere { .. } => "no backend (503)".into(),
        Ending::Closed { kind, .. } => (*kind).into(),
        Ending::BadRequest { status, .. } => format!("refused with {status}"),
        Ending::Unknown(_) => "it depends".into(),
        Ending::Reply(reply) => {
            if let Some(location) = reply.head.fields.get(b"location") {
                let location = String::from_utf8_lossy(location).into_owned();
                let site: String = location.split_inclusive('/').take(3).collect();
                let site =
                    if location.contains("://") { site } else { String::from("another path") };
                let words = |to: &str| format!("redirect {} to {to}", reply.status);
                return (words(&location), words(&site));
            }
            format!("{} {}", format!("{:?}", reply.kind).to_lowercase(), reply.status)
        }
    };
    (words.clone(), words)
}

fn backend(program: &Program, explained: &Explained) -> String {
    let name = explained.stream.backend.map(|backend| program.backend(backend).name().to_owned());
    name.map_or("no backend".into(), |name| format!("backend {name}"))
}

/// Lines for people.
pub(crate) fn as_text(routes: &[Route]) -> String {
    if routes.is_empty() {
        return "routes: no request was found that goes another way\n".into();
    }
    let mut out = String::from("routes\n");
    for route in routes {
        out.push_str(&format!(
            "> {}: {} -> {}\n    {}\n",
            route.frontend, route.before, route.after, route.example
        ));
    }
    out
}

/// A table.
pub(crate) fn as_markdown(routes: &[Route]) -> String {
    if routes.is_empty() {
        return "\nNo request was found that goes another way.\n".into();
    }
    let mut out =
        String::from("\n| frontend | before | after | for example |\n|---|---|---|---|\n");
    let cell = |text: &str| text.replace('|', "\\|");
    for route in routes {
        let (before, after) = (cell(&route.before), cell(&route.after));
        out.push_str(&format!(
            "| {} | {before} | {after} | `{}` |\n",
            cell(&route.frontend),
            cell(&route.example)
        ));
    }
    out
}

/// For programs.
pub(crate) fn as_json(routes: &[Route]) -> Value {
    let one = |route: &Route| {
        json!({"frontend": route.frontend, "from": route.before, "to": route.after, "example": route.example,
               "requests": route.count})
    };
    routes.iter().map(one).collect()
}
