//! Numbers and ranges: `int`, `len`.

use super::FEW;
use super::hasher::Table;

/// Ranges, both ends included.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// Those that are walked.
    ranges: Vec<(u32, i64, i64)>,
    /// Single numbers, when there are many.
    singles: Table<u64>,
}

impl Numbers {
    pub(crate) fn new(entries: Vec<(u32, i64, i64)>) -> Numbers {
        let mut singles = Table::default();
        if entries.len() <= FEW {
            return Numbers { ranges: entries, singles };
        }
        let (single, ranges): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|(_, low, high)| low == high);
        for (id, number, _) in single {
            singles.entry(number as u64).or_insert(id);
        }
        Numbers { ranges, singles }
    }

    /// The first of the list that holds the number.
    pub(crate) fn find(&self, number: i64) -> Option<u32> {
        let mut ranges = self.ranges.iter();
        let range = ranges.find(|(_, low, high)| (*low..=*high).contains(&number));
        let single = self.singles.get(&(number as u64)).copied();
        match (range.map(|(id, ..)| *id), single) {
            (Some(range), Some(single)) => Some(range.min(single)),
            (range, single) => range.or(single),
        }
    }
}
