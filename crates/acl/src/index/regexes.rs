//! Regular expressions: `reg`.
//!
//! Many expressions in one automaton are fast while it fits into its memory, and a thousand times slower when it does
//! not. Each alone is never slow, so one pass over the text finds the few that can match at all, and those are asked.

use aho_corasick::AhoCorasick;
use regex::bytes::Regex;
use smallvec::SmallVec;

use super::FEW;
use super::required::required;

/// Expressions, in order.
#[derive(Debug)]
pub(crate) struct Regexes {
    list: Vec<(u32, Regex)>,
    /// When they are many.
    screen: Option<Box<Screen>>,
}

/// Which expressions can match a text.
#[derive(Debug)]
struct Screen {
    literals: AhoCorasick,
    /// The place in the list of the expression that needs each literal.
    owners: Vec<u32>,
    /// The places of those of which no literal is known: they are always asked.
    others: Vec<u32>,
}

impl Regexes {
    pub(crate) fn new(list: Vec<(u32, Regex)>, ignore_case: bool) -> Regexes {
        let many = list.len() > FEW;
        let screen = many.then(|| Screen::new(&list, ignore_case)).flatten().map(Box::new);
        Regexes { list, screen }
    }

    /// The first of the list that matches.
    pub(crate) fn find(&self, text: &[u8]) -> Option<u32> {
        let matches = |(_, regex): &&(u32, Regex)| regex.is_match(text);
        let found = match &self.screen {
            Some(screen) => {
                let possible = screen.possible(text);
                possible.iter().filter_map(|at| self.list.get(*at as usize)).find(matches)
            }
            None => self.list.iter().find(matches),
        };
        found.map(|(id, _)| *id)
    }

    /// The expression of a pattern, for the groups of its match.
    pub(crate) fn regex(&self, id: u32) -> Option<&Regex> {
        let at = self.list.binary_search_by_key(&id, |(known, _)| *known).ok()?;
        Some(&self.list[at].1)
    }
}

impl Screen {
    /// `None` when the literals are too many for an automaton.
    fn new(list: &[(u32, Regex)], ignore_case: bool) -> Option<Screen> {
        let mut literals = Vec::new();
        let (mut owners, mut others) = (Vec::new(), Vec::new());
        for (at, (_, regex)) in (0_u32..).zip(list) {
            match required(regex.as_str()) {
                Some(texts) => {
                    owners.extend(texts.iter().map(|_| at));
                    literals.extend(texts);
                }
                None => others.push(at),
            }
        }
        let built = AhoCorasick::builder().ascii_case_insensitive(ignore_case).build(literals);
        Some(Screen { literals: built.ok()?, owners, others })
    }

    /// The places of the expressions that can match, in order.
    fn possible(&self, text: &[u8]) -> SmallVec<[u32; 64]> {
        let mut possible = SmallVec::from_slice(&self.others);
        let found = self.literals.find_overlapping_iter(text);
        possible
            .extend(found.filter_map(|found| self.owners.get(found.pattern().as_usize()).copied()));
        possible.sort_unstable();
        possible.dedup();
        possible
    }
}
