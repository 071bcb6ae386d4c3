//! Patterns between delimiters: `dir`, `dom`.
//!
//! Delimiters around a pattern do not count. What is left must stand in the text between two
//! delimiters, or its ends; delimiters inside must be there as written.

use super::hasher::Table;
use super::{Entries, FEW};

/// What separates words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delimiters {
    /// `dir`: `/` and `?`.
    Slashes,
    /// `dom`: also `.` and `:`.
    Dots,
}

impl Delimiters {
    fn has(self, byte: u8) -> bool {
        match self {
            Delimiters::Slashes => matches!(byte, b'/' | b'?'),
            Delimiters::Dots => matches!(byte, b'/' | b'?' | b'.' | b':'),
        }
    }

    fn trim(self, mut text: &[u8]) -> &[u8] {
        while let [first, rest @ ..] = text
            && self.has(*first)
        {
            text = rest;
        }
        while let [rest @ .., last] = text
            && self.has(*last)
        {
            text = rest;
        }
        text
    }

    /// Where each word begins and ends.
    fn words(self, text: &[u8]) -> smallvec::SmallVec<[(usize, usize); 16]> {
        let mut words = smallvec::SmallVec::new();
        let mut start = None;
        for (at, byte) in text.iter().enumerate() {
            match (self.has(*byte), start) {
                (true, Some(begin)) => {
                    words.push((begin, at));
                    start = None;
                }
                (false, None) => start = Some(at),
                _ => {}
            }
        }
        words.extend(start.map(|begin| (begin, text.len())));
        words
    }
}

/// Patterns to be found between delimiters.
#[derive(Debug)]
pub(crate) struct Words {
    delimiters: Delimiters,
    set: Set,
}

#[derive(Debug)]
enum Set {
    Few(Vec<(u32, Box<[u8]>)>),
    /// `longest`: how many words the longest pattern has.
    Many {
        table: Table<Box<[u8]>>,
        longest: usize,
    },
}

impl Words {
    pub(crate) fn new(entries: &Entries<'_>, delimiters: Delimiters) -> Words {
        // A pattern of delimiters only never matches.
        let trimmed = entries.iter().map(|(id, text)| (*id, delimiters.trim(text)));
        let trimmed: Vec<_> = trimmed.filter(|(_, text)| !text.is_empty()).collect();
        if trimmed.len() <= FEW {
            let list = trimmed.into_iter().map(|(id, text)| (id, text.into())).collect();
            return Words { delimiters, set: Set::Few(list) };
        }
        let mut table = Table::default();
        let mut longest = 0;
        for (id, text) in trimmed {
            longest = longest.max(delimiters.words(text).len());
            table.entry(text.into()).or_insert(id);
        }
        Words { delimiters, set: Set::Many { table, longest } }
    }

    /// The first pattern of the list that stands in the text.
    pub(crate) fn find(&self, text: &[u8]) -> Option<u32> {
        match &self.set {
            Set::Few(list) => {
                list.iter().find(|(_, pattern)| self.stands(text, pattern)).map(|(id, _)| *id)
            }
            Set::Many { table, longest } => {
                let words = self.delimiters.words(text);
                let runs = words.iter().enumerate().flat_map(|(index, (start, _))| {
                    words.iter().skip(index).take(*longest).map(|(_, end)| (*start, *end))
                });
                runs.filter_map(|(start, end)| table.get(text.get(start..end)?).copied()).min()
            }
        }
    }

    fn stands(&self, text: &[u8], pattern: &[u8]) -> bool {
        let delimiter = |byte: &u8| self.delimiters.has(*byte);
        let mut from = 0;
        while let Some(found) = memchr::memmem::find(text.get(from..).unwrap_or_default(), pattern)
        {
            let at = from + found;
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            if before.is_none_or(delimiter) && text.get(at + pattern.len()).is_none_or(delimiter) {
                return true;
            }
            from = at + 1;
        }
        false
    }
}
