//! One request and its response, from the first byte to the log line.

use std::sync::Arc;
use std::time::Duration;

use config::model::ConnectionMode;
use http1::Version;
use rules::{NoTrace, ReplyKind, Verdict};
use sample::{BackendRef, Buffered, LogOrigin};
use tokio::time::Instant;

use crate::connection::{Connection, frontend_timeouts, limit};
use crate::generation::Bound;
use crate::io::{Connector, Io as _};
use crate::ledger::{BackendSeat, Heads, Ledger, on};
use crate::live::Backend;
use crate::reach::{Asks, Reach};
use crate::service;
use crate::termination::{Cause, Failure, Phase, Termination};
use crate::work::Work;

use super::body::Body;
use super::retry::RetryOn;
use super::upgrade::TunnelStart;
use super::wire;

/// What follows a request.
pub(crate) enum Next<T> {
    /// The next request of the same connection.
    Request,
    /// The connection ends.
    Close {
        /// The client may still be sending: what it sends must not reset the connection before it
        /// has read the response.
        linger: bool,
    },
    /// It becomes a tunnel.
    Tunnel(Box<TunnelStart<T>>),
}

/// What must be known of a request after rules have edited it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    pub(crate) version: Version,
    /// The client lets its connection live on.
    pub(crate) keeps: bool,
    /// It asks for another protocol, and has no body that would stand in the way.
    pub(crate) upgrades: bool,
    /// It has a body, perhaps one that is here already.
    pub(crate) has_body: bool,
}

/// One stream of HTTP.
pub(crate) struct HttpStream<'a, C: Connector> {
    pub(crate) connection: &'a mut Connection<C>,
    pub(crate) work: &'a mut Work,
    pub(crate) ledger: Ledger,
    pub(crate) received: Received,
    /// The request's body on its way to the server.
    pub(crate) up: Body,
    /// The response's body on its way to the client.
    pub(crate) down: Body,
    /// Whether the client's connection can carry another request.
    pub(crate) keep_client: bool,
    /// The client left before its body was complete.
    pub(crate) broke_off: bool,
    /// A reused connection was closed by its server instead of an answer.
    pub(crate) stale: bool,
    /// The request as it was sent, where `retry-on` may want it again.
    pub(crate) replay: Option<Box<(RetryOn, Vec<u8>)>>,
    /// What `http-response` rules send instead of the server's response.
    pub(crate) replaced: Option<Box<rules::Final>>,
    /// `tcp-response content` has run.
    pub(crate) inspected: bool,
}

impl<'a, C: Connector> HttpStream<'a, C> {
    pub(crate) fn new(
        connection: &'a mut Connection<C>,
        work: &'a mut Work,
        bound: Arc<Bound>,
    ) -> HttpStream<'a, C> {
        HttpStream {
            ledger: Ledger::open(connection, bound),
            connection,
            work,
            received: Received {
                version: Version::Http11,
                keeps: false,
                upgrades: false,
                has_body: false,
            },
            up: Body::default(),
            down: Body::default(),
            keep_client: false,
            broke_off: false,
            stale: false,
            replay: None,
            replaced: None,
            inspected: false,
        }
    }

    /// Runs the stream to its end.
    pub(crate) async fn run(&mut self) -> Next<C::Io> {
        if let Err(failure) = self.read_request().await {
            return Box::pin(self.refuse(failure)).await;
        }
        let next = match self.decide().await {
            Ok(next) => next,
            Err(failure) => {
                Box::pin(self.fail(failure)).await;
                Next::Close { linger: false }
            }
        };
        match next {
            Next::Tunnel(start) => Next::Tunnel(start),
            Next::Request | Next::Close { .. } => {
                self.connection.keep_session(&self.ledger.bound.generation, &self.ledger.state);
                self.finish();
                let linger = !self.up.is_done() || !self.work.client.is_empty();
                if self.keep_client { Next::Request } else { Next::Close { linger } }
            }
        }
    }

    /// Routes the request and does what the verdict says.
    async fn decide(&mut self) -> Result<Next<C::Io>, Failure> {
        let mut complete = self.has_body();
        if self.buffers_requests() {
            self.continue_expected().await;
            self.buffer_body(&mut complete).await?;
        }
        loop {
            let verdict = self.route(complete);
            self.mark_client();
            self.ledger.send_made(&self.connection.worker.logs);
            self.send_hints().await;
            self.enter_backend();
            match verdict {
                Verdict::Forward(backend) => return self.forward(backend).await,
                Verdict::Reply(answer) if answer.kind == ReplyKind::Service => {
                    Box::pin(self.serve()).await?;
                    return Ok(Next::Close { linger: false });
                }
                Verdict::Reply(answer) if answer.stats.is_some() => {
                    if self.work.request.method() == b"POST" && !complete {
                        self.continue_expected().await;
                        self.buffer_body(&mut complete).await?;
                    }
                    let mut decoded = Vec::new();
                    let (body, _) = self.up.peek(self.work.client.filled(), &mut decoded);
                    let body = body.to_vec();
                    Box::pin(self.show_statistics(*answer, &body)).await;
                    return Ok(Next::Close { linger: false });
                }
                Verdict::Reply(answer) => {
                    if matches!(answer.kind, ReplyKind::Deny | ReplyKind::Tarpit) {
                        self.note_denied();
                    }
                    self.note_reply(answer.kind);
                    if answer.kind == ReplyKind::Error && answer.status == 500 {
                        // A rewrite without room: the request itself was complete.
                        self.stamp_request();
                    }
                    if let Some(delay) = answer.delay {
                        self.hold(delay).await;
                    }
                    Box::pin(self.answer(*answer)).await;
                    return Ok(Next::Close { linger: false });
                }
                Verdict::Close(rule) => {
                    self.forget_request(|known| known.span == rule);
                    return Err(Failure::silent(Cause::Proxy, Phase::Request));
                }
                Verdict::SilentDrop(rule) => {
                    self.forget_request(|known| known.span == rule);
                    self.connection.client.hide_close();
                    return Err(Failure::silent(Cause::Proxy, Phase::Request));
                }
                // Quirk: without a backend HAProxy does not say how long the request took.
                Verdict::NoBackend | Verdict::SwitchMode | Verdict::Unknown(_) => {
                    return Err(Failure::new(Cause::Server, Phase::Connect, 503));
                }
                Verdict::Pause(time) => tokio::time::sleep(time).await,
                Verdict::Resolve(ask) => Box::pin(self.ledger.look_up(&ask)).await,
                Verdict::Wait { within } => {
                    self.continue_expected().await;
                    let due = self.ledger.times.begun.instant.checked_add(within);
                    let over = self.more_body(due).await;
                    if over && !self.broke_off && !self.work.client.is_full() {
                        return Err(Failure::new(Cause::ClientTimeout, Phase::Request, 408));
                    }
                    complete = self.has_body() || self.broke_off;
                }
            }
        }
    }

    /// Sends the request to a server of a backend and its answer back.
    async fn forward(&mut self, backend: BackendRef) -> Result<Next<C::Io>, Failure> {
        self.stamp_request();
        if self.broke_off {
            return Err(Failure::new(Cause::Client, Phase::Request, 400));
        }
        let backend = Arc::clone(self.ledger.bound.generation.backend(backend));
        loop {
            let HttpStream { connection, work, ledger, up, .. } = self;
            let received = &mut work.client;
            let asks = Asks { head: Some(&work.request), received, body: Some(up) };
            let mut reach = Reach {
                connection,
                ledger,
                backend: &backend,
                asks,
                asked_enough: false,
                elsewhere: None,
            };
            let reached = reach.run().await;
            self.replaced = reach.elsewhere.or(self.replaced.take());
            let server = reached?;
            self.log_connected();
            self.ledger.judged = false;
            let exchanged = self.exchange(&backend, server).await;
            if let Err(failure) = &exchanged {
                self.watch_failure(&backend, failure);
            }
            if let Some(next) = exchanged? {
                return Ok(next);
            }
        }
    }

    /// `log-steps connect`.
    fn log_connected(&mut self) {
        let worker = &self.connection.worker;
        let Work { request, record, .. } = &mut *self.work;
        let heads = Heads { request: Some(request), response: None };
        let (step, process, logs) = (LogOrigin::Connect, &worker.process, &worker.logs);
        self.ledger.log_step(step, process, logs, record, heads);
    }

    /// `observe layer7`: a server that gave no answer at all.
    fn watch_failure(&self, backend: &Arc<Backend>, failure: &Failure) {
        let Some(server) = self.ledger.server.filter(|_| !self.ledger.judged) else { return };
        let Termination { cause, phase } = failure.termination;
        let error = match cause {
            Cause::ServerTimeout => "Read timeout (http)",
            Cause::Server => "Close from server (http)",
            Cause::Proxy => "Invalid http response (headers)",
            _ => return,
        };
        if phase == Phase::Headers {
            backend.saw_answer(server, Some(error));
        }
    }

    /// How the server's connection is kept: the stricter of frontend and backend.
    pub(super) fn server_mode(&self, backend: &Backend) -> ConnectionMode {
        let bound = &self.ledger.bound;
        bound.generation.program.connection_mode(bound.frontend, Some(backend.reference))
    }

    /// How the client's connection is kept: the frontend alone decides.
    pub(super) fn client_mode(&self) -> ConnectionMode {
        let bound = &self.ledger.bound;
        bound.generation.program.connection_mode(bound.frontend, None)
    }

    /// `option http-pretend-keepalive`: the server is not told that its connection will be closed.
    pub(super) fn pretends_keepalive(&self, backend: &Backend) -> bool {
        let program = &self.ledger.bound.generation.program;
        on(program.backend(backend.reference).proxy().options.http_pretend_keepalive)
    }

    /// Marks packets to the client as rules say.
    pub(super) fn mark_client(&mut self) {
        let marks = self.ledger.state.overrides.to_client;
        if marks.any() {
            self.connection.client.mark(marks);
        }
    }

    /// Sends the 103 responses that rules made; a client of HTTP/1.0 would not understand them.
    async fn send_hints(&mut self) {
        let hints = std::mem::take(&mut self.ledger.state.hints.ready);
        if hints.is_empty() || self.received.version == Version::Http10 {
            return;
        }
        for hint in &hints {
            self.ledger.bytes_out += wire::counted_response(hint);
            wire::put_response(hint, self.ledger.client_case(), self.work.to_client.append());
        }
        self.flush().await;
    }

    /// Counts the stream in the backend that was chosen: its own rules may still refuse it.
    fn enter_backend(&mut self) {
        let Some(backend) = self.ledger.state.backend else { return };
        if self.ledger.backend.is_some() {
            return;
        }
        let backend = Arc::clone(self.ledger.bound.generation.backend(backend));
        let counters = backend.state.counters.of(self.connection.worker.index);
        counters.sessions.add(1);
        counters.session_rate.add(self.ledger.times.begun.micros, 1);
        counters.requests.add(1);
        self.ledger.backend = Some(BackendSeat::take(&backend));
        self.connection.place.aims_at(backend.reference, None);
    }

    /// `tcp-request content` of the frontend comes before the request is looked at: what it
    /// refuses is logged as no request.
    fn forget_request(&mut self, refused: impl Fn(&config::model::Rule) -> bool) {
        let bound = &self.ledger.bound;
        let rules = &bound.generation.program.frontend(bound.frontend).proxy().rules;
        if rules.tcp_request_content.iter().any(refused) {
            self.work.record.request_line = None;
        }
    }

    /// The cookie of a request that is denied in its backend: only the log tells of it.
    fn note_denied(&mut self) {
        let HttpStream { connection, work, ledger, .. } = self;
        let (state, facts) = ledger.evaluate(&connection.worker.process);
        let Some(backend) = state.backend else { return };
        let balancer = &facts.generation.backend(backend).balancer;
        let program = &facts.generation.program;
        let server = rules::denied(program, state, &work.request, balancer, &facts);
        self.ledger.server = server;
    }

    fn route(&mut self, complete: bool) -> Verdict {
        let HttpStream { connection, work, ledger, up, .. } = self;
        let Work { client, request, .. } = &mut **work;
        let (state, facts) = ledger.evaluate(&connection.worker.process);
        let mut decoded = Vec::new();
        state.body_buffered = client.filled().len();
        let body = Buffered { bytes: up.peek(client.filled(), &mut decoded).0, complete };
        let program = &facts.generation.program;
        rules::route(program, state, request, body, &facts, &mut NoTrace)
    }

    /// The request is complete and decided upon: `%TR` ends here.
    pub(crate) fn stamp_request(&mut self) {
        let now = self.ledger.now();
        self.ledger.times.request.get_or_insert(now);
    }

    pub(super) fn note_reply(&mut self, kind: ReplyKind) {
        let (cause, phase) = match kind {
            // An error is no rule's wish: a request that a normalizer could not read.
            ReplyKind::Deny | ReplyKind::Error => (Cause::Proxy, Phase::Request),
            ReplyKind::Tarpit => (Cause::Proxy, Phase::Tarpit),
            ReplyKind::ServerRedirect => (Cause::Local, Phase::Connect),
            _ => (Cause::Local, Phase::Request),
        };
        self.ledger.termination = Termination::new(cause, phase);
        self.ledger.unlogged = kind == ReplyKind::Monitor;
        self.ledger.server_name = match kind {
            ReplyKind::Stats => Some("<STATS>"),
            ReplyKind::Service => Some(service::PROMETHEUS),
            _ => None,
        };
        if !matches!(kind, ReplyKind::Tarpit | ReplyKind::Error) {
            self.stamp_request();
        }
        let frontend = self.ledger.bound.generation.frontend(self.ledger.bound.frontend);
        let counters = frontend.counters.of(self.connection.worker.index);
        match kind {
            ReplyKind::Deny | ReplyKind::Tarpit => counters.denied_requests.add(1),
            ReplyKind::Error => counters.request_errors.add(1),
            _ => counters.intercepted.add(1),
        }
    }

    /// Keeps a client waiting (`tarpit`); what it does meanwhile is not looked at.
    async fn hold(&mut self, delay: Duration) {
        tokio::time::sleep(delay).await;
        self.ledger.times.queued = Some(Instant::now());
    }

    /// The `timeout client` in force.
    pub(crate) fn client_timeout(&self) -> Option<Duration> {
        let timeouts = frontend_timeouts(&self.ledger.bound.generation, &self.ledger.bound);
        self.ledger.state.overrides.limits.client.or(limit(timeouts.client))
    }
}
