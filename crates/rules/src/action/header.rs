//! Header fields: add, set, delete, replace.
//!
//! A request's `Host` also names the authority of its target: whoever writes it writes both.

use http1::Fields;
use regex::bytes::Regex;

use crate::Change;
use crate::moment::{Moment, change, text};

/// Which fields `del-header` deletes; names are compared in lower case.
#[derive(Debug)]
pub(crate) enum Names {
    Is(Box<[u8]>),
    Begins(Box<[u8]>),
    Ends(Box<[u8]>),
    Holds(Box<[u8]>),
    Matches(Regex),
}

impl Names {
    fn takes(&self, name: &[u8]) -> bool {
        match self {
            Names::Is(word) => name.eq_ignore_ascii_case(word),
            Names::Begins(word) => name.starts_with(word),
            Names::Ends(word) => name.ends_with(word),
            Names::Holds(word) => {
                word.is_empty() || name.windows(word.len()).any(|part| *part == **word)
            }
            Names::Matches(regex) => regex.is_match(name),
        }
    }
}

pub(crate) fn add(
    m: &mut Moment<'_>,
    name: &[u8],
    value: &[u8],
    on: bool,
    changes: &mut Vec<Change>,
) {
    let Some(fields) = m.fields_mut() else { return };
    fields.add(name, value);
    if on {
        changes.push(change(what(name), None, Some(value)));
    }
    follow_host(m, name, value);
}

/// Removes every field of the name and adds one.
pub(crate) fn set(
    m: &mut Moment<'_>,
    name: &[u8],
    value: &[u8],
    on: bool,
    changes: &mut Vec<Change>,
) {
    let Some(fields) = m.fields_mut() else { return };
    if on {
        changes.push(change(what(name), joined(fields, name).as_deref(), Some(value)));
    }
    fields.set(name, value);
    follow_host(m, name, value);
}

/// The target's authority becomes a `Host` that was just written.
fn follow_host(m: &mut Moment<'_>, name: &[u8], value: &[u8]) {
    if m.response.is_none() && name.eq_ignore_ascii_case(b"host") {
        super::target::set_authority(m, value);
    }
}

pub(crate) fn remove(m: &mut Moment<'_>, names: &Names, on: bool, changes: &mut Vec<Change>) {
    let Some(fields) = m.fields_mut() else { return };
    fields.remove_where(|name, value| {
        let gone = names.takes(name);
        if gone && on {
            changes.push(change(what(name), Some(value), None));
        }
        gone
    });
}

/// Gives each field of the name the value that the closure makes of its old one.
pub(crate) fn replace(
    m: &mut Moment<'_>,
    name: &[u8],
    on: bool,
    changes: &mut Vec<Change>,
    mut new: impl FnMut(&[u8]) -> Option<Vec<u8>>,
) {
    let Some(fields) = m.fields_mut() else { return };
    let mut last = None;
    for index in 0..fields.len() {
        let Some((found, old)) = fields.at(index) else { break };
        if !found.eq_ignore_ascii_case(name) {
            continue;
        }
        let Some(value) = new(old) else { continue };
        if on {
            changes.push(change(what(name), Some(old), Some(&value)));
        }
        fields.replace_at(index, &value);
        last = Some(value);
    }
    if let Some(value) = last {
        follow_host(m, name, &value);
    }
}

fn what(name: &[u8]) -> String {
    format!("header {}", text(name).to_ascii_lowercase())
}

fn joined(fields: &Fields, name: &[u8]) -> Option<Vec<u8>> {
    let values: Vec<&[u8]> = fields.all(name).collect();
    (!values.is_empty()).then(|| values.join(&b", "[..]))
}
