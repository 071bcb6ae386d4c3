//! Compares values with patterns.

use std::borrow::Cow;

use config_parse::condition::MatchMethod;
use diag::Diagnostic;
use sample::{Type, Value, cast};

use crate::index::{
    Delimiters, Entries, Exact, Networks, Numbers, Prefixes, Regexes, Substrings, Suffixes, Words,
    folded,
};
use crate::pattern::{self, Pattern};

/// How values are compared: a match method, and the one that only `method` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// A `-m` method.
    By(MatchMethod),
    /// HTTP methods: the known ones are equal to themselves only, whatever `-i` says.
    HttpMethod,
}

/// Compiled patterns of one method.
#[derive(Debug)]
pub struct Matcher {
    texts: Vec<Box<str>>,
    kind: Kind,
}

/// The patterns, indexed; text in two sets, as written and for either case.
#[derive(Debug)]
enum Kind {
    Found,
    Bool,
    Int(Numbers),
    Len(Numbers),
    Ip(Networks),
    Bin(Exact),
    Str(Both<Exact>),
    Beg(Both<Prefixes>),
    End(Both<Suffixes>),
    Sub(Both<Substrings>),
    Words(Both<Words>),
    Reg(Both<Regexes>),
    HttpMethod(Both<Exact>),
}

/// Patterns as written, and those that ignore case (kept in lower case).
#[derive(Debug)]
struct Both<I> {
    exact: Option<I>,
    folded: Option<I>,
}

/// The bytes of a pattern, which is text.
fn bytes(pattern: &Pattern) -> Cow<'_, [u8]> {
    config_parse::stray::bytes(&pattern.text)
}

impl<I> Both<I> {
    /// Builds an index for each of the two sets that is not empty.
    fn new(patterns: &[Pattern], build: impl Fn(&Entries<'_>) -> I) -> Both<I> {
        let lower: Vec<Vec<u8>> =
            patterns.iter().map(|pattern| bytes(pattern).to_ascii_lowercase()).collect();
        let written: Vec<_> = patterns.iter().map(bytes).collect();
        let mut exact = Vec::new();
        let mut folded = Vec::new();
        for (id, (pattern, lower)) in patterns.iter().zip(&lower).enumerate() {
            if pattern.ignore_case {
                folded.push((id as u32, lower.as_slice()));
            } else {
                exact.push((id as u32, &*written[id]));
            }
        }
        let some = |entries: Vec<(u32, &[u8])>| (!entries.is_empty()).then(|| build(&entries));
        Both { exact: some(exact), folded: some(folded) }
    }

    /// As HAProxy: what is compared exactly comes first.
    fn find(&self, text: &[u8], find: impl Fn(&I, &[u8]) -> Option<u32>) -> Option<u32> {
        let exact = self.exact.as_ref().and_then(|index| find(index, text));
        exact.or_else(|| self.folded.as_ref().and_then(|index| find(index, &folded(text))))
    }
}

impl Matcher {
    /// Compiles patterns.
    ///
    /// # Errors
    /// One finding for each pattern that cannot be read.
    pub fn compile(
        comparison: Comparison,
        patterns: Vec<Pattern>,
        no_resolve: bool,
    ) -> Result<Matcher, Vec<Diagnostic>> {
        let method = match comparison {
            Comparison::HttpMethod => {
                let as_known = |pattern: &Pattern| Pattern {
                    ignore_case: pattern.ignore_case && !is_known_method(&pattern.text),
                    ..pattern.clone()
                };
                let patterns: Vec<_> = patterns.iter().map(as_known).collect();
                let kind = Kind::HttpMethod(Both::new(&patterns, Exact::new));
                return Ok(Matcher::of(kind, &patterns));
            }
            Comparison::By(method) => method,
        };
        let words = |delimiters| Both::new(&patterns, |entries| Words::new(entries, delimiters));
        let kind = match method {
            MatchMethod::Found => Kind::Found,
            MatchMethod::Bool => Kind::Bool,
            MatchMethod::Int => Kind::Int(Numbers::new(pattern::numbers(&patterns)?)),
            MatchMethod::Len => Kind::Len(Numbers::new(pattern::numbers(&patterns)?)),
            MatchMethod::Ip => Kind::Ip(Networks::new(&pattern::networks(&patterns, no_resolve)?)),
            MatchMethod::Bin => {
                let bytes = pattern::bytes(&patterns)?;
                let bytes: Vec<_> = bytes.iter().map(|(id, bytes)| (*id, &bytes[..])).collect();
                Kind::Bin(Exact::new(&bytes))
            }
            MatchMethod::Str => Kind::Str(Both::new(&patterns, Exact::new)),
            MatchMethod::Beg => Kind::Beg(Both::new(&patterns, Prefixes::longest)),
            MatchMethod::End => Kind::End(Both::new(&patterns, Suffixes::new)),
            MatchMethod::Sub => Kind::Sub(Both::new(&patterns, Substrings::new)),
            MatchMethod::Dir => Kind::Words(words(Delimiters::Slashes)),
            MatchMethod::Dom => Kind::Words(words(Delimiters::Dots)),
            MatchMethod::Reg => Kind::Reg(regexes(&patterns)?),
        };
        Ok(Matcher::of(kind, &patterns))
    }

    fn of(kind: Kind, patterns: &[Pattern]) -> Matcher {
        Matcher {
            texts: patterns.iter().map(|pattern| pattern.text.as_str().into()).collect(),
            kind,
        }
    }

    /// Whether a value matches, and by which pattern (its place in the list; none for `found` and
    /// `bool`).
    pub fn find(&self, value: &Value<'_>) -> Option<Hit> {
        let id = match &self.kind {
            Kind::Found => return Some(Hit::Whole),
            Kind::Bool => {
                return matches!(cast(value.clone(), Type::Bool)?, Value::Bool(true))
                    .then_some(Hit::Whole);
            }
            Kind::Int(numbers) => match cast(value.clone(), Type::Int)? {
                Value::Int(number) => numbers.find(number),
                _ => None,
            },
            Kind::Ip(networks) => match cast(value.clone(), Type::Addr)? {
                Value::Ip(ip) => networks.find(ip),
                _ => None,
            },
            Kind::Bin(set) => match value {
                Value::Str(bytes) | Value::Bin(bytes) | Value::Meth(bytes) => set.find(bytes),
                _ => None,
            },
            kind => kind.find_text(&text_of(value)?),
        };
        id.map(Hit::Pattern)
    }

    /// A pattern as written.
    pub fn pattern(&self, hit: Hit) -> Option<&str> {
        match hit {
            Hit::Whole => None,
            Hit::Pattern(index) => self.texts.get(index as usize).map(|text| &**text),
        }
    }

    /// All patterns as written.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }

    /// The texts that a value must be equal to, in no order, and whether case is ignored: those are
    /// in lower case. Nothing for another way of comparing.
    pub(crate) fn equal_texts(&self) -> Option<impl Iterator<Item = (bool, &[u8])>> {
        let Kind::Str(both) = &self.kind else { return None };
        let exact = both.exact.iter().flat_map(Exact::texts).map(|text| (false, text));
        Some(exact.chain(both.folded.iter().flat_map(Exact::texts).map(|text| (true, text))))
    }

    /// The regular expression of a pattern, for the groups of its match (`map_regm`).
    pub(crate) fn regex(&self, hit: Hit) -> Option<&regex::bytes::Regex> {
        match (&self.kind, hit) {
            (Kind::Reg(both), Hit::Pattern(id)) => both.exact.as_ref()?.regex(id),
            _ => None,
        }
    }
}

/// What matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// The value as it is: no pattern was needed.
    Whole,
    /// The pattern at this place of the list.
    Pattern(u32),
}

impl Kind {
    fn find_text(&self, text: &[u8]) -> Option<u32> {
        match self {
            Kind::Len(numbers) => numbers.find(text.len() as i64),
            Kind::Str(both) => both.find(text, Exact::find),
            Kind::Beg(both) => both.find(text, Prefixes::find),
            Kind::End(both) => both.find(text, Suffixes::find),
            Kind::Sub(both) => both.find(text, Substrings::find),
            Kind::Words(both) => both.find(text, Words::find),
            Kind::Reg(both) => {
                // The expressions themselves ignore case; the text stays as it is.
                let exact = both.exact.as_ref().and_then(|set| set.find(text));
                exact.or_else(|| both.folded.as_ref().and_then(|set| set.find(text)))
            }
            Kind::HttpMethod(both) => match KNOWN_METHODS.contains(&text) {
                true => both.exact.as_ref().and_then(|set| set.find(text)),
                false => both.find(text, Exact::find),
            },
            Kind::Found | Kind::Bool | Kind::Int(_) | Kind::Ip(_) | Kind::Bin(_) => None,
        }
    }
}

const KNOWN_METHODS: [&[u8]; 8] =
    [b"OPTIONS", b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"TRACE", b"CONNECT"];

fn is_known_method(text: &str) -> bool {
    KNOWN_METHODS.contains(&text.as_bytes())
}

/// The text of a value, borrowed where it has one.
fn text_of<'v>(value: &'v Value<'_>) -> Option<Cow<'v, [u8]>> {
    let borrowed = match value {
        Value::Str(text) | Value::Meth(text) => return Some(Cow::Borrowed(text)),
        Value::Bin(bytes) => Value::Bin(Cow::Borrowed(bytes)),
        Value::Bool(yes) => Value::Bool(*yes),
        Value::Int(number) => Value::Int(*number),
        Value::Ip(ip) => Value::Ip(*ip),
    };
    match cast(borrowed, Type::Str)? {
        Value::Str(text) => Some(text),
        _ => None,
    }
}

fn regexes(patterns: &[Pattern]) -> Result<Both<Regexes>, Vec<Diagnostic>> {
    let mut exact = Vec::new();
    let mut folded = Vec::new();
    let mut findings = Vec::new();
    for (id, pattern) in patterns.iter().enumerate() {
        match sample::regex::compile(&pattern.text, pattern.ignore_case) {
            Ok(regex) if pattern.ignore_case => folded.push((id as u32, regex)),
            Ok(regex) => exact.push((id as u32, regex)),
            Err(why) => findings.push(Diagnostic::new(diag::codes::E0508, pattern.span, why)),
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let some = |list: Vec<_>, ignore| (!list.is_empty()).then(|| Regexes::new(list, ignore));
    Ok(Both { exact: some(exact, false), folded: some(folded, true) })
}
