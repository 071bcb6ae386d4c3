//! Walks the rules of a proxy in the order in which they run: what an earlier one takes away from later ones.

use std::collections::HashMap;

use config::model::{Action, Mode, Proxy, Rule};
use config_parse::condition::Condition;
use diag::{Diagnostic, Span, codes};

use super::condition::{Conjunction, Literal, Meaning, Names, contradiction, implies, is_always};
use super::effect::{Ends, ends, touches};

/// Pairs of conditions that are compared for one proxy; beyond, nothing is said.
const MOST_PAIRS: usize = 400_000;

/// An alternative of a rule that ended the processing.
struct Cover {
    all: Conjunction,
    span: Span,
    /// It ends more than its own list.
    beyond: bool,
}

/// What is known at one place of the rules.
struct Walk<'p> {
    names: &'p Names,
    covers: Vec<Option<Cover>>,
    /// Places in `covers` by the expression of the first term.
    by_key: HashMap<String, Vec<usize>>,
    /// An `allow` may have led past the rest of an earlier list.
    allowed: bool,
    /// The rule that nothing passes in this list.
    closed: Option<Span>,
    pairs: usize,
    /// What was proved so far.
    dead: Vec<Dead>,
}

/// A rule that is never taken, and the one that covers it.
pub(super) type Dead = (Span, Option<Span>);

pub(super) fn proxy(proxy: &Proxy, findings: &mut Vec<Diagnostic>, dead: &mut Vec<Dead>) {
    let http = proxy.mode() == Mode::Http;
    let names = Names::new(proxy);
    if http {
        let mut walk = Walk::new(&names);
        super::rewritten::proxy(proxy, &names, findings);
        walk.rules(&proxy.rules.http_request, findings);
        walk.next_list();
        walk.rules(&proxy.rules.redirect, findings);
        walk.next_list();
        if proxy.kind.is_frontend() {
            walk.switching(proxy, findings);
        }
        dead.append(&mut walk.dead);
    }
    let own = |list: &[Rule], findings: &mut Vec<Diagnostic>, dead: &mut Vec<Dead>| {
        let mut walk = Walk::new(&names);
        if http {
            walk.rules(list, findings)
        } else {
            walk.unconditional(list, findings)
        }
        dead.append(&mut walk.dead);
    };
    if http {
        own(&proxy.rules.http_response, findings, dead);
    }
    let mut walk = Walk::new(&names);
    walk.unconditional(&proxy.rules.tcp_request_connection, findings);
    dead.append(&mut walk.dead);
    let mut walk = Walk::new(&names);
    walk.unconditional(&proxy.rules.tcp_request_content, findings);
    dead.append(&mut walk.dead);
}

impl<'p> Walk<'p> {
    fn new(names: &'p Names) -> Walk<'p> {
        Walk {
            names,
            covers: Vec::new(),
            by_key: HashMap::new(),
            allowed: false,
            closed: None,
            pairs: 0,
            dead: Vec::new(),
        }
    }

    fn rules(&mut self, rules: &[Rule], findings: &mut Vec<Diagnostic>) {
        for rule in rules {
            let Some(any) = self.judge(rule.condition.as_ref(), rule.span, findings) else {
                continue;
            };
            let ended = ends(&rule.action.value);
            self.forget(&rule.action.value);
            if ended != Ends::Nothing {
                let beyond = ended == Ends::Request && !self.allowed;
                self.cover(any, rule.span, beyond);
            }
            self.allowed |= ended == Ends::List;
        }
    }

    /// Only what has no condition counts: a test may wait here for bytes that never come.
    fn unconditional(&mut self, rules: &[Rule], findings: &mut Vec<Diagnostic>) {
        for rule in rules {
            if self.is_closed(rule.span, findings) {
                continue;
            }
            let ended = ends(&rule.action.value) != Ends::Nothing;
            if ended && rule.condition.is_none() {
                self.closed = Some(rule.span);
            }
        }
    }

    fn switching(&mut self, proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
        for rule in &proxy.switching {
            if let Some(any) = self.judge(rule.condition.as_ref(), rule.span, findings) {
                self.cover(any, rule.span, true);
            }
        }
        // A name that is made at run time and leads nowhere leaves the request to the default.
        let made = |by: Span| {
            let mut rules =
                proxy.switching.iter().filter(|rule| rule.backend.value.as_text().is_none());
            rules.any(|rule| rule.span == by)
        };
        if let (Some(default), Some(by)) = (&proxy.default_backend, self.closed)
            && !made(by)
        {
            self.dead.push((default.span, Some(by)));
        }
    }

    /// Behind a list only those count that end the request.
    fn next_list(&mut self) {
        for cover in &mut self.covers {
            if cover.as_ref().is_some_and(|cover| !cover.beyond) {
                *cover = None;
            }
        }
        let open = self.covers.iter().flatten().find(|cover| cover.all.is_empty());
        self.closed = open.map(|cover| cover.span);
    }

    /// Says what can be proved of a rule's condition and gives its alternatives when it may be reached.
    fn judge(
        &mut self,
        condition: Option<&Condition>,
        span: Span,
        findings: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Conjunction>> {
        if self.is_closed(span, findings) {
            return None;
        }
        // One that is not understood may still be reached.
        let any = self.names.alternatives(condition).unwrap_or_else(|| vec![unknown()]);
        if condition.is_some_and(|condition| constant(condition, &any, findings)) {
            self.dead.push((span, None));
            return Some(Vec::new());
        }
        let by: Option<Vec<Span>> = any.iter().map(|all| self.covered(all)).collect();
        let Some(first) = by.as_deref().and_then(<[Span]>::first) else { return Some(any) };
        self.dead.push((span, Some(*first)));
        findings.push(
            Diagnostic::new(codes::W0604, span, "this rule can never be reached")
                .related(*first, "this one ends the processing of every request that would match"),
        );
        None
    }

    /// One finding for all that stands behind an unconditional end.
    fn is_closed(&mut self, span: Span, findings: &mut Vec<Diagnostic>) -> bool {
        let Some(by) = self.closed else { return false };
        self.dead.push((span, Some(by)));
        let said = findings.iter().rev().take(1).any(|last| {
            last.code == codes::W0604 && last.related.first().is_some_and(|r| r.span == by)
        });
        if !said {
            findings.push(
                Diagnostic::new(codes::W0604, span, "this rule can never be reached")
                    .related(by, "this one ends the processing of every request"),
            );
        }
        true
    }

    fn covered(&mut self, all: &[Literal]) -> Option<Span> {
        for key in all.iter().flat_map(keys) {
            for at in self.by_key.get(key).into_iter().flatten() {
                self.pairs += 1;
                if self.pairs > MOST_PAIRS {
                    return None;
                }
                let Some(Some(cover)) = self.covers.get(*at) else { continue };
                if implies(all, &cover.all) {
                    return Some(cover.span);
                }
            }
        }
        None
    }

    fn cover(&mut self, any: Vec<Conjunction>, span: Span, beyond: bool) {
        for all in any {
            if all.is_empty() {
                self.closed = Some(span);
            } else if all.iter().any(|one| matches!(one.test, Meaning::Unknown)) {
                continue;
            }
            if let Some(key) = all.first().and_then(|one| keys(one).next()) {
                self.by_key.entry(key.to_owned()).or_default().push(self.covers.len());
            }
            self.covers.push(Some(Cover { all, span, beyond }));
        }
    }

    fn forget(&mut self, action: &Action) {
        if matches!(ends(action), Ends::List | Ends::Request) {
            return;
        }
        self.pairs += self.covers.len();
        let dear = self.pairs > MOST_PAIRS;
        for cover in &mut self.covers {
            let stale = cover.as_ref().is_some_and(|cover| {
                let mut reads = cover.all.iter().filter_map(Literal::reads).flatten();
                reads.any(|reads| touches(action, reads))
            });
            if stale || dear {
                *cover = None;
            }
        }
        self.compact();
    }

    /// Forgotten covers go when they are many, so that rewrites do not walk over them again.
    fn compact(&mut self) {
        if self.covers.len() > 64 && self.covers.iter().all(Option::is_none) {
            self.covers.clear();
            self.by_key.clear();
        }
    }
}

fn unknown() -> Conjunction {
    vec![Literal { negated: false, test: Meaning::Unknown }]
}

fn keys(literal: &Literal) -> impl Iterator<Item = &str> {
    let lines = match &literal.test {
        Meaning::Lines(lines) => lines.as_ref(),
        Meaning::Always(_) | Meaning::Unknown => &[],
    };
    // Lines of one name read one value as a rule; the first stands for all.
    lines.iter().take(1).map(|atom| atom.key.as_str())
}

/// A condition that is the same for every request.
fn constant(condition: &Condition, any: &[Conjunction], findings: &mut Vec<Diagnostic>) -> bool {
    let plain = any.iter().flatten().all(|one| !matches!(one.test, Meaning::Always(_)));
    let pairs: Option<Vec<_>> = any.iter().map(|all| contradiction(all)).collect();
    if let Some((one, other)) = pairs.as_deref().and_then(<[_]>::first) {
        // `if FALSE` is written on purpose.
        if plain {
            let mut finding =
                Diagnostic::new(codes::W0606, condition.span, "this condition is never true");
            let terms = condition.any.first().filter(|_| !condition.unless);
            let span = |at: usize| terms.and_then(|terms| terms.get(at)).map(|term| term.span);
            if let (Some(one), Some(other)) = (span(*one), span(*other)) {
                finding = finding.related(one, "when this holds,").related(other, "this does not");
            }
            findings.push(finding);
        }
        return true;
    }
    if plain && is_always(any) {
        let help = "`or` of two negated terms holds as soon as one of them fails: leave `or` out to \
                    ask that both fail";
        findings.push(
            Diagnostic::new(codes::W0607, condition.span, "this condition is always true")
                .help(help),
        );
    }
    false
}
