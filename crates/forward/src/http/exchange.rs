//! A request and its response on one server connection, both directions at once.
//!
//! One future polls both: the request's body may still be on its way while the response is already
//! passed on. The body of a request that the server no longer takes is read to its end all the same,
//! because the client's next request stands behind it.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use config::model::ConnectionMode;
use http1::{BodyLength, Parsed, Version};
use rules::NoTrace;
use tokio::time::Instant;

use crate::buffer::Outgoing;
use crate::connection::{Connection, Kept, limit};
use crate::idle::ServerConnection;
use crate::io::{Connector, Io};
use crate::ledger::on;
use crate::live::{Backend, ServerState};
use crate::reach::aborts_on_close;
use crate::termination::{Cause, Failure, Phase, Termination};

use super::body::{Flow, Path};
use super::stream::{HttpStream, Next};
use super::wire;

/// How far the response has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Head,
    /// The head is here, and a rule waits for more of the body.
    Held,
    Body,
    Done,
}

/// What both directions stand at.
pub(super) struct Exchange {
    pub(super) stage: Stage,
    /// The server takes no more of the request's body.
    pub(super) up_closed: bool,
    /// The request was sent completely.
    pub(super) up_done: bool,
    /// The client does not take the response.
    pub(super) client_blocked: bool,
    /// The last time anything moved.
    pub(super) active: Instant,
    pub(super) server_timeout: Option<std::time::Duration>,
    pub(super) client_timeout: Option<std::time::Duration>,
    /// The server lets its connection live on.
    pub(super) keep_server: bool,
    /// The server ended its side, as the end of the response.
    pub(super) server_closed: bool,
    /// `option abortonclose`: a client that leaves is not waited for.
    pub(super) aborts: bool,
    /// `option contstats`: bytes are counted as they move.
    pub(super) counts: bool,
    /// `option accept-unsafe-violations-in-http-response`.
    pub(super) lax: bool,
    /// Of [`Stage::Held`].
    pub(super) held: Option<Held>,
}

/// A response whose head was read and whose rules wait (`http-response wait-for-body`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) length: BodyLength,
    /// Bytes of the head as the log counts them.
    pub(super) counted: u64,
    /// It switches protocols.
    pub(super) switches: bool,
    /// When the waiting is over.
    pub(super) until: Option<Instant>,
    /// No more of the body will come, or fits.
    pub(super) over: bool,
}

/// What a poll of both directions came to.
enum Event {
    /// The bytes at the start of the server's buffer are a response head, taken out already.
    Head,
    /// Request and response are complete.
    Done,
    Failed(Failure),
    /// The response broke off after its head was sent: the letters say how, the client is cut off.
    Broken(Termination),
}

impl<C: Connector> HttpStream<'_, C> {
    /// Sends the prepared request and passes the response on. `None`: it is to be tried again.
    pub(super) async fn exchange(
        &mut self,
        backend: &Arc<Backend>,
        server: ServerConnection<C::Io>,
    ) -> Result<Option<Next<C::Io>>, Failure> {
        let mut server = server;
        let marked = self.ledger.state.overrides.to_server.any();
        let keeps = self.server_mode(backend) == ConnectionMode::KeepAlive && !marked;
        match &self.replay {
            Some(replay) => self.work.to_server.append().extend_from_slice(&replay.1),
            None => {
                self.write_request(keeps || self.pretends_keepalive(backend));
                self.keep_for_retry(backend);
            }
        }
        server.requests = server.requests.saturating_add(1);
        self.inspect_at_once(backend)?;
        let mut state = Exchange {
            stage: Stage::Head,
            up_closed: false,
            up_done: false,
            client_blocked: false,
            active: self.ledger.times.connected.unwrap_or(self.ledger.times.begun.instant),
            server_timeout: self.server_timeout(backend),
            client_timeout: self.client_timeout(),
            keep_server: keeps && !self.ends_its_connection(),
            server_closed: false,
            aborts: aborts_on_close(&self.ledger.bound, backend),
            counts: self.ledger.counts_early(),
            lax: self.takes_unsafe_responses(backend),
            held: None,
        };
        let mark = known(backend, self.ledger.server).map_or(0, ServerState::ended_mark);
        loop {
            let event = poll_fn(|cx| {
                if let Some(event) = self.ended_by_order(backend, mark, &state) {
                    return Poll::Ready(event);
                }
                let polled = self.poll_exchange(cx, &mut server, &mut state);
                self.ledger.waited |= polled.is_pending();
                polled
            })
            .await;
            match event {
                Event::Head if state.held.is_some() => {
                    if let Some(next) = self.go_on_with_head(backend, &mut state)? {
                        return self.switch(backend, server, next).await.map(Some);
                    }
                }
                Event::Head => {
                    if self.retries_status(backend, self.work.response.status) {
                        close_server(&mut server.io, false);
                        return Ok(None);
                    }
                    if let Some(next) = self.response_head(backend, &mut state)? {
                        return self.switch(backend, server, next).await.map(Some);
                    }
                    if state.stage == Stage::Body && state.up_done && self.down.is_done() {
                        // Whoever reads the answer may ask for the connection at once: it is free before.
                        self.release(backend, server, &state);
                        return Ok(Some(self.deliver(&state).await));
                    }
                }
                Event::Done => {
                    self.release(backend, server, &state);
                    return Ok(Some(Next::Request));
                }
                Event::Failed(failure) if self.retries_failure(backend, &failure) => {
                    close_server(&mut server.io, failure.termination.cause == Cause::Server);
                    return Ok(None);
                }
                Event::Failed(failure) => {
                    self.inspect_nothing(backend);
                    self.note_stale(&server, &failure);
                    close_server(&mut server.io, failure.termination.cause == Cause::Server);
                    return Err(failure);
                }
                Event::Broken(termination) => {
                    self.ledger.termination = termination;
                    self.keep_client = false;
                    close_server(&mut server.io, termination.cause == Cause::Server);
                    return Ok(Some(Next::Close { linger: false }));
                }
            }
        }
    }

    /// Sends the client a response that is here as a whole.
    async fn deliver(&mut self, state: &Exchange) -> Next<C::Io> {
        let HttpStream { connection, work, .. } = self;
        let Connection { timer, client, .. } = &mut **connection;
        let due = state.client_timeout.and_then(|most| Instant::now().checked_add(most));
        timer.set(due);
        let mut written = 0;
        let cause = poll_fn(|cx| match work.to_client.poll_drain(cx, client, &mut written) {
            Poll::Ready(Ok(_)) => Poll::Ready(None),
            Poll::Ready(Err(_)) => Poll::Ready(Some(Cause::Client)),
            Poll::Pending => timer.poll(cx).map(|()| Some(Cause::ClientTimeout)),
        })
        .await;
        match cause {
            None => Next::Request,
            Some(cause) => {
                self.ledger.termination = Termination::new(cause, Phase::Data);
                self.keep_client = false;
                Next::Close { linger: false }
            }
        }
    }

    /// What becomes of an exchange that an operator ended, or whose server's streams were ended (`shutdown session`,
    /// `shutdown sessions server`, `on-marked-down shutdown-sessions`).
    fn ended_by_order(&self, backend: &Backend, mark: u64, state: &Exchange) -> Option<Event> {
        let by_server = known(backend, self.ledger.server)?.ended_since(mark);
        let by_name = || self.connection.place.takes_end().then_some(Cause::Killed);
        let cause = by_server.or_else(by_name)?;
        Some(match state.stage {
            Stage::Head | Stage::Held => Event::Failed(Failure::new(cause, Phase::Headers, 502)),
            Stage::Body | Stage::Done => Event::Broken(Termination::new(cause, Phase::Data)),
        })
    }

    fn takes_unsafe_responses(&self, backend: &Backend) -> bool {
        let program = &self.ledger.bound.generation.program;
        on(program.backend(backend.reference).proxy().options.accept_unsafe_http_response)
    }

    /// An HTTP/1.0 request in chunks ends the connection that it was sent on (RFC 9112 section 6.1).
    fn ends_its_connection(&self) -> bool {
        let request = &self.work.request;
        request.version == Version::Http10 && http1::request_connection(request).close
    }

    fn write_request(&mut self, keeps: bool) {
        let HttpStream { connection, work, ledger, .. } = self;
        let server = ledger.server;
        let (state, facts) = ledger.evaluate(&connection.worker.process);
        let program = &facts.generation.program;
        rules::prepare(program, state, server, &mut work.request, &facts, &mut NoTrace);
        work.to_server.clear();
        let backend = state.backend.map(|backend| program.backend(backend).proxy());
        let named = backend.and_then(|backend| backend.http_send_name_header.as_ref());
        let last = named.map(|name| name.value.as_str());
        let case = state.backend.and_then(|backend| program.server_case(backend));
        let to_server = work.to_server.append();
        wire::write_request(&mut work.request, keeps, last, case, to_server);
        self.up.case = case.cloned();
        // What is there of the body goes with the head; a fault in it is found again below.
        let _ = self.up.pass(&mut work.client, work.to_server.append());
        work.server.clear();
    }

    fn server_timeout(&self, backend: &Backend) -> Option<std::time::Duration> {
        let program = &self.ledger.bound.generation.program;
        let configured = limit(program.backend(backend.reference).proxy().timeouts.server);
        self.ledger.state.overrides.limits.server.or(configured)
    }

    fn poll_exchange(
        &mut self,
        cx: &mut Context<'_>,
        server: &mut ServerConnection<C::Io>,
        state: &mut Exchange,
    ) -> Poll<Event> {
        let mut moved = false;
        if !state.up_done
            && let Some(event) = self.poll_up(cx, server, state, &mut moved)
        {
            return Poll::Ready(event);
        }
        if let Some(event) = self.poll_down(cx, server, state, &mut moved) {
            return Poll::Ready(event);
        }
        if state.aborts
            && state.up_done
            && state.stage == Stage::Head
            && let Some(event) = self.poll_abort(cx)
        {
            return Poll::Ready(event);
        }
        if state.stage == Stage::Done && state.up_done {
            return Poll::Ready(Event::Done);
        }
        self.poll_deadline(cx, state, moved)
    }

    fn poll_up(
        &mut self,
        cx: &mut Context<'_>,
        server: &mut ServerConnection<C::Io>,
        state: &mut Exchange,
        moved: &mut bool,
    ) -> Option<Event> {
        let responded = !matches!(state.stage, Stage::Head | Stage::Held);
        let path = Path {
            from: &mut self.connection.client,
            input: &mut self.work.client,
            body: &mut self.up,
            out: &mut self.work.to_server,
            to: &mut server.io,
        };
        let flow = if state.up_closed { drain(path, cx, moved) } else { path.poll(cx, moved) };
        match flow {
            Flow::Done => state.up_done = true,
            Flow::WantsInput | Flow::Blocked => {}
            Flow::WriteFailed => {
                // The server may have answered early and closed: its answer is read below.
                state.up_closed = true;
                state.keep_server = false;
                self.work.to_server.clear();
                cx.waker().wake_by_ref();
            }
            Flow::InputEnded | Flow::ReadFailed => {
                let termination = Termination::new(Cause::Client, Phase::Data);
                return Some(if responded {
                    Event::Broken(termination)
                } else {
                    Event::Failed(Failure::silent(Cause::Client, Phase::Data))
                });
            }
            Flow::Bad if responded => {
                return Some(Event::Broken(Termination::new(Cause::Proxy, Phase::Data)));
            }
            Flow::Bad => {
                return Some(Event::Failed(Failure::new(Cause::Proxy, Phase::Headers, 400)));
            }
        }
        None
    }

    /// Looks whether the client left while its server works. What else it sends is kept for the
    /// next request.
    fn poll_abort(&mut self, cx: &mut Context<'_>) -> Option<Event> {
        while !self.work.client.is_full() {
            match self.work.client.poll_fill(cx, &mut self.connection.client) {
                Poll::Pending => return None,
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0)) => {
                    return Some(Event::Failed(Failure::new(Cause::Client, Phase::Headers, 400)));
                }
                Poll::Ready(Err(_)) => {
                    return Some(Event::Failed(Failure::silent(Cause::Client, Phase::Data)));
                }
            }
        }
        None
    }

    fn poll_down(
        &mut self,
        cx: &mut Context<'_>,
        server: &mut ServerConnection<C::Io>,
        state: &mut Exchange,
        moved: &mut bool,
    ) -> Option<Event> {
        match state.stage {
            Stage::Head => self.poll_head(cx, server, state, moved),
            Stage::Held => self.poll_held(cx, server, state, moved),
            Stage::Body => self.poll_body(cx, server, state, moved),
            Stage::Done => None,
        }
    }

    /// Reads until a response head is complete.
    fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        server: &mut ServerConnection<C::Io>,
        state: &mut Exchange,
        moved: &mut bool,
    ) -> Option<Event> {
        let mut limits = self.connection.worker.head_limits;
        limits.lax = state.lax;
        let work = &mut *self.work;
        loop {
            // An interim response may wait to be written to the client.
            if !work.to_client.is_empty() {
                let mut written = 0;
                let drained =
                    work.to_client.poll_drain(cx, &mut self.connection.client, &mut written);
                *moved |= written > 0;
                state.client_blocked = drained.is_pending();
                if matches!(drained, Poll::Ready(Err(_))) {
                    return Some(Event::Failed(Failure::silent(Cause::Client, Phase::Headers)));
                }
                if drained.is_pending() {
                    return None;
                }
            }
            if !work.server.is_empty() {
                let parsed =
                    http1::parse_response(work.server.filled(), &mut work.response, &limits);
                match parsed {
                    Ok(Parsed::Complete { consumed }) => {
                        work.server.consume(consumed);
                        return Some(Event::Head);
                    }
                    Ok(Parsed::Partial) => {}
                    Err(error) => {
                        let (process, ledger) = (&self.connection.worker.process, &self.ledger);
                        let captured = ledger.capture(process, &work.server, &error, ledger.server);
                        if let Some(seat) = &ledger.backend {
                            seat.0.state.invalid.set(captured);
                        }
                        return Some(Event::Failed(Failure::new(
                            Cause::Proxy,
                            Phase::Headers,
                            502,
                        )));
                    }
                }
            }
            match work.server.poll_fill(cx, &mut server.io) {
                Poll::Pending => return None,
                Poll::Ready(Ok(0) | Err(_)) => {
                    return Some(Event::Failed(Failure::new(Cause::Server, Phase::Headers, 502)));
                }
                Poll::Ready(Ok(_)) => *moved = true,
            }
        }
    }

    /// Reads more of a body that a rule waits for.
    fn poll_held(
        &mut self,
        cx: &mut Context<'_>,
        server: &mut ServerConnection<C::Io>,
        state: &mut Exchange,
        moved: &mut bool,
    ) -> Option<Event> {
        let held = state.held.as_mut()?;
        if self.work.server.is_full() {
            held.over = true;
            return Some(Event::Head);
        }
        match self.work.server.poll_fill(cx, &mut server.io) {
            Poll::Pending => return None,
            Poll::Ready(Ok(1..)) => *moved = true,
            Poll::Ready(Ok(0) | Err(_)) => held.over = true,
        }
        Some(Event::Head)
    }

    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        server: &mut ServerConnection<C::Io>,
        state: &mut Exchange,
        moved: &mut bool,
    ) -> Option<Event> {
        let path = Path {
            from: &mut server.io,
            input: &mut self.work.server,
            body: &mut self.down,
            out: &mut self.work.to_client,
            to: &mut self.connection.client,
        };
        let flow = path.poll(cx, moved);
        state.client_blocked = flow == Flow::Blocked;
        let cause = match flow {
            Flow::Done => {
                state.stage = Stage::Done;
                return None;
            }
            Flow::WantsInput | Flow::Blocked => return None,
            Flow::WriteFailed => Cause::Client,
            Flow::InputEnded | Flow::ReadFailed | Flow::Bad => Cause::Server,
        };
        Some(Event::Broken(Termination::new(cause, Phase::Data)))
    }

    /// One deadline for whatever the exchange waits for now.
    ///
    /// While a server works on a request, its timeout runs and not the client's, even when the
    /// client still owes a part of the body (Quirk: that is what HAProxy 2.6 does).
    fn poll_deadline(
        &mut self,
        cx: &mut Context<'_>,
        state: &mut Exchange,
        moved: bool,
    ) -> Poll<Event> {
        if moved {
            state.active = self.ledger.now();
            if state.counts {
                let moved = [&self.up, &self.down].map(|body| body.counted);
                let [bytes_in, bytes_out] = [self.ledger.bytes_in, self.ledger.bytes_out];
                let thread = self.connection.worker.index;
                self.ledger.count_moved(thread, bytes_in + moved[0], bytes_out + moved[1]);
            }
        }
        let on_client = state.client_blocked || state.stage == Stage::Done;
        let waits_for_body = !state.up_done && self.work.to_server.is_empty();
        let (timeout, cause) = match (on_client, state.server_timeout) {
            (false, Some(timeout)) => (Some(timeout), Cause::ServerTimeout),
            (false, None) if waits_for_body => (state.client_timeout, Cause::ClientTimeout),
            (false, None) => (None, Cause::ServerTimeout),
            (true, _) => (state.client_timeout, Cause::ClientTimeout),
        };
        let timer = &mut self.connection.timer;
        let due = timeout.and_then(|timeout| state.active.checked_add(timeout));
        let held = state.held.and_then(|held| held.until);
        timer.set(held.into_iter().chain(due).min());
        if timer.poll(cx).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(match (state.stage, cause) {
            (Stage::Head | Stage::Held, Cause::ServerTimeout) => {
                Event::Failed(Failure::new(cause, Phase::Headers, 504))
            }
            (Stage::Head | Stage::Held, _) => {
                Event::Failed(Failure::new(cause, Phase::Headers, 408))
            }
            _ => Event::Broken(Termination::new(cause, Phase::Data)),
        })
    }

    /// A connection that a server closed instead of answering a request that was not the client's
    /// first: the client is told nothing, so that it repeats the request (manual 4.2, `http-reuse`).
    fn note_stale(&mut self, server: &ServerConnection<C::Io>, failure: &Failure) {
        let closed = failure.termination == Termination::new(Cause::Server, Phase::Headers);
        let first = self.connection.requests <= 1;
        self.stale = closed && !first && server.requests > 1 && self.work.server.is_empty();
    }

    /// Lets go of the server's connection, for others to use when it can be.
    fn release(
        &mut self,
        backend: &Backend,
        mut server: ServerConnection<C::Io>,
        state: &Exchange,
    ) {
        let known = self.ledger.server.and_then(|server| backend.server(server));
        let worn = known
            .and_then(|known| u32::try_from(known.max_reuse).ok())
            .is_some_and(|most| server.requests > most);
        // Bytes that nobody asked for would be taken for the next answer.
        let clean = self.work.server.is_empty() && self.work.to_server.is_empty();
        if !state.keep_server || state.up_closed || worn || !clean {
            close_server(&mut server.io, state.server_closed);
            return;
        }
        let program = &self.ledger.bound.generation.program;
        let reuse = program.backend(backend.reference).proxy().http_reuse;
        let never = reuse.is_some_and(|reuse| reuse.value == config::model::HttpReuse::Never);
        // One that began with a PROXY header speaks for this client; one without a server has no pool.
        match known.filter(|_| !never && server.header.is_none()) {
            Some(known) => {
                let worker = &self.connection.worker;
                worker.pool.give(&worker.process, &known.state, server, known.pool_max);
            }
            None => {
                let state = known.map(|known| Arc::clone(&known.state));
                self.connection.kept = Some(Box::new(Kept { server: state, connection: server }));
            }
        }
    }
}

fn known(backend: &Backend, server: Option<u32>) -> Option<&ServerState> {
    Some(&*backend.server(server?)?.state)
}

/// Closes a connection that serves no other request. A reset leaves no `TIME_WAIT` behind, which
/// would use up the ports towards a busy server.
fn close_server<T: Io>(io: &mut T, closed_already: bool) {
    if !closed_already {
        io.reset_on_close();
    }
}

/// Reads the rest of a body that nobody takes any more.
fn drain<R: Io, W: Io>(path: Path<'_, R, W>, cx: &mut Context<'_>, moved: &mut bool) -> Flow {
    let mut nowhere = Outgoing::default();
    let Path { from, input, body, .. } = path;
    loop {
        if body.pass(input, nowhere.append()).is_err() {
            return Flow::Bad;
        }
        nowhere.clear();
        if body.is_done() {
            return Flow::Done;
        }
        match input.poll_fill(cx, from) {
            Poll::Pending => return Flow::WantsInput,
            Poll::Ready(Err(_)) => return Flow::ReadFailed,
            Poll::Ready(Ok(0)) => return Flow::InputEnded,
            Poll::Ready(Ok(_)) => *moved = true,
        }
    }
}
