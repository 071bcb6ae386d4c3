//! Tunnels: their task, and the registry by which others see and end them.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use config::model::Mode;
use futures_util::FutureExt as _;
use sample::BackendRef;
use sample::LogRecord;
use tunnel::{Control, Ended, Kill, Opening, Timeouts};

use crate::connection::Seat;
use crate::generation::Bound;
use crate::io::Connector;
use crate::ledger::{Heads, Ledger};
use crate::live::ServerState;
use crate::shelf::Shelf;
use crate::termination::{Cause, Phase, Termination};
use crate::worker::Worker;

/// The request line of an upgraded stream, for its log line.
pub(crate) type RequestLine = Option<(Vec<u8>, Vec<u8>, &'static str)>;

/// Two connections that are to become one.
pub(crate) struct Tunnel<T> {
    pub(crate) client: T,
    pub(crate) server: T,
    pub(crate) opening: Opening,
    pub(crate) timeouts: Timeouts,
}

/// What the registry tells of a tunnel.
#[derive(Debug, Clone)]
pub struct TunnelInfo {
    /// The number of its stream in the process, from 0.
    pub id: u64,
    /// What the listener led to when the stream began.
    pub bound: Arc<Bound>,
    /// The backend; `None` for `mode tcp` without one.
    pub backend: Option<BackendRef>,
    /// It speaks WebSocket, so that it can be closed between two of its frames.
    pub websocket: bool,
    /// The client.
    pub client: Option<SocketAddr>,
    /// The server; `None` for `mode tcp` without one.
    pub server: Option<Arc<ServerState>>,
    /// Microseconds since the epoch at which the connection was accepted.
    pub accepted_micros: i64,
    /// Watches and ends it.
    pub control: Control,
}

impl TunnelInfo {
    /// The name of its frontend.
    pub fn frontend_name(&self) -> &str {
        self.bound.generation.program.frontend(self.bound.frontend).name()
    }

    /// Ends it at once (`shutdown session`).
    pub fn end(&self) {
        self.control.end(Kill::Operator);
    }

    /// The name of its backend.
    pub fn backend_name(&self) -> Option<&str> {
        Some(self.bound.generation.program.backend(self.backend?).name())
    }

    /// `websocket`, `tcp`, or `upgrade` for every other protocol behind a 101 or a `CONNECT`.
    pub fn protocol(&self) -> &'static str {
        let mode = self.bound.generation.program.frontend(self.bound.frontend).mode();
        match (self.websocket, mode) {
            (true, _) => "websocket",
            (false, Mode::Tcp) => "tcp",
            (false, _) => "upgrade",
        }
    }
}

/// The tunnels of one thread; other threads may look and give orders.
#[derive(Debug, Default)]
pub struct Tunnels {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    tunnels: Vec<Option<TunnelInfo>>,
    free: Vec<u32>,
}

impl Tunnels {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        // A slab entry is written in one step.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, info: TunnelInfo) -> u32 {
        let mut entries = self.entries();
        if let Some(place) = entries.free.pop() {
            entries.tunnels[place as usize] = Some(info);
            return place;
        }
        entries.tunnels.push(Some(info));
        (entries.tunnels.len() - 1) as u32
    }

    fn leave(&self, place: u32) {
        let mut entries = self.entries();
        if let Some(entry) = entries.tunnels.get_mut(place as usize) {
            *entry = None;
            entries.free.push(place);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        let entries = self.entries();
        entries.tunnels.len() - entries.free.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, as they are now.
    pub fn list(&self) -> Vec<TunnelInfo> {
        self.entries().tunnels.iter().flatten().cloned().collect()
    }

    /// Ends those of a server at once.
    pub(crate) fn end_of_server(&self, server: &ServerState, why: Kill) {
        for tunnel in self.list() {
            if tunnel.server.as_ref().is_some_and(|known| std::ptr::eq(&**known, server)) {
                tunnel.control.end(why);
            }
        }
    }
}

/// Runs a tunnel as a task of this thread, to its log line.
pub(crate) fn spawn<C: Connector>(
    worker: &Rc<Worker<C>>,
    tunnel: Tunnel<C::Io>,
    seat: Seat,
    ledger: Ledger,
    request_line: RequestLine,
) {
    let control = Control::new();
    let server = ledger
        .backend
        .as_ref()
        .zip(ledger.server)
        .and_then(|(seat, at)| seat.0.server(at).map(|known| Arc::clone(&known.state)));
    let place = worker.tunnels.enter(TunnelInfo {
        id: ledger.id,
        bound: Arc::clone(&ledger.bound),
        backend: ledger.backend.as_ref().map(|seat| seat.0.reference),
        websocket: tunnel.opening.websocket,
        client: ledger.peer,
        server,
        accepted_micros: ledger.times.accepted_micros,
        control: control.clone(),
    });
    let Tunnel { client, server, opening, timeouts } = tunnel;
    let counts = ledger.counts_early().then(|| control.clone());
    let relay = tunnel::relay(client, server, opening, timeouts, control);
    let worker = Rc::clone(worker);
    if let Some(control) = counts {
        let rest = Box::new((ledger, request_line, seat));
        tokio::task::spawn_local(run_counted(relay, control, worker, rest, place));
        return;
    }
    let rest = Box::new((Shelf::put(ledger, request_line), seat));
    // `map` holds the relay once; an `async` block that awaits what it captured holds it twice.
    tokio::task::spawn_local(relay.map(move |ended| {
        let (shelf, seat) = *rest;
        let (ledger, request_line) = shelf.take(worker.index);
        finish(&worker, place, (ledger, request_line, seat), ended);
    }));
}

/// `option contstats`: as a tunnel, and what it moved is counted each time that it runs.
async fn run_counted<C: Connector>(
    relay: impl Future<Output = Ended>,
    control: Control,
    worker: Rc<Worker<C>>,
    mut rest: Box<(Ledger, RequestLine, Seat)>,
    place: u32,
) {
    let mut relay = pin!(relay);
    let before = [rest.0.bytes_in, rest.0.bytes_out];
    let ended = poll_fn(|cx| {
        let polled = relay.as_mut().poll(cx);
        let moved = control.counters();
        let [bytes_in, bytes_out] = [before[0] + moved.bytes_up, before[1] + moved.bytes_down];
        rest.0.count_moved(worker.index, bytes_in, bytes_out);
        polled
    })
    .await;
    finish(&worker, place, *rest, ended);
}

fn finish<C: Connector>(
    worker: &Worker<C>,
    place: u32,
    rest: (Ledger, RequestLine, Seat),
    ended: Ended,
) {
    worker.tunnels.leave(place);
    let (mut ledger, request_line, _seat) = rest;
    note_end(&mut ledger, ended);
    let mut record = LogRecord { request_line, ..LogRecord::default() };
    let (process, logs) = (&worker.process, &worker.logs);
    ledger.close(worker.index, process, logs, &mut record, Heads::default());
}

pub(crate) fn note_end(ledger: &mut Ledger, ended: Ended) {
    ledger.bytes_in += ended.bytes_up;
    ledger.bytes_out += ended.bytes_down;
    // Quirk: behind an upgrade HAProxy closes both sides when the server is done, so nothing that
    // the client does afterwards is an abort; in `mode tcp` it is one.
    let generation = &ledger.bound.generation;
    let http = generation.program.frontend(ledger.bound.frontend).mode() == Mode::Http;
    let served = http && ended.first_end == Some(tunnel::Side::Server);
    let cause = match ended.cause {
        tunnel::Cause::Closed => return,
        tunnel::Cause::Aborted(_) if served => return,
        tunnel::Cause::Aborted(tunnel::Side::Client) => Cause::Client,
        tunnel::Cause::Aborted(tunnel::Side::Server) => Cause::Server,
        tunnel::Cause::TimedOut(tunnel::Side::Client) => Cause::ClientTimeout,
        tunnel::Cause::TimedOut(tunnel::Side::Server) => Cause::ServerTimeout,
        tunnel::Cause::Killed(Kill::ServerDown) => Cause::Down,
        tunnel::Cause::Killed(Kill::ServerUp) => Cause::Up,
        tunnel::Cause::Killed(Kill::Operator) | tunnel::Cause::Drained => Cause::Killed,
    };
    ledger.termination = Termination::new(cause, Phase::Data);
}
