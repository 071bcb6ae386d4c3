//! Actions that change pattern files and maps: `add-acl`, `del-acl`, `set-map`, `del-map` (manual 4.3).

use super::Keyword;
use super::actions::{Sets, Slot, action};
use crate::lower::Directive;
use crate::model::{Action, ListChange};

pub(super) const KEYWORDS: &[Keyword<Slot>] = &[
    in_file("add-acl", Sets::REQUEST.or(Sets::RESPONSE), "adds a pattern", |line, to| {
        change(ListChange::AddAcl, line, to);
    }),
    in_file("del-acl", Sets::HTTP, "removes a pattern", |line, to| {
        change(ListChange::DelAcl, line, to);
    }),
    in_file("set-map", Sets::HTTP, "sets an entry of a map", |line, to| {
        change(ListChange::SetMap, line, to);
    }),
    in_file("del-map", Sets::HTTP, "removes an entry of a map", |line, to| {
        change(ListChange::DelMap, line, to);
    }),
];

const fn in_file(
    name: &'static str,
    sets: Sets,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Slot),
) -> Keyword<Slot> {
    action(name, sets, "(<file>) <key> [<value>]", doc, lower)
}

fn change(change: ListChange, line: &mut Directive<'_>, to: &mut Slot) {
    let file = super::actions_refused::inside(line).unwrap_or_default();
    let Some(key) = line.log_format("a key") else { return };
    let value = match change {
        ListChange::SetMap => match line.log_format("a value") {
            Some(value) => Some(value.value),
            None => return,
        },
        _ => None,
    };
    to.action = Some(Action::ChangeList { change, file, key: key.value, value });
}
