//! Which servers of a backend serve: those that are not backups, or else backups.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

/// Who serves right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serving {
    Nobody,
    /// The usable servers that are not backups.
    Active,
    /// All usable backups (`option allbackups`).
    Backups,
    /// One backup: the first usable one in the file.
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
    active: usize,
    backups: BTreeSet<usize>,
}

impl Farm {
    pub(crate) fn new(all_backups: bool) -> Self {
        Self { all_backups, active: 0, backups: BTreeSet::new() }
    }

    /// Notes that a server became usable (`joins`) or stopped being so.
    pub(crate) fn note(&mut self, server: usize, backup: bool, joins: bool) {
        match (backup, joins) {
            (false, true) => self.active += 1,
            (false, false) => self.active = self.active.saturating_sub(1),
            (true, true) => {
                self.backups.insert(server);
            }
            (true, false) => {
                self.backups.remove(&server);
            }
        }
    }

    pub(crate) fn serving(&self) -> Serving {
        match self.backups.first() {
            _ if self.active > 0 => Serving::Active,
            None => Serving::Nobody,
            Some(_) if self.all_backups => Serving::Backups,
            Some(first) => Serving::Only(*first),
        }
    }

    pub(crate) fn usable_active(&self) -> usize {
        self.active
    }

    pub(crate) fn usable_backups(&self) -> usize {
        self.backups.len()
    }
}
