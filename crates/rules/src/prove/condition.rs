//! Conditions as an OR of ANDs of literals, and what one says about another.

use std::collections::HashMap;
use std::rc::Rc;

use config::model::Proxy;
use config_parse::condition::{Condition, Test};

use super::atom::{Atom, Reads};

/// Alternatives that an `unless` may be spread out to.
const MOST_ALTERNATIVES: usize = 32;

/// A term; the atom is missing when the test is not understood.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    pub(super) negated: bool,
    pub(super) test: Meaning,
}

/// What a term tests.
#[derive(Debug, Clone)]
pub(super) enum Meaning {
    Always(bool),
    /// True when one of the lines is.
    Lines(Rc<[Atom]>),
    Unknown,
}

/// All of these hold.
pub(super) type Conjunction = Vec<Literal>;

/// The ACLs of a proxy, each understood once.
pub(super) struct Names {
    named: HashMap<String, Meaning>,
}

impl Names {
    pub(super) fn new(proxy: &Proxy) -> Names {
        let mut lines: HashMap<&str, Option<Vec<Atom>>> = HashMap::new();
        for acl in &proxy.acls {
            let atom = acl.expr.as_ref().and_then(Atom::new);
            let entry = lines.entry(&acl.name.value).or_insert_with(|| Some(Vec::new()));
            match (entry.as_mut(), atom) {
                (Some(known), Some(atom)) => known.push(atom),
                _ => *entry = None,
            }
        }
        let meaning = |lines: Option<Vec<Atom>>| {
            lines.map_or(Meaning::Unknown, |lines| Meaning::Lines(lines.into()))
        };
        let named = lines.into_iter().map(|(name, lines)| (name.to_owned(), meaning(lines)));
        Names { named: named.collect() }
    }

    pub(super) fn meaning(&self, test: &Test) -> Meaning {
        match test {
            Test::Anonymous(line) => {
                Atom::new(line).map_or(Meaning::Unknown, |atom| Meaning::Lines([atom].into()))
            }
            Test::Named(name) => match (self.named.get(&name.value), name.value.as_str()) {
                (Some(meaning), _) => meaning.clone(),
                (None, "TRUE") => Meaning::Always(true),
                (None, "FALSE") => Meaning::Always(false),
                (None, name) => Atom::predefined(name)
                    .map_or(Meaning::Unknown, |atom| Meaning::Lines([atom].into())),
            },
        }
    }

    /// The alternatives of a condition; `None` when there are too many.
    pub(super) fn alternatives(&self, condition: Option<&Condition>) -> Option<Vec<Conjunction>> {
        let Some(condition) = condition else { return Some(vec![Vec::new()]) };
        let any = condition.any.iter().map(|terms| {
            let literals = terms.iter().map(|term| Literal {
                negated: term.negated != condition.unless,
                test: self.meaning(&term.test),
            });
            literals.collect::<Conjunction>()
        });
        if !condition.unless {
            return Some(any.collect());
        }
        // None of the alternatives: of each, one term fails.
        let mut spread = vec![Vec::new()];
        for terms in any {
            if spread.len() * terms.len() > MOST_ALTERNATIVES {
                return None;
            }
            spread = spread
                .iter()
                .flat_map(|head: &Conjunction| {
                    terms.iter().map(|term| [head.as_slice(), std::slice::from_ref(term)].concat())
                })
                .collect();
        }
        Some(spread)
    }
}

impl Literal {
    /// Whether `other` holds whenever this does.
    pub(super) fn implies(&self, other: &Literal) -> bool {
        match (&self.test, &other.test) {
            (_, Meaning::Always(truth)) => *truth != other.negated,
            (Meaning::Lines(mine), Meaning::Lines(theirs)) => match (self.negated, other.negated) {
                (false, false) => lines_imply(mine, theirs),
                (true, true) => lines_imply(theirs, mine),
                (false, true) => mine.iter().all(|a| theirs.iter().all(|b| a.excludes(b))),
                (true, false) => false,
            },
            _ => false,
        }
    }

    fn is_never(&self) -> bool {
        matches!(self.test, Meaning::Always(truth) if truth == self.negated)
    }

    /// The same test, the other way round.
    pub(super) fn turned(&self) -> Literal {
        Literal { negated: !self.negated, test: self.test.clone() }
    }

    /// What it reads, `None` when that is not known.
    pub(super) fn reads(&self) -> Option<impl Iterator<Item = &Reads>> {
        let lines: &[Atom] = match &self.test {
            Meaning::Always(_) => &[],
            Meaning::Lines(lines) => lines,
            Meaning::Unknown => return None,
        };
        Some(lines.iter().map(|atom| &atom.reads))
    }
}

fn lines_imply(some: &[Atom], others: &[Atom]) -> bool {
    some.iter().all(|one| others.iter().any(|other| one.implies(other)))
}

/// Whether every literal of `wide` follows from one of `narrow`.
pub(super) fn implies(narrow: &[Literal], wide: &[Literal]) -> bool {
    wide.iter().all(|needed| follows(needed, narrow))
}

fn follows(needed: &Literal, given: &[Literal]) -> bool {
    matches!(needed.test, Meaning::Always(truth) if truth != needed.negated)
        || given.iter().any(|literal| literal.implies(needed))
}

/// Whether the literals can never hold together: the place of the two that do not.
pub(super) fn contradiction(all: &[Literal]) -> Option<(usize, usize)> {
    for (at, one) in all.iter().enumerate() {
        if one.is_never() {
            return Some((at, at));
        }
        for (behind, other) in all.iter().enumerate().skip(at + 1) {
            if one.implies(&other.turned()) || other.implies(&one.turned()) {
                return Some((at, behind));
            }
        }
    }
    None
}

/// Whether two alternatives of one term each leave nothing out.
pub(super) fn is_always(any: &[Conjunction]) -> bool {
    let one_term = |all: &'_ Conjunction| (all.len() == 1).then(|| all.first().cloned()).flatten();
    let single: Vec<Literal> = any.iter().filter_map(one_term).take(16).collect();
    single.iter().enumerate().any(|(at, one)| {
        let rest = single.iter().skip(at + 1);
        rest.into_iter().any(|other| one.turned().implies(other) || other.turned().implies(one))
    })
}
