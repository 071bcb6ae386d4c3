//! Patterns anywhere in a text: `sub`.

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;

use super::{Entries, FEW};

/// Patterns to be found inside.
#[derive(Debug)]
pub(crate) enum Substrings {
    Few(Vec<(u32, Finder<'static>)>),
    Many { automaton: Box<AhoCorasick>, ids: Vec<u32> },
}

impl Substrings {
    /// The automaton has limits of size; a set beyond them is walked.
    pub(crate) fn new(entries: &Entries<'_>) -> Substrings {
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
        }
    }
}
