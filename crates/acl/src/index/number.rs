//! Numbers and ranges: `int`, `len`.

use std::collections::BTreeSet;

use super::FEW;

/// Ranges, both ends included.
#[derive(Debug)]
pub(crate) enum Numbers {
    Few(Vec<(u32, i64, i64)>),
    /// From each of these numbers up to the next one the same range is the first; before them there is none.
    Many(Vec<(i64, Option<u32>)>),
}

impl Numbers {
    pub(crate) fn new(entries: Vec<(u32, i64, i64)>) -> Numbers {
        match entries.len() {
            ..=FEW => Numbers::Few(entries),
            _ => Numbers::Many(stretches(&entries)),
        }
    }

    /// The first of the list that holds the number.
    pub(crate) fn find(&self, number: i64) -> Option<u32> {
        match self {
            Numbers::Few(ranges) => {
                let mut ranges = ranges.iter();
                ranges.find(|(_, low, high)| (*low..=*high).contains(&number)).map(|(id, ..)| *id)
            }
            Numbers::Many(stretches) => {
                let behind = stretches.partition_point(|(start, _)| *start <= number);
                stretches.get(behind.checked_sub(1)?)?.1
            }
        }
    }
}

/// Where ranges begin and end, with the first range that holds from there on.
fn stretches(entries: &[(u32, i64, i64)]) -> Vec<(i64, Option<u32>)> {
    let ranges = entries.iter().filter(|(_, low, high)| low <= high);
    let mut changes: Vec<(i64, u32, bool)> = ranges
        .flat_map(|(id, low, high)| {
            let end = high.checked_add(1).map(|end| (end, *id, false));
            [(*low, *id, true)].into_iter().chain(end)
        })
        .collect();
    changes.sort_unstable();
    let mut holding = BTreeSet::new();
    let mut stretches = Vec::new();
    for at in changes.chunk_by(|one, other| one.0 == other.0) {
        for (_, id, begins) in at {
            if *begins {
                holding.insert(*id);
            } else {
                holding.remove(id);
            }
        }
        stretches.push((at[0].0, holding.first().copied()));
    }
    stretches
}
