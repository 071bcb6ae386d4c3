//! Patterns anywhere in a text: `sub`.

use std::hash::Hasher as _;

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;

use super::hasher::Fold;
use super::{Entries, FEW, Prefixes};

/// More patterns than this make an automaton that does not fit into the cache.
const MANY: usize = 4096;

/// Patterns shorter than this would let the filter pass too much.
const SHORTEST: usize = 4;

/// Patterns to be found inside.
#[derive(Debug)]
pub(crate) enum Substrings {
    Few(Vec<(u32, Finder<'static>)>),
    Many { automaton: Box<AhoCorasick>, ids: Vec<u32> },
    Multitude(Box<Multitude>),
}

/// Patterns too many for an automaton: at each place of the text a filter of their first bytes says whether any may
/// begin there. The places are asked independently, so that their cache misses overlap.
#[derive(Debug)]
pub(crate) struct Multitude {
    /// How many first bytes the filter knows.
    width: usize,
    /// A word has two bits for each pattern that leads to it.
    filter: Vec<u64>,
    patterns: Prefixes,
}

impl Multitude {
    /// `None` when there are none, or some are too short.
    pub(super) fn new(entries: &Entries<'_>) -> Option<Multitude> {
        let width = entries.iter().map(|(_, text)| text.len()).min()?.min(8);
        if width < SHORTEST {
            return None;
        }
        // A word for four patterns lets one in sixty pass that is none.
        let words = (entries.len() / 4).next_power_of_two();
        let mut index =
            Multitude { width, filter: vec![0; words], patterns: Prefixes::first(entries) };
        for (_, text) in entries {
            let (word, bits) = index.place(text);
            index.filter[word] |= bits;
        }
        Some(index)
    }

    fn place(&self, text: &[u8]) -> (usize, u64) {
        let mut first = [0; 8];
        first.iter_mut().zip(text.iter().take(self.width)).for_each(|(to, from)| *to = *from);
        let mut hash = Fold::default();
        hash.write_u64(u64::from_le_bytes(first));
        let hash = hash.finish();
        let bits = 1 << (hash & 63) | 1 << (hash >> 6 & 63);
        ((hash >> 12) as usize & (self.filter.len() - 1), bits)
    }

    pub(super) fn find(&self, text: &[u8]) -> Option<u32> {
        let places = (0..(text.len() + 1).saturating_sub(self.width)).map(|at| &text[at..]);
        let may_begin = |rest: &&[u8]| {
            let (word, bits) = self.place(rest);
            self.filter[word] & bits == bits
        };
        places.filter(may_begin).filter_map(|rest| self.patterns.find(rest)).min()
    }
}

impl Substrings {
    /// The automaton has limits of size; a set beyond them is walked.
    pub(crate) fn new(entries: &Entries<'_>) -> Substrings {
        if entries.len() > MANY
            && let Some(multitude) = Multitude::new(entries)
        {
            return Substrings::Multitude(Box::new(multitude));
        }
        if entries.len() > FEW
            && let Ok(automaton) = AhoCorasick::new(entries.iter().map(|(_, text)| text))
        {
            let ids = entries.iter().map(|(id, _)| *id).collect();
            return Substrings::Many { automaton: Box::new(automaton), ids };
        }
        let finder = |text: &[u8]| Finder::new(text).into_owned();
        Substrings::Few(entries.iter().map(|(id, text)| (*id, finder(text))).collect())
    }

    /// The first pattern of the list that is in the text.
    pub(crate) fn find(&self, text: &[u8]) -> Option<u32> {
        match self {
            Substrings::Few(list) => {
                list.iter().find(|(_, finder)| finder.find(text).is_some()).map(|(id, _)| *id)
            }
            Substrings::Many { automaton, ids } => automaton
                .find_overlapping_iter(text)
                .filter_map(|found| ids.get(found.pattern().as_usize()).copied())
                .min(),
            Substrings::Multitude(multitude) => multitude.find(text),
        }
    }
}
