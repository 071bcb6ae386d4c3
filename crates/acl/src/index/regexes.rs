//! Regular expressions: `reg`.

use regex::bytes::{Regex, RegexSet, RegexSetBuilder};

use super::FEW;

/// Expressions, in order.
#[derive(Debug)]
pub(crate) struct Regexes {
    list: Vec<(u32, Regex)>,
    /// All at once, when they are many; a set that would be too large is walked instead.
    set: Option<RegexSet>,
}

impl Regexes {
    pub(crate) fn new(list: Vec<(u32, Regex)>, ignore_case: bool) -> Regexes {
        let many = list.len() > FEW;
        let set = many.then(|| {
            RegexSetBuilder::new(list.iter().map(|(_, regex)| regex.as_str()))
                .unicode(false)
                .case_insensitive(ignore_case)
                .build()
                .ok()
        });
        Regexes { list, set: set.flatten() }
    }

    /// The first of the list that matches.
    pub(crate) fn find(&self, text: &[u8]) -> Option<u32> {
        match &self.set {
            Some(set) => {
                let first = set.matches(text).iter().next()?;
                self.list.get(first).map(|(id, _)| *id)
            }
            None => self.list.iter().find(|(_, regex)| regex.is_match(text)).map(|(id, _)| *id),
        }
    }

    /// The expression of a pattern, for the groups of its match.
    pub(crate) fn regex(&self, id: u32) -> Option<&Regex> {
        self.list.iter().find(|(known, _)| *known == id).map(|(_, regex)| regex)
    }
}
