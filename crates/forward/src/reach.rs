//! Getting a stream to a server: choice, queue, connection, retries, redispatch.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use config::model::{ConnectionMode, HttpReuse, LogFormatChoice};
use http1::RequestHead;
use rules::{Choice, Final, NoTrace};
use sample::Buffered;
use tokio::time::Instant;

use crate::buffer::{Buffer, poll_write};
use crate::connection::{Connection, limit};
use crate::generation::Bound;
use crate::http::{Body, RetryOn};
use crate::idle::{ServerConnection, Want, Wanted, from_others};
use crate::io::{ConnectTo, Connector, Io};
use crate::ledger::{Ledger, on};
use crate::live::{Backend, Place, Rank, Slot, Turn};
use crate::proxy_protocol::{self, SendProxy};
use crate::termination::{Cause, Failure, Phase};

/// The pause before another try on the same server, so that one that restarts has time to.
const TURN_AROUND: Duration = Duration::from_secs(1);

/// Why no connection was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotConnected {
    Refused,
    TimedOut,
}

/// What a choice may look at of a stream's own bytes.
pub(crate) struct Asks<'a> {
    /// The request; `None` in `mode tcp`.
    pub(crate) head: Option<&'a RequestHead>,
    /// Received from the client and not used yet.
    pub(crate) received: &'a mut Buffer,
    /// The body that begins there.
    pub(crate) body: Option<&'a Body>,
}

/// A stream on its way to a server.
pub(crate) struct Reach<'a, C: Connector> {
    pub(crate) connection: &'a mut Connection<C>,
    pub(crate) ledger: &'a mut Ledger,
    pub(crate) backend: &'a Arc<Backend>,
    pub(crate) asks: Asks<'a>,
    /// No more of the body can be had for a choice.
    pub(crate) asked_enough: bool,
    /// The answer instead, when the server that was chosen sends its clients elsewhere (`redir`).
    pub(crate) elsewhere: Option<Box<Final>>,
}

impl<C: Connector> Reach<'_, C> {
    /// Chooses a server and connects to it, as often as `retries` allows.
    pub(crate) async fn run(&mut self) -> Result<ServerConnection<C::Io>, Failure> {
        let backend = &Arc::clone(self.backend);
        let program = Arc::clone(&self.ledger.bound.generation.program);
        let retries = self.ledger.state.overrides.limits.retries;
        let allowed = retries.unwrap_or_else(|| program.backend(backend.reference).retries());
        // A stream that tries again has its server already.
        let mut persistent = self.ledger.slot.is_some() || self.acquire(backend, None).await?;
        let again = RetryOn::of(program.backend(backend.reference).proxy()).failed_connection;
        self.redirected()?;
        loop {
            let began = match self.ledger.retries {
                0 => self.ledger.times.queued.unwrap_or_else(|| self.ledger.now()),
                _ => Instant::now(),
            };
            let failed = match self.connect(backend).await {
                Ok(connection) => {
                    // One that was used before is no sign that the server still listens.
                    if let Some(server) = self.ledger.server.filter(|_| connection.requests == 0) {
                        backend.saw_connection(server, true);
                    }
                    return Ok(connection);
                }
                Err(failed) => failed,
            };
            let server = self.ledger.server;
            if server.is_none() && backend.direct.is_none() {
                return Err(no_server());
            }
            server.iter().for_each(|server| backend.saw_connection(*server, false));
            if self.ledger.retries >= allowed || !again {
                // A try that is followed by another is a retry, not an error.
                self.count_connect_failure(backend, server);
                return Err(match failed {
                    NotConnected::Refused => Failure::new(Cause::Server, Phase::Connect, 503),
                    NotConnected::TimedOut => {
                        Failure::new(Cause::ServerTimeout, Phase::Connect, 503)
                    }
                });
            }
            self.ledger.retries += 1;
            let interval = program.backend(backend.reference).redispatch();
            if let Some(server) = server
                && redispatches(interval, persistent, self.ledger.retries, allowed)
            {
                self.ledger.slot = None;
                persistent = self.acquire(backend, Some(server)).await?;
                self.ledger.times.queued = Some(Instant::now());
                if self.ledger.server != Some(server) {
                    self.note_redispatch(backend, server);
                    self.redirected()?;
                    continue;
                }
            }
            self.count_retry(backend, server);
            if failed == NotConnected::Refused {
                self.turn_around(backend, began).await?;
            }
        }
    }

    /// Fails with an answer when the server has a `redir` and the request's method follows it.
    fn redirected(&mut self) -> Result<(), Failure> {
        let (Some(head), Some(server)) = (self.asks.head, self.ledger.server) else {
            return Ok(());
        };
        let program = &self.ledger.bound.generation.program;
        let state = &mut self.ledger.state;
        let Some(answer) = rules::server_redirect(program, state, server, head) else {
            return Ok(());
        };
        self.elsewhere = Some(Box::new(answer));
        self.ledger.times.queued.get_or_insert_with(Instant::now);
        Err(Failure::silent(Cause::Local, Phase::Connect))
    }

    /// Waits before the next try on the same server; a short `timeout connect` shortens it. With
    /// `option abortonclose` a client that leaves meanwhile is not waited for.
    async fn turn_around(&mut self, backend: &Backend, began: Instant) -> Result<(), Failure> {
        let pause = self.connect_timeout(backend).map_or(TURN_AROUND, |most| most.min(TURN_AROUND));
        let Some(until) = began.checked_add(pause) else { return Ok(()) };
        let aborts = self.asks.head.is_some() && aborts_on_close(&self.ledger.bound, backend);
        let Connection { timer, client, .. } = &mut *self.connection;
        let received = &mut *self.asks.received;
        timer.set(Some(until));
        poll_fn(|cx| {
            if aborts && client_left(cx, client, received) {
                return Poll::Ready(Err(Failure::silent(Cause::Client, Phase::Connect)));
            }
            timer.poll(cx).map(Ok)
        })
        .await
    }

    /// Chooses a server and takes one of its slots, waiting in a queue if need be. Tells whether
    /// persistence decided.
    async fn acquire(
        &mut self,
        backend: &Arc<Backend>,
        exclude: Option<u32>,
    ) -> Result<bool, Failure> {
        loop {
            backend.refresh_limits();
            let (place, persistent) = match self.choose(backend, exclude) {
                Choice::Server { server, persistent } => match backend.take(server) {
                    Some(slot) => {
                        self.got(backend, slot);
                        return Ok(persistent);
                    }
                    None => (Place::Server(server), persistent),
                },
                Choice::Direct => {
                    self.ledger.server = None;
                    self.ledger.times.queued.get_or_insert(self.ledger.times.begun.instant);
                    return Ok(false);
                }
                Choice::Queue => (Place::Backend, false),
                Choice::NoServer => return Err(no_server()),
                Choice::WaitBody => {
                    // The balancer takes a stream without its key when no more can be had.
                    self.asked_enough |= !self.more_body().await;
                    continue;
                }
            };
            if let Some(slot) = self.wait_in_queue(backend, place).await? {
                self.got(backend, slot);
                self.ledger.times.queued = Some(Instant::now());
                return Ok(persistent);
            }
        }
    }

    /// Reads more of the body that a choice looks at (`balance url_param check_post`).
    async fn more_body(&mut self) -> bool {
        let client = &mut self.connection.client;
        let received = &mut *self.asks.received;
        if received.is_full() {
            return false;
        }
        self.ledger.waited = true;
        self.connection.timer.set(self.ledger.times.begun.instant.checked_add(TURN_AROUND));
        let timer = &mut self.connection.timer;
        poll_fn(|cx| {
            if let Poll::Ready(read) = received.poll_fill(cx, client) {
                return Poll::Ready(matches!(read, Ok(1..)));
            }
            timer.poll(cx).map(|()| false)
        })
        .await
    }

    fn choose(&mut self, backend: &Backend, exclude: Option<u32>) -> Choice {
        let Reach { connection, ledger, asks, asked_enough, .. } = self;
        let mut decoded = Vec::new();
        let received = asks.received.filled();
        // Without a request the connection's first bytes are looked at as they came.
        let (bytes, whole) = match asks.body {
            Some(body) => body.peek(received, &mut decoded),
            None => (received, true),
        };
        let body = Buffered { bytes, complete: whole || *asked_enough };
        let (state, facts) = ledger.evaluate(&connection.worker.process);
        let program = &facts.generation.program;
        let (head, trace) = (asks.head, &mut NoTrace);
        rules::choose(program, state, head, body, &backend.balancer, &facts, exclude, trace)
    }

    fn got(&mut self, backend: &Backend, slot: Slot) {
        let server = slot.server();
        self.ledger.server = Some(server);
        self.ledger.slot = Some(slot);
        self.connection.place.aims_at(backend.reference, Some(server));
        if let Some(known) = backend.server(server) {
            let index = self.connection.worker.index;
            for counters in [known.state.counters.of(index), backend.state.counters.of(index)] {
                counters.chosen.add(1);
            }
        }
    }

    /// Waits for a slot; `None`: the server that was waited for is gone, choose again.
    async fn wait_in_queue(
        &mut self,
        backend: &Arc<Backend>,
        place: Place,
    ) -> Result<Option<Slot>, Failure> {
        let overrides = &self.ledger.state.overrides;
        let rank = Rank::now(overrides.priority_class, overrides.priority_offset);
        let ticket = backend.join_queue(place, rank);
        let before = u32::try_from(ticket.before()).unwrap_or(u32::MAX);
        match place {
            Place::Backend => self.ledger.backend_queue = before.saturating_add(1),
            Place::Server(server) => {
                self.ledger.server = Some(server);
                self.ledger.server_queue = before.saturating_add(1);
            }
        }
        self.connection
            .timer
            .set(self.queue_timeout(backend).and_then(|limit| Instant::now().checked_add(limit)));
        let aborts = self.asks.head.is_some() && aborts_on_close(&self.ledger.bound, backend);
        let Connection { timer, client, .. } = &mut *self.connection;
        let received = &mut *self.asks.received;
        let waited = poll_fn(|cx| {
            if let Poll::Ready(turn) = ticket.poll_turn(cx) {
                return Poll::Ready(Waited::For(turn));
            }
            if aborts && client_left(cx, client, received) {
                return Poll::Ready(Waited::ClientLeft);
            }
            timer.poll(cx).map(|()| Waited::TooLong)
        })
        .await;
        let failure = match waited {
            Waited::For(Turn::Served(_)) => return Ok(ticket.into_slot()),
            Waited::For(Turn::Again) => return Ok(None),
            Waited::TooLong => Failure::new(Cause::ServerTimeout, Phase::Queue, 503),
            Waited::ClientLeft => Failure::silent(Cause::Client, Phase::Queue),
        };
        self.ledger.times.queued = Some(Instant::now());
        Err(failure)
    }

    /// A connection to the chosen server: one that is kept, an idle one, or a new one.
    async fn connect(
        &mut self,
        backend: &Backend,
    ) -> Result<ServerConnection<C::Io>, NotConnected> {
        let known = self.ledger.server.and_then(|server| backend.server(server));
        let Some(known) = known else { return self.connect_directly(backend).await };
        let local = self.destination();
        let Some(mut to) = known.connect_to(local) else { return Err(NotConnected::Refused) };
        to.marks = self.ledger.state.overrides.to_server;
        self.ledger.address = to.address.socket();
        let header = known.send_proxy.map(|send| self.proxy_header(send).into_boxed_slice());
        let counters = known.state.counters.of(self.connection.worker.index);
        // Quirk: each try is a session of the server.
        counters.sessions.add(1);
        counters.session_rate.add(self.ledger.times.begun.micros, 1);
        if self.reuses(backend)
            && let Some(connection) = self.idle_connection(backend, known, &to, header.as_deref())
        {
            counters.reused.add(1);
            self.connected(&connection);
            return Ok(connection);
        }
        let connection = self.open(backend, to, header).await?;
        counters.opened.add(1);
        Ok(connection)
    }

    /// A connection to where streams go that have no server: the one that this client had there, or a new one.
    async fn connect_directly(
        &mut self,
        backend: &Backend,
    ) -> Result<ServerConnection<C::Io>, NotConnected> {
        let to = backend.direct.as_ref().and_then(|direct| direct.connect_to(self.destination()));
        let Some(mut to) = to else { return Err(NotConnected::Refused) };
        to.marks = self.ledger.state.overrides.to_server;
        self.ledger.address = to.address.socket();
        if self.reuses(backend)
            && let Some(kept) = self.connection.kept.take()
            && kept.server.is_none()
            && kept.connection.address == to.address
            && let Some(connection) = kept.connection.if_quiet()
        {
            self.connected(&connection);
            return Ok(connection);
        }
        self.open(backend, to, None).await
    }

    /// Where the client wanted to go, as rules left it.
    fn destination(&self) -> Option<std::net::SocketAddr> {
        self.ledger.state.overrides.destination().or(self.connection.local)
    }

    async fn open(
        &mut self,
        backend: &Backend,
        to: ConnectTo,
        header: Option<Box<[u8]>>,
    ) -> Result<ServerConnection<C::Io>, NotConnected> {
        let due = self.connect_timeout(backend);
        let address = to.address.clone();
        let mut io = open(self.connection, to, due).await?;
        if let Some(header) = &header {
            begin(self.connection, &mut io, header).await?;
        }
        let local = self.logs_source().then(|| io.local_addr()).flatten();
        let connection = ServerConnection { io, address, local, header, requests: 0 };
        self.ledger.waited = true;
        self.connected(&connection);
        Ok(connection)
    }

    /// The PROXY header of a connection for this stream.
    fn proxy_header(&mut self, send: SendProxy) -> Vec<u8> {
        let Reach { connection, ledger, asks, .. } = self;
        let server = ledger.server.unwrap_or_default();
        let (state, facts) = ledger.evaluate(&connection.worker.process);
        let program = &facts.generation.program;
        let mut more = Vec::new();
        if send.is_binary() {
            more = rules::proxy_tlvs(program, state, server, send.unique_id, asks.head, &facts);
        }
        let from = state.overrides.source().or(facts.client);
        let to = state.overrides.destination().or(facts.local);
        proxy_protocol::header(send, from.zip(to), state.unique_id.as_deref(), &more)
    }

    fn connected(&mut self, connection: &ServerConnection<C::Io>) {
        self.ledger.times.connected = Some(self.ledger.now());
        self.ledger.source = connection.local;
    }

    /// Whether a rule or the log may want the address we connect from: only `log-format` can, and asking for
    /// it is a system call for each connection.
    fn logs_source(&self) -> bool {
        let bound = &self.ledger.bound;
        let proxy = bound.generation.program.frontend(bound.frontend).proxy();
        let format = proxy.log_format.as_ref().map(|format| &format.value);
        let asked = bound.generation.program.asks_server_socket();
        asked || matches!(format, Some(LogFormatChoice::Custom(_)))
    }

    /// An idle connection that this request may take (manual 4.2, `http-reuse`).
    fn idle_connection(
        &mut self,
        backend: &Backend,
        known: &crate::live::Server,
        to: &ConnectTo,
        header: Option<&[u8]>,
    ) -> Option<ServerConnection<C::Io>> {
        if let Some(kept) = self.connection.kept.take()
            && kept.server.as_ref().is_some_and(|server| Arc::ptr_eq(server, &known.state))
            && kept.connection.header.as_deref() == header
            && let Some(connection) = kept.connection.if_quiet()
        {
            return Some(connection);
        }
        let program = &self.ledger.bound.generation.program;
        let reuse = program.backend(backend.reference).proxy().http_reuse;
        let first = self.connection.requests <= 1;
        let wanted = match (reuse.map(|reuse| reuse.value).unwrap_or_default(), first) {
            (HttpReuse::Never, _) | (HttpReuse::Safe, true) => return None,
            (HttpReuse::Aggressive, true) => Wanted::Proven,
            _ => Wanted::Any,
        };
        let want = Want { server: &known.state, address: &to.address, header, whose: wanted };
        let worker = &self.connection.worker;
        worker.pool.take(want).or_else(|| from_others(&worker.process, &worker.pool, want))
    }

    /// Whether a connection that was used before may serve the stream.
    fn reuses(&self, backend: &Backend) -> bool {
        let program = &self.ledger.bound.generation.program;
        let mode = program.connection_mode(self.ledger.bound.frontend, Some(backend.reference));
        // One whose packets are marked is this stream's own.
        let marked = self.ledger.state.overrides.to_server.any();
        self.asks.head.is_some() && mode == ConnectionMode::KeepAlive && !marked
    }

    fn connect_timeout(&self, backend: &Backend) -> Option<Duration> {
        let program = &self.ledger.bound.generation.program;
        let set = self.ledger.state.overrides.limits.connect;
        set.or(limit(program.backend(backend.reference).proxy().timeouts.connect))
    }

    /// `timeout queue`, or `timeout connect` where it is missing.
    fn queue_timeout(&self, backend: &Backend) -> Option<Duration> {
        let program = &self.ledger.bound.generation.program;
        let timeouts = &program.backend(backend.reference).proxy().timeouts;
        let set = self.ledger.state.overrides.limits.queue;
        set.or(limit(timeouts.queue)).or(limit(timeouts.connect))
    }

    fn count_connect_failure(&self, backend: &Backend, server: Option<u32>) {
        let index = self.connection.worker.index;
        backend.state.counters.of(index).connect_errors.add(1);
        if let Some(known) = server.and_then(|server| backend.server(server)) {
            known.state.counters.of(index).connect_errors.add(1);
        }
    }

    fn count_retry(&self, backend: &Backend, server: Option<u32>) {
        let index = self.connection.worker.index;
        backend.state.counters.of(index).retries.add(1);
        if let Some(known) = server.and_then(|server| backend.server(server)) {
            known.state.counters.of(index).retries.add(1);
        }
    }

    fn note_redispatch(&mut self, backend: &Backend, from: u32) {
        self.ledger.redispatched = true;
        let index = self.connection.worker.index;
        backend.state.counters.of(index).redispatches.add(1);
        if let Some(known) = backend.server(from) {
            known.state.counters.of(index).redispatches.add(1);
        }
    }
}

/// Whether the client ended its side; what else it sends is kept for later.
fn client_left<T: Io>(cx: &mut Context<'_>, client: &mut T, received: &mut Buffer) -> bool {
    while !received.is_full() {
        match received.poll_fill(cx, client) {
            Poll::Ready(Ok(1..)) => {}
            Poll::Ready(Ok(0) | Err(_)) => return true,
            Poll::Pending => return false,
        }
    }
    false
}

/// How a wait in a queue ended.
enum Waited {
    For(Turn),
    TooLong,
    ClientLeft,
}

/// `option abortonclose` of the backend: a client that leaves is not waited for.
pub(crate) fn aborts_on_close(bound: &Bound, backend: &Backend) -> bool {
    let program = &bound.generation.program;
    on(program.backend(backend.reference).proxy().options.abortonclose)
}

fn no_server() -> Failure {
    Failure::new(Cause::Server, Phase::Connect, 503)
}

/// Whether this retry may go to another server. A balanced stream always may; one that persistence
/// brought here only at the interval of the option, by default on the last retry.
fn redispatches(interval: Option<i32>, persistent: bool, retry: u32, allowed: u32) -> bool {
    let Some(interval) = interval else { return false };
    if !persistent {
        return true;
    }
    match u32::try_from(interval) {
        Ok(every) => every > 0 && retry.is_multiple_of(every),
        // -1 is the last retry, -N the last but N-1 (manual 4.2, `option redispatch`).
        Err(_) => retry == allowed.saturating_add(1).saturating_sub(interval.unsigned_abs()),
    }
}

/// Opens a connection within `limit`.
pub(crate) async fn open<C: Connector>(
    connection: &mut Connection<C>,
    to: ConnectTo,
    limit: Option<Duration>,
) -> Result<C::Io, NotConnected> {
    let Connection { worker, timer, .. } = connection;
    timer.set(limit.and_then(|limit| Instant::now().checked_add(limit)));
    let mut connecting = pin!(worker.connector.connect(to));
    poll_fn(|cx| {
        if let Poll::Ready(connected) = connecting.as_mut().poll(cx) {
            return Poll::Ready(connected.map_err(|error| match error.kind() {
                // The kernel's own patience may end before ours.
                io::ErrorKind::TimedOut => NotConnected::TimedOut,
                _ => NotConnected::Refused,
            }));
        }
        timer.poll(cx).map(|()| Err(NotConnected::TimedOut))
    })
    .await
}

/// Sends what a connection begins with, within what is left of `timeout connect`.
async fn begin<C: Connector>(
    connection: &mut Connection<C>,
    io: &mut C::Io,
    header: &[u8],
) -> Result<(), NotConnected> {
    let timer = &mut connection.timer;
    let mut sent = 0;
    poll_fn(|cx| {
        while let Some(rest) = header.get(sent..).filter(|rest| !rest.is_empty()) {
            match poll_write(cx, io, rest) {
                Poll::Ready(Ok(written)) => sent += written,
                Poll::Ready(Err(_)) => return Poll::Ready(Err(NotConnected::Refused)),
                Poll::Pending => return timer.poll(cx).map(|()| Err(NotConnected::TimedOut)),
            }
        }
        Poll::Ready(Ok(()))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::redispatches;

    #[test]
    fn a_persistent_stream_is_redispatched_only_at_the_interval() {
        // (interval, persistent, which of 6 retries are redispatched)
        let cases: [(Option<i32>, bool, &[u32]); 5] = [
            (None, false, &[]),
            (Some(-1), false, &[1, 2, 3, 4, 5, 6]),
            (Some(-1), true, &[6]),
            (Some(2), true, &[2, 4, 6]),
            (Some(-2), true, &[5]),
        ];
        for (interval, persistent, expected) in cases {
            let found: Vec<u32> =
                (1..=6).filter(|retry| redispatches(interval, persistent, *retry, 6)).collect();
            assert_eq!(found, expected, "{interval:?} {persistent}");
        }
    }
}
