//! `show map`, `add acl`, `prepare map` and their kin: pattern files and maps of the running configuration.
//!
//! A reload reads the files again: what was changed over the socket is gone then, as with HAProxy.

use std::sync::Arc;

use admin::reply::{self, failed};
use admin::{FoundRow, ListAsk, ListCommand, ListKind, ListRow, Reply};
use diag::Sources;
use forward::Generation;
use sample::lists::{Columns, List, Refused, Which};

/// Does what a command about lists says.
pub(super) fn carry_out(
    generation: &Generation,
    sources: &Sources,
    command: &ListCommand,
) -> Reply {
    let lists = generation.program.lists();
    // `show acl` has the maps too: their keys are patterns.
    let fits = |list: &Arc<List>| {
        command.kind == ListKind::Acl || list.columns == Columns::Two && !list.uses().is_empty()
    };
    let Some(name) = &command.name else {
        let rows: Vec<ListRow> =
            lists.all().iter().filter(|list| fits(list)).map(|list| row(list, sources)).collect();
        return reply::show_lists(&rows);
    };
    let named: Vec<Arc<List>> = lists.find(name).into_iter().filter(fits).collect();
    let Some(first) = named.first() else { return reply::unknown_list(command.kind) };
    match &command.ask {
        ListAsk::Show => {
            let entries = match command.version {
                Some(version) => first.entries_of(version),
                None => first.entries(),
            };
            reply::show_list(entries.into_iter().map(|it| (it.reference, it.key, it.value)))
        }
        ListAsk::Get(value) => {
            let uses = named.iter().flat_map(|list| list.uses());
            let found: Vec<FoundRow> = uses
                .map(|(_, by)| by.look_up(value))
                .map(|it| FoundRow {
                    method: it.method,
                    ignores_case: it.ignores_case,
                    found: it.found,
                })
                .collect();
            reply::found_in_list(command.kind, &found)
        }
        ListAsk::Prepare => {
            let versions: Vec<u32> = named.iter().map(|list| list.prepare()).collect();
            reply::version_created(versions.first().copied().unwrap_or(0))
        }
        ask => named
            .iter()
            .map(|list| change(list, command, ask))
            .find(|done| *done != Reply::Done)
            .unwrap_or(Reply::Done),
    }
}

fn change(list: &List, command: &ListCommand, ask: &ListAsk) -> Reply {
    if command.kind == ListKind::Acl
        && matches!(ask, ListAsk::Add(_))
        && list.columns == Columns::Two
    {
        return reply::shared_with_map();
    }
    let done = match ask {
        ListAsk::Add(entries) => {
            entries.iter().try_for_each(|(key, value)| list.add(command.version, key, value))
        }
        ListAsk::Set(key, value) => list.set(&which(key), value),
        ListAsk::Remove(key) => list.remove(&which(key)),
        ListAsk::Commit => list.commit(command.version.unwrap_or(0)),
        ListAsk::Clear => {
            list.clear(command.version);
            Ok(())
        }
        ListAsk::Show | ListAsk::Get(_) | ListAsk::Prepare => Ok(()),
    };
    match done {
        Ok(()) => Reply::Done,
        Err(Refused::Entry(why)) => failed(&format!("{why}.")),
        Err(Refused::Future) => reply::version_in_future(command.kind),
        Err(Refused::OutOfRange) => reply::version_out_of_range(),
        Err(Refused::Missing) if matches!(ask, ListAsk::Set(..)) => reply::entry_not_found(),
        Err(Refused::Missing) => reply::key_not_found(),
    }
}

/// `#0x1f` is a reference, as `show map` prints it; everything else is a key.
fn which(word: &str) -> Which<'_> {
    let number = word.strip_prefix("#0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    number.map_or(Which::Key(word), Which::Reference)
}

fn row(list: &List, sources: &Sources) -> ListRow {
    let place = |span: diag::Span| {
        let file = sources.file(span.file).map_or_else(String::new, |file| file.name.clone());
        (file, sources.line(span))
    };
    ListRow {
        id: list.id,
        name: list.name.clone(),
        is_map: list.columns == Columns::Two,
        uses: list.uses().into_iter().map(|(span, _)| place(span)).collect(),
        versions: list.versions(),
    }
}
