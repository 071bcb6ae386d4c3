//! What changed between two configurations: objects after `defaults` are resolved, not lines.
//!
//! A configuration is compared in a canonical form ([`Objects`]): sections by name, each with settings by
//! name (`timeout client`, `server s1 weight`) and ordered lists (`http-request`, the order of servers).
//! Places are carried along and never compared, so [`apply`] of [`diff`] gives the second form exactly.

mod action;
mod global;
mod impact;
mod listener;
mod objects;
mod proxy;
mod text;
mod value;

use std::collections::BTreeMap;

use diag::Span;

pub use impact::Impact;
pub use objects::objects;

use crate::model::Config;

/// A configuration in canonical form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Objects {
    /// `global`, `frontend NAME`, `backend NAME`, `listen NAME`, `userlist NAME`.
    pub sections: BTreeMap<String, Section>,
}

/// One section in canonical form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// Settings that stand once: what they say, by name.
    pub settings: BTreeMap<String, Item>,
    /// Lines whose order counts, by keyword; none of them is empty.
    pub lists: BTreeMap<String, Vec<Item>>,
}

/// A text and where it came from. Equal texts are equal.
#[derive(Debug, Clone)]
pub struct Item {
    /// What is said, as it would be written.
    pub text: String,
    /// Where it was written; of a setting from `defaults`, there.
    pub span: Option<Span>,
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Item {}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Added,
    Removed,
    Changed,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: Kind,
    /// The section: `backend api`.
    pub section: String,
    /// The object in it: `timeout server`, `server s1 weight`, `http-request`; empty for the section itself.
    pub what: String,
    /// For lists: where it stood in the old list, from 0.
    pub old_index: Option<usize>,
    /// For lists: where it stands in the new list, from 0.
    pub new_index: Option<usize>,
    /// What it said.
    pub from: Option<Item>,
    /// What it says now.
    pub to: Option<Item>,
    /// What a reload does to connections.
    pub impact: Impact,
}

/// What leads from one configuration to another, section by section.
///
/// A section that is new or gone is one change (with an empty `what`), followed by one for each of its objects.
pub fn diff(old: &Config, new: &Config) -> Vec<Change> {
    diff_objects(&objects(old), &objects(new))
}

/// As [`diff`], on the canonical forms.
pub fn diff_objects(old: &Objects, new: &Objects) -> Vec<Change> {
    let mut changes = Vec::new();
    let nothing = Section::default();
    for (name, section) in &old.sections {
        let now = new.sections.get(name);
        if now.is_none() {
            changes.push(whole(name, Kind::Removed));
        }
        compare(name, section, now.unwrap_or(&nothing), &mut changes);
    }
    for (name, section) in &new.sections {
        if !old.sections.contains_key(name) {
            changes.push(whole(name, Kind::Added));
            compare(name, &nothing, section, &mut changes);
        }
    }
    changes
}

fn whole(section: &str, kind: Kind) -> Change {
    Change {
        kind,
        section: section.to_owned(),
        what: String::new(),
        old_index: None,
        new_index: None,
        from: None,
        to: None,
        impact: impact::of(section, "", kind),
    }
}

fn compare(name: &str, old: &Section, new: &Section, changes: &mut Vec<Change>) {
    let mut push = |what: &str, indexes: (Option<usize>, Option<usize>), from, to| {
        let kind = match (&from, &to) {
            (None, _) => Kind::Added,
            (_, None) => Kind::Removed,
            _ => Kind::Changed,
        };
        changes.push(Change {
            kind,
            section: name.to_owned(),
            what: what.to_owned(),
            old_index: indexes.0,
            new_index: indexes.1,
            from,
            to,
            impact: impact::of(name, what, kind),
        });
    };
    for (what, item) in &old.settings {
        let now = new.settings.get(what);
        if now != Some(item) {
            push(what, (None, None), Some(item.clone()), now.cloned());
        }
    }
    for (what, item) in &new.settings {
        if !old.settings.contains_key(what) {
            push(what, (None, None), None, Some(item.clone()));
        }
    }
    let names = old.lists.keys().chain(new.lists.keys().filter(|k| !old.lists.contains_key(*k)));
    for what in names {
        let before = old.lists.get(what).map_or(&[][..], Vec::as_slice);
        let after = new.lists.get(what).map_or(&[][..], Vec::as_slice);
        for (from, to) in edits(before, after) {
            let item = |list: &[Item], at: Option<usize>| at.and_then(|at| list.get(at).cloned());
            push(what, (from, to), item(before, from), item(after, to));
        }
    }
}

/// Which places of two lists differ: (old, new) pairs, in order; a pair of both is a line that was replaced.
fn edits(old: &[Item], new: &[Item]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut out = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (a, b) in common(old, new).into_iter().chain([(old.len(), new.len())]) {
        // What stands before the next line that both have: pairs as long as both sides have lines.
        while i < a || j < b {
            let (from, to) = ((i < a).then_some(i), (j < b).then_some(j));
            i += usize::from(from.is_some());
            j += usize::from(to.is_some());
            out.push((from, to));
        }
        i = a + 1;
        j = b + 1;
    }
    out
}

/// The longest common subsequence of two lists, as pairs of places.
fn common(old: &[Item], new: &[Item]) -> Vec<(usize, usize)> {
    let prefix = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (old.get(prefix..).unwrap_or(&[]), new.get(prefix..).unwrap_or(&[]));
    let suffix =
        old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let old_mid = old_rest.get(..old_rest.len() - suffix).unwrap_or(&[]);
    let new_mid = new_rest.get(..new_rest.len() - suffix).unwrap_or(&[]);
    let mut pairs: Vec<(usize, usize)> = (0..prefix).map(|at| (at, at)).collect();
    pairs.extend(middle(old_mid, new_mid).into_iter().map(|(a, b)| (a + prefix, b + prefix)));
    let (old_end, new_end) = (old.len() - suffix, new.len() - suffix);
    pairs.extend((0..suffix).map(|at| (old_end + at, new_end + at)));
    pairs
}

/// Tables larger than this many cells are not filled: the middle counts as replaced.
const MAX_CELLS: usize = 4_000_000;

fn middle(old: &[Item], new: &[Item]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    if old.is_empty() || new.is_empty() || old.len().saturating_mul(width) > MAX_CELLS {
        return Vec::new();
    }
    // best[i][j]: how long the common subsequence of old[i..] and new[j..] is.
    let mut best = vec![0u32; (old.len() + 1) * width];
    let at = |i: usize, j: usize| i * width + j;
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            best[at(i, j)] = match a == b {
                true => best[at(i + 1, j + 1)] + 1,
                false => best[at(i + 1, j)].max(best[at(i, j + 1)]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while let (Some(a), Some(b)) = (old.get(i), new.get(j)) {
        if a == b {
            pairs.push((i, j));
            i += 1;
            j += 1;
        } else if best[at(i + 1, j)] >= best[at(i, j + 1)] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// Applies changes: `apply(&diff(a, b), objects(a)) == objects(b)`.
pub fn apply(changes: &[Change], mut to: Objects) -> Objects {
    for change in changes.iter().filter(|change| change.what.is_empty()) {
        match change.kind {
            Kind::Removed => drop(to.sections.remove(&change.section)),
            _ => drop(to.sections.entry(change.section.clone()).or_default()),
        }
    }
    let in_lists = |change: &&Change| change.old_index.is_some() || change.new_index.is_some();
    // From the end of each list: earlier places stay what they are.
    for change in changes.iter().filter(in_lists).rev() {
        let Some(list) = list_of(&mut to, change) else { continue };
        if let Some(at) = change.old_index.filter(|at| *at < list.len()) {
            list.remove(at);
        }
    }
    for change in changes.iter().filter(in_lists) {
        let Some(list) = list_of(&mut to, change) else { continue };
        if let (Some(at), Some(item)) = (change.new_index, &change.to) {
            list.insert(at.min(list.len()), item.clone());
        }
    }
    for change in changes.iter().filter(|change| !in_lists(change) && !change.what.is_empty()) {
        let Some(section) = to.sections.get_mut(&change.section) else { continue };
        match &change.to {
            Some(item) => drop(section.settings.insert(change.what.clone(), item.clone())),
            None => drop(section.settings.remove(&change.what)),
        }
    }
    for section in to.sections.values_mut() {
        section.lists.retain(|_, list| !list.is_empty());
    }
    to
}

fn list_of<'o>(objects: &'o mut Objects, change: &Change) -> Option<&'o mut Vec<Item>> {
    let section = objects.sections.get_mut(&change.section)?;
    Some(section.lists.entry(change.what.clone()).or_default())
}
