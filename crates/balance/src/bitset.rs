//! A set of small numbers that finds its lowest member in a few steps, however large it is.

/// A bit for each number, and over it levels of bits that say which words below are not zero.
#[derive(Debug, Clone)]
pub(crate) struct BitSet {
    /// Level 0 holds the members.
    levels: Vec<Vec<u64>>,
}

impl BitSet {
    /// An empty set for the numbers below `size`.
    pub(crate) fn new(size: usize) -> Self {
        let mut levels = Vec::new();
        let mut words = size.div_ceil(64).max(1);
        loop {
            levels.push(vec![0; words]);
            if words == 1 {
                return Self { levels };
            }
            words = words.div_ceil(64);
        }
    }

    /// Adds or removes a member; a number beyond the size is left out.
    pub(crate) fn set(&mut self, mut at: usize, member: bool) {
        for level in &mut self.levels {
            let Some(word) = level.get_mut(at / 64) else { return };
            let before = *word;
            if member {
                *word |= 1 << (at % 64);
            } else {
                *word &= !(1 << (at % 64));
            }
            if (before == 0) == (*word == 0) {
                return;
            }
            at /= 64;
        }
    }

    #[cfg(test)]
    pub(crate) fn contains(&self, at: usize) -> bool {
        self.levels[0].get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// The lowest member.
    pub(crate) fn first(&self) -> Option<usize> {
        self.first_from(0)
    }

    /// The lowest member that is `from` or more.
    pub(crate) fn first_from(&self, from: usize) -> Option<usize> {
        let mut at = from;
        for (height, level) in self.levels.iter().enumerate() {
            let word = level.get(at / 64)? & (u64::MAX << (at % 64));
            if word != 0 {
                return Some(self.descend(height, at / 64 * 64 + word.trailing_zeros() as usize));
            }
            at = at / 64 + 1;
        }
        None
    }

    /// The lowest member below bit `at` of level `height`, which is set.
    fn descend(&self, height: usize, mut at: usize) -> usize {
        for level in self.levels[..height].iter().rev() {
            at = at * 64 + level[at].trailing_zeros() as usize;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_the_set_that_the_standard_library_would_hold(
            size in 1_usize..9000,
            changes in prop::collection::vec((0_usize..9000, any::<bool>()), 0..200),
            from in 0_usize..9000,
        ) {
            let (mut bits, mut set) = (BitSet::new(size), BTreeSet::new());
            for (at, member) in changes.into_iter().map(|(at, member)| (at % size, member)) {
                bits.set(at, member);
                if member { set.insert(at); } else { set.remove(&at); }
                prop_assert_eq!(bits.contains(at), member);
            }
            prop_assert_eq!(bits.first(), set.first().copied());
            prop_assert_eq!(bits.first_from(from), set.range(from..).next().copied());
        }
    }
}
