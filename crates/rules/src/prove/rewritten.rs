//! Conditions that look again at what their own rule rewrote: `W0609`.
//!
//! Told only where a rule is taken by a test, rewrites what the test reads, and a later condition makes the same
//! test: whoever wrote that took the test for remembered.

use std::collections::HashMap;

use config::model::{Action, Proxy};
use config_parse::condition::{Condition, Term, Test};
use config_parse::log_format::{LogFormat, Piece};
use diag::{Diagnostic, Span, codes};

use super::condition::{Meaning, Names};
use super::effect::touches;

/// A test that was true when the rule at this place rewrote what it reads.
struct Stale {
    by: Span,
    name: String,
}

pub(super) fn proxy(proxy: &Proxy, names: &Names, findings: &mut Vec<Diagnostic>) {
    let mut stale: HashMap<String, Stale> = HashMap::new();
    for rule in &proxy.rules.http_request {
        let Some(condition) = &rule.condition else { continue };
        look(condition, &mut stale, findings);
        for term in positive(condition) {
            if let Some(name) = rewritten(term, &rule.action.value, names) {
                stale.entry(key(&term.test)).or_insert(Stale { by: rule.span, name });
            }
        }
    }
    if stale.is_empty() {
        return;
    }
    let redirects = proxy.rules.redirect.iter().filter_map(|rule| rule.condition.as_ref());
    let switching = proxy.switching.iter().filter_map(|rule| rule.condition.as_ref());
    for condition in redirects.chain(switching) {
        look(condition, &mut stale, findings);
    }
}

/// Tells of the first term that is stale; each rewrite is told of once.
fn look(condition: &Condition, stale: &mut HashMap<String, Stale>, findings: &mut Vec<Diagnostic>) {
    if stale.is_empty() {
        return;
    }
    for term in condition.any.iter().flatten() {
        let Some(Stale { by, name }) = stale.remove(&key(&term.test)) else { continue };
        let message =
            format!("{name} is tested again behind the rule that it made rewrite what it reads");
        findings.push(
            Diagnostic::new(codes::W0609, term.span, message)
                .related(by, "this one rewrites it: from here on the test sees the new value")
                .help(
                    "remember the first answer, `http-request set-var(txn.NAME) bool(true) if ...`, and \
                     test `var(txn.NAME) -m bool`",
                ),
        );
    }
}

fn positive(condition: &Condition) -> impl Iterator<Item = &Term> {
    let unless = condition.unless;
    condition.any.iter().flatten().filter(move |term| term.negated == unless)
}

/// One text for the same test.
fn key(test: &Test) -> String {
    match test {
        Test::Named(name) => name.value.clone(),
        Test::Anonymous(line) => {
            let patterns: Vec<&str> = line.patterns.iter().map(|one| one.value.as_str()).collect();
            let method = line.method.as_ref().map_or("", |method| method.value.name());
            let fetch = &line.expr.fetch;
            let args: Vec<&str> =
                fetch.args.iter().flatten().map(|argument| argument.value.as_str()).collect();
            let converters: Vec<&str> =
                line.expr.converters.iter().map(|call| call.name.value.as_str()).collect();
            // A blank keeps it apart from names.
            format!(
                "{} {args:?} {converters:?} {method} {} {patterns:?}",
                fetch.name.value, line.ignore_case
            )
        }
    }
}

/// What the term is called, when the action may leave it false.
fn rewritten(term: &Term, action: &Action, names: &Names) -> Option<String> {
    let Meaning::Lines(lines) = names.meaning(&term.test) else { return None };
    let mut read = lines.iter().filter(|atom| touches(action, &atom.reads)).peekable();
    read.peek()?;
    let becomes = Becomes::of(action)?;
    if read.any(|atom| becomes.keeps(atom)) {
        return None;
    }
    Some(match &term.test {
        Test::Named(name) => format!("`{}`", name.value),
        Test::Anonymous(line) => format!("`{}`", line.expr.fetch.name.value),
    })
}

/// What is known of a value that an action writes.
struct Becomes<'a> {
    /// The text it begins with.
    begins: &'a str,
    /// Nothing follows.
    whole: bool,
    /// It begins as it did before.
    same_front: bool,
}

impl<'a> Becomes<'a> {
    fn of(action: &'a Action) -> Option<Becomes<'a>> {
        let nothing = Becomes { begins: "", whole: true, same_front: false };
        Some(match action {
            Action::DelHeader { .. } => nothing,
            Action::SetHeader { value, .. }
            | Action::SetPath { value, .. }
            | Action::SetUri(value)
            | Action::SetMethod(value) => Becomes::written(value),
            Action::ReplacePath { regex, value, .. }
            | Action::ReplaceUri { regex, value }
            | Action::ReplaceHeader { regex, value, .. }
            | Action::ReplaceValue { regex, value, .. } => Becomes::replaced(regex, value),
            Action::SetAddress { .. } => Becomes { whole: false, ..nothing },
            // Adds or keeps, or what it does is not known.
            _ => return None,
        })
    }

    fn written(value: &'a LogFormat) -> Becomes<'a> {
        let changes = ["regsub", "sub", "bytes", "field", "word"];
        let same_front = match value.pieces.first() {
            Some(Piece::Expr { expr, .. }) => {
                !expr.converters.iter().any(|call| changes.contains(&call.name.value.as_str()))
            }
            _ => false,
        };
        Becomes { begins: front(value), whole: value.as_text().is_some(), same_front }
    }

    fn replaced(regex: &str, value: &'a LogFormat) -> Becomes<'a> {
        let text = front(value);
        let begins = text.split('\\').next().unwrap_or_default();
        let from_front = regex.strip_prefix('^').unwrap_or(regex).starts_with('(');
        let same_front = begins.is_empty() && text.starts_with('\\') && from_front;
        Becomes { begins, whole: false, same_front }
    }

    /// Whether the test still holds, or may well do so.
    fn keeps(&self, atom: &super::atom::Atom) -> bool {
        self.same_front || atom.holds_for(self.begins, self.whole)
    }
}

fn front(value: &LogFormat) -> &str {
    match value.pieces.first() {
        Some(Piece::Text(text)) => text,
        _ => "",
    }
}
