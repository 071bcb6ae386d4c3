//! What bounds a stream: the timeouts and retries that rules set, and those of the lines behind them.

use std::time::Duration;

use config::model::{Proxy, Setting};
use diag::Span;
use sample::Bound;

/// The timeouts and retries that rules set; what they left alone is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub struct Limits {
    pub client: Option<Duration>,
    pub connect: Option<Duration>,
    pub queue: Option<Duration>,
    pub server: Option<Duration>,
    pub tarpit: Option<Duration>,
    pub tunnel: Option<Duration>,
    /// `set-retries`.
    pub retries: Option<u32>,
}

/// The rules behind the timeouts of [`Limits`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LimitRules([Option<Span>; 6]);

impl Limits {
    /// The timeout that a rule set.
    pub fn of(&self, bound: Bound) -> Option<Duration> {
        match bound {
            Bound::Client => self.client,
            Bound::Connect => self.connect,
            Bound::Queue => self.queue,
            Bound::Server => self.server,
            Bound::Tarpit => self.tarpit,
            Bound::Tunnel => self.tunnel,
        }
    }

    /// Sets a timeout; gives what it was.
    pub(crate) fn set(&mut self, bound: Bound, duration: Duration) -> Option<Duration> {
        let slot = match bound {
            Bound::Client => &mut self.client,
            Bound::Connect => &mut self.connect,
            Bound::Queue => &mut self.queue,
            Bound::Server => &mut self.server,
            Bound::Tarpit => &mut self.tarpit,
            Bound::Tunnel => &mut self.tunnel,
        };
        slot.replace(duration)
    }

    /// The stream goes to another backend, whose own bounds count there.
    pub(crate) fn enter_backend(&mut self) {
        *self = Self { client: self.client, tarpit: self.tarpit, ..Self::default() };
    }
}

impl LimitRules {
    /// The rule that set a timeout.
    pub fn of(&self, bound: Bound) -> Option<Span> {
        self.0[bound as usize]
    }

    pub(crate) fn set(&mut self, bound: Bound, rule: Span) {
        self.0[bound as usize] = Some(rule);
    }
}

/// The line of a proxy that bounds a phase: `queue` and `tarpit` are `connect` when missing.
pub(crate) fn line(proxy: &Proxy, bound: Bound) -> Setting<Duration> {
    let timeouts = &proxy.timeouts;
    match bound {
        Bound::Client => timeouts.client,
        Bound::Connect => timeouts.connect,
        Bound::Queue => timeouts.queue.or(timeouts.connect),
        Bound::Server => timeouts.server,
        Bound::Tarpit => timeouts.tarpit.or(timeouts.connect),
        Bound::Tunnel => timeouts.tunnel,
    }
}

/// The same in milliseconds, 0 for none.
pub(crate) fn millis(proxy: &Proxy, bound: Bound) -> i64 {
    line(proxy, bound).map_or(0, |line| as_millis(line.value))
}

pub(crate) fn as_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
