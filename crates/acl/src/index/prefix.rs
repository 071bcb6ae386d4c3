//! Patterns that texts begin or end with: `beg`, `end`.
//!
//! The patterns are sorted. Every pattern that is a prefix of the text sorts at or before it, and is
//! a prefix of the greatest pattern that does; so one binary search finds that one, and the rest of
//! the answer lies on its chain of parents (each one's longest proper prefix in the set).

use super::{Entries, FEW};

/// Which of several matching patterns is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefer {
    /// The longest, as HAProxy's prefix tree does.
    Longest,
    /// The first of the list.
    First,
}

/// Patterns that texts may begin with.
#[derive(Debug)]
pub(crate) struct Prefixes {
    prefer: Prefer,
    /// All patterns one behind the other, in sorted order.
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// The first eight bytes of each, big end first: most comparisons end here.
    heads: Vec<u64>,
    few: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u32,
    end: u32,
    id: u32,
    /// One more than the index of the longest other entry that this one begins with; 0: none.
    parent: u32,
}

impl Prefixes {
    /// Of several that match the longest is found.
    pub(crate) fn longest(entries: &Entries<'_>) -> Prefixes {
        Prefixes::new(entries, Prefer::Longest)
    }

    /// Of several that match the first of the list is found.
    pub(crate) fn first(entries: &Entries<'_>) -> Prefixes {
        Prefixes::new(entries, Prefer::First)
    }

    fn new(entries: &Entries<'_>, prefer: Prefer) -> Prefixes {
        let mut sorted: Vec<_> = entries.to_vec();
        // A stable sort: of equal patterns the first of the list stays first.
        sorted.sort_by_key(|(_, text)| *text);
        sorted.dedup_by_key(|(_, text)| *text);
        let mut index = Prefixes {
            prefer,
            bytes: Vec::new(),
            entries: Vec::with_capacity(sorted.len()),
            heads: Vec::with_capacity(sorted.len()),
            few: sorted.len() <= FEW,
        };
        let mut open: Vec<usize> = Vec::new();
        for (id, text) in sorted {
            while open.last().is_some_and(|last| !text.starts_with(index.text(*last))) {
                open.pop();
            }
            let parent = open.last().map_or(0, |last| *last as u32 + 1);
            open.push(index.entries.len());
            let start = index.bytes.len() as u32;
            index.bytes.extend_from_slice(text);
            index.entries.push(Entry { start, end: index.bytes.len() as u32, id, parent });
            index.heads.push(head(text));
        }
        index
    }

    fn text(&self, index: usize) -> &[u8] {
        let Some(entry) = self.entries.get(index) else { return b"" };
        self.bytes.get(entry.start as usize..entry.end as usize).unwrap_or_default()
    }

    pub(crate) fn find(&self, text: &[u8]) -> Option<u32> {
        if self.few {
            return self.walk(text);
        }
        let mut at = self.last_not_after(text)?;
        let mut first = None;
        loop {
            let entry = self.entries.get(at)?;
            if text.starts_with(self.text(at)) {
                match self.prefer {
                    Prefer::Longest => return Some(entry.id),
                    Prefer::First => first = Some(first.unwrap_or(entry.id).min(entry.id)),
                }
            }
            match (entry.parent as usize).checked_sub(1) {
                Some(parent) => at = parent,
                None => return first,
            }
        }
    }

    /// Longer patterns sort behind their prefixes, so the last that fits is the longest.
    fn walk(&self, text: &[u8]) -> Option<u32> {
        let fitting = (0..self.entries.len()).filter(|at| text.starts_with(self.text(*at)));
        let mut ids = fitting.filter_map(|at| self.entries.get(at)).map(|entry| entry.id);
        match self.prefer {
            Prefer::Longest => ids.next_back(),
            Prefer::First => ids.min(),
        }
    }

    /// The index of the greatest pattern that is not greater than the text.
    fn last_not_after(&self, text: &[u8]) -> Option<usize> {
        let wanted = head(text);
        let from = self.heads.partition_point(|head| *head < wanted);
        let to = from + self.heads.get(from..)?.partition_point(|head| *head == wanted);
        // Among equal heads whole texts decide; there are few, or they differ late.
        let mut low = from;
        let mut high = to;
        while low < high {
            let middle = low + (high - low) / 2;
            if self.text(middle) <= text { low = middle + 1 } else { high = middle }
        }
        low.checked_sub(1)
    }
}

/// The first eight bytes as a number that sorts as they do.
fn head(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(text) {
        *to = *from;
    }
    u64::from_be_bytes(bytes)
}

/// Patterns that texts may end with: prefixes, read from behind.
#[derive(Debug)]
pub(crate) struct Suffixes(Prefixes);

impl Suffixes {
    pub(crate) fn new(entries: &Entries<'_>) -> Suffixes {
        let reversed: Vec<(u32, Vec<u8>)> =
            entries.iter().map(|(id, text)| (*id, text.iter().rev().copied().collect())).collect();
        let reversed: Vec<_> = reversed.iter().map(|(id, text)| (*id, text.as_slice())).collect();
        Suffixes(Prefixes::new(&reversed, Prefer::First))
    }

    pub(crate) fn find(&self, text: &[u8]) -> Option<u32> {
        let mut reversed: smallvec::SmallVec<[u8; 256]> = smallvec::SmallVec::from_slice(text);
        reversed.reverse();
        self.0.find(&reversed)
    }
}
