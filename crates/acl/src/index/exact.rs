//! Equal bytes: `str`, `bin`.

use super::hasher::Table;
use super::{Entries, FEW};

/// Patterns to be equal to.
#[derive(Debug)]
pub(crate) enum Exact {
    Few(Vec<(u32, Box<[u8]>)>),
    Many(Table<Box<[u8]>>),
}

impl Exact {
    pub(crate) fn new(entries: &Entries<'_>) -> Exact {
        if entries.len() <= FEW {
            return Exact::Few(entries.iter().map(|(id, text)| (*id, (*text).into())).collect());
        }
        let mut table = Table::default();
        for (id, text) in entries {
            // The first of equal patterns is the one that is found.
            table.entry((*text).into()).or_insert(*id);
        }
        Exact::Many(table)
    }

    /// The patterns, in no order.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let (few, many) = match self {
            Exact::Few(list) => (Some(list), None),
            Exact::Many(table) => (None, Some(table)),
        };
        let few = few.into_iter().flatten().map(|(_, text)| &**text);
        few.chain(many.into_iter().flat_map(|table| table.keys().map(|text| &**text)))
    }

    pub(crate) fn find(&self, text: &[u8]) -> Option<u32> {
        match self {
            Exact::Few(list) => list.iter().find(|(_, it)| **it == *text).map(|(id, _)| *id),
            Exact::Many(table) => table.get(text).copied(),
        }
    }
}
