//! Which rules the cases reached and took, and which outcomes each ACL line had.

use std::collections::{BTreeMap, BTreeSet};

use config::model::Proxy;
use diag::{Sources, Span};
use rules::{Event, Outcome, Program};

use explanation::words::line_text as text;

/// What was reached.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// Each rule by its place, with its text.
    rules: BTreeMap<String, Rule>,
    /// Each ACL line that was tried, and what it said.
    acls: BTreeMap<String, BTreeSet<bool>>,
    /// Every ACL line there is.
    all_acls: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct Rule {
    order: (u32, u32),
    text: String,
    reached: bool,
    taken: bool,
}

impl Coverage {
    /// The rules and ACLs of a configuration: what could be reached.
    pub(super) fn expect(&mut self, program: &Program, sources: &Sources) {
        for proxy in &program.config().proxies {
            for span in rules_of(proxy) {
                let order = (span.file.0, sources.line(span));
                let rule = Rule { order, text: text(sources, span), ..Rule::default() };
                self.rules.entry(sources.cite(span)).or_insert(rule);
            }
            for acl in &proxy.acls {
                self.all_acls.entry(sources.cite(acl.span)).or_insert(text(sources, acl.span));
            }
        }
    }

    /// What one case reached.
    pub(super) fn saw(&mut self, events: &[Event], sources: &Sources) {
        for event in events {
            match event {
                Event::Rule { span, outcome, .. } => {
                    if let Some(rule) = self.rules.get_mut(&sources.cite(*span)) {
                        rule.reached |= *outcome != Outcome::Skipped;
                        rule.taken |= *outcome == Outcome::Taken;
                    }
                }
                Event::Term { seen, .. } => {
                    for seen in seen {
                        let said = self.acls.entry(sources.cite(seen.span)).or_default();
                        said.extend(seen.result);
                    }
                }
                _ => {}
            }
        }
    }

    /// The share of rules that were taken, in percent; all of none is 100.
    pub(super) fn share(&self) -> f64 {
        let taken = self.rules.values().filter(|rule| rule.taken).count();
        if self.rules.is_empty() { 100.0 } else { taken as f64 * 100.0 / self.rules.len() as f64 }
    }

    /// The shares, and what is left.
    pub(super) fn text(&self) -> String {
        let taken = self.rules.values().filter(|rule| rule.taken).count();
        let both = self
            .all_acls
            .keys()
            .filter(|at| self.acls.get(*at).is_some_and(|said| said.len() == 2));
        let mut out = format!(
            "rules taken: {taken} of {} ({:.1} %)\nACL lines seen both ways: {} of {}\n",
            self.rules.len(),
            self.share(),
            both.count(),
            self.all_acls.len()
        );
        let mut left: Vec<_> = self.rules.iter().filter(|(_, rule)| !rule.taken).collect();
        left.sort_by_key(|(_, rule)| rule.order);
        for (place, rule) in left {
            let how = if rule.reached { "never taken" } else { "never reached" };
            out.push_str(&format!("  {place}: {how}: {}\n", rule.text));
        }
        for (place, text) in &self.all_acls {
            let how = match self
                .acls
                .get(place)
                .map(|said| (said.contains(&true), said.contains(&false)))
            {
                Some((true, true)) => continue,
                Some((true, false)) => "never false",
                Some((false, true)) => "never true",
                _ => "never tried",
            };
            out.push_str(&format!("  {place}: {how}: {text}\n"));
        }
        out
    }
}

fn rules_of(proxy: &Proxy) -> impl Iterator<Item = Span> {
    let lists = proxy.rules.lists().into_iter().flatten().map(|rule| rule.span);
    lists
        .chain(proxy.switching.iter().map(|rule| rule.span))
        .chain(proxy.default_backend.iter().map(|name| name.span))
        .chain(proxy.use_server.iter().map(|rule| rule.span))
}
