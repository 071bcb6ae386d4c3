//! Pattern files and maps over the runtime socket: `show map`, `add acl`, `prepare map` and their kin (management 9.3).

use std::fmt::Write as _;

use crate::command::Command;
use crate::words::{self, error};
use crate::{Reply, Severity};

/// Which lists a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// Files of ACLs; `show acl` has maps too.
    Acl,
    /// Maps.
    Map,
}

/// A command about a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCommand {
    /// `acl` or `map`.
    pub kind: ListKind,
    /// The file's name, or `#` and a number; `None` to list all.
    pub name: Option<String>,
    /// Behind `@`.
    pub version: Option<u32>,
    /// What is asked.
    pub ask: ListAsk,
}

/// What is asked of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListAsk {
    /// Its entries.
    Show,
    /// What a value finds there.
    Get(String),
    /// More entries; a value is empty in an ACL.
    Add(Vec<(String, String)>),
    /// Another value for a key, or for `#` and a reference.
    Set(String, String),
    /// An entry less, by its key or by `#` and a reference.
    Remove(String),
    /// No entries.
    Clear,
    /// A version to be filled.
    Prepare,
    /// A version that takes effect.
    Commit,
}

/// A line of the listing of lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// Its number.
    pub id: u32,
    /// The file.
    pub name: String,
    /// It has two columns.
    pub is_map: bool,
    /// File and line of each use.
    pub uses: Vec<(String, u32)>,
    /// The version that takes effect, the last one prepared, all entries.
    pub versions: (u32, u32, usize),
}

/// What one use of a list finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRow {
    /// The match method.
    pub method: &'static str,
    /// It takes upper and lower case for the same.
    pub ignores_case: bool,
    /// The key, and of a map the value with its type.
    pub found: Option<(String, Option<(String, &'static str)>)>,
}

/// Reads the arguments of a command whose first word is `verb`.
pub(crate) fn command(
    verb: &str,
    kind: ListKind,
    arguments: &[&str],
    payload: Option<&str>,
) -> Result<Command, Reply> {
    let (version, rest) = match arguments.split_first() {
        Some((first, rest)) if first.starts_with('@') => (Some(number(&first[1..])), rest),
        _ => (None, arguments),
    };
    let name = rest.first().map(|name| (*name).to_owned());
    let words = rest.get(1..).unwrap_or_default();
    let ask = match verb {
        "show" => ListAsk::Show,
        "get" => match words {
            [value, ..] => ListAsk::Get((*value).to_owned()),
            [] => return Err(error(&format!("Missing {} identifier and/or key.", kind.noun()))),
        },
        "add" => ListAsk::Add(entries(kind, words, payload.filter(|_| name.is_some()))?),
        "set" => match words {
            [key, value, ..] => ListAsk::Set((*key).to_owned(), (*value).to_owned()),
            _ => {
                return Err(error(
                    "'set map' expects three parameters: map identifier, key and value.",
                ));
            }
        },
        "del" => match words {
            [key, ..] => ListAsk::Remove((*key).to_owned()),
            [] => {
                let what = kind.noun();
                return Err(error(&format!(
                    "This command expects two parameters: {what} identifier and key."
                )));
            }
        },
        "clear" if name.is_none() => {
            return Err(error(&format!("Missing {} identifier.", kind.noun())));
        }
        "clear" => ListAsk::Clear,
        "prepare" => ListAsk::Prepare,
        "commit" if version.is_none() => return Err(error("Missing version number.")),
        "commit" => ListAsk::Commit,
        other => return Err(words::line_not_understood(other)),
    };
    if name.is_none() && ask != ListAsk::Show {
        return Err(unknown_list(kind));
    }
    Ok(Command::List(ListCommand { kind, name, version, ask }))
}

/// The number a text begins with, as C reads it.
fn number(text: &str) -> u32 {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..digits).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn entries(
    kind: ListKind,
    words: &[&str],
    payload: Option<&str>,
) -> Result<Vec<(String, String)>, Reply> {
    match (kind, words, payload) {
        (ListKind::Acl, [key, ..], None) => Ok(vec![((*key).to_owned(), String::new())]),
        (ListKind::Acl, ..) => {
            Err(error("'add acl' expects two parameters: ACL identifier and pattern."))
        }
        (ListKind::Map, [key, value, ..], None) => {
            Ok(vec![((*key).to_owned(), (*value).to_owned())])
        }
        (ListKind::Map, [], Some(payload)) => {
            let lines = payload.lines().filter(|line| !line.trim().is_empty());
            lines
                .map(|line| {
                    let line = line.trim_start_matches([' ', '\t']);
                    let (key, value) = line.split_once([' ', '\t']).unwrap_or((line, ""));
                    let value = value.trim_start_matches([' ', '\t']);
                    match value {
                        "" => Err(error(&format!("Missing value for key '{key}'."))),
                        value => Ok((key.to_owned(), value.to_owned())),
                    }
                })
                .collect()
        }
        (ListKind::Map, ..) => Err(error(
            "'add map' expects three parameters (map identifier, key and value) or one parameter (map identifier) and a payload",
        )),
    }
}

impl ListKind {
    fn noun(self) -> &'static str {
        match self {
            Self::Acl => "ACL",
            Self::Map => "map",
        }
    }
}

/// No list has this name or number.
#[must_use]
pub fn unknown_list(kind: ListKind) -> Reply {
    error(&format!("Unknown {} identifier. Please use #<id> or <file>.", kind.noun()))
}

/// `add acl` on a map.
#[must_use]
pub fn shared_with_map() -> Reply {
    error(
        "This ACL is shared with a map containing samples. You must use the command 'add map' to add values.",
    )
}

/// `set map` of a key that is not there.
#[must_use]
pub fn entry_not_found() -> Reply {
    error("entry not found.")
}

/// `del map` of a key that is not there.
#[must_use]
pub fn key_not_found() -> Reply {
    error("Key not found.")
}

/// `add map @9` without `prepare map`.
#[must_use]
pub fn version_in_future(kind: ListKind) -> Reply {
    let verb = if kind == ListKind::Map { "map" } else { "acl" };
    error(&format!("Version number in the future, please use 'prepare {verb}' before."))
}

/// `commit map @9` without `prepare map`.
#[must_use]
pub fn version_out_of_range() -> Reply {
    error("Version number out of range.")
}

/// The answer to `prepare map`.
#[must_use]
pub fn version_created(version: u32) -> Reply {
    Reply::Message(Severity::Info, format!("New version created: {version}\n"))
}

/// The listing of lists.
#[must_use]
pub fn show_lists(rows: &[ListRow]) -> Reply {
    let mut out = String::from("# id (file) description\n");
    for row in rows {
        let kind = if row.is_map { "map" } else { "acl" };
        let uses: Vec<String> = row
            .uses
            .iter()
            .map(|(file, line)| format!("by {kind} at file '{file}' line {line}"))
            .collect();
        let (current, next, count) = row.versions;
        let _ = writeln!(
            out,
            "{} ({}) pattern loaded from file '{}' used {}. curr_ver={current} next_ver={next} entry_cnt={count}",
            row.id,
            row.name,
            row.name,
            uses.join(", "),
        );
    }
    Reply::Dump(out)
}

/// The entries of a list: reference, key, value.
#[must_use]
pub fn show_list(entries: impl IntoIterator<Item = (u64, String, String)>) -> Reply {
    let mut out = String::new();
    for (reference, key, value) in entries {
        let blank = if value.is_empty() { "" } else { " " };
        let _ = writeln!(out, "{reference:#x} {key}{blank}{value}");
    }
    Reply::Dump(out)
}

/// The answer to `get map` and `get acl`, a line for each use.
#[must_use]
pub fn found_in_list(kind: ListKind, rows: &[FoundRow]) -> Reply {
    let mut out = String::new();
    let (noun, key) = match kind {
        ListKind::Map => ("found", "key"),
        ListKind::Acl => ("match", "pattern"),
    };
    for row in rows {
        let case = if row.ignores_case { "insensitive" } else { "sensitive" };
        let _ = write!(out, "type={}, case={case}, ", row.method);
        let _ = match &row.found {
            None => writeln!(out, "{noun}=no"),
            Some((found, value)) => {
                let index =
                    if matches!(row.method, "str" | "ip" | "beg") { "tree" } else { "list" };
                let _ = write!(out, "{noun}=yes, idx={index}, {key}=\"{found}\"");
                match (kind, value) {
                    (ListKind::Acl, _) => writeln!(out),
                    (ListKind::Map, None) => writeln!(out, ", value=none"),
                    (ListKind::Map, Some((value, kind))) => {
                        writeln!(out, ", value=\"{value}\", type=\"{kind}\"")
                    }
                }
            }
        };
    }
    Reply::Dump(out)
}
