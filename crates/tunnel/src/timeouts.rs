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

/// The same in milliseconds, rounded up; 0 is no limit. A tunnel keeps them as long as it lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    client: u32,
    server: u32,
    tunnel: u32,
    client_fin: u32,
    server_fin: u32,
}

impl Limits {
    pub(crate) fn of(timeouts: &Timeouts) -> Limits {
        Limits {
            client: millis(timeouts.client),
            server: millis(timeouts.server),
            tunnel: millis(timeouts.tunnel),
            client_fin: millis(timeouts.client_fin),
            server_fin: millis(timeouts.server_fin),
        }
    }

    /// Silence allowed on the client's side; `shut` when the client was sent the end already.
    pub(crate) fn client(&self, shut: bool) -> Option<Duration> {
        let fin = self.client_fin().filter(|_| shut);
        fin.or(duration(self.tunnel)).or(duration(self.client))
    }

    /// Silence allowed on the server's side; `shut` when the server was sent the end already.
    pub(crate) fn server(&self, shut: bool) -> Option<Duration> {
        let fin = self.server_fin().filter(|_| shut);
        fin.or(duration(self.tunnel)).or(duration(self.server))
    }

    pub(crate) fn client_fin(&self) -> Option<Duration> {
        duration(self.client_fin)
    }

    pub(crate) fn server_fin(&self) -> Option<Duration> {
        duration(self.server_fin)
    }
}

/// A limit of more than 49 days is one of 49 days.
fn millis(limit: Option<Duration>) -> u32 {
    limit.map_or(0, |limit| {
        let millis = limit.as_nanos().div_ceil(1_000_000).max(1);
        u32::try_from(millis).unwrap_or(u32::MAX)
    })
}

fn duration(millis: u32) -> Option<Duration> {
    (millis != 0).then(|| Duration::from_millis(millis.into()))
}
