//! Edits of a message's head.

use regex::bytes::Regex;
use sample::{CompiledFormat, Escape};

use crate::Change;
use crate::action::header::{self, Names};
use crate::action::target;
use crate::moment::Moment;

/// One edit.
#[derive(Debug)]
pub(crate) enum Edit {
    AddHeader {
        name: Box<[u8]>,
        value: CompiledFormat,
    },
    SetHeader {
        name: Box<[u8]>,
        value: CompiledFormat,
    },
    DelHeader(Names),
    /// The whole value of each field.
    ReplaceHeader {
        name: Box<[u8]>,
        regex: Regex,
        value: CompiledFormat,
    },
    /// Each comma-separated element.
    ReplaceValue {
        name: Box<[u8]>,
        regex: Regex,
        value: CompiledFormat,
    },
    SetMethod(CompiledFormat),
    SetTarget {
        part: target::Part,
        value: CompiledFormat,
    },
    ReplaceTarget {
        part: target::Part,
        regex: Regex,
        value: CompiledFormat,
    },
    SetStatus {
        status: u16,
        reason: Option<Box<[u8]>>,
    },
}

/// Carries an edit out. With `on`, tells what it changed.
pub(crate) fn apply(edit: &Edit, m: &mut Moment<'_>, on: bool, changes: &mut Vec<Change>) {
    match edit {
        Edit::AddHeader { name, value } => {
            let value = write(value, m);
            header::add(m, name, &value, on, changes);
        }
        Edit::SetHeader { name, value } => {
            let value = write(value, m);
            header::set(m, name, &value, on, changes);
        }
        Edit::DelHeader(names) => header::remove(m, names, on, changes),
        Edit::ReplaceHeader { name, regex, value } => {
            let template = write(value, m);
            header::replace(m, name, on, changes, |old| {
                regex.captures(old).map(|groups| expand(&template, &groups))
            });
        }
        Edit::ReplaceValue { name, regex, value } => {
            let template = write(value, m);
            header::replace(m, name, on, changes, |old| replace_elements(old, regex, &template));
        }
        Edit::SetMethod(value) => {
            let value = write(value, m);
            target::set_method(m, &value, on, changes);
        }
        Edit::SetTarget { part, value } => {
            let value = write(value, m);
            target::set(m, *part, &value, on, changes);
        }
        Edit::ReplaceTarget { part, regex, value } => {
            let matches = |head| target::get(head, *part).is_some_and(|old| regex.is_match(old));
            if !m.head().is_some_and(matches) {
                return;
            }
            let template = write(value, m);
            let old = m.head().and_then(|head| target::get(head, *part));
            let groups = old.and_then(|old| regex.captures(old));
            let Some(new) = groups.map(|groups| expand(&template, &groups)) else { return };
            target::set(m, *part, &new, on, changes);
        }
        Edit::SetStatus { status, reason } => {
            set_status(m, *status, reason.as_deref(), on, changes)
        }
    }
}

/// The text of a format, as a header may hold it.
pub(crate) fn write(format: &CompiledFormat, m: &mut Moment<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    m.write(format, Escape::Header, &mut out);
    m.settle();
    out
}

fn set_status(
    m: &mut Moment<'_>,
    status: u16,
    reason: Option<&[u8]>,
    on: bool,
    changes: &mut Vec<Change>,
) {
    let Some(response) = m.response.as_deref_mut() else { return };
    if on {
        changes.push(Change {
            what: String::from("status"),
            before: Some(response.status.to_string()),
            after: Some(status.to_string()),
        });
    }
    response.set_status(status, reason);
}

/// Each element of a comma-separated value that matches becomes the expanded template.
///
/// Commas in quotes are text, and an empty element is an element.
/// Quirk: a matching element loses the white space around it.
fn replace_elements(old: &[u8], regex: &Regex, template: &[u8]) -> Option<Vec<u8>> {
    let mut new = Vec::with_capacity(old.len());
    let mut changed = false;
    let mut rest = old;
    loop {
        let end = http1::comma(rest);
        let element = &rest[..end.unwrap_or(rest.len())];
        match regex.captures(element.trim_ascii()) {
            Some(groups) => {
                new.extend_from_slice(&expand(template, &groups));
                changed = true;
            }
            None => new.extend_from_slice(element),
        }
        let Some(end) = end else { break };
        new.push(b',');
        rest = &rest[end + 1..];
    }
    changed.then_some(new)
}

/// The template with `\0` to `\9` replaced by the groups; before any other byte a backslash goes,
/// and `\xHH` is that byte.
fn expand(template: &[u8], groups: &regex::bytes::Captures<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(template.len());
    let mut rest = template;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'\\', [digit @ b'0'..=b'9', after @ ..]) => {
                let group = groups.get(usize::from(digit - b'0'));
                out.extend_from_slice(group.map_or(&[], |group| group.as_bytes()));
                rest = after;
            }
            (b'\\', [b'x', high, low, after @ ..])
                if hex(*high).is_some() && hex(*low).is_some() =>
            {
                let byte = hex(*high).zip(hex(*low)).map_or(0, |(high, low)| high << 4 | low);
                out.push(byte);
                rest = after;
            }
            (b'\\', [other, after @ ..]) => {
                out.push(*other);
                rest = after;
            }
            _ => out.push(byte),
        }
    }
    out
}

fn hex(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn replaced(value: &str, regex: &str, template: &str, expected: Option<&str>) {
        let regex = Regex::new(regex).unwrap();
        let new = replace_elements(value.as_bytes(), &regex, template.as_bytes());
        assert_eq!(new.map(|new| String::from_utf8(new).unwrap()).as_deref(), expected);
    }

    #[test]
    fn an_element_that_matches_loses_the_space_around_it() {
        replaced("d, cb , e", "(.*)b", r"x\1y", Some("d,xcy, e"));
        replaced("d,  e ,cb", "(.*)b", r"x\1y", Some("d,  e ,xcy"));
        replaced("ab, cb ,d", "(.*)b", r"x\1y", Some("xay,xcy,d"));
    }

    #[test]
    fn empty_elements_count_and_commas_in_quotes_are_text() {
        replaced(",b,,b", "(.*)b", r"x\1y", Some(",xy,,xy"));
        replaced("a,,b", "(.*)", r"<\1>", Some("<a>,<>,<b>"));
        replaced("\"a,b,b", "(.*)b", r"x\1y", Some("x\"a,b,y"));
        replaced("\"a,b\",b", "(.*)b", r"x\1y", Some("x\"a,y,xy"));
    }

    #[test]
    fn a_value_without_a_match_is_left_alone() {
        replaced("d , e", "(.*)b", r"x\1y", None);
    }

    #[track_caller]
    fn expanded(text: &str, regex: &str, template: &str, expected: &str) {
        let regex = Regex::new(regex).unwrap();
        let groups = regex.captures(text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8_lossy(&expand(template.as_bytes(), &groups)), expected);
    }

    #[test]
    fn a_template_takes_groups_escapes_and_bytes() {
        expanded("zzbzz", "(a)|(b)", r"[\1\2\0]", "[bb]");
        expanded("b", "b", r"\x41\z\9\\", "Az\\");
        expanded("b", "b", "end\\", "end\\");
    }
}
