//! A proxy section while it is being read.

use crate::model::{Proxy, ServerSettings};

/// The section so far. A `defaults` section is one too: what it presets is copied from it.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) proxy: Proxy,
    /// What `default-server` says for the `server` lines below it.
    pub(crate) default_server: ServerSettings,
    /// The check steps are those of `defaults`: the first own step replaces them.
    pub(crate) steps_inherited: bool,
}

impl Draft {
    pub(crate) fn new(proxy: Proxy) -> Self {
        Self { proxy, default_server: ServerSettings::default(), steps_inherited: false }
    }
}
