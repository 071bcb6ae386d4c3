//! `add-acl`, `del-acl`, `set-map`, `del-map`: pattern files and maps change while the program runs (manual 4.3).

use config::model::ListChange;
use sample::CompiledFormat;
use sample::lists::{List, Refused, Which};

use super::edit;
use crate::Change;
use crate::moment::{Moment, change};

/// Changes every list of a file. An explanation only tells of it.
pub(crate) fn apply(
    what: ListChange,
    file: &str,
    key: &CompiledFormat,
    value: Option<&CompiledFormat>,
    m: &mut Moment<'_>,
    on: bool,
    changes: &mut Vec<Change>,
) {
    let text = |format: &CompiledFormat, m: &mut Moment<'_>| {
        String::from_utf8_lossy(&edit::write(format, m)).into_owned()
    };
    let key = text(key, m);
    let value = value.map(|value| text(value, m)).unwrap_or_default();
    if on {
        let after = match what {
            ListChange::AddAcl => Some(key.as_bytes()),
            ListChange::SetMap => Some(value.as_bytes()),
            ListChange::DelAcl | ListChange::DelMap => None,
        };
        changes.push(change(format!("{}({file}) {key}", what.name()), None, after));
    }
    if m.stream.changes_nothing {
        return;
    }
    for list in m.program.lists.find(file) {
        // Quirk: an entry that a use cannot read, or one that is not there, changes nothing.
        let _ = one(what, &list, &key, &value);
    }
}

fn one(what: ListChange, list: &List, key: &str, value: &str) -> Result<(), Refused> {
    match what {
        ListChange::AddAcl => list.add_once(key),
        ListChange::SetMap => list.put(key, value),
        ListChange::DelAcl | ListChange::DelMap => list.remove(&Which::Key(key)),
    }
}
