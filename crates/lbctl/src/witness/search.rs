//! Tries sketches until one shows what it should.

use std::collections::{HashMap, HashSet};

use config::model::{Config, Proxy};
use config_parse::condition::Condition;
use diag::{Diagnostic, Span, codes};
use rules::{Event, Outcome, Program};

use super::alternatives::{Goal, goals};
use super::choices::Touch;
use super::sketch::Sketch;
use explanation::{Explained, World, evaluate, request};

/// Ways to combine the choices of one goal that are tried.
const MOST_COMBINED: usize = 64;

/// Findings that get an example.
const MOST_SHOWN: usize = 32;

/// Sections beyond which no example is looked for.
const MOST_PROXIES: usize = 1000;

/// Values that are remembered of a frontend.
const MOST_VALUES: usize = 512;

/// A request that was found.
pub(crate) struct Found {
    pub(crate) sketch: Sketch,
    pub(crate) listener: usize,
    pub(crate) explained: Explained,
}

/// Values that the tests of a frontend look for: other requests differ in them.
pub(crate) struct Pools {
    touches: Vec<Touch>,
}

impl Pools {
    /// Every value that some condition of these proxies names.
    pub(crate) fn of<'p>(proxies: impl Iterator<Item = &'p Proxy>) -> Pools {
        let mut touches: Vec<Touch> = Vec::new();
        for proxy in proxies {
            let every = conditions(proxy).flat_map(|condition| {
                // Both ways round: what must hold, and what must fail.
                let turned = Condition { unless: !condition.unless, ..condition.clone() };
                [goals(proxy, Some(condition)), goals(proxy, Some(&turned))].concat()
            });
            for touch in every.flat_map(|goal| goal.tests).flatten() {
                if touches.len() >= MOST_VALUES {
                    break;
                }
                if !touches.contains(&touch) {
                    touches.push(touch);
                }
            }
        }
        Pools { touches }
    }

    /// The sketches, and mixtures of them with what other conditions look for: `most` in all.
    pub(crate) fn mixed(&self, sketches: &[Sketch], most: usize) -> Vec<Sketch> {
        let mut all = sketches.to_vec();
        let mut seen: HashSet<String> = all.iter().map(Sketch::in_words).collect();
        let mut chance = Chance(0x2545_F491_4F6C_DD1D);
        for _ in 0..most.saturating_mul(2) {
            let Some(sketch) = sketches.get(chance.below(sketches.len())) else { break };
            let mixed = self.filled(sketch, &mut chance);
            if all.len() < most && seen.insert(mixed.in_words()) {
                all.push(mixed);
            }
        }
        all
    }

    /// A sketch with a few of the free parts filled in, by the draws of `chance`.
    fn filled(&self, sketch: &Sketch, chance: &mut Chance) -> Sketch {
        let mut sketch = sketch.clone();
        if self.touches.is_empty() {
            return sketch;
        }
        for _ in 0..chance.below(4) {
            let Some(touch) = self.touches.get(chance.below(self.touches.len())) else { continue };
            if sketch.leaves_free(touch) {
                sketch.touch(touch);
            }
        }
        sketch
    }
}

/// Every condition of a proxy.
fn conditions(proxy: &Proxy) -> impl Iterator<Item = &Condition> {
    let rules =
        proxy.rules.lists().into_iter().flatten().filter_map(|rule| rule.condition.as_ref());
    rules
        .chain(proxy.switching.iter().filter_map(|rule| rule.condition.as_ref()))
        .chain(proxy.use_server.iter().filter_map(|rule| rule.condition.as_ref()))
}

/// A small generator: the same search every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % (end.max(1) as u64)) as usize
    }
}

/// One search over the requests of one frontend.
pub(crate) struct Tries<'p> {
    program: &'p Program,
    world: World,
    /// Evaluations that are left.
    pub(crate) left: usize,
}

impl<'p> Tries<'p> {
    pub(crate) fn new(program: &'p Program, most: usize) -> Tries<'p> {
        Tries { program, world: World::new(program, None, Some(1)), left: most }
    }

    /// What the evaluator makes of a sketch on a listener; `None` when it is no request.
    pub(crate) fn explain(&mut self, sketch: &Sketch, listener: usize) -> Option<Explained> {
        self.left = self.left.checked_sub(1)?;
        let asked = sketch.asked(self.program, listener)?;
        Some(evaluate(self.program, &mut self.world, &asked))
    }

    /// The first sketch for a goal that `shows` what it should, with its listener.
    pub(crate) fn find(
        &mut self,
        frontend: sample::FrontendRef,
        goal: &Goal,
        pools: &Pools,
        mut shows: impl FnMut(&Explained) -> bool,
    ) -> Option<Found> {
        let listeners: Vec<usize> = listeners(self.program, frontend);
        let sketches = sketches(goal);
        let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
        // First as asked for, then with more and more filled in.
        for round in 0..64 {
            for sketch in &sketches {
                for listener in &listeners {
                    let tried =
                        if round == 0 { sketch.clone() } else { pools.filled(sketch, &mut chance) };
                    if !tried.fits_port(request::port(self.program, *listener)) {
                        continue;
                    }
                    if self.left == 0 {
                        return None;
                    }
                    let explained = self.explain(&tried, *listener).filter(|one| shows(one));
                    if let Some(explained) = explained {
                        return Some(Found { sketch: tried, listener: *listener, explained });
                    }
                }
            }
        }
        None
    }
}

/// The listeners of a frontend, at most a few.
pub(crate) fn listeners(program: &Program, frontend: sample::FrontendRef) -> Vec<usize> {
    let own = program.listeners().iter().enumerate().filter(|(_, one)| one.frontend == frontend);
    own.map(|(at, _)| at).take(4).collect()
}

/// The sketches of a goal: each way of each test, combined.
pub(crate) fn sketches(goal: &Goal) -> Vec<Sketch> {
    let mut all = vec![Sketch::default()];
    for ways in &goal.tests {
        let mut next = Vec::new();
        for sketch in &all {
            for touch in ways {
                let mut sketch = sketch.clone();
                sketch.touch(touch);
                next.push(sketch);
            }
        }
        next.truncate(MOST_COMBINED);
        all = next;
    }
    let longer: Vec<Sketch> = all
        .iter()
        .flat_map(|one| ["x", "/x"].into_iter().filter_map(|more| one.below(more)))
        .collect();
    all.into_iter().chain(longer).collect()
}

/// Whether a rule was taken.
pub(crate) fn took(explained: &Explained, rule: Span) -> bool {
    let taken = |event: &Event| matches!(event, Event::Rule { span, outcome: Outcome::Taken, .. } if *span == rule);
    explained.events.iter().any(taken)
}

/// Adds to each finding of a rule that is never reached a request that the covering rule takes from it.
pub(crate) fn shadowed(config: &Config, program: &Program, findings: &mut [Diagnostic]) {
    // The state of the servers is made for the search: not for thousands of them.
    if config.proxies.len() > MOST_PROXIES {
        return;
    }
    let mut owners: HashMap<Span, (&Proxy, Option<&Condition>)> = HashMap::new();
    for proxy in config.proxies.iter().filter(|proxy| proxy.kind.is_frontend()) {
        let rules = proxy.rules.http_request.iter().chain(&proxy.rules.redirect);
        owners.extend(rules.map(|rule| (rule.span, (proxy, rule.condition.as_ref()))));
        let switching = proxy.switching.iter();
        owners.extend(switching.map(|rule| (rule.span, (proxy, rule.condition.as_ref()))));
    }
    let mut tries = Tries::new(program, 0);
    let mut pools: HashMap<&str, Pools> = HashMap::new();
    let dead = findings.iter_mut().filter(|finding| finding.code == codes::W0604);
    for finding in dead.take(MOST_SHOWN) {
        let Some(by) = finding.related.first().map(|related| related.span) else { continue };
        let Some((proxy, condition)) = owners.get(&finding.span) else { continue };
        let name = proxy.name.value.as_str();
        let Some(frontend) = program.frontend_named(name) else { continue };
        let pools = pools.entry(name).or_insert_with(|| Pools::of(std::iter::once(*proxy)));
        tries.left = 200;
        let found = goals(proxy, *condition).iter().find_map(|goal| {
            tries.find(frontend.reference(), goal, pools, |explained| took(explained, by))
        });
        if let Some(Found { sketch, .. }) = found {
            let words = sketch.in_words();
            finding.help = Some(format!("for example `{words}` would match, and goes there"));
        }
    }
}
