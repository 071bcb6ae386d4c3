//! Index structures: one for each way of comparing, all giving what a walk over the list would give.
//!
//! A set of a few patterns is walked; above [`FEW`] it gets a structure whose cost does not grow with
//! the number of patterns. The property tests hold both to the same answers.

mod exact;
mod hasher;
mod network;
mod number;
mod prefix;
#[cfg(test)]
mod properties;
mod regexes;
mod required;
mod substring;
mod words;

pub(crate) use exact::Exact;
pub(crate) use hasher::Fold;
pub(crate) use network::{Network, Networks};
pub(crate) use number::Numbers;
pub(crate) use prefix::{Prefixes, Suffixes};
pub(crate) use regexes::Regexes;
pub(crate) use substring::Substrings;
pub(crate) use words::{Delimiters, Words};

/// Up to so many patterns are compared one by one.
pub(crate) const FEW: usize = 8;

/// The patterns' bytes, with the places that they have in the whole list.
pub(crate) type Entries<'p> = [(u32, &'p [u8])];

/// Text in lower case, without an allocation for short ones.
pub(crate) fn folded(text: &[u8]) -> smallvec::SmallVec<[u8; 256]> {
    let mut folded = smallvec::SmallVec::from_slice(text);
    folded.make_ascii_lowercase();
    folded
}
