//! Names in a text: where they are declared and where they are used.

use config_parse::env::Environment;
use config_parse::sections;
use config_parse::tree::{self, LineKind, Word};
use diag::{SourceFile, Sources, Span};

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A section that takes connections.
    Frontend,
    /// A section with servers.
    Backend,
    /// An ACL of one section.
    Acl,
    /// A server of one section.
    Server,
    /// A `defaults` section.
    Defaults,
}

/// One place where a name stands.
#[derive(Debug)]
pub(super) struct Symbol {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) declares: bool,
    /// The section it stands in, by its number.
    section: usize,
}

/// All of them, in order.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    pub(super) all: Vec<Symbol>,
    /// Where each section begins.
    sections: Vec<u32>,
}

impl Symbols {
    /// Reads a text.
    pub(super) fn of(text: &str) -> Self {
        let mut sources = Sources::new();
        sources.add(SourceFile::new("", text.as_bytes()));
        let mut symbols = Self::default();
        tree::each_line(&sources, &Environment::default(), |line| {
            if matches!(line.kind, LineKind::Words | LineKind::Inactive) {
                symbols.line(&line.words);
            }
        });
        symbols
    }

    fn line(&mut self, words: &[Word<'_>]) {
        let word = |at: usize| words.get(at).map_or("", |word| word.text.as_ref());
        if sections::is_section(word(0)) {
            self.sections.push(words.first().map_or(0, |word| word.span.start));
            let kind = match word(0) {
                "frontend" => Kind::Frontend,
                "backend" | "listen" => Kind::Backend,
                "defaults" => Kind::Defaults,
                _ => return,
            };
            let from = words.iter().position(|word| word.text == "from");
            if from != Some(1) {
                self.add(kind, words.get(1), true);
            }
            self.add(Kind::Defaults, from.and_then(|at| words.get(at + 1)), false);
            return;
        }
        match word(0) {
            "use_backend" | "default_backend" => self.add(Kind::Backend, words.get(1), false),
            "acl" => self.add(Kind::Acl, words.get(1), true),
            "server" => self.add(Kind::Server, words.get(1), true),
            "use-server" => self.add(Kind::Server, words.get(1), false),
            _ => {}
        }
        if word(0) == "acl" {
            return;
        }
        let Some(at) = words.iter().position(|word| matches!(word.text.as_ref(), "if" | "unless"))
        else {
            return;
        };
        let mut depth = 0;
        for word in words.iter().skip(at + 1) {
            match word.text.as_ref() {
                "{" | "!{" => depth += 1,
                "}" => depth -= 1,
                "or" | "||" | "!" => {}
                _ if depth == 0 => {
                    let bangs = word.text.len() - word.text.trim_start_matches('!').len();
                    let name = word.slice(bangs..word.text.len());
                    self.add(Kind::Acl, Some(&name), false);
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, kind: Kind, word: Option<&Word<'_>>, declares: bool) {
        let Some(word) = word.filter(|word| !word.text.is_empty()) else { return };
        let section = self.sections.len();
        let (name, span) = (word.text.to_string(), word.span);
        self.all.push(Symbol { kind, name, span, declares, section });
    }

    /// The symbol at an offset.
    pub(super) fn at(&self, offset: usize) -> Option<&Symbol> {
        self.all
            .iter()
            .find(|one| (one.span.start as usize..=one.span.end as usize).contains(&offset))
    }

    /// Every place of the same name: ACLs and servers belong to their section.
    pub(super) fn same<'s>(&'s self, as_this: &'s Symbol) -> impl Iterator<Item = &'s Symbol> {
        let local = matches!(as_this.kind, Kind::Acl | Kind::Server);
        self.all.iter().filter(move |one| {
            one.kind == as_this.kind
                && one.name == as_this.name
                && (!local || one.section == as_this.section)
        })
    }

    /// The declared names of a kind; with an offset those of its section.
    pub(super) fn names(&self, kind: Kind, within: Option<usize>) -> impl Iterator<Item = &str> {
        let section =
            within.map(|at| self.sections.partition_point(|start| (*start as usize) <= at));
        let mut names: Vec<&str> = self
            .all
            .iter()
            .filter(|one| one.declares && one.kind == kind)
            .filter(|one| section.is_none_or(|section| one.section == section))
            .map(|one| one.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter()
    }
}
