//! Regular expressions: `reg`.
//!
//! Most expressions of a long list hold a word that every match begins with (`^/api/v\d+`, `\.(jpg|png)$`).
//! One pass finds which of those words a text has; only their expressions are tried. The rest is a set.

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexSet, RegexSetBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::Extractor;
use smallvec::SmallVec;

use super::FEW;

/// A word that begins more expressions than this says too little.
const SHARED: usize = 16;
/// A shorter word is found too often.
const SHORTEST: usize = 2;
/// More words than this of one expression are not worth it.
const WORDS: usize = 16;

/// Expressions, in order.
#[derive(Debug)]
pub(crate) struct Regexes {
    list: Vec<(u32, Regex)>,
    /// Where they are many.
    many: Option<Box<Many>>,
}

/// Which expressions of a long list are to be tried, by their place in it.
#[derive(Debug)]
struct Many {
    words: Option<AhoCorasick>,
    /// The expressions that begin with a word.
    begun: Vec<SmallVec<[u32; 2]>>,
    /// Those without a word, in order.
    rest: Vec<u32>,
    /// All of those at once, when they are many; a set that would be too large is walked instead.
    set: Option<RegexSet>,
}

impl Regexes {
    pub(crate) fn new(list: Vec<(u32, Regex)>, ignore_case: bool) -> Regexes {
        let many = (list.len() > FEW).then(|| Box::new(Many::new(&list, ignore_case)));
        Regexes { list, many }
    }

    /// The first of the list that matches.
    pub(crate) fn find(&self, text: &[u8]) -> Option<u32> {
        let at = match &self.many {
            Some(many) => many.find(&self.list, text)?,
            None => self.list.iter().position(|(_, regex)| regex.is_match(text))?,
        };
        self.list.get(at).map(|(id, _)| *id)
    }

    /// The expression of a pattern, for the groups of its match.
    pub(crate) fn regex(&self, id: u32) -> Option<&Regex> {
        self.list.iter().find(|(known, _)| *known == id).map(|(_, regex)| regex)
    }
}

impl Many {
    fn new(list: &[(u32, Regex)], ignore_case: bool) -> Many {
        let mut found: Vec<(Vec<u8>, SmallVec<[u32; 2]>)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        let mut rest = Vec::new();
        for (at, (_, regex)) in list.iter().enumerate() {
            let words = beginnings(regex.as_str()).unwrap_or_default();
            if words.is_empty() {
                rest.push(at as u32);
            }
            for mut word in words {
                if ignore_case {
                    word.make_ascii_lowercase();
                }
                let place = *places.entry(word.clone()).or_insert_with(|| {
                    found.push((word, SmallVec::new()));
                    found.len() - 1
                });
                if let Some((_, begun)) = found.get_mut(place) {
                    begun.push(at as u32);
                }
            }
        }
        // An expression with one word that says too little is none of those with words.
        let shared = found.iter().filter(|(_, begun)| begun.len() > SHARED);
        rest.extend(shared.flat_map(|(_, begun)| begun.iter().copied()));
        rest.sort_unstable();
        rest.dedup();
        found.retain(|(_, begun)| begun.len() <= SHARED);
        let words = AhoCorasick::builder()
            .ascii_case_insensitive(ignore_case)
            .build(found.iter().map(|(word, _)| word))
            .ok()
            .filter(|_| !found.is_empty());
        if words.is_none() {
            rest = (0..list.len() as u32).collect();
        }
        let begun = found.into_iter().map(|(_, begun)| begun).collect();
        let set = (rest.len() > FEW).then(|| {
            let texts = rest.iter().filter_map(|at| list.get(*at as usize));
            RegexSetBuilder::new(texts.map(|(_, regex)| regex.as_str()))
                .unicode(false)
                .case_insensitive(ignore_case)
                .build()
                .ok()
        });
        Many { words, begun, rest, set: set.flatten() }
    }

    /// The place of the first that matches.
    fn find(&self, list: &[(u32, Regex)], text: &[u8]) -> Option<usize> {
        let matches = |at: &u32| list.get(*at as usize).is_some_and(|it| it.1.is_match(text));
        let of_rest = match &self.set {
            Some(set) => set.matches(text).iter().next().and_then(|at| self.rest.get(at).copied()),
            None => self.rest.iter().copied().find(|at| matches(at)),
        };
        let mut tried: SmallVec<[u32; 32]> = SmallVec::new();
        if let Some(words) = &self.words {
            for word in words.find_overlapping_iter(text) {
                let begun = self.begun.get(word.pattern().as_usize()).into_iter().flatten();
                tried.extend(begun.copied().filter(|at| of_rest.is_none_or(|first| *at < first)));
            }
        }
        tried.sort_unstable();
        tried.dedup();
        tried.into_iter().find(|at| matches(at)).or(of_rest).map(|at| at as usize)
    }
}

/// The words of which one begins every match, when there are a few that are long enough.
fn beginnings(pattern: &str) -> Option<Vec<Vec<u8>>> {
    let mut parser = ParserBuilder::new().unicode(false).utf8(false).build();
    let words = Extractor::new().extract(&parser.parse(pattern).ok()?);
    let words: Vec<_> = words.literals()?.iter().map(|word| word.as_bytes().to_vec()).collect();
    let fit = words.len() <= WORDS && words.iter().all(|word| word.len() >= SHORTEST);
    fit.then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Expressions with words, alternatives, anchors, classes, and some that match anything.
    fn expression() -> impl Strategy<Value = String> {
        let part = prop::sample::select(vec![
            "ab", "^/a", "b+", "[ab]c", "(ab|ca)", "c$", "a?", ".*", "B", "\\.c", "(?i)aC", "/ab/",
        ]);
        vec(part, 1..4).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_long_list_finds_what_a_walk_finds(
            patterns in vec(expression(), 9..40),
            texts in vec("[abcABC/.]{0,12}", 1..20),
            ignore_case: bool,
        ) {
            let list: Vec<(u32, Regex)> = patterns
                .iter()
                .filter_map(|pattern| sample::regex::compile(pattern, ignore_case).ok())
                .zip(0..)
                .map(|(regex, id)| (id, regex))
                .collect();
            let regexes = Regexes::new(list.clone(), ignore_case);
            for text in texts {
                let text = text.as_bytes();
                let walked = list.iter().find(|(_, regex)| regex.is_match(text)).map(|it| it.0);
                prop_assert_eq!(regexes.find(text), walked, "{:?}", text);
            }
        }
    }
}
