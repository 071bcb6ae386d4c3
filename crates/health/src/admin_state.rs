//! What operators and configuration demand of a server, over what its checks say.

use std::fmt;
use std::ops::BitOr;

/// A set of demands, numbered as `srv_admin_state` (management, `show servers state`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AdminState(u8);

impl AdminState {
    /// No demand: the checks decide.
    pub const READY: Self = Self(0);
    /// Maintenance, by the runtime socket or (together with the next one) by configuration.
    pub const FORCED_MAINT: Self = Self(0x01);
    /// Maintenance inherited from a tracked server.
    pub const INHERITED_MAINT: Self = Self(0x02);
    /// The configuration says `disabled`; stays set as a remark when the operator overrules it.
    pub const CONFIG_MAINT: Self = Self(0x04);
    /// No new streams, by the runtime socket.
    pub const FORCED_DRAIN: Self = Self(0x08);
    /// No new streams, inherited from a tracked server.
    pub const INHERITED_DRAIN: Self = Self(0x10);
    /// Maintenance because the name does not resolve.
    pub const RESOLVER_MAINT: Self = Self(0x20);
    /// Maintenance because the name was changed and is not resolved yet.
    pub const NAME_MAINT: Self = Self(0x40);

    const MAINT: u8 = 0x01 | 0x02 | 0x20 | 0x40;
    const DRAIN: u8 = 0x08 | 0x10;

    /// A server that the configuration marks `disabled`.
    #[must_use]
    pub const fn disabled() -> Self {
        Self(0x01 | 0x04)
    }

    /// From the number of a state file. Unknown bits are kept out.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x7f)
    }

    /// The number for `show servers state`.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// In maintenance for whatever reason: no streams, no checks.
    #[must_use]
    pub const fn is_maint(self) -> bool {
        self.0 & Self::MAINT != 0
    }

    /// Draining for whatever reason: no new streams but persistent ones, still checked.
    #[must_use]
    pub const fn is_drain(self) -> bool {
        self.0 & Self::DRAIN != 0
    }

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    #[must_use]
    pub(crate) const fn with(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }

    #[must_use]
    pub(crate) const fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }
}

impl BitOr for AdminState {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}

impl fmt::Debug for AdminState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdminState({:#04x})", self.0)
    }
}
