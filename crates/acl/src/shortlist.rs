//! A list of conditions, most of which compare one value with texts: which of them can hold at all.
//!
//! Two hundred `use_backend b if { hdr(host) -i h }` read the same field two hundred times. Here the field is
//! read once, and a table names the conditions that its value lets through; only those are evaluated, as
//! ever. A condition that is not of this kind is always let through, so the answer is that of the walk.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::ControlFlow;
use std::sync::Arc;

use sample::{Context, Walk, as_text};
use smallvec::SmallVec;

use crate::index::{Fold, folded};
use crate::{Condition, Matcher, Test};

/// So many conditions must ask for the same value before a table is worth its memory.
const WORTH: usize = 4;
/// A test with more patterns than this has an index of its own, which is not copied.
const PATTERNS: usize = 64;

/// The conditions that a value lets through, in order.
pub type Picked = SmallVec<[u32; 16]>;

/// What is known of a list of conditions before any is evaluated.
#[derive(Debug)]
pub struct Shortlist {
    tables: Vec<Table>,
    /// For each place the next condition, this one included, that no table decides on.
    open: Vec<u32>,
}

type Places = HashMap<Box<[u8]>, SmallVec<[u32; 2]>, BuildHasherDefault<Fold>>;

/// One value that conditions compare with texts.
#[derive(Debug)]
struct Table {
    /// Any test of that value: its expression is that of all.
    test: Arc<Test>,
    exact: Places,
    /// Patterns that ignore case, in lower case.
    folded: Places,
}

impl Shortlist {
    /// Looks at the conditions of a list, `None` for an entry without one. Nothing when no value is
    /// asked for often enough.
    pub fn new<'c>(conditions: &[Option<&'c Condition>]) -> Option<Shortlist> {
        let decisive: Vec<Option<Vec<&'c Arc<Test>>>> =
            conditions.iter().map(|condition| decisive(condition.as_ref()?)).collect();
        let mut asked: HashMap<&str, usize> = HashMap::new();
        for tests in decisive.iter().flatten() {
            for test in tests {
                *asked.entry(test.expr().text()).or_default() += 1;
            }
        }
        let mut list = Shortlist { tables: Vec::new(), open: Vec::new() };
        let mut decided = Vec::with_capacity(decisive.len());
        for (place, tests) in decisive.iter().enumerate() {
            let tests = tests.as_ref().filter(|tests| {
                tests.iter().all(|test| asked.get(test.expr().text()).is_some_and(|n| *n >= WORTH))
            });
            for test in tests.into_iter().flatten() {
                list.add(place as u32, test);
            }
            decided.push(tests.is_some());
        }
        if list.tables.is_empty() {
            return None;
        }
        let mut next = decided.len() as u32;
        for (place, decided) in decided.iter().enumerate().rev() {
            if !decided {
                next = place as u32;
            }
            list.open.push(next);
        }
        list.open.reverse();
        Some(list)
    }

    fn add(&mut self, place: u32, test: &Arc<Test>) {
        let text = test.expr().text();
        let at = self.tables.iter().position(|table| table.test.expr().text() == text);
        let at = at.unwrap_or_else(|| {
            let (exact, folded) = (Places::default(), Places::default());
            self.tables.push(Table { test: Arc::clone(test), exact, folded });
            self.tables.len() - 1
        });
        let Some(table) = self.tables.get_mut(at) else { return };
        for (ignores_case, pattern) in
            test.matcher().and_then(Matcher::equal_texts).into_iter().flatten()
        {
            let places = if ignores_case { &mut table.folded } else { &mut table.exact };
            let places = places.entry(pattern.into()).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }

    /// The conditions that may hold beside those that no table decides on; `None` when a value is
    /// not known (yet), and any may.
    pub fn pick(&self, ctx: &Context<'_>) -> Option<Picked> {
        let mut picked = Picked::new();
        for table in &self.tables {
            let walk = table.test.expr().each(ctx, &mut |value| {
                let text = as_text(value);
                picked.extend(table.exact.get(&*text).into_iter().flatten().copied());
                if !table.folded.is_empty() {
                    let found = table.folded.get(&*folded(&text));
                    picked.extend(found.into_iter().flatten().copied());
                }
                ControlFlow::Continue(())
            });
            if walk != Walk::Done {
                return None;
            }
        }
        picked.sort_unstable();
        Some(picked)
    }

    /// The next condition at or behind `from` that has to be evaluated.
    pub fn next(&self, from: usize, picked: &[u32]) -> Option<usize> {
        let open = *self.open.get(from)? as usize;
        let next = picked.iter().find(|place| **place as usize >= from);
        let next = next.map_or(open, |place| open.min(*place as usize));
        (next < self.open.len()).then_some(next)
    }
}

/// The tests of which one must hold for the condition to hold, when each compares with a few texts.
///
/// They are the first of each alternative: what stands before a test that fails may have effects.
fn decisive(condition: &Condition) -> Option<Vec<&Arc<Test>>> {
    if condition.is_unless() {
        return None;
    }
    let mut decisive = Vec::new();
    for mut terms in condition.alternatives() {
        let (negated, tests) = terms.next()?;
        if negated || tests.is_empty() || !tests.iter().all(|test| compares_texts(test)) {
            return None;
        }
        decisive.extend(tests);
    }
    (!decisive.is_empty()).then_some(decisive)
}

fn compares_texts(test: &Test) -> bool {
    let few = || {
        test.matcher().and_then(Matcher::equal_texts).is_some_and(|texts| texts.count() <= PATTERNS)
    };
    test.expr().reads_head_only() && few()
}
