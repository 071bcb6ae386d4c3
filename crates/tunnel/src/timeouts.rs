//! How long each side may be silent.

use std::time::Duration;

/// The timeouts of one tunnel; `None` is no limit. Manual section 4, `timeout ...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timeouts {
    /// `timeout client`: silence on the client's side while there is no `tunnel` timeout.
    pub client: Option<Duration>,
    /// `timeout server`: the same for the server's side.
    pub server: Option<Duration>,
    /// `timeout tunnel`: takes the place of both.
    pub tunnel: Option<Duration>,
    /// `timeout client-fin`: once nothing more is sent to the client, takes the place of the above.
    pub client_fin: Option<Duration>,
    /// `timeout server-fin`: once nothing more is sent to the server.
    pub server_fin: Option<Duration>,
}

impl Timeouts {
    /// Silence allowed on the client's side; `shut` when the client was sent the end already.
    pub(crate) fn client(&self, shut: bool) -> Option<Duration> {
        self.client_fin.filter(|_| shut).or(self.tunnel).or(self.client)
    }

    /// Silence allowed on the server's side; `shut` when the server was sent the end already.
    pub(crate) fn server(&self, shut: bool) -> Option<Duration> {
        self.server_fin.filter(|_| shut).or(self.tunnel).or(self.server)
    }
}
