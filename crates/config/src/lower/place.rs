//! Where a directive stands, and where keywords may stand.

/// The section that holds a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Global,
    Defaults {
        named: bool,
    },
    Frontend,
    Backend,
    Listen,
    Userlist,
    /// Any other section that has lines of its own.
    Other(&'static str),
    /// A section that is refused, or not known: its lines say nothing.
    Skipped,
    /// Before the first section.
    Nowhere,
}

impl Place {
    /// The section's keyword.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Defaults { .. } => "defaults",
            Self::Frontend => "frontend",
            Self::Backend => "backend",
            Self::Listen => "listen",
            Self::Userlist => "userlist",
            Self::Other(keyword) => keyword,
            Self::Skipped | Self::Nowhere => "",
        }
    }

    pub(crate) fn is_defaults(self) -> bool {
        matches!(self, Self::Defaults { .. })
    }

    /// Takes connections (a `defaults` section stands for both sides).
    pub(crate) fn has_frontend(self) -> bool {
        matches!(self, Self::Defaults { .. } | Self::Frontend | Self::Listen)
    }

    /// Has servers.
    pub(crate) fn has_backend(self) -> bool {
        matches!(self, Self::Defaults { .. } | Self::Backend | Self::Listen)
    }
}

/// How a keyword fits the section it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    Yes,
    /// HAProxy warns and goes on.
    Ignored,
    Refused,
}

/// The sections that take a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Places {
    /// In `defaults`: not, in named ones only, or in any.
    pub defaults: InDefaults,
    /// In `frontend` (and `listen`).
    pub frontend: bool,
    /// In `backend` (and `listen`).
    pub backend: bool,
    /// In `global`.
    pub global: bool,
    /// On the wrong side it is an error, not a warning.
    pub strict: bool,
    /// The same, since HAProxy 3.5.
    pub strict_now: bool,
}

/// What `defaults` sections take of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum InDefaults {
    No,
    Named,
    Any,
}

impl Places {
    /// `defaults`, `frontend`, `listen`, `backend`.
    pub const ANY: Self = Self {
        defaults: InDefaults::Any,
        frontend: true,
        backend: true,
        global: false,
        strict: false,
        strict_now: false,
    };
    /// `defaults`, `frontend`, `listen`.
    pub const FRONT: Self = Self { backend: false, ..Self::ANY };
    /// `defaults`, `listen`, `backend`.
    pub const BACK: Self = Self { frontend: false, ..Self::ANY };
    /// `global` only.
    pub const GLOBAL: Self = Self {
        defaults: InDefaults::No,
        frontend: false,
        backend: false,
        global: true,
        strict: true,
        strict_now: true,
    };
    /// The words of another keyword: the line has been placed already.
    pub const INSIDE: Self = Self { global: true, ..Self::ANY };

    /// Not in `defaults`.
    pub const fn no_defaults(self) -> Self {
        Self { defaults: InDefaults::No, ..self }
    }

    /// In `defaults` only when they have a name.
    pub const fn named_defaults(self) -> Self {
        Self { defaults: InDefaults::Named, ..self }
    }

    /// An error on the wrong side.
    pub const fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    /// An error on the wrong side since HAProxy 3.5.
    pub const fn strict_now(self) -> Self {
        Self { strict_now: true, ..self }
    }

    pub(crate) fn fit(self, place: Place) -> Fit {
        let taken = match place {
            Place::Defaults { named } => match self.defaults {
                InDefaults::Any => true,
                InDefaults::Named => named,
                InDefaults::No => false,
            },
            Place::Frontend => self.frontend,
            Place::Backend => self.backend,
            Place::Listen => self.frontend || self.backend,
            Place::Global => self.global,
            Place::Userlist | Place::Other(_) | Place::Skipped | Place::Nowhere => false,
        };
        let wrong_side = matches!(place, Place::Frontend | Place::Backend);
        let proxy_word = self.frontend || self.backend;
        match (taken, wrong_side && proxy_word && !self.strict) {
            (true, _) => Fit::Yes,
            (false, true) => Fit::Ignored,
            (false, false) => Fit::Refused,
        }
    }
}
