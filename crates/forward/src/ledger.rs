//! What is written down of a stream while it runs, and its log line and counters at the end.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use config::model::{CookieMode, Mode, Setting};
use http1::{RequestHead, ResponseHead};
use rules::Stream;
use sample::{LogOrigin, LogRecord};
use tokio::time::Instant;

use crate::buffer::Buffer;
use crate::clock::{Now, wall_micros};
use crate::connection::Connection;
use crate::facts::LiveFacts;
use crate::generation::{Bound, Listener};
use crate::io::Connector;
use crate::live::{Backend, Captured, Counters, Slot};
use crate::log::LogRing;
use crate::process::Process;
use crate::proxy_protocol::{Proxied, Refused};
use crate::resolve::Kind;
use crate::termination::{Cause, Phase, Termination};

/// syslog's `info` and `err`.
pub(crate) const LEVEL_INFO: u8 = 6;
const LEVEL_ERROR: u8 = 3;

/// The moments of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) accepted: Instant,
    pub(crate) accepted_micros: i64,
    /// When the wait for the request began: the accept, or the end of the request before.
    pub(crate) idle_since: Instant,
    /// The first byte of the request.
    pub(crate) begun: Now,
    pub(crate) request: Option<Instant>,
    pub(crate) queued: Option<Instant>,
    pub(crate) connected: Option<Instant>,
    pub(crate) response: Option<Instant>,
}

/// One stream, written down.
pub(crate) struct Ledger {
    pub(crate) bound: Arc<Bound>,
    pub(crate) listener: Arc<Listener>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) local: Option<SocketAddr>,
    /// What the client's PROXY header said.
    pub(crate) proxied: Option<Rc<Proxied>>,
    /// Why the connection was refused before its first byte.
    pub(crate) refused: Option<Refused>,
    /// The evaluator's memory of the stream.
    pub(crate) state: Stream,
    pub(crate) id: u64,
    pub(crate) seed: u64,
    /// The thread that runs it.
    pub(crate) thread: usize,
    pub(crate) times: Times,
    pub(crate) backend: Option<BackendSeat>,
    pub(crate) slot: Option<Slot>,
    /// The server of the last try.
    pub(crate) server: Option<u32>,
    /// `<STATS>` where no server was meant to answer.
    pub(crate) server_name: Option<&'static str>,
    /// The address we connected from, and to.
    pub(crate) source: Option<SocketAddr>,
    pub(crate) address: Option<SocketAddr>,
    pub(crate) retries: u32,
    pub(crate) redispatched: bool,
    pub(crate) server_queue: u32,
    pub(crate) backend_queue: u32,
    pub(crate) status: Option<u16>,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) termination: Termination,
    /// `monitor-uri`, and a reused connection that a server closed: not logged.
    pub(crate) unlogged: bool,
    /// It ended before there was a request: HAProxy has no stream then.
    pub(crate) no_stream: bool,
    /// The server's answer was told to `observe`.
    pub(crate) judged: bool,
    /// The response was made here.
    pub(crate) answered: bool,
    /// Its line was written when its response began (`option logasap`).
    pub(crate) logged: bool,
    /// What `option contstats` counted of the bytes in and out already.
    pub(crate) counted_early: [u64; 2],
    /// The clock went on since the stream began: the next moment must be read from it.
    pub(crate) waited: bool,
}

/// A stream's place in the count of a backend.
pub(crate) struct BackendSeat(pub(crate) Arc<Backend>);

impl BackendSeat {
    pub(crate) fn take(backend: &Arc<Backend>) -> BackendSeat {
        backend.state.streams.enter();
        BackendSeat(Arc::clone(backend))
    }
}

impl Drop for BackendSeat {
    fn drop(&mut self) {
        self.0.state.streams.leave();
    }
}

/// The heads that a log line may look at.
#[derive(Clone, Copy, Default)]
pub(crate) struct Heads<'a> {
    pub(crate) request: Option<&'a RequestHead>,
    pub(crate) response: Option<&'a ResponseHead>,
}

impl Ledger {
    /// A stream that begins on a connection.
    pub(crate) fn open<C: Connector>(connection: &Connection<C>, bound: Arc<Bound>) -> Ledger {
        let begun = Now::read();
        let state = connection.next_stream(&bound);
        let worker = &connection.worker;
        let numbers = (worker.process.next_stream(), worker.next_seed(), worker.index);
        connection.place.begin(numbers.0, &bound, begun.micros);
        let times = Times {
            accepted: connection.accepted,
            accepted_micros: connection.accepted_micros,
            idle_since: connection.idle_since,
            begun,
            request: None,
            queued: None,
            connected: None,
            response: None,
        };
        Ledger {
            peer: connection.peer,
            local: connection.local,
            proxied: connection.proxied.clone(),
            ..Ledger::new(bound, Arc::clone(&connection.listener), state, numbers, times)
        }
    }

    /// A stream of which nothing is written down yet. The numbers are its id, its seed and its thread.
    pub(crate) fn new(
        bound: Arc<Bound>,
        listener: Arc<Listener>,
        state: Stream,
        (id, seed, thread): (u64, u64, usize),
        times: Times,
    ) -> Ledger {
        Ledger {
            bound,
            listener,
            peer: None,
            local: None,
            proxied: None,
            refused: None,
            state,
            id,
            seed,
            thread,
            times,
            backend: None,
            slot: None,
            server: None,
            server_name: None,
            source: None,
            address: None,
            retries: 0,
            redispatched: false,
            server_queue: 0,
            backend_queue: 0,
            status: None,
            bytes_in: 0,
            bytes_out: 0,
            termination: Termination::default(),
            unlogged: false,
            no_stream: false,
            judged: false,
            answered: false,
            logged: false,
            counted_early: [0; 2],
            waited: false,
        }
    }

    /// What the evaluator may ask of the stream's world.
    pub(crate) fn facts<'a>(&'a self, process: &'a Process) -> LiveFacts<'a> {
        LiveFacts {
            process,
            generation: &self.bound.generation,
            client: self.peer,
            local: self.local,
            server_side: (self.source, self.address),
            proxied: self.proxied.as_deref(),
            refused: self.refused,
            listener: self.bound.index,
            connections: &self.listener.connections,
            micros: self.times.begun.micros,
            stream_id: self.id,
            thread: self.thread,
            seed: self.seed,
        }
    }

    /// The evaluator's memory together with the world it may ask.
    pub(crate) fn evaluate<'a>(
        &'a mut self,
        process: &'a Process,
    ) -> (&'a mut Stream, LiveFacts<'a>) {
        let facts = LiveFacts {
            process,
            generation: &self.bound.generation,
            client: self.peer,
            local: self.local,
            server_side: (self.source, self.address),
            proxied: self.proxied.as_deref(),
            refused: self.refused,
            listener: self.bound.index,
            connections: &self.listener.connections,
            micros: self.times.begun.micros,
            stream_id: self.id,
            thread: self.thread,
            seed: self.seed,
        };
        (&mut self.state, facts)
    }

    /// The moment of a step, without asking the clock when nothing was waited for.
    pub(crate) fn now(&self) -> Instant {
        if self.waited { Instant::now() } else { self.times.begun.instant }
    }

    /// How far the stream has come, for the letters of one that is cut off.
    pub(crate) fn phase(&self) -> Phase {
        match self.termination.phase {
            Phase::Tarpit => Phase::Tarpit,
            _ if self.status.is_some() => Phase::Data,
            _ if self.times.connected.is_some() => Phase::Headers,
            _ if self.slot.is_some() => Phase::Connect,
            _ if self.backend_queue.max(self.server_queue) > 0 => Phase::Queue,
            _ => Phase::Request,
        }
    }

    /// Ends the stream: its places are given back, then it is counted and logged with what the
    /// counts are without it.
    pub(crate) fn close(
        &mut self,
        thread: usize,
        process: &Process,
        logs: &LogRing,
        record: &mut LogRecord,
        heads: Heads<'_>,
    ) -> Instant {
        let ended = Instant::now();
        self.slot = None;
        let seat = self.backend.take();
        let backend = seat.as_ref().map(|seat| Arc::clone(&seat.0));
        drop(seat);
        self.count(thread, backend.as_deref(), ended);
        self.send_made(logs);
        record.origin = if self.no_stream { LogOrigin::Error } else { LogOrigin::Close };
        let wanted = self.no_stream || self.logs_at(LogOrigin::Close).unwrap_or(!self.logged);
        if wanted {
            self.log(process, logs, record, heads, backend.as_deref(), ended);
        }
        ended
    }

    /// `log-steps` of the frontend.
    fn logs_at(&self, step: LogOrigin) -> Option<bool> {
        self.bound.generation.program.frontend(self.bound.frontend).logs_at(step)
    }

    /// Sends the lines that rules made.
    pub(crate) fn send_made(&mut self, logs: &LogRing) {
        if self.state.lines.is_empty() {
            return;
        }
        let log = self.bound.generation.frontend_log(self.bound.frontend);
        let (level, micros) = (self.level(), self.times.begun.micros);
        logs.push_made(log, level, micros, &mut self.state.lines);
    }

    /// A step of the stream: its line is written where `log-steps` names the step.
    pub(crate) fn log_step(
        &mut self,
        step: LogOrigin,
        process: &Process,
        logs: &LogRing,
        record: &mut LogRecord,
        heads: Heads<'_>,
    ) {
        self.send_made(logs);
        if self.logs_at(step) != Some(true) {
            return;
        }
        record.origin = step;
        let backend = self.backend.as_ref().map(|seat| Arc::clone(&seat.0));
        self.log(process, logs, record, heads, backend.as_deref(), Instant::now());
    }

    /// The response began, or in `mode tcp` the connection to the server. `option logasap`: the line is written now,
    /// with the bytes that came until now, and what ends the stream later is not logged.
    pub(crate) fn log_early(
        &mut self,
        process: &Process,
        logs: &LogRing,
        record: &mut LogRecord,
        heads: Heads<'_>,
        bytes_out: u64,
    ) {
        let frontend = self.bound.generation.program.frontend(self.bound.frontend);
        let http = frontend.mode() == Mode::Http;
        let step = if http { LogOrigin::Response } else { LogOrigin::Connect };
        let asap = on(frontend.proxy().options.logasap);
        let steps = frontend.logs_at(step);
        if steps.is_some() || !asap {
            self.log_step(step, process, logs, record, heads);
            return;
        }
        self.send_made(logs);
        record.origin = step;
        let now = self.times.response.unwrap_or_else(Instant::now);
        // Quirk: the request's bytes are not counted yet.
        let bytes = [
            std::mem::replace(&mut self.bytes_in, 0),
            std::mem::replace(&mut self.bytes_out, bytes_out),
        ];
        let backend = self.backend.as_ref().map(|seat| Arc::clone(&seat.0));
        self.logged = self.log(process, logs, record, heads, backend.as_deref(), now);
        [self.bytes_in, self.bytes_out] = bytes;
    }

    /// A connection that was refused before it was a session: it has a line and no stream.
    pub(crate) fn refuse_header(
        &mut self,
        refused: Refused,
        process: &Process,
        logs: &LogRing,
        record: &mut LogRecord,
    ) {
        let log = Arc::clone(self.bound.generation.frontend_log(self.bound.frontend));
        if self.unlogged || log.is_empty() {
            return;
        }
        self.refused = Some(refused);
        self.termination = Termination::new(Cause::Proxy, Phase::Request);
        self.status = Some(0);
        record.request_line = None;
        self.fill(record, None, process, Instant::now());
        let facts = self.facts(process);
        let (program, state) = (&self.bound.generation.program, &self.state);
        record.origin = LogOrigin::Error;
        for (to, formats) in rules::log_lines(program, self.bound.frontend, record.origin, None) {
            logs.push(&log, to, self.level(), facts.micros, |line| {
                let (listener, message) = (self.bound.index, refused.message());
                let out = &mut *line.text;
                rules::handshake_line(
                    program, state, record, formats, listener, message, &facts, out,
                );
            });
        }
    }

    /// Writes the line, unless something says that there is none.
    fn log(
        &self,
        process: &Process,
        logs: &LogRing,
        record: &mut LogRecord,
        heads: Heads<'_>,
        backend: Option<&Backend>,
        ended: Instant,
    ) -> bool {
        if self.unlogged || self.is_silenced() {
            return false;
        }
        let level = self.level();
        let log = Arc::clone(self.bound.generation.frontend_log(self.bound.frontend));
        if log.is_empty() {
            return false;
        }
        self.fill(record, backend, process, ended);
        let facts = self.facts(process);
        let program = &self.bound.generation.program;
        for (to, formats) in rules::log_lines(program, self.bound.frontend, record.origin, None) {
            logs.push(&log, to, level, facts.micros, |line| {
                let (request, response) = (heads.request, heads.response);
                let state = &self.state;
                if line.wants_data {
                    let data = &mut line.data;
                    rules::structured_data(
                        program, state, record, formats, request, response, &facts, data,
                    );
                }
                let out = &mut *line.text;
                let failed = self.no_stream
                    && rules::error_log_line(program, state, record, formats, &facts, out);
                if !failed {
                    rules::log_line(
                        program, state, record, formats, request, response, &facts, out,
                    );
                }
            });
        }
        true
    }

    /// `option contstats`: counts what moved since the last time.
    pub(crate) fn count_moved(&mut self, thread: usize, bytes_in: u64, bytes_out: u64) {
        let more = [bytes_in - self.counted_early[0], bytes_out - self.counted_early[1]];
        self.counted_early = [bytes_in, bytes_out];
        let backend = self.backend.as_ref().map(|seat| &*seat.0);
        for counters in self.counted(thread, backend).into_iter().flatten() {
            counters.bytes_in.add(more[0]);
            counters.bytes_out.add(more[1]);
        }
    }

    /// Whether bytes are counted while the stream runs.
    pub(crate) fn counts_early(&self) -> bool {
        on(self.bound.generation.program.frontend(self.bound.frontend).proxy().options.contstats)
    }

    /// `option dontlog-normal` and `http-request set-log-level silent`.
    fn is_silenced(&self) -> bool {
        let proxy = self.bound.generation.program.frontend(self.bound.frontend).proxy();
        let normal = !self.failed() && on(proxy.options.dontlog_normal);
        // Without a format HAProxy tells of each stream when it begins.
        let unheard = self.no_stream && proxy.log_format.is_none();
        normal || unheard || self.state.overrides.log_level == Some(None)
    }

    /// Whether the line tells of an error (`option dontlog-normal`, `log-separate-errors`).
    fn failed(&self) -> bool {
        match self.termination.cause {
            Cause::Local => self.redispatched || self.status.is_some_and(|status| status >= 500),
            Cause::Normal => {
                self.retries > 0
                    || self.redispatched
                    || self.status.is_some_and(|status| status >= 500)
            }
            _ => true,
        }
    }

    /// `do-resolve`.
    pub(crate) async fn look_up(&mut self, ask: &rules::Resolve) {
        let section = self.bound.generation.live.resolver(&ask.resolvers).cloned();
        let kind = if ask.v4 { Kind::V4 } else { Kind::V6 };
        self.waited = true;
        let address = match section {
            Some(section) => section.address(&ask.name, kind).await,
            None => None,
        };
        ask.found(&mut self.state, address);
    }

    /// A message that could not be read, as `show errors` tells it.
    pub(crate) fn capture(
        &self,
        process: &Process,
        buffer: &Buffer,
        error: &http1::HeadError,
        server: Option<u32>,
    ) -> Captured {
        let bytes = buffer.filled().to_vec();
        let program = &self.bound.generation.program;
        let frontend = program.frontend(self.bound.frontend);
        Captured {
            event: process.next_captured(),
            micros: wall_micros(),
            frontend: (frontend.name().to_owned(), frontend.id()),
            server: server.and_then(|at| {
                let backend = program.backend(self.state.backend?);
                let line = backend.servers().get(at as usize)?;
                Some((line.name.value.clone(), backend.server_id(at)))
            }),
            client: self.state.overrides.source().or(self.peer),
            room: process.settings().bufsize,
            at: error.position().unwrap_or(bytes.len()),
            bytes,
        }
    }

    /// How header names are written for the client.
    pub(crate) fn client_case(&self) -> Option<&Arc<http1::CaseMap>> {
        self.bound.generation.program.client_case(self.bound.frontend)
    }

    fn level(&self) -> u8 {
        let proxy = self.bound.generation.program.frontend(self.bound.frontend).proxy();
        match self.state.overrides.log_level {
            Some(Some(level)) => level,
            _ if self.failed() && on(proxy.options.log_separate_errors) => LEVEL_ERROR,
            _ => LEVEL_INFO,
        }
    }

    fn fill(
        &self,
        record: &mut LogRecord,
        backend: Option<&Backend>,
        process: &Process,
        ended: Instant,
    ) {
        let generation = &self.bound.generation;
        let frontend = generation.frontend(self.bound.frontend);
        let known = backend.zip(self.server).and_then(|(backend, at)| backend.server(at));
        let set = |text: &mut String, value: &str| {
            text.clear();
            text.push_str(value);
        };
        set(&mut record.frontend, frontend.name());
        set(&mut record.backend, backend.map_or(frontend.name(), |backend| backend.state.name()));
        let server = known.map_or("<NOSRV>", |known| known.state.name());
        set(&mut record.server, self.server_name.unwrap_or(server));
        self.fill_times(record, ended);
        record.client = self.state.overrides.source().or(self.peer);
        record.frontend_addr = self.state.overrides.destination().or(self.local);
        record.backend_source = self.source;
        record.server_addr = self.address;
        record.status = self.status;
        record.bytes_read = self.bytes_out;
        record.bytes_uploaded = self.bytes_in;
        record.termination = self.letters(backend);
        record.actconn = process.connections.now();
        record.feconn = frontend.connections.now();
        record.beconn = backend.map_or(0, |backend| backend.state.streams.now());
        record.srv_conn = known.map_or(0, |known| known.state.streams.now());
        record.retries = self.retries;
        record.redispatched = self.redispatched;
        record.srv_queue = self.server_queue;
        record.backend_queue = self.backend_queue;
        record.request_counter = self.id;
        record.early = on(generation.program.frontend(self.bound.frontend).proxy().options.logasap);
        let captures = &self.state.captures;
        record.request_cookie.clone_from(&captures.request_cookie);
        record.response_cookie.clone_from(&captures.response_cookie);
        record.unique_id.clone_from(&self.state.unique_id);
    }

    fn fill_times(&self, record: &mut LogRecord, ended: Instant) {
        let times = &self.times;
        let spans = self.spans();
        record.accept_micros = times.accepted_micros;
        record.request_micros = times.begun.micros;
        record.handshake = Some(self.proxied.as_ref().map_or(Duration::ZERO, |it| it.handshake));
        record.idle = Some(times.begun.instant.saturating_duration_since(times.idle_since));
        [record.request, record.queue, record.connect, record.response] = spans;
        record.active = ended.saturating_duration_since(times.begun.instant);
        record.total = ended.saturating_duration_since(times.accepted);
        record.user = ended.saturating_duration_since(times.idle_since);
        record.data = times.response.map(|from| ended.saturating_duration_since(from));
    }

    /// `%TR`, `%Tw`, `%Tc`, `%Tr`.
    fn spans(&self) -> [Option<Duration>; 4] {
        let times = &self.times;
        let since =
            |to: Option<Instant>, from: Option<Instant>| Some(to?.saturating_duration_since(from?));
        let start = times.begun.instant;
        let request = times.request.or(times.queued.map(|_| start));
        // A server was assigned at once: no time was spent in a queue. That of a cookie is known before a rule
        // ends the stream, which then asked none.
        let asked = self.server.is_some() && self.termination.phase != Phase::Request;
        let queued = times.queued.or(times.request.filter(|_| asked));
        [
            since(times.request, Some(start)),
            since(queued, request),
            since(times.connected, queued),
            since(times.response, times.connected),
        ]
    }

    /// Two letters, in `mode http` with the two of the persistence cookie.
    fn letters(&self, backend: Option<&Backend>) -> [u8; 4] {
        let [cause, phase] = self.termination.letters();
        let program = &self.bound.generation.program;
        let cookie =
            backend.and_then(|backend| program.backend(backend.reference).proxy().cookie.as_ref());
        let looked_for = cookie.is_some_and(|line| line.value.mode != CookieMode::Passive);
        // A backend with a cookie always has a letter, also when no server was asked.
        let letter = |letter| if looked_for && letter == b'-' { b'N' } else { letter };
        let [request, response] = self.state.cookie_letters().map(letter);
        [cause, phase, request, response]
    }

    /// The counters of the stream's frontend, listener, backend and server.
    fn counted<'a>(
        &'a self,
        thread: usize,
        backend: Option<&'a Backend>,
    ) -> [Option<&'a Counters>; 4] {
        let frontend = self.bound.generation.frontend(self.bound.frontend).counters.of(thread);
        let listener = self.listener.counters.of(thread);
        let server = backend
            .zip(self.server)
            .and_then(|(backend, at)| backend.server(at))
            .map(|known| known.state.counters.of(thread));
        let backend = backend.map(|backend| backend.state.counters.of(thread));
        [Some(frontend), Some(listener), backend, server]
    }

    fn count(&self, thread: usize, backend: Option<&Backend>, ended: Instant) {
        let generation = &self.bound.generation;
        let all = self.counted(thread, backend);
        let [_, _, backend, server] = all;
        let http = generation.program.frontend(self.bound.frontend).mode() == Mode::Http;
        let [_, queue, connect, response] = self.spans();
        let total = Some(ended.saturating_duration_since(self.times.begun.instant));
        for counters in all.into_iter().flatten() {
            counters.bytes_in.add(self.bytes_in.saturating_sub(self.counted_early[0]));
            counters.bytes_out.add(self.bytes_out.saturating_sub(self.counted_early[1]));
            if let Some(status) = self.status.filter(|_| http) {
                counters.response(status);
            }
        }
        for counters in [backend, server].into_iter().flatten() {
            counters.times.add([queue, connect, response, total]);
            match self.termination.cause {
                Cause::Client | Cause::ClientTimeout => counters.client_aborts.add(1),
                Cause::Server | Cause::ServerTimeout if self.times.connected.is_some() => {
                    counters.server_aborts.add(1);
                }
                _ => {}
            }
        }
    }
}

/// Whether a switch is on.
pub(crate) fn on(option: Setting<bool>) -> bool {
    option.is_some_and(|on| on.value)
}
