//! The registries of fetches and converters: one entry for each name of the language.

use std::ops::ControlFlow;

use crate::arg::{ArgKind, Args};
use crate::place::Places;
use crate::{Context, Fact, Sample, Type, Value};

/// Reads one value.
pub type FetchOne = for<'a> fn(&'a Args, &Context<'a>) -> Sample<'a>;
/// Shows every value, first to last, to a visitor that may stop.
pub type FetchEach = for<'a> fn(&'a Args, &Context<'a>, &mut Visit<'_, 'a>) -> Walk;
/// Turns a value into another; the input is already of the entry's input type.
pub type Convert = for<'a> fn(Value<'a>, &'a Args, &Context<'a>) -> Sample<'a>;
/// Who looks at each value of a fetch.
pub type Visit<'v, 'a> = dyn FnMut(Value<'a>) -> ControlFlow<()> + 'v;

/// How a walk over the values of a fetch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// All values were shown, or the visitor stopped.
    Done,
    /// Values may still come.
    Wait,
    /// The values depend on a fact that was not given.
    Unknown(Fact),
}

/// When a value that was read may still become another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stable {
    /// Never: what was read stays.
    Always,
    /// Until the request's bytes are complete.
    RequestComplete,
    /// Until the response's bytes are complete.
    ResponseComplete,
    /// As [`Stable::RequestComplete`] when the second argument asks for all there is (0).
    RequestOpenEnded,
    /// The same of the response.
    ResponseOpenEnded,
}

/// A fetch.
#[derive(Debug)]
pub struct FetchEntry {
    /// Its name.
    pub name: &'static str,
    /// The type of its values.
    pub out: Type,
    /// Where it has a value.
    pub places: Places,
    /// Its arguments, all that it takes.
    pub args: &'static [ArgKind],
    /// How many of them must be given.
    pub required: usize,
    /// What it reads, in one line.
    pub doc: &'static str,
    /// Whether its value may change while bytes come in.
    pub stable: Stable,
    pub(crate) one: FetchOne,
    pub(crate) each: Option<FetchEach>,
    pub(crate) draws: u32,
}

impl FetchEntry {
    pub(crate) const fn new(
        name: &'static str,
        out: Type,
        places: Places,
        one: FetchOne,
        doc: &'static str,
    ) -> Self {
        Self {
            name,
            out,
            places,
            args: &[],
            required: 0,
            doc,
            stable: Stable::Always,
            one,
            each: None,
            draws: 0,
        }
    }

    pub(crate) const fn args(mut self, required: usize, args: &'static [ArgKind]) -> Self {
        self.required = required;
        self.args = args;
        self
    }

    pub(crate) const fn each(mut self, each: FetchEach) -> Self {
        self.each = Some(each);
        self
    }

    pub(crate) const fn stable(mut self, stable: Stable) -> Self {
        self.stable = stable;
        self
    }

    /// It needs this many of the stream's random draws.
    pub(crate) const fn draws(mut self, draws: u32) -> Self {
        self.draws = draws;
        self
    }
}

/// A converter.
#[derive(Debug)]
pub struct ConvertEntry {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub input: Type,
    /// What it gives; [`Type::Any`]: as its input, or decided by the value.
    pub out: Type,
    /// Its arguments, all that it takes.
    pub args: &'static [ArgKind],
    /// How many of them must be given.
    pub required: usize,
    /// What it does, in one line.
    pub doc: &'static str,
    pub(crate) check: Option<CheckArgs>,
    pub(crate) names: bool,
    pub(crate) settles: bool,
    pub(crate) run: Convert,
}

/// Looks at compiled arguments; says what is wrong and at which position.
pub type CheckArgs = fn(&mut Args) -> Result<(), (usize, String)>;

impl ConvertEntry {
    pub(crate) const fn new(
        name: &'static str,
        input: Type,
        out: Type,
        run: Convert,
        doc: &'static str,
    ) -> Self {
        Self {
            name,
            input,
            out,
            args: &[],
            required: 0,
            doc,
            check: None,
            names: false,
            settles: false,
            run,
        }
    }

    pub(crate) const fn args(mut self, required: usize, args: &'static [ArgKind]) -> Self {
        self.required = required;
        self.args = args;
        self
    }

    /// It looks names up when it runs.
    pub(crate) const fn names(mut self) -> Self {
        self.names = true;
        self
    }

    /// It says itself whether more input could change what it gives.
    pub(crate) const fn settles(mut self) -> Self {
        self.settles = true;
        self
    }

    pub(crate) const fn check(mut self, check: CheckArgs) -> Self {
        self.check = Some(check);
        self
    }
}

/// Fetches of one kind.
#[derive(Debug)]
pub struct FetchGroup {
    /// The section of HAProxy's manual that describes them.
    pub section: &'static str,
    /// The fetches.
    pub entries: &'static [FetchEntry],
}

/// Every fetch that is built, by group.
pub fn fetches() -> impl Iterator<Item = (&'static str, &'static FetchEntry)> {
    crate::fetch::GROUPS
        .iter()
        .flat_map(|group| group.entries.iter().map(|entry| (group.section, entry)))
}

/// Every converter that is built.
pub fn converters() -> impl Iterator<Item = &'static ConvertEntry> {
    crate::convert::GROUPS.iter().copied().flatten()
}

/// The fetch of a name.
pub fn fetch(name: &str) -> Option<&'static FetchEntry> {
    fetches().map(|(_, entry)| entry).find(|entry| entry.name == name)
}

/// The converter of a name.
pub fn converter(name: &str) -> Option<&'static ConvertEntry> {
    converters().find(|entry| entry.name == name)
}

pub use crate::known::{
    converter as known_converter, converter_names, fetch as known_fetch, fetch_names,
    is_newer_converter, is_newer_fetch,
};
pub use crate::not_built::{
    converter_not_built, converters_not_built, fetch_not_built, fetches_not_built,
};
