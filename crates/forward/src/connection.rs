//! A client connection: admitted, then idle and busy in turns until it ends or becomes a tunnel.
//!
//! The future of an idle connection is small: what a busy one needs is boxed for as long as it is
//! busy, and its buffers go back to the thread.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use config::model::{Mode, Setting, Timeouts};
use rules::{Admission, NoTrace, Stream};
use sample::{Value, VarId};
use tokio::time::Instant;

use crate::address::Address;
use crate::clock::Now;
use crate::facts::LiveFacts;
use crate::generation::{Bound, Generation, Listener};
use crate::http::{self, TunnelStart};
use crate::idle::ServerConnection;
use crate::io::{Bare, Connector, Io};
use crate::ledger::LEVEL_INFO;
use crate::live::{FrontendState, ServerState};
use crate::parking::{PARK_AFTER, Parking};
use crate::process::Process;
use crate::proxy_protocol::Proxied;
use crate::streams::Place;
use crate::tcp;
use crate::timer::Timer;
use crate::work::Work;
use crate::worker::Worker;

/// A client connection and what lasts as long as it does.
pub(crate) struct Connection<C: Connector> {
    pub(crate) worker: Rc<Worker<C>>,
    pub(crate) client: C::Io,
    pub(crate) listener: Arc<Listener>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) local: Option<SocketAddr>,
    /// What the PROXY header said that it began with.
    pub(crate) proxied: Option<Rc<Proxied>>,
    pub(crate) accepted: Instant,
    pub(crate) accepted_micros: i64,
    /// When it began to wait for its next request: the end of the last one.
    pub(crate) idle_since: Instant,
    /// Requests that were read completely.
    pub(crate) requests: u64,
    pub(crate) timer: Timer,
    /// The connection to the server that answered last, kept for this client alone
    /// (`http-reuse never`).
    pub(crate) kept: Option<Box<Kept<C::Io>>>,
    /// What rules set when the connection was admitted; only where there are such rules.
    pub(crate) admitted: Option<Box<Stream>>,
    /// The variables that outlive a request; only where some are set.
    pub(crate) session: Option<Box<Session>>,
    /// What the connection counts as.
    pub(crate) seat: Seat,
    /// What others see of it, and how they wake it.
    pub(crate) place: Arc<Place>,
}

/// A client connection that is idle and has no task. What it has is that of [`Connection`].
pub(crate) struct Parked {
    pub(crate) io: Bare,
    /// When it is closed if nothing comes until then.
    pub(crate) due: Option<Instant>,
    listener: Arc<Listener>,
    peer: Address,
    local: Address,
    proxied: Option<Rc<Proxied>>,
    accepted: Instant,
    accepted_micros: i64,
    idle_since: Instant,
    requests: u64,
    admitted: Option<Box<Stream>>,
    session: Option<Box<Session>>,
    seat: Seat,
}

impl Parked {
    /// Goes on as a task, which sees what happened.
    pub(crate) fn leave<C: Connector>(self, worker: &Rc<Worker<C>>) {
        let Ok(client) = C::Io::unpark(self.io) else { return };
        let peer = self.peer.socket();
        let connection = Connection {
            worker: Rc::clone(worker),
            client,
            listener: self.listener,
            peer,
            local: self.local.socket(),
            proxied: self.proxied,
            accepted: self.accepted,
            accepted_micros: self.accepted_micros,
            idle_since: self.idle_since,
            requests: self.requests,
            timer: Timer::default(),
            kept: None,
            admitted: self.admitted,
            session: self.session,
            seat: self.seat,
            place: worker.streams.enter(peer, self.accepted_micros),
        };
        tokio::task::spawn_local(connection.run_http(true));
    }

    /// Whether it may go on waiting.
    pub(crate) fn is_wanted(&self, process: &Process) -> bool {
        may_wait(self.requests == 0, process, &self.listener)
    }
}

/// The variables of a session, `sess.name`. They belong to the program that numbered them: a reload
/// forgets them.
pub(crate) struct Session {
    generation: Weak<Generation>,
    values: Vec<(VarId, Value<'static>)>,
}

/// A server connection that belongs to one client.
pub(crate) struct Kept<T> {
    /// `None`: it leads to the address of `dispatch`, or to where the client wanted to go.
    pub(crate) server: Option<Arc<ServerState>>,
    pub(crate) connection: ServerConnection<T>,
}

/// What follows a busy time.
pub(crate) enum After<T> {
    /// The connection waits for its next request.
    KeepAlive,
    /// It ends in order.
    Close,
    /// It has waited so long that it goes on waiting without a task.
    Park,
    /// It is handed over to a tunnel, which runs as its own task.
    Tunnel(Box<TunnelStart<T>>),
}

/// The place of a connection in the counts of process, frontend and listener.
pub(crate) struct Seat {
    process: Arc<Process>,
    frontend: Arc<FrontendState>,
    listener: Arc<Listener>,
}

impl Seat {
    fn take(
        process: &Arc<Process>,
        frontend: &Arc<FrontendState>,
        listener: &Arc<Listener>,
    ) -> Seat {
        process.connections.enter();
        frontend.connections.enter();
        listener.connections.enter();
        Seat {
            process: Arc::clone(process),
            frontend: Arc::clone(frontend),
            listener: Arc::clone(listener),
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let was_full = self.process.is_full() || self.frontend.is_full();
        self.listener.connections.leave();
        self.frontend.connections.leave();
        self.process.connections.leave();
        if was_full {
            self.process.room.notify_waiters();
        }
    }
}

/// The first bytes of a request, or why there will be none.
enum FirstBytes {
    Here(Box<Work>),
    Closed,
    TimedOut,
    /// Idle long enough to be parked.
    Quiet,
    /// The process or the listener ends.
    Unwanted,
}

impl<C: Connector> Connection<C> {
    /// A connection, when its listener still leads somewhere.
    pub(crate) fn new(
        worker: &Rc<Worker<C>>,
        client: C::Io,
        peer: Option<SocketAddr>,
        local: Option<SocketAddr>,
        listener: &Arc<Listener>,
    ) -> Option<Connection<C>> {
        let bound = listener.bound()?;
        let now = Now::read();
        let frontend = bound.generation.frontend(bound.frontend);
        Some(Connection {
            worker: Rc::clone(worker),
            client,
            listener: Arc::clone(listener),
            peer,
            local,
            proxied: None,
            accepted: now.instant,
            accepted_micros: now.micros,
            idle_since: now.instant,
            requests: 0,
            timer: Timer::default(),
            kept: None,
            admitted: None,
            session: None,
            seat: Seat::take(&worker.process, frontend, listener),
            place: worker.streams.enter(peer, now.micros),
        })
    }

    /// Admits the connection and serves it to its end as a task of its own.
    pub(crate) fn spawn(mut self) {
        let Some(bound) = self.listener.bound() else { return };
        let mut stream = Stream::new(bound.frontend);
        if !self.admit_connection(&bound, &mut stream) {
            return;
        }
        if bound.accepts_proxy() || stream.overrides.expects_proxy {
            tokio::task::spawn_local(self.receive_proxy(bound, Box::new(stream)));
        } else {
            self.begin(&bound, stream, None);
        }
    }

    /// Admits the session and serves it; `work` holds what was read already.
    pub(crate) fn begin(mut self, bound: &Arc<Bound>, stream: Stream, work: Option<Box<Work>>) {
        if stream.overrides.to_client.any() {
            self.client.mark(stream.overrides.to_client);
        }
        if !self.admit_session(bound, stream) {
            if let Some(work) = work {
                self.worker.give_work(work);
            }
            return;
        }
        let http = bound.generation.program.frontend(bound.frontend).mode() == Mode::Http;
        match work {
            Some(work) if http => tokio::task::spawn_local(self.become_http(work)),
            None if http => tokio::task::spawn_local(self.run_http(false)),
            work => tokio::task::spawn_local(tcp::run(self, Arc::clone(bound), work)),
        };
    }

    /// The block moves what it captures once; an `async fn` would keep its argument beside it.
    #[expect(clippy::manual_async_fn, reason = "the future would be twice as large")]
    fn run_http(mut self, mut was_parked: bool) -> impl Future<Output = ()> {
        async move {
            loop {
                match self.next_request(std::mem::take(&mut was_parked)).await {
                    After::KeepAlive => {}
                    After::Close => return,
                    After::Park => return self.park(),
                    After::Tunnel(start) => return http::begin_tunnel(self, *start),
                }
            }
        }
    }

    /// Goes on as a connection of HTTP whose first bytes are in `work`.
    pub(crate) async fn become_http(mut self, work: Box<Work>) {
        let after = if work.client.is_empty() {
            self.worker.give_work(work);
            self.idle_since = Instant::now();
            After::KeepAlive
        } else {
            Box::pin(http::serve(&mut self, work)).await
        };
        match after {
            After::KeepAlive => self.run_http(false).await,
            After::Close => {}
            After::Park => self.park(),
            After::Tunnel(start) => http::begin_tunnel(self, *start),
        }
    }

    /// Waits for a request and serves it, and those that come with it.
    async fn next_request(&mut self, was_parked: bool) -> After<C::Io> {
        let first = self.requests == 0;
        let Some(bound) = self.listener.bound() else { return After::Close };
        let due = idle_deadline(&bound, first, self.idle_since);
        drop(bound);
        let quiet = self.quiet_from(was_parked).filter(|quiet| due.is_none_or(|due| *quiet < due));
        self.timer.set(quiet.or(due));
        // The large futures live only as long as there is something to do.
        match self.first_bytes(first, quiet.is_some()).await {
            FirstBytes::Here(work) => Box::pin(http::serve(self, work)).await,
            FirstBytes::Unwanted => After::Close,
            FirstBytes::Quiet => After::Park,
            FirstBytes::Closed | FirstBytes::TimedOut if !first => After::Close,
            FirstBytes::Closed => Box::pin(http::no_request(self, false)).await,
            FirstBytes::TimedOut => Box::pin(http::no_request(self, true)).await,
        }
    }

    /// When it may be parked if nothing comes until then.
    fn quiet_from(&self, was_parked: bool) -> Option<Instant> {
        // A connection of its own to a server needs the reactor.
        if !self.client.parks() || self.kept.is_some() {
            return None;
        }
        let since = if was_parked { Instant::now() } else { self.idle_since };
        since.checked_add(PARK_AFTER)
    }

    /// Ends its task until something happens.
    fn park(self) {
        let Some(bound) = self.listener.bound() else { return };
        let due = idle_deadline(&bound, self.requests == 0, self.idle_since);
        let worker = self.worker;
        let Ok(io) = self.client.park() else { return };
        let parked = Parked {
            io,
            due,
            listener: self.listener,
            peer: Address::of(self.peer),
            local: Address::of(self.local),
            proxied: self.proxied,
            accepted: self.accepted,
            accepted_micros: self.accepted_micros,
            idle_since: self.idle_since,
            requests: self.requests,
            admitted: self.admitted,
            session: self.session,
            seat: self.seat,
        };
        // Without room for it the connection ends here.
        let _ = Parking::park(&worker, parked);
    }

    /// Runs `tcp-request connection` and counts the connection; false when it must end.
    fn admit_connection(&mut self, bound: &Bound, stream: &mut Stream) -> bool {
        let frontend = bound.generation.frontend(bound.frontend);
        let index = self.worker.index;
        for counters in [frontend.counters.of(index), self.listener.counters.of(index)] {
            counters.connections.add(1);
            counters.connection_rate.add(self.accepted_micros, 1);
        }
        let facts = self.facts(bound, self.accepted_micros, 0, 0);
        let program = &bound.generation.program;
        let admission = rules::admit_connection(program, stream, &facts, &mut NoTrace);
        self.send_made(bound, stream);
        if admission == Admission::Accept {
            return true;
        }
        frontend.counters.of(index).denied_connections.add(1);
        self.refuse(admission);
        false
    }

    /// Runs `tcp-request session` and counts the session; false when it must end.
    fn admit_session(&mut self, bound: &Bound, mut stream: Stream) -> bool {
        let frontend = bound.generation.frontend(bound.frontend);
        let index = self.worker.index;
        let facts = self.facts(bound, self.accepted_micros, 0, 0);
        let program = &bound.generation.program;
        let admission = rules::admit_session(program, &mut stream, &facts, &mut NoTrace);
        self.send_made(bound, &mut stream);
        if admission != Admission::Accept {
            frontend.counters.of(index).denied_sessions.add(1);
            self.refuse(admission);
            return false;
        }
        if admits_by_rule(bound) {
            self.admitted = Some(Box::new(stream));
        }
        for counters in [frontend.counters.of(index), self.listener.counters.of(index)] {
            counters.sessions.add(1);
            counters.session_rate.add(self.accepted_micros, 1);
        }
        true
    }

    /// Sends the log lines that rules made of the connection.
    fn send_made(&self, bound: &Bound, stream: &mut Stream) {
        if !stream.lines.is_empty() {
            let log = bound.generation.frontend_log(bound.frontend);
            self.worker.logs.push_made(log, LEVEL_INFO, self.accepted_micros, &mut stream.lines);
        }
    }

    fn refuse(&mut self, admission: Admission) {
        match admission {
            Admission::SilentDrop(_) => self.client.hide_close(),
            _ => self.client.reset_on_close(),
        }
    }

    /// The evaluator's memory for the next request: what belongs to the session is in it.
    pub(crate) fn next_stream(&self, bound: &Bound) -> Stream {
        let mut state = match &self.admitted {
            Some(admitted) if admitted.frontend == bound.frontend => {
                admitted.next_request(admitted)
            }
            _ => Stream::new(bound.frontend),
        };
        if let Some(session) = &self.session
            && std::ptr::eq(session.generation.as_ptr(), &*bound.generation)
        {
            for (id, value) in &session.values {
                state.vars.set(*id, value.clone());
            }
        }
        state.requests_before = self.requests;
        state
    }

    /// Keeps the variables of the session for the next request.
    pub(crate) fn keep_session(&mut self, generation: &Arc<Generation>, state: &Stream) {
        if generation.session_vars.is_empty() && self.session.is_none() {
            return;
        }
        let known = generation.session_vars.iter();
        let values: Vec<_> =
            known.filter_map(|id| Some((*id, state.vars.get(*id)?.clone()))).collect();
        let generation = Arc::downgrade(generation);
        self.session = (!values.is_empty()).then(|| Box::new(Session { generation, values }));
    }

    pub(crate) fn facts<'a>(
        &'a self,
        bound: &'a Bound,
        micros: i64,
        stream_id: u64,
        seed: u64,
    ) -> LiveFacts<'a> {
        LiveFacts {
            process: &self.worker.process,
            generation: &bound.generation,
            client: self.peer,
            local: self.local,
            server_side: (None, None),
            proxied: self.proxied.as_deref(),
            refused: None,
            listener: bound.index,
            connections: &self.listener.connections,
            micros,
            stream_id,
            thread: self.worker.index,
            seed,
        }
    }

    /// Waits for the first bytes of a request without holding a buffer.
    async fn first_bytes(&mut self, first: bool, parks: bool) -> FirstBytes {
        let Connection { worker, client, timer, listener, place, .. } = self;
        poll_fn(|cx| {
            let mut work = worker.take_work();
            match work.client.poll_fill(cx, client) {
                Poll::Ready(Ok(0) | Err(_)) => {
                    worker.give_work(work);
                    return Poll::Ready(FirstBytes::Closed);
                }
                Poll::Ready(Ok(_)) => return Poll::Ready(FirstBytes::Here(work)),
                Poll::Pending => worker.give_work(work),
            }
            if timer.poll(cx).is_ready() {
                let ends = if parks { FirstBytes::Quiet } else { FirstBytes::TimedOut };
                return Poll::Ready(ends);
            }
            if !may_wait(first, &worker.process, listener) {
                return Poll::Ready(FirstBytes::Unwanted);
            }
            place.waits(cx.waker());
            Poll::Pending
        })
        .await
    }
}

/// Whether the frontend has rules that look at a connection before its first request.
fn admits_by_rule(bound: &Bound) -> bool {
    let rules = &bound.generation.program.frontend(bound.frontend).proxy().rules;
    !rules.tcp_request_connection.is_empty() || !rules.tcp_request_session.is_empty()
}

/// Whether a connection may go on waiting for a request.
fn may_wait(first: bool, process: &Process, listener: &Listener) -> bool {
    // A client that was promised an answer to its first request gets one.
    first || !(process.is_stopping() || listener.bound().is_none())
}

/// When a connection that waits for a request is closed: the first one by `http-request` and
/// `client`, a later one by `http-keep-alive` and, where it is missing, the same.
fn idle_deadline(bound: &Bound, first: bool, since: Instant) -> Option<Instant> {
    let timeouts = frontend_timeouts(&bound.generation, bound);
    let request = limit(timeouts.http_request).or(limit(timeouts.client));
    let wait = if first { request } else { limit(timeouts.http_keep_alive).or(request) };
    wait.and_then(|wait| since.checked_add(wait))
}

pub(crate) fn frontend_timeouts<'a>(generation: &'a Generation, bound: &Bound) -> &'a Timeouts {
    &generation.program.frontend(bound.frontend).proxy().timeouts
}

/// A timeout that limits anything: missing and 0 are for ever.
pub(crate) fn limit(setting: Setting<Duration>) -> Option<Duration> {
    setting.map(|setting| setting.value).filter(|duration| !duration.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::SystemConnector;

    #[test]
    fn the_future_of_an_idle_connection_is_little_more_than_the_connection() {
        fn size<F>(_: impl FnOnce(Connection<SystemConnector>) -> F) -> usize {
            size_of::<F>()
        }
        let parked = size_of::<Parked>();
        assert!(parked <= 160, "{parked}");
        let connection = size_of::<Connection<SystemConnector>>();
        let future = size(|connection| connection.run_http(false));
        assert!(connection <= 256 && future <= connection + 192, "{connection} {future}");
    }
}
