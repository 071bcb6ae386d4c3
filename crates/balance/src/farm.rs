//! Which servers of a backend serve: those that are not backups, or else backups.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::spec::{Algorithm, Spec};

/// Who serves right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serving {
    Nobody,
    /// The usable servers that are not backups.
    Active,
    /// All usable backups (`option allbackups`).
    Backups,
    /// One server: the first usable backup in the file, or the last one left to a hash.
    Only(usize),
}

/// [`Serving`] for readers that hold no lock.
#[derive(Debug)]
pub(crate) struct ServingCell(AtomicU32);

const NOBODY: u32 = 0;
const ACTIVE: u32 = 1;
const BACKUPS: u32 = 2;
const ONLY: u32 = 3;

impl ServingCell {
    pub(crate) fn new(serving: Serving) -> Self {
        Self(AtomicU32::new(Self::encode(serving)))
    }

    pub(crate) fn load(&self) -> Serving {
        match self.0.load(Ordering::Acquire) {
            NOBODY => Serving::Nobody,
            ACTIVE => Serving::Active,
            BACKUPS => Serving::Backups,
            only => Serving::Only((only - ONLY) as usize),
        }
    }

    pub(crate) fn store(&self, serving: Serving) {
        self.0.store(Self::encode(serving), Ordering::Release);
    }

    fn encode(serving: Serving) -> u32 {
        match serving {
            Serving::Nobody => NOBODY,
            Serving::Active => ACTIVE,
            Serving::Backups => BACKUPS,
            Serving::Only(server) => {
                u32::try_from(server).map_or(NOBODY, |server| server.saturating_add(ONLY))
            }
        }
    }
}

/// The usable servers, counted.
#[derive(Debug)]
pub(crate) struct Farm {
    all_backups: bool,
    hashes: bool,
    active: BTreeSet<usize>,
    backups: BTreeSet<usize>,
}

impl Farm {
    pub(crate) fn new(spec: &Spec) -> Self {
        Self {
            all_backups: spec.all_backups,
            hashes: spec.algorithm == Algorithm::Hash,
            active: BTreeSet::new(),
            backups: BTreeSet::new(),
        }
    }

    /// Notes that a server became usable (`joins`) or stopped being so.
    pub(crate) fn note(&mut self, server: usize, backup: bool, joins: bool) {
        let group = if backup { &mut self.backups } else { &mut self.active };
        if joins {
            group.insert(server);
        } else {
            group.remove(&server);
        }
    }

    pub(crate) fn serving(&self) -> Serving {
        let (group, all) = match self.active.is_empty() {
            false => (&self.active, Serving::Active),
            true => (&self.backups, Serving::Backups),
        };
        match group.first() {
            None => Serving::Nobody,
            // Quirk: a hash with one server left takes it unseen, full or not, and its round robin
            // for requests without a key stands still.
            Some(only) if self.hashes && group.len() == 1 => Serving::Only(*only),
            Some(first) if all == Serving::Backups && !self.all_backups => Serving::Only(*first),
            Some(_) => all,
        }
    }

    pub(crate) fn serving_count(&self) -> usize {
        match (self.active.len(), self.backups.len()) {
            (0, backups) if self.all_backups => backups,
            (0, backups) => backups.min(1),
            (active, _) => active,
        }
    }

    pub(crate) fn usable_active(&self) -> usize {
        self.active.len()
    }

    pub(crate) fn usable_backups(&self) -> usize {
        self.backups.len()
    }
}
