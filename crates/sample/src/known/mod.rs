//! The whole language: the signature of every fetch and converter, whether it is built or not.
//!
//! What is built has an entry of its own in `fetch/` or `convert/`, which is found first; what is not gets one
//! from here, so that names, arguments, types and places are checked alike. Its value is unknown.

mod converters;
mod fetches;

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::arg::ArgKind;
use crate::place::Places;
use crate::registry::{ConvertEntry, FetchEntry};
use crate::{Fact, Sample, Type};

/// The fetch of a name, built or not.
pub fn fetch(name: &str) -> Option<&'static FetchEntry> {
    static ALL: OnceLock<HashMap<&str, FetchEntry>> = OnceLock::new();
    ALL.get_or_init(|| {
        let rows = fetches::FETCHES.iter();
        rows.flat_map(|(places, out, names)| {
            names.split_whitespace().filter_map(|name| {
                let (name, args) = signature(name);
                let (required, args) = kinds(args);
                let out = type_of(out)?;
                let entry = FetchEntry::new(name, out, Places::from(places), no_value, "");
                Some((name, entry.args(required, args)))
            })
        })
        .collect()
    })
    .get(name)
    .or(name.starts_with("lua.").then_some(&LUA_FETCH))
}

/// A fetch that a script registers: nothing is known of it.
static LUA_FETCH: FetchEntry =
    FetchEntry::new("lua", Type::Any, Places::ALL, no_value, "").args(0, LUA_ARGS);

/// A converter that a script registers.
static LUA_CONVERTER: ConvertEntry =
    ConvertEntry::new("lua", Type::Any, Type::Any, |_, _, _| not_built(), "").args(0, LUA_ARGS);

/// Scripts take up to twelve arguments, all text.
const LUA_ARGS: &[ArgKind] = &[ArgKind::Str; 12];

/// The converter of a name, built or not.
pub fn converter(name: &str) -> Option<&'static ConvertEntry> {
    static ALL: OnceLock<HashMap<&str, ConvertEntry>> = OnceLock::new();
    ALL.get_or_init(|| {
        let rows = converters::CONVERTERS.iter();
        rows.flat_map(|(input, out, names)| {
            names.split_whitespace().filter_map(|name| {
                let (name, args) = signature(name);
                let (required, args) = kinds(args);
                let (input, out) = (type_of(input)?, type_of(out)?);
                let entry = ConvertEntry::new(name, input, out, |_, _, _| not_built(), "");
                Some((name, entry.args(required, args)))
            })
        })
        .collect()
    })
    .get(name)
    .or(name.starts_with("lua.").then_some(&LUA_CONVERTER))
}

/// Every fetch of the language, by name.
pub fn fetch_names() -> impl Iterator<Item = &'static str> {
    names(fetches::FETCHES)
}

/// Every converter of the language, by name.
pub fn converter_names() -> impl Iterator<Item = &'static str> {
    names(converters::CONVERTERS)
}

/// Whether HAProxy 2.6 does not know the fetch yet.
pub fn is_newer_fetch(name: &str) -> bool {
    fetches::NEWER.split_whitespace().any(|newer| newer == name)
}

/// Whether HAProxy 2.6 does not know the converter yet.
pub fn is_newer_converter(name: &str) -> bool {
    converters::NEWER.split_whitespace().any(|newer| newer == name)
}

fn names(
    rows: &'static [(&'static str, &'static str, &'static str)],
) -> impl Iterator<Item = &'static str> {
    let all = rows.iter().flat_map(|(_, _, names)| names.split_whitespace());
    all.map(|name| signature(name).0)
}

fn no_value<'a>(_: &'a crate::Args, _: &crate::Context<'a>) -> Sample<'a> {
    not_built()
}

fn not_built<'a>() -> Sample<'a> {
    Sample::Unknown(Fact::NotBuilt)
}

/// `name(a,b)` in two.
fn signature(text: &'static str) -> (&'static str, &'static str) {
    let (name, args) = text.split_once('(').unwrap_or((text, ""));
    (name, args.strip_suffix(')').unwrap_or(args))
}

/// How many arguments are required, and the kinds of all.
fn kinds(text: &'static str) -> (usize, &'static [ArgKind]) {
    let (required, optional) = text.split_once('[').unwrap_or((text, ""));
    let optional = optional.strip_suffix(']').unwrap_or(optional);
    let words = |part: &'static str| part.split(',').filter(|word| !word.is_empty());
    let all: Vec<ArgKind> = words(required).chain(words(optional)).map(kind).collect();
    // Once for each entry of the language, for as long as the process lives.
    (words(required).count(), Vec::leak(all))
}

fn kind(word: &str) -> ArgKind {
    match word {
        "integer" => ArgKind::Int,
        "IPv4-address" => ArgKind::Ipv4,
        "IPv6-address" => ArgKind::Ipv6,
        "IPv4-mask" => ArgKind::Mask4,
        "IPv6-mask" => ArgKind::Mask6,
        "frontend" => ArgKind::Frontend,
        "backend" => ArgKind::Backend,
        "server" => ArgKind::Server,
        "user-list" => ArgKind::Userlist,
        "table" => ArgKind::Table,
        "regex" => ArgKind::Regex,
        "Protocol-buffers-field-number" => ArgKind::FieldNumber,
        _ => ArgKind::Str,
    }
}

fn type_of(word: &str) -> Option<Type> {
    Some(match word {
        "any" | "same" => Type::Any,
        "bool" => Type::Bool,
        "int" => Type::Int,
        "addr" => Type::Addr,
        "ipv4" => Type::Ipv4,
        "ipv6" => Type::Ipv6,
        "str" => Type::Str,
        "bin" => Type::Bin,
        "meth" => Type::Meth,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{converter, converter_names, fetch, fetch_names};
    use crate::registry;

    #[test]
    fn every_name_has_a_signature() {
        assert!(fetch_names().all(|name| fetch(name).is_some()));
        assert!(converter_names().all(|name| converter(name).is_some()));
    }

    #[test]
    fn what_is_built_has_the_places_and_the_type_of_the_language() {
        let wrong = registry::fetches().filter(|(_, entry)| {
            fetch(entry.name)
                .is_none_or(|known| (known.places, known.out) != (entry.places, entry.out))
        });
        let wrong: Vec<&str> = wrong.map(|(_, entry)| entry.name).collect();
        assert_eq!(wrong, [""; 0]);
        for entry in registry::converters() {
            let known = converter(entry.name).map(|known| (known.input, known.out));
            assert_eq!(known, Some((entry.input, entry.out)), "{}", entry.name);
        }
    }
}
