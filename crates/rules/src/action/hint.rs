//! `early-hint`: fields of 103 responses, which the client gets before anything else.

use http1::ResponseHead;
use sample::CompiledFormat;

use super::edit;
use crate::Change;
use crate::moment::{Moment, change};

/// Adds a field to the 103 response that is being made, and ends it where the rules say so.
pub(crate) fn add(
    name: &[u8],
    value: &CompiledFormat,
    ends: bool,
    m: &mut Moment<'_>,
    on: bool,
    changes: &mut Vec<Change>,
) {
    let value = edit::write(value, m);
    if on {
        let what = format!("103 {}", String::from_utf8_lossy(name));
        changes.push(change(what, None, Some(&value)));
    }
    let hints = &mut m.stream.hints;
    let open = hints.open.get_or_insert_with(|| ResponseHead::with_status(103));
    open.fields.add(name, &value);
    if ends {
        hints.ready.extend(hints.open.take());
    }
}
