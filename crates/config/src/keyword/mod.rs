//! The directive registry: every keyword of the language, one entry each.
//!
//! An entry says where a keyword may stand, what it takes, whether it is supported, ignored with a note or
//! refused with a code, and which function lowers it. Keywords that are only refused stand in compact lists
//! (`Missing`), one per area. To add a keyword: add an entry to the table of its family, and a case.

mod acl;
mod action_words;
mod actions;
mod actions_lists;
mod actions_refused;
mod actions_resolve;
mod balance;
mod bind_options;
mod captures;
mod check_words;
mod checks;
mod cookie;
mod errors;
mod filters;
mod forwarded;
mod global_log;
mod global_once;
mod global_process;
mod global_ranges;
mod global_refused;
mod global_stats;
mod global_tune;
mod global_vars;
mod identity;
mod limits;
mod log;
mod missing;
mod newer;
mod options;
mod persistence;
mod redirect;
mod refused_lines;
mod replaced;
mod reply;
mod rules;
mod section;
mod server;
mod server_options;
mod shape;
mod stats;
mod stick;
mod switching;
mod timeouts;
mod tls_options;
mod userlist;

use std::fmt;

use diag::{Code, codes};

use crate::lower::{Directive, Draft};
pub use crate::lower::{InDefaults, Places};
use crate::model::Global;

pub(crate) use actions::ACTIONS;
pub(crate) use bind_options::BIND_OPTIONS;
pub(crate) use checks::unused_steps;
pub(crate) use global_once::given_before;
pub(crate) use missing::SECTIONS;
pub(crate) use newer::than_2_6;
pub(crate) use replaced::tell as tell_replaced;
pub(crate) use section::{Kind, Other, find as section_kind};
pub(crate) use server_options::SERVER_OPTIONS;
pub(crate) use shape::Shape;
pub(crate) use tls_options::{knows_a_cipher, knows_a_ciphersuite, knows_curves};
pub(crate) use userlist::{USERLIST, forget_repeated};

/// What becomes of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It does what HAProxy's does.
    Supported,
    /// It is accepted without effect; the text says why that is right.
    Ignored(&'static str),
    /// It is refused; the text says what is missing.
    Refused(Code, &'static str),
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supported => f.write_str("supported"),
            Self::Ignored(why) => write!(f, "ignored: {why}"),
            Self::Refused(code, why) => write!(f, "refused ({code}): {why}"),
        }
    }
}

/// One keyword. `T` is what its lowering writes to.
pub(crate) struct Keyword<T: 'static> {
    pub(crate) name: &'static str,
    pub(crate) places: Places,
    pub(crate) args: &'static str,
    pub(crate) status: Status,
    pub(crate) manual: &'static str,
    pub(crate) doc: &'static str,
    /// The rule sets that have it, when it is an action.
    pub(crate) sets: actions::Sets,
    /// What its arguments must look like, before `lower` reads them.
    pub(crate) shape: Option<Shape>,
    pub(crate) lower: fn(&mut Directive<'_>, &mut T),
}

impl<T> Keyword<T> {
    /// A supported keyword.
    pub(crate) const fn new(
        name: &'static str,
        places: Places,
        args: &'static str,
        manual: &'static str,
        doc: &'static str,
        lower: fn(&mut Directive<'_>, &mut T),
    ) -> Self {
        let (status, sets) = (Status::Supported, actions::Sets::ALL);
        Self { name, places, args, status, manual, doc, sets, shape: None, lower }
    }

    /// A keyword that is refused where it may stand.
    pub(crate) const fn refused(self, why: &'static str) -> Self {
        Self { status: Status::Refused(codes::E0207, why), ..self }
    }

    /// Its arguments, as the manual writes them.
    pub(crate) fn arguments(&self) -> String {
        match self.shape {
            Some(shape) if self.args.is_empty() => shape.text(),
            _ => self.args.into(),
        }
    }

    /// A keyword whose arguments have a shape.
    pub(crate) const fn shaped(self, shape: Shape) -> Self {
        Self { shape: Some(shape), ..self }
    }

    /// A keyword that is read and has no effect, for the reason `why`.
    pub(crate) const fn ignored(self, why: &'static str) -> Self {
        Self { status: Status::Ignored(why), ..self }
    }
}

/// Keywords of one area that are refused, each with the number of words that belong to it on a line of options.
pub(crate) struct Missing {
    pub(crate) code: Code,
    pub(crate) why: &'static str,
    pub(crate) manual: &'static str,
    pub(crate) names: &'static [(&'static str, u8)],
}

impl Missing {
    pub(crate) const fn not_built(
        why: &'static str,
        manual: &'static str,
        names: &'static [(&'static str, u8)],
    ) -> Self {
        Self { code: codes::E0207, why, manual, names }
    }

    /// What HAProxy knows only when it is built with more than distributions build it with.
    pub(crate) const fn unknown(why: &'static str, names: &'static [(&'static str, u8)]) -> Self {
        Self { code: codes::E0202, why, manual: "", names }
    }

    pub(crate) const fn removed(why: &'static str, names: &'static [(&'static str, u8)]) -> Self {
        Self { code: codes::E0209, why, manual: "", names }
    }
}

/// All keywords that may stand at one point of the language.
pub(crate) struct Table<T: 'static> {
    /// What one of them is called in messages.
    pub(crate) noun: &'static str,
    pub(crate) keywords: &'static [&'static [Keyword<T>]],
    pub(crate) missing: &'static [Missing],
}

/// What a table says about a word.
pub(crate) enum Found<T: 'static> {
    Known(&'static Keyword<T>),
    Missing(&'static Missing, u8),
    Unknown,
}

impl<T> Table<T> {
    /// Looks a word up; what stands in parentheses behind it is not part of its name.
    pub(crate) fn find(&self, word: &str) -> Found<T> {
        let name = match self.noun {
            // Words of lines have nothing in parentheses.
            "keyword" | "section" | "option" | "timeout" => word,
            _ => word.split('(').next().unwrap_or(word),
        };
        let mut known = self.keywords.iter().copied().flatten();
        let is = |keyword: &Keyword<T>| match keyword.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => keyword.name == name,
        };
        if let Some(keyword) = known.find(|keyword| is(keyword)) {
            return Found::Known(keyword);
        }
        for missing in self.missing {
            let hit = missing.names.iter().find(|(known, _)| match known.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => *known == name,
            });
            if let Some((_, words)) = hit {
                return Found::Missing(missing, *words);
            }
        }
        Found::Unknown
    }

    /// The known word most like `word`, if one is like it.
    pub(crate) fn nearest(&self, word: &str) -> Option<&'static str> {
        let known = self.keywords.iter().copied().flatten().map(|keyword| keyword.name);
        let missing = self.missing.iter().flat_map(|area| area.names.iter().map(|name| name.0));
        nearest(word, known.chain(missing))
    }
}

/// The candidate most like `word`, when it is like enough to be meant.
pub fn nearest<'a>(word: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = |name: &str| (name.len().min(word.len()) / 3).max(1);
    among
        // The difference in length is the least distance: most words are out without a look at their letters.
        .filter(|name| name.len().abs_diff(word.len()) <= most(name))
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance > 0 && *distance <= most(name))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Directives of `defaults`, `frontend`, `backend` and `listen`.
pub(crate) static PROXY: Table<Draft> = Table {
    noun: "keyword",
    keywords: &[
        acl::KEYWORDS,
        balance::KEYWORDS,
        bind_options::KEYWORDS,
        captures::KEYWORDS,
        checks::KEYWORDS,
        cookie::KEYWORDS,
        errors::KEYWORDS,
        filters::KEYWORDS,
        identity::KEYWORDS,
        limits::KEYWORDS,
        log::KEYWORDS,
        refused_lines::KEYWORDS,
        options::KEYWORDS,
        persistence::KEYWORDS,
        redirect::KEYWORDS,
        rules::KEYWORDS,
        server::KEYWORDS,
        stats::KEYWORDS,
        stick::KEYWORDS,
        switching::KEYWORDS,
        timeouts::KEYWORDS,
    ],
    missing: missing::PROXY,
};

/// Directives of `global`.
pub(crate) static GLOBAL: Table<Global> = Table {
    noun: "keyword",
    keywords: &[
        global_process::KEYWORDS,
        global_log::KEYWORDS,
        global_stats::KEYWORDS,
        global_tune::KEYWORDS,
        global_vars::KEYWORDS,
        global_ranges::KEYWORDS,
        global_refused::KEYWORDS,
    ],
    missing: missing::GLOBAL,
};

/// One line of the registry, for lists and pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Where it belongs: `global`, `proxy`, `bind`, `server`, `option`, `timeout`, `action`, ...
    pub area: &'static str,
    /// The keyword.
    pub name: &'static str,
    /// Its arguments, as the manual writes them.
    pub args: String,
    /// The sections that take it; `None` for words inside of a line.
    pub places: Option<Places>,
    /// The rule sets that take it, when it is an action.
    pub rule_sets: Vec<&'static str>,
    /// HAProxy 2.6 does not know it yet.
    pub newer_than_2_6: bool,
    /// What becomes of it.
    pub status: Status,
    /// The section of the manual.
    pub manual: &'static str,
    /// What it does, in one line.
    pub doc: &'static str,
}

/// Every keyword that is known, area by area.
pub fn registry() -> Vec<Info> {
    let mut all = Vec::new();
    list("global", &GLOBAL, &mut all);
    list("proxy", &PROXY, &mut all);
    list("option", &options::OPTIONS, &mut all);
    list("timeout", &timeouts::TIMEOUTS, &mut all);
    list("balance", &balance::ALGORITHMS, &mut all);
    list("cookie", &cookie::FLAGS, &mut all);
    list("action", &ACTIONS, &mut all);
    list("bind", &BIND_OPTIONS, &mut all);
    list("server", &SERVER_OPTIONS, &mut all);
    list("filter", &filters::FILTERS, &mut all);
    list("userlist", &USERLIST, &mut all);
    all.extend(tls_options::crt_list());
    for (name, table) in section::tables() {
        list(name, table, &mut all);
    }
    list("section", &SECTIONS, &mut all);
    all
}

fn list<T>(area: &'static str, table: &Table<T>, all: &mut Vec<Info>) {
    for keyword in table.keywords.iter().copied().flatten() {
        all.push(Info {
            area,
            name: keyword.name,
            args: keyword.arguments(),
            places: (keyword.places != Places::INSIDE).then_some(keyword.places),
            rule_sets: if area == "action" { keyword.sets.names() } else { Vec::new() },
            newer_than_2_6: than_2_6(table.noun, keyword.name),
            status: keyword.status,
            manual: keyword.manual,
            doc: keyword.doc,
        });
    }
    for missing in table.missing {
        all.extend(missing.names.iter().map(|(name, _)| Info {
            area,
            name,
            args: String::new(),
            places: None,
            rule_sets: Vec::new(),
            newer_than_2_6: than_2_6(table.noun, name),
            status: Status::Refused(missing.code, missing.why),
            manual: missing.manual,
            doc: missing.why,
        }));
    }
}
