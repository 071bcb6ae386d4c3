//! Patterns of files, as they are now: an index that is made again when a list has changed.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use config_parse::condition::MatchMethod;
use diag::{Diagnostic, Span};
use sample::Value;
use sample::lists::{List, LookedUp, Use};

use crate::matcher::{Comparison, Matcher};
use crate::pattern::{self, Pattern};

/// A list behind `-f`, and how it is read.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) list: Arc<List>,
    pub(crate) ignore_case: bool,
    /// The file's name.
    pub(crate) span: Span,
}

impl Source {
    /// Its patterns as they are now.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = Pattern> {
        let Source { ignore_case, span, .. } = *self;
        self.list.entries().into_iter().map(move |entry| Pattern {
            text: entry.key,
            ignore_case,
            span,
            line: entry.line,
        })
    }
}

/// How patterns are compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    pub(crate) comparison: Comparison,
    pub(crate) method: MatchMethod,
    pub(crate) no_resolve: bool,
    /// `req.ssl_ver`: versions are read in their own way.
    pub(crate) versions: bool,
}

impl Way {
    /// Makes the index of patterns.
    pub(crate) fn compile(self, mut patterns: Vec<Pattern>) -> Result<Matcher, Vec<Diagnostic>> {
        if self.versions {
            patterns.iter_mut().for_each(pattern::compose_version);
        }
        Matcher::compile(self.comparison, patterns, self.no_resolve)
    }
}

/// Files and words that are compared together.
#[derive(Debug)]
pub(crate) struct Live {
    way: Way,
    sources: Vec<Source>,
    words: Vec<Pattern>,
    now: ArcSwap<Built>,
    /// Held while the index is made again.
    building: Mutex<()>,
}

/// An index and the state of the lists that it was made of.
#[derive(Debug)]
pub(crate) struct Built {
    version: u64,
    pub(crate) matcher: Matcher,
}

impl Live {
    /// Makes the index for the first time.
    ///
    /// # Errors
    /// One finding for each pattern that cannot be read.
    pub(crate) fn new(
        way: Way,
        sources: Vec<Source>,
        words: Vec<Pattern>,
    ) -> Result<Arc<Live>, Vec<Diagnostic>> {
        let version = version(&sources);
        let matcher = way.compile(all(&sources, &words))?;
        let now = ArcSwap::from_pointee(Built { version, matcher });
        let live = Arc::new(Live { way, sources, words, now, building: Mutex::default() });
        let by: Arc<dyn Use> = Arc::clone(&live) as _;
        live.sources.iter().for_each(|source| source.list.used(source.span, &by));
        Ok(live)
    }

    /// The index of what is in the lists now.
    pub(crate) fn now(&self) -> Guard<Arc<Built>> {
        let built = self.now.load();
        if built.version == version(&self.sources) { built } else { self.again() }
    }

    #[cold]
    fn again(&self) -> Guard<Arc<Built>> {
        // Who comes second finds it done.
        let _one = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        let version = version(&self.sources);
        let built = self.now.load();
        if built.version == version {
            return built;
        }
        // An entry is read before it is taken in, so all can be.
        if let Ok(matcher) = self.way.compile(all(&self.sources, &self.words)) {
            self.now.store(Arc::new(Built { version, matcher }));
        }
        self.now.load()
    }
}

fn version(sources: &[Source]) -> u64 {
    sources.iter().map(|source| source.list.version()).fold(0, u64::wrapping_add)
}

/// The patterns in their order: files first, then words.
fn all(sources: &[Source], words: &[Pattern]) -> Vec<Pattern> {
    sources.iter().flat_map(Source::patterns).chain(words.iter().cloned()).collect()
}

impl Use for Live {
    fn check(&self, key: &str, _value: &str) -> Result<(), String> {
        let pattern =
            Pattern { text: key.to_owned(), ignore_case: false, span: Span::default(), line: 0 };
        self.way.compile(vec![pattern]).map(|_| ()).map_err(|findings| first(&findings))
    }

    fn look_up(&self, text: &str) -> LookedUp {
        let now = self.now();
        let hit = now.matcher.find(&Value::Str(text.as_bytes().into()));
        LookedUp {
            method: self.way.method.name(),
            ignores_case: self.sources.iter().any(|source| source.ignore_case),
            found: hit.map(|hit| (now.matcher.pattern(hit).unwrap_or_default().to_owned(), None)),
        }
    }
}

/// What is wrong with a pattern, in words.
pub(crate) fn first(findings: &[Diagnostic]) -> String {
    findings.first().map_or_else(|| "it cannot be read".to_owned(), |first| first.message.clone())
}
