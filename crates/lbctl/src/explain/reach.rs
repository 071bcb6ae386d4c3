//! `--reach BACKEND|BACKEND/SERVER|FILE:LINE`: a request that gets there, or why none can.
//!
//! The search makes requests up and takes each through the evaluator; the proof is that of `W0604` and `W0606`.
//! When neither succeeds the answer is that nothing is known.

use config::model::{Proxy, Rule};
use config_parse::condition::Condition;
use diag::{Sources, Span};
use rules::Program;
use sample::FrontendRef;

use crate::exit::{CouldNot, Exit};
use crate::witness::{Found, Goal, Pools, Sketch, Tries, goals};
use explanation::{Ending, Explained};

/// Requests that are tried before the search gives up.
const MOST: usize = 20_000;

/// What is to be reached.
enum Target {
    Backend { name: String, server: Option<String> },
    Rule(Span),
}

/// A way there: a rule that leads on, with its condition.
struct Lead<'c> {
    frontend: FrontendRef,
    /// The rule that must be taken on the way, to see whether it ever is.
    rule: Span,
    goals: Vec<Goal>,
    proxy: &'c Proxy,
}

/// The answer.
pub(super) enum Reached {
    /// This one gets there.
    By {
        sketch: Box<Sketch>,
        explained: Box<Explained>,
        /// Not the first one of its kind: servers are chosen in turn.
        in_turn: bool,
    },
    /// None can, and for each way there why.
    Never(Vec<(Span, String, Option<Span>)>),
    /// None was found and nothing was proved.
    Unknown(usize),
}

impl Reached {
    pub(super) fn exit(&self) -> Exit {
        if matches!(self, Reached::By { .. }) { Exit::Clean } else { Exit::Found }
    }
}

/// Looks for a request that reaches what `wanted` names.
pub(super) fn find(
    program: &Program,
    sources: &Sources,
    wanted: &str,
) -> Result<Reached, CouldNot> {
    let target = target(program, sources, wanted)?;
    let leads = match &target {
        Target::Backend { name, .. } => to_backend(program, name),
        Target::Rule(rule) => to_rule(program, *rule).ok_or_else(|| {
            format!(
                "`{wanted}` is no rule of a proxy that takes connections or is reached from one"
            )
        })?,
    };
    if leads.is_empty() {
        let at = place(program, &target);
        return Ok(Reached::Never(vec![(at, "no rule leads there".into(), None)]));
    }
    let dead = rules::never_taken(program.config());
    let (mut why, mut alive) = (Vec::new(), Vec::new());
    for lead in leads {
        let itself = match &target {
            Target::Rule(rule) => dead.get(rule).map(|by| (*rule, *by)),
            Target::Backend { .. } => None,
        };
        match itself.or_else(|| dead.get(&lead.rule).map(|by| (lead.rule, *by))) {
            Some((rule, Some(by))) => why.push((
                rule,
                "an earlier rule ends every request that would match".into(),
                Some(by),
            )),
            Some((rule, None)) => why.push((rule, "its condition is never true".into(), None)),
            None => alive.push(lead),
        }
    }
    if alive.is_empty() {
        return Ok(Reached::Never(why));
    }
    let mut tries = Tries::new(program, MOST);
    for lead in &alive {
        let backend = program.backends().map(|backend| backend.proxy());
        let pools = Pools::of(
            std::iter::once(lead.proxy)
                .chain(backend.filter(|_| matches!(target, Target::Rule(_)))),
        );
        for goal in &lead.goals {
            let found = tries
                .find(lead.frontend, goal, &pools, |explained| shows(program, explained, &target));
            let Some(Found { sketch, listener, explained }) = found else { continue };
            // Shown as a daemon takes it that just started, unless it needs others before it.
            let fresh = Tries::new(program, 1).explain(&sketch, listener);
            let fresh = fresh.filter(|explained| shows(program, explained, &target));
            let in_turn = fresh.is_none();
            let explained = Box::new(fresh.unwrap_or(explained));
            return Ok(Reached::By { sketch: Box::new(sketch), explained, in_turn });
        }
    }
    Ok(Reached::Unknown(MOST - tries.left))
}

/// Whether a request did what was asked for.
fn shows(program: &Program, explained: &Explained, target: &Target) -> bool {
    match target {
        Target::Rule(rule) => crate::witness::took(explained, *rule),
        Target::Backend { name, server } => {
            // Its own rules may answer: that is within it, too. The page of a `listen` comes before its servers.
            let chosen = explained.stream.backend.map(|backend| program.backend(backend));
            let own = program.frontend(explained.asked.frontend).own_backend();
            let answered = matches!(explained.ending, Ending::Reply(_) | Ending::Nowhere { .. });
            let Some(backend) = chosen.or(own.filter(|_| answered)) else { return false };
            let right = |wanted: &String| {
                let at = backend.server_named(wanted.as_bytes());
                at.is_some() && at == explained.server()
            };
            backend.name() == name && server.as_ref().is_none_or(right)
        }
    }
}

fn target(program: &Program, sources: &Sources, wanted: &str) -> Result<Target, CouldNot> {
    if let Some(backend) = program.backend_named(wanted) {
        return Ok(Target::Backend { name: backend.name().to_owned(), server: None });
    }
    if let Some((name, server)) = wanted.split_once('/')
        && let Some(backend) = program.backend_named(name)
    {
        backend
            .server_named(server.as_bytes())
            .ok_or_else(|| format!("`{name}` has no server `{server}`"))?;
        return Ok(Target::Backend { name: name.to_owned(), server: Some(server.to_owned()) });
    }
    let (file, line) = wanted.rsplit_once(':').unwrap_or(("", wanted));
    let line: u32 = line
        .parse()
        .map_err(|_| format!("`{wanted}` is no backend, no BACKEND/SERVER and no FILE:LINE"))?;
    let here = |span: Span| {
        let name = sources.file(span.file).map_or("", |file| file.name.as_str());
        sources.line(span) == line && name.ends_with(file)
    };
    for proxy in &program.config().proxies {
        if let Some(server) = proxy.servers.iter().find(|server| here(server.span)) {
            let (name, server) = (proxy.name.value.clone(), server.name.value.clone());
            return Ok(Target::Backend { name, server: Some(server) });
        }
        if proxy.kind.is_backend() && here(proxy.span) {
            return Ok(Target::Backend { name: proxy.name.value.clone(), server: None });
        }
        if let Some((span, _)) = rules_of(proxy).find(|(span, _)| here(*span)) {
            return Ok(Target::Rule(span));
        }
        if let Some(default) = proxy.default_backend.as_ref().filter(|default| here(default.span)) {
            return Ok(Target::Backend { name: default.value.clone(), server: None });
        }
    }
    Err(format!("no rule, server or backend stands on `{wanted}`"))
}

/// Every rule of a proxy with its condition.
fn rules_of(proxy: &Proxy) -> impl Iterator<Item = (Span, Option<&Condition>)> {
    let rules = proxy.rules.lists().into_iter().flatten();
    let rules = rules.map(|rule: &Rule| (rule.span, rule.condition.as_ref()));
    let switching = proxy.switching.iter().map(|rule| (rule.span, rule.condition.as_ref()));
    let servers = proxy.use_server.iter().map(|rule| (rule.span, rule.condition.as_ref()));
    rules.chain(switching).chain(servers)
}

/// The rules of all frontends that lead to a backend.
fn to_backend<'p>(program: &'p Program, name: &str) -> Vec<Lead<'p>> {
    let mut leads = Vec::new();
    for frontend in program.frontends() {
        let (proxy, frontend) = (frontend.proxy(), frontend.reference());
        let lead = |rule: Span, goals: Vec<Goal>| Lead { frontend, rule, goals, proxy };
        for rule in &proxy.switching {
            if rule.backend.value.as_text().is_none_or(|to| to == name) {
                leads.push(lead(rule.span, goals(proxy, rule.condition.as_ref())));
            }
        }
        let default = proxy.default_backend.as_ref().filter(|default| default.value == name);
        let own = proxy.kind.is_backend() && proxy.name.value == name;
        let last = default.map(|default| default.span).or_else(|| own.then_some(proxy.name.span));
        leads.extend(last.map(|span| lead(span, vec![Goal::default()])));
    }
    leads
}

/// The ways to a rule: of a frontend its own condition, of a backend with that of each way to the backend.
fn to_rule(program: &Program, rule: Span) -> Option<Vec<Lead<'_>>> {
    let mut leads = Vec::new();
    let mut known = false;
    for frontend in program.frontends() {
        let proxy = frontend.proxy();
        let Some((span, condition)) = rules_of(proxy).find(|(span, _)| *span == rule) else {
            continue;
        };
        known = true;
        let goals = goals(proxy, condition);
        leads.push(Lead { frontend: frontend.reference(), rule: span, goals, proxy });
    }
    for backend in program.backends().map(|backend| backend.proxy()) {
        let Some((_, condition)) = rules_of(backend).find(|(span, _)| *span == rule) else {
            continue;
        };
        known = true;
        let own = goals(backend, condition);
        for mut lead in to_backend(program, &backend.name.value) {
            let both = lead.goals.iter().flat_map(|way| own.iter().map(|goal| way.and(goal)));
            lead.goals = both.collect();
            leads.push(lead);
        }
    }
    known.then_some(leads)
}

fn place(program: &Program, target: &Target) -> Span {
    match target {
        Target::Rule(rule) => *rule,
        Target::Backend { name, .. } => {
            program.backend_named(name).map_or(Span::default(), |backend| backend.proxy().name.span)
        }
    }
}
