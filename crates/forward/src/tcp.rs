//! `mode tcp`: a connection is inspected, given a server, and relayed.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use config::model::Mode;
use rules::{NoTrace, Verdict};
use sample::{BackendRef, Buffered};
use tokio::time::Instant;
use tunnel::Opening;

use crate::clock::Now;
use crate::connection::Connection;
use crate::generation::Bound;
use crate::io::{Connector, Io as _};
use crate::ledger::{BackendSeat, Heads, Ledger};
use crate::live::Backend;
use crate::reach::{Asks, Reach};
use crate::tcp_response::{self, Inspected};
use crate::termination::{Cause, Failure, Phase};
use crate::tunnels::{self, Tunnel};
use crate::work::Work;

/// Serves a connection of `mode tcp` to its end.
pub(crate) async fn run<C: Connector>(
    mut connection: Connection<C>,
    bound: Arc<Bound>,
    work: Option<Box<Work>>,
) {
    let worker = Rc::clone(&connection.worker);
    let mut work = work.unwrap_or_else(|| worker.take_work());
    let mut ledger = Ledger::open(&connection, bound);
    ledger.times.begun = Now { instant: connection.accepted, micros: connection.accepted_micros };
    let reached = {
        let place = Arc::clone(&connection.place);
        let mut run = pin!(reach(&mut connection, &mut work, &mut ledger));
        poll_fn(|cx| place.watch(run.as_mut().poll(cx), cx)).await
    };
    let reached = reached.unwrap_or_else(|| Err(Failure::silent(Cause::Killed, ledger.phase())));
    match reached {
        // From here on it is a connection of HTTP, each request a stream of its own.
        Ok(Reached::Http) => {
            drop(ledger);
            Box::pin(connection.become_http(work)).await;
        }
        Ok(Reached::Server(backend, server, Inspected::Pass)) => {
            relay(connection, work, ledger, &backend, server);
        }
        Ok(Reached::Server(_, _, Inspected::Last)) => deliver(connection, work, ledger).await,
        Err(failure) => {
            ledger.termination = failure.termination;
            work.record.request_line = None;
            let (process, logs) = (&worker.process, &worker.logs);
            ledger.close(worker.index, process, logs, &mut work.record, Heads::default());
            worker.give_work(work);
        }
    }
}

/// What a connection has come to.
enum Reached<T> {
    /// It goes on as one of HTTP.
    Http,
    /// It has a server.
    Server(Arc<Backend>, T, Inspected),
}

async fn reach<C: Connector>(
    connection: &mut Connection<C>,
    work: &mut Work,
    ledger: &mut Ledger,
) -> Result<Reached<C::Io>, Failure> {
    match inspect(connection, work, ledger).await? {
        Goes::AsHttp => Ok(Reached::Http),
        Goes::To(backend) => reach_server(connection, work, ledger, backend).await,
    }
}

/// Where a connection goes.
enum Goes {
    To(BackendRef),
    /// It goes on as one of HTTP: a rule says so, or its backend does.
    AsHttp,
}

/// A backend in `mode http` behind a frontend in `mode tcp`.
fn speaks_http(ledger: &Ledger, backend: BackendRef) -> bool {
    ledger.bound.generation.program.backend(backend).mode() == Mode::Http
}

async fn reach_server<C: Connector>(
    connection: &mut Connection<C>,
    work: &mut Work,
    ledger: &mut Ledger,
    backend: BackendRef,
) -> Result<Reached<C::Io>, Failure> {
    // A connection's queue time counts from its accept (`%Tw` of tcplog).
    ledger.times.request = Some(ledger.times.begun.instant);
    let backend = Arc::clone(ledger.bound.generation.backend(backend));
    ledger.backend = Some(BackendSeat::take(&backend));
    connection.place.aims_at(backend.reference, None);
    let counters = backend.state.counters.of(connection.worker.index);
    counters.sessions.add(1);
    counters.session_rate.add(ledger.times.begun.micros, 1);
    // The check of another proxy, most often: no server hears of it.
    if connection.client.was_reset() {
        return Err(Failure::silent(Cause::Client, Phase::Request));
    }
    let asks = Asks { head: None, received: &mut work.client, body: None };
    let mut reach =
        Reach { connection, ledger, backend: &backend, asks, asked_enough: true, elsewhere: None };
    let mut server = reach.run().await?.io;
    let program = Arc::clone(&ledger.bound.generation.program);
    let inspected = match program.backend(backend.reference).inspects_responses() {
        true => tcp_response::inspect(connection, work, ledger, &backend, &mut server).await?,
        false => Inspected::Pass,
    };
    Ok(Reached::Server(backend, server, inspected))
}

/// Runs `tcp-request content`, reading what its rules ask for.
async fn inspect<C: Connector>(
    connection: &mut Connection<C>,
    work: &mut Work,
    ledger: &mut Ledger,
) -> Result<Goes, Failure> {
    let mut complete = false;
    loop {
        let (state, facts) = ledger.evaluate(&connection.worker.process);
        let program = &facts.generation.program;
        let payload = Buffered { bytes: work.client.filled(), complete };
        let verdict = rules::inspect(program, state, payload, &facts, &mut NoTrace);
        let marks = ledger.state.overrides.to_client;
        if marks.any() {
            connection.client.mark(marks);
        }
        match verdict {
            Verdict::Forward(backend) if speaks_http(ledger, backend) => return Ok(Goes::AsHttp),
            Verdict::Forward(backend) => return Ok(Goes::To(backend)),
            Verdict::SwitchMode => return Ok(Goes::AsHttp),
            // No rule of a connection says so.
            Verdict::Pause(time) => tokio::time::sleep(time).await,
            Verdict::Resolve(ask) => Box::pin(ledger.look_up(&ask)).await,
            Verdict::Wait { within } => {
                let due = ledger.times.begun.instant.checked_add(within);
                complete = read_more(connection, work, due).await;
            }
            Verdict::NoBackend | Verdict::Unknown(_) => {
                return Err(Failure::silent(Cause::Server, Phase::Connect));
            }
            Verdict::SilentDrop(_) => {
                connection.client.hide_close();
                return Err(Failure::silent(Cause::Proxy, Phase::Request));
            }
            Verdict::Close(_) | Verdict::Reply(_) => {
                return Err(Failure::silent(Cause::Proxy, Phase::Request));
            }
        }
    }
}

/// Reads once; true when nothing more will come, or none in time.
async fn read_more<C: Connector>(
    connection: &mut Connection<C>,
    work: &mut Work,
    due: Option<Instant>,
) -> bool {
    if work.client.is_full() {
        return true;
    }
    connection.timer.set(due);
    poll_fn(|cx| {
        if let Poll::Ready(read) = work.client.poll_fill(cx, &mut connection.client) {
            return Poll::Ready(matches!(read, Ok(0) | Err(_)));
        }
        connection.timer.poll(cx).map(|()| true)
    })
    .await
}

/// Passes on what a server sent whose connection a rule closed, and ends the client's.
async fn deliver<C: Connector>(
    mut connection: Connection<C>,
    mut work: Box<Work>,
    mut ledger: Ledger,
) {
    use tokio::io::AsyncWriteExt as _;
    let bytes = work.server.filled();
    if connection.client.write_all(bytes).await.is_ok() {
        ledger.bytes_out += bytes.len() as u64;
        let _ = connection.client.shutdown().await;
    }
    work.record.request_line = None;
    let worker = &connection.worker;
    let (process, logs) = (&worker.process, &worker.logs);
    ledger.close(worker.index, process, logs, &mut work.record, Heads::default());
    worker.give_work(work);
}

/// Hands the two connections to a tunnel.
fn relay<C: Connector>(
    connection: Connection<C>,
    mut work: Box<Work>,
    mut ledger: Ledger,
    backend: &Backend,
    server: C::Io,
) {
    let timeouts = crate::http::tunnel_timeouts(&ledger, backend);
    let to_server = [work.to_server.pending(), work.client.filled()].concat();
    let to_client = work.server.filled().to_vec();
    let opening = Opening { to_server, to_client, websocket: false };
    work.record.request_line = None;
    let worker = &connection.worker;
    let heads = Heads::default();
    ledger.log_early(&worker.process, &worker.logs, &mut work.record, heads, 0);
    worker.give_work(work);
    let tunnel = Tunnel { client: connection.client, server, opening, timeouts };
    tunnels::spawn(&connection.worker, tunnel, connection.seat, ledger, None);
}
