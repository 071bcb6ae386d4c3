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
    /// Whether a keyword that is not built refuses the configuration.
    pub fn is_proxyd(self) -> bool {
        self == Self::Proxyd
    }
}
