//! The ledger of a tunnel while it runs: what its log line needs, without what few streams have.
//!
//! Thousands of tunnels lie idle for hours, and each keeps what it will be logged with. Addresses
//! of IPv4 and moments are kept short here, and settings that no rule made take no room.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rules::{Captures, Overrides, Persistence, Stream};
use sample::{BackendRef, Vars};
use tokio::time::Instant;

use crate::address::Address;
use crate::clock::Now;
use crate::generation::{Bound, Listener};
use crate::ledger::{BackendSeat, Ledger, Times};
use crate::live::Slot;
use crate::proxy_protocol::Proxied;
use crate::termination::Termination;
use crate::tunnels::RequestLine;

/// A ledger that is put away.
pub(crate) struct Shelf {
    bound: Arc<Bound>,
    listener: Arc<Listener>,
    backend: Option<BackendSeat>,
    slot: Option<Slot>,
    peer: Address,
    local: Address,
    source: Address,
    address: Address,
    accepted: Instant,
    accepted_micros: i64,
    begun_micros: i64,
    /// Nanoseconds after the accept.
    idle_since: u64,
    begun: u64,
    /// The same; [`NEVER`] when it did not happen.
    marks: [u64; 4],
    id: u64,
    seed: u64,
    requests_before: u64,
    bytes_in: u64,
    bytes_out: u64,
    /// Method and target, one behind the other.
    line: Option<Box<[u8]>>,
    method_bytes: u32,
    version: &'static [u8; 8],
    chosen: Option<BackendRef>,
    server: Option<u32>,
    draws: u32,
    status: Option<u16>,
    termination: Termination,
    logged: bool,
    /// The request was made ready for its server.
    prepared: bool,
    rare: Option<Box<Rare>>,
}

/// What most streams have not; made only when one has any of it.
#[derive(Default)]
struct Rare {
    proxied: Option<Rc<Proxied>>,
    vars: Vars,
    captures: Captures,
    overrides: Overrides,
    persistence: Persistence,
    unique_id: Option<Vec<u8>>,
    other_server: Option<u32>,
    retries: u32,
    redispatched: bool,
    unlogged: bool,
    server_queue: u32,
    backend_queue: u32,
}

/// No moment.
const NEVER: u64 = u64::MAX;

impl Shelf {
    /// Puts a ledger away.
    pub(crate) fn put(ledger: Ledger, line: RequestLine) -> Shelf {
        let times = ledger.times;
        let after = |at: Instant| nanos(at.saturating_duration_since(times.accepted));
        let mark = |at: Option<Instant>| at.map_or(NEVER, after);
        let mut state = ledger.state;
        let rare = Rare {
            proxied: ledger.proxied,
            vars: std::mem::take(&mut state.vars),
            captures: std::mem::take(&mut state.captures),
            overrides: std::mem::take(&mut state.overrides),
            persistence: std::mem::take(&mut state.persistence),
            unique_id: state.unique_id.take(),
            other_server: state.server.filter(|_| state.server != ledger.server),
            retries: ledger.retries,
            redispatched: ledger.redispatched,
            unlogged: ledger.unlogged,
            server_queue: ledger.server_queue,
            backend_queue: ledger.backend_queue,
        };
        let (line, method_bytes, version) = match line {
            Some((method, target, version)) => {
                let version = version.as_bytes().try_into().unwrap_or(b"HTTP/1.1");
                (Some([&*method, &target].concat().into()), method.len() as u32, version)
            }
            None => (None, 0, b"HTTP/1.1"),
        };
        Shelf {
            bound: ledger.bound,
            listener: ledger.listener,
            backend: ledger.backend,
            slot: ledger.slot,
            peer: Address::of(ledger.peer),
            local: Address::of(ledger.local),
            source: Address::of(ledger.source),
            address: Address::of(ledger.address),
            accepted: times.accepted,
            accepted_micros: times.accepted_micros,
            begun_micros: times.begun.micros,
            idle_since: after(times.idle_since),
            begun: after(times.begun.instant),
            marks: [times.request, times.queued, times.connected, times.response].map(mark),
            id: ledger.id,
            seed: ledger.seed,
            requests_before: state.requests_before,
            bytes_in: ledger.bytes_in,
            bytes_out: ledger.bytes_out,
            line,
            method_bytes,
            version,
            chosen: state.backend,
            server: ledger.server,
            draws: state.draws,
            status: ledger.status,
            termination: ledger.termination,
            logged: ledger.logged,
            prepared: state.server.is_some(),
            rare: (!rare.is_empty()).then(|| Box::new(rare)),
        }
    }

    /// Takes it back, for the thread that ran it.
    pub(crate) fn take(self, thread: usize) -> (Ledger, RequestLine) {
        let at = |nanos: u64| self.accepted + Duration::from_nanos(nanos);
        let [request, queued, connected, response] =
            self.marks.map(|mark| (mark != NEVER).then(|| at(mark)));
        let times = Times {
            accepted: self.accepted,
            accepted_micros: self.accepted_micros,
            idle_since: at(self.idle_since),
            begun: Now { instant: at(self.begun), micros: self.begun_micros },
            request,
            queued,
            connected,
            response,
        };
        let rare = self.rare.map(|rare| *rare).unwrap_or_default();
        let state = Stream {
            backend: self.chosen,
            server: rare.other_server.or(self.server).filter(|_| self.prepared),
            vars: rare.vars,
            captures: rare.captures,
            overrides: rare.overrides,
            persistence: rare.persistence,
            draws: self.draws,
            unique_id: rare.unique_id,
            requests_before: self.requests_before,
            ..Stream::new(self.bound.frontend)
        };
        let line = self.line.map(|line| {
            let (method, target) = line.split_at(self.method_bytes as usize);
            let version = std::str::from_utf8(self.version).unwrap_or("HTTP/1.1");
            (method.to_vec(), target.to_vec(), version)
        });
        let ledger = Ledger {
            peer: self.peer.socket(),
            local: self.local.socket(),
            source: self.source.socket(),
            address: self.address.socket(),
            proxied: rare.proxied,
            backend: self.backend,
            slot: self.slot,
            server: self.server,
            retries: rare.retries,
            redispatched: rare.redispatched,
            unlogged: rare.unlogged,
            server_queue: rare.server_queue,
            backend_queue: rare.backend_queue,
            status: self.status,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            termination: self.termination,
            logged: self.logged,
            waited: true,
            ..Ledger::new(self.bound, self.listener, state, (self.id, self.seed, thread), times)
        };
        (ledger, line)
    }
}

impl Rare {
    fn is_empty(&self) -> bool {
        self.proxied.is_none()
            && self.vars.is_empty()
            && self.captures == Captures::default()
            && self.overrides == Overrides::default()
            && self.persistence == Persistence::default()
            && self.unique_id.is_none()
            && self.other_server.is_none()
            && self.retries == 0
            && !self.redispatched
            && !self.unlogged
            && self.server_queue == 0
            && self.backend_queue == 0
    }
}

/// Nanoseconds of a duration of less than 500 years.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NEVER - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Seat;

    #[test]
    fn a_ledger_on_the_shelf_is_small() {
        let bytes = size_of::<(Shelf, Seat)>();
        assert!(bytes <= 320, "{bytes} bytes");
    }
}
