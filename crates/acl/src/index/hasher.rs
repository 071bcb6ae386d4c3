//! A fast hash for tables whose keys come from the configuration.
//!
//! Clients choose what is looked up, never what is stored, so a flood of colliding keys is no danger
//! and the cost of a keyed hash buys nothing.

use std::hash::{BuildHasherDefault, Hasher};

/// Multiplies and folds eight bytes at a time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fold(u64);

/// A table with that hash.
pub(crate) type Table<K> = std::collections::HashMap<K, u32, BuildHasherDefault<Fold>>;

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl Fold {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(MULTIPLIER);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        // The length tells `a` from `a\0`.
        self.mix(u64::from_le_bytes(last) ^ ((bytes.len() as u64) << 56));
    }

    fn write_u32(&mut self, word: u32) {
        self.mix(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.mix(word);
    }

    fn write_u128(&mut self, word: u128) {
        self.mix(word as u64);
        self.mix((word >> 64) as u64);
    }

    fn write_usize(&mut self, word: usize) {
        self.mix(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
