//! The request line: method, path, query, whole target.

use http1::{RequestHead, TargetForm};

use crate::Change;
use crate::moment::{Moment, change};

/// A part of the request target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Path,
    PathAndQuery,
    Query,
    Whole,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Path => "path",
            Part::PathAndQuery => "pathq",
            Part::Query => "query",
            Part::Whole => "uri",
        }
    }
}

/// A part as it stands; `None` where the target has no path (`*`, `CONNECT host:port`).
pub(crate) fn get(head: &RequestHead, part: Part) -> Option<&[u8]> {
    let has_path = matches!(head.target_parts().form(), TargetForm::Origin | TargetForm::Absolute);
    match part {
        Part::Whole => Some(head.target()),
        _ if !has_path => None,
        Part::Path => Some(head.path()),
        Part::PathAndQuery => Some(head.path_and_query()),
        Part::Query => Some(head.query().unwrap_or_default()),
    }
}

pub(crate) fn set(
    m: &mut Moment<'_>,
    part: Part,
    value: &[u8],
    on: bool,
    changes: &mut Vec<Change>,
) {
    let Some(head) = m.head_mut() else { return };
    if on {
        changes.push(change(part.name(), get(head, part), Some(value)));
    }
    match part {
        Part::Path => head.set_path(value),
        Part::PathAndQuery => head.set_path_and_query(value),
        // A question mark that was there stays, even before nothing (manual, `set-query`).
        Part::Query if value.is_empty() && head.query().is_some() => {
            let target = [head.path(), b"?"].concat();
            head.set_path_and_query(&target);
        }
        Part::Query => head.set_query(value),
        Part::Whole => {
            head.set_target(value);
            follow_authority(head);
        }
    }
}

pub(crate) fn set_method(m: &mut Moment<'_>, method: &[u8], on: bool, changes: &mut Vec<Change>) {
    let Some(head) = m.head_mut() else { return };
    if on {
        changes.push(change("method", Some(head.method()), Some(method)));
    }
    head.set_method(method);
}

/// A `Host` that is there says what the target says (RFC 9112 section 3.2.2); none is added.
fn follow_authority(head: &mut RequestHead) {
    let Some(authority) = authority(head.target()).map(<[u8]>::to_vec) else { return };
    let at = head.fields.names().position(|name| name == b"host");
    if let Some(index) = at {
        head.fields.replace_at(index, &authority);
    }
}

/// The authority of a target that a rule wrote, without user and password.
///
/// Quirk: what begins with no slash begins with an authority, up to the first slash: `?a=1` is one.
fn authority(target: &[u8]) -> Option<&[u8]> {
    if matches!(target, [] | [b'/' | b'*', ..]) {
        return None;
    }
    let scheme = target.windows(3).position(|three| three == b"://");
    let rest = &target[scheme.map_or(0, |at| at + 3)..];
    let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
    let authority = &rest[..end];
    let user = authority.iter().rposition(|byte| *byte == b'@').map_or(0, |at| at + 1);
    Some(&authority[user..]).filter(|authority| !authority.is_empty())
}

/// The target's authority, where it has one, becomes this host.
pub(crate) fn set_authority(m: &mut Moment<'_>, host: &[u8]) {
    let Some(head) = m.head_mut() else { return };
    let parts = head.target_parts();
    let (Some(scheme), TargetForm::Absolute) = (parts.scheme(), parts.form()) else { return };
    let target = [scheme, b"://", host, parts.path_and_query()].concat();
    head.set_target(&target);
}
