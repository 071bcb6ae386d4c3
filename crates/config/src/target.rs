//! Whose verdict a lowering gives.

/// Who is going to read the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// Our daemon: what it has not built is an error.
    Proxyd,
    /// HAProxy of this version (major, minor): what only `proxyd` refuses is a warning.
    HaProxy(u8, u8),
}

impl Target {
    /// Whether this is HAProxy 2.6, or older: it does not know what came later.
    pub(crate) fn is_2_6(self) -> bool {
        matches!(self, Self::HaProxy(major, minor) if (major, minor) <= (2, 6))
    }

    /// The version of HAProxy, if it is one.
    pub fn haproxy(self) -> Option<(u8, u8)> {
        match self {
            Self::Proxyd => None,
            Self::HaProxy(major, minor) => Some((major, minor)),
        }
    }

    /// Whether this is HAProxy of this version or a later one.
    pub(crate) fn is_from(self, major: u8, minor: u8) -> bool {
        self.haproxy().is_some_and(|version| version >= (major, minor))
    }

    /// Whether a keyword that is not built refuses the configuration.
    pub fn is_proxyd(self) -> bool {
        self == Self::Proxyd
    }
}
