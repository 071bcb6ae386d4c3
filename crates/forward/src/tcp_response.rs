//! `tcp-response content` in `mode tcp`: the first bytes of a server are held back until the rules have looked at
//! them, while what the client sends is passed on.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use rules::{NoTrace, Verdict};
use sample::Buffered;
use tokio::time::Instant;

use crate::connection::Connection;
use crate::io::{Connector, Io as _};
use crate::ledger::Ledger;
use crate::live::Backend;
use crate::termination::{Cause, Failure, Phase};
use crate::work::Work;

/// What becomes of the server's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inspected {
    /// They pass, and what follows too.
    Pass,
    /// They pass, and nothing follows: the server's connection is closed.
    Last,
}

/// Something happened that the rules may want to see.
enum Seen {
    Bytes,
    /// The server is done, or the delay is over.
    Complete,
}

/// Runs the rules. Without an inspect-delay they see nothing and run at once.
pub(crate) async fn inspect<C: Connector>(
    connection: &mut Connection<C>,
    work: &mut Work,
    ledger: &mut Ledger,
    backend: &Backend,
    server: &mut C::Io,
) -> Result<Inspected, Failure> {
    let rules = &ledger.bound.generation.program.backend(backend.reference).proxy().rules;
    let delay = rules.response_inspect_delay.map(|delay| delay.value);
    let due = delay.and_then(|delay| Instant::now().checked_add(delay));
    work.server.clear();
    work.to_server.clear();
    let mut complete = delay.is_none();
    loop {
        let (state, facts) = ledger.evaluate(&connection.worker.process);
        let program = &facts.generation.program;
        let payload = Buffered { bytes: work.server.filled(), complete };
        match rules::inspect_response(program, state, None, None, payload, &facts, &mut NoTrace) {
            Verdict::Wait { .. } if !complete => {}
            Verdict::Close(_) => return Err(refused(work, ledger)),
            Verdict::SilentDrop(_) => {
                connection.client.hide_close();
                return Err(refused(work, ledger));
            }
            _ if ledger.state.overrides.closes_server => return Ok(Inspected::Last),
            _ => return Ok(Inspected::Pass),
        }
        connection.timer.set(due);
        let (mut passed, mut ended) = (0, false);
        let seen = poll_fn(|cx| {
            passed += match poll_up(cx, connection, work, server) {
                Ok(passed) => passed,
                Err(_) => return Poll::Ready(Seen::Complete),
            };
            if work.server.is_full() || ended {
                return Poll::Ready(Seen::Complete);
            }
            match work.server.poll_fill(cx, server) {
                Poll::Ready(Ok(1..)) => return Poll::Ready(Seen::Bytes),
                Poll::Ready(Ok(0) | Err(_)) => {
                    ended = true;
                    return Poll::Ready(Seen::Complete);
                }
                Poll::Pending => {}
            }
            connection.timer.poll(cx).map(|()| Seen::Complete)
        })
        .await;
        ledger.bytes_in += passed;
        complete = matches!(seen, Seen::Complete);
    }
}

/// What was received is counted, though the client never sees it.
fn refused(work: &Work, ledger: &mut Ledger) -> Failure {
    ledger.bytes_out += work.server.len() as u64;
    Failure::silent(Cause::Proxy, Phase::Data)
}

/// Passes on what the client sent; the bytes that went. Its end is left for the tunnel to find.
fn poll_up<C: Connector>(
    cx: &mut Context<'_>,
    connection: &mut Connection<C>,
    work: &mut Work,
    server: &mut C::Io,
) -> io::Result<u64> {
    let mut passed = 0;
    loop {
        if !work.client.is_empty() {
            work.to_server.append().extend_from_slice(work.client.filled());
            work.client.clear();
        }
        if let Poll::Ready(Err(error)) = work.to_server.poll_drain(cx, server, &mut passed) {
            return Err(error);
        }
        if !work.to_server.is_empty() {
            return Ok(passed);
        }
        match work.client.poll_fill(cx, &mut connection.client) {
            Poll::Ready(Ok(1..)) => {}
            Poll::Ready(Ok(0) | Err(_)) | Poll::Pending => return Ok(passed),
        }
    }
}
