//! Sections that are neither proxies nor `global`: what their lines take, whether they are carried out or not.

mod app;
mod logs;
mod net;
mod store;

use diag::{Diagnostic, Span, Spanned, codes};

use super::{Found, Keyword, Places, Status, Table};
use crate::lower::{Directive, names, spanned};
use crate::model::{
    Declared, Healthcheck, LogForward, LogProfile, Noun, Resolvers, Ring, ServerSettings,
};

/// A section while it is read.
pub(crate) struct Other {
    /// The section's keyword.
    pub(crate) keyword: &'static str,
    /// Its name; the section line when it has none.
    pub(crate) name: Spanned<String>,
    /// What it declares and mentions.
    pub(crate) declared: Declared,
    /// Names of its own lines, which may stand once.
    seen: Vec<Spanned<String>>,
    /// Keywords that were given, for those that must be.
    given: Vec<&'static str>,
    default_server: ServerSettings,
    /// `errorfile` lines of an `http-errors` section.
    pub(crate) errorfiles: Vec<Spanned<(u16, String)>>,
    /// What a `healthcheck` section says.
    pub(crate) check: Healthcheck,
    /// Its first step, and whether that is one of `http-check`.
    check_step: Option<(bool, Span)>,
    /// What a `log-profile` section says.
    pub(crate) profile: LogProfile,
    /// What a `ring` section says.
    pub(crate) ring: Ring,
    /// What a `resolvers` section says.
    pub(crate) resolvers: Resolvers,
    /// What a `log-forward` section says.
    pub(crate) log_forward: LogForward,
}

/// A kind of section.
pub(crate) struct Kind {
    keyword: &'static str,
    noun: Option<Noun>,
    /// Whether it needs a name, may have one, or has none.
    name: Named,
    /// Words behind the name are an error.
    strict: bool,
    /// A keyword that it cannot do without.
    needs: Option<&'static str>,
    pub(crate) table: &'static Table<Other>,
}

#[derive(Clone, Copy, PartialEq)]
enum Named {
    Yes,
    Maybe,
    No,
}

const fn kind(keyword: &'static str, noun: Noun, table: &'static Table<Other>) -> Kind {
    Kind { keyword, noun: Some(noun), name: Named::Yes, strict: false, needs: None, table }
}

static KINDS: &[Kind] = &[
    Kind { strict: true, ..kind("peers", Noun::Peers, &net::PEERS) },
    kind("resolvers", Noun::Resolvers, &net::RESOLVERS),
    kind("mailers", Noun::Mailers, &net::MAILERS),
    Kind {
        strict: true,
        needs: Some("total-max-size"),
        ..kind("cache", Noun::Cache, &store::CACHE)
    },
    kind("http-errors", Noun::HttpErrors, &store::HTTP_ERRORS),
    kind("ring", Noun::Ring, &logs::RING),
    Kind { strict: true, ..kind("log-forward", Noun::LogForward, &logs::LOG_FORWARD) },
    Kind { strict: true, ..kind("log-profile", Noun::LogProfile, &logs::LOG_PROFILE) },
    Kind { strict: true, needs: Some("docroot"), ..kind("fcgi-app", Noun::FcgiApp, &app::FCGI) },
    kind("healthcheck", Noun::Healthcheck, &app::HEALTHCHECK),
    Kind {
        name: Named::Maybe,
        strict: true,
        ..kind("crt-store", Noun::CrtStore, &store::CRT_STORE)
    },
    Kind { needs: Some("directory"), ..kind("acme", Noun::Acme, &store::ACME) },
    Kind { noun: None, name: Named::No, strict: true, ..kind("traces", Noun::Ring, &logs::TRACES) },
    Kind { noun: None, name: Named::No, ..kind("namespace_list", Noun::Ring, &net::NAMESPACES) },
];

/// The kind of section that a keyword opens.
pub(crate) fn find(keyword: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.keyword == keyword)
}

/// The tables of all kinds, for lists.
pub(crate) fn tables() -> impl Iterator<Item = (&'static str, &'static Table<Other>)> {
    KINDS.iter().map(|kind| (kind.keyword, kind.table))
}

impl Other {
    /// Reads a section line behind its keyword. `None`: its name is missing, which was reported.
    pub(crate) fn open(kind: &'static Kind, line: &mut Directive<'_>) -> Option<Self> {
        if kind.keyword == "acme" {
            line.experimental();
        }
        let own = Spanned::new(String::new(), line.span());
        let name = match kind.name {
            Named::Yes => line.text("a name")?,
            Named::Maybe => line.word().map_or(own, spanned),
            Named::No => own,
        };
        if kind.name != Named::No {
            names::check(line, &name, "another section");
        }
        if kind.strict {
            line.end();
        }
        let mut declared = Declared::default();
        declared.sections.extend(kind.noun.map(|noun| (noun, name.clone())));
        let check = Healthcheck { name: name.clone(), kind: None, steps: Vec::new() };
        let profile = LogProfile { name: name.clone(), tag: None, steps: Vec::new() };
        Some(Self {
            check,
            check_step: None,
            profile,
            ring: Ring {
                name: name.clone(),
                format: None,
                maxlen: None,
                size: None,
                connect: None,
                server: None,
                servers: Vec::new(),
            },
            resolvers: Resolvers::new(name.clone()),
            log_forward: LogForward {
                name: name.clone(),
                streams: Vec::new(),
                datagrams: Vec::new(),
                log: Vec::new(),
                maxconn: None,
                client: None,
                line_framed: false,
                opaque: false,
                host: None,
            },
            keyword: kind.keyword,
            name,
            declared,
            seen: Vec::new(),
            given: Vec::new(),
            default_server: ServerSettings::default(),
            errorfiles: Vec::new(),
        })
    }

    /// It was taken and has no effect.
    pub(crate) fn is_ignored(&self) -> bool {
        let found = super::SECTIONS.find(self.keyword);
        matches!(found, Found::Known(keyword) if matches!(keyword.status, Status::Ignored(_)))
    }

    /// The end of the section: what it cannot do without is there.
    pub(crate) fn close(&self, findings: &mut Vec<Diagnostic>) {
        if let Some((_, step)) = self.check_step.filter(|_| !self.given.contains(&"type")) {
            let message =
                format!("this `{}` section has no `type`: its steps are ignored", self.keyword);
            findings.push(Diagnostic::new(codes::W0211, step, message));
        }
        let kind = find(self.keyword);
        let Some(needs) = kind.and_then(|kind| kind.needs) else { return };
        if !self.given.contains(&needs) {
            let message = format!("this `{}` section has no `{needs}`", self.keyword);
            findings.push(Diagnostic::new(codes::E0204, self.name.span, message));
        }
    }

    /// A name that may stand once in the section.
    fn once(&mut self, line: &mut Directive<'_>, name: &Spanned<String>, of: &str) {
        if let Some(first) = self.seen.iter().find(|seen| seen.value == name.value) {
            let message = format!("a {of} named `{}` is in this section already", name.value);
            let finding = Diagnostic::new(codes::E0404, name.span, message);
            line.report(finding.related(first.span, "the first is here"));
        }
        self.seen.push(name.clone());
    }
}

/// A keyword of one of these sections.
const fn word(
    name: &'static str,
    args: &'static str,
    manual: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Other),
) -> Keyword<Other> {
    Keyword::new(name, Places::INSIDE, args, manual, doc, lower)
}

const fn table(keywords: &'static [&'static [Keyword<Other>]]) -> Table<Other> {
    Table { noun: "keyword of this section", keywords, missing: &[] }
}

/// One value and nothing behind it is looked at.
fn one_value(line: &mut Directive<'_>, what: &str) {
    line.mark_head();
    line.arg(what);
    line.skip_rest();
}
