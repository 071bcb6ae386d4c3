//! A proxy section while it is being read.

use diag::Span;

use crate::model::{Declared, Mention, Proxy, ServerSettings};

/// The section so far. A `defaults` section is one too: what it presets is copied from it.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) proxy: Proxy,
    /// What `default-server` says for the `server` lines below it.
    pub(crate) default_server: ServerSettings,
    /// The health check and its steps are those of `defaults`: the first own line replaces both.
    pub(crate) check_inherited: bool,
    /// The place where own steps replaced a request that `option httpchk` of `defaults` described.
    pub(crate) request_lost: Option<Span>,
    /// `use-fcgi-app` stands in the section.
    pub(crate) fcgi_app: bool,
    /// What `email-alert` lines say.
    pub(crate) email: EmailAlert,
    /// Names that its lines declare and mention.
    pub(crate) declared: Declared,
}

/// Mail alerts: only with all three HAProxy looks for the `mailers` section.
#[derive(Debug, Clone, Default)]
pub(crate) struct EmailAlert {
    pub(crate) mailers: Option<Mention>,
    pub(crate) from: bool,
    pub(crate) to: bool,
}

impl Draft {
    pub(crate) fn new(proxy: Proxy) -> Self {
        Self {
            proxy,
            default_server: ServerSettings::default(),
            check_inherited: false,
            request_lost: None,
            fcgi_app: false,
            email: EmailAlert::default(),
            declared: Declared::default(),
        }
    }
}
