//! Reading a request: its head, and as much of its body as rules ask for.

use std::future::poll_fn;
use std::task::Poll;

use http1::{BodyLength, Parsed};
use tokio::time::Instant;

use crate::connection::{frontend_timeouts, limit};
use crate::io::Connector;
use crate::ledger::on;
use crate::termination::{Cause, Failure, Phase};

use super::body::Body;
use super::stream::{HttpStream, Received};
use super::wire;

/// How a wait for more of a request ended.
enum More {
    Read,
    /// The client ended its side, or its connection broke.
    Ended,
    TimedOut,
}

impl<C: Connector> HttpStream<'_, C> {
    /// Reads a request head. On an error the request is not one: its status is of the page to send.
    pub(super) async fn read_request(&mut self) -> Result<(), Failure> {
        let timeouts = frontend_timeouts(&self.ledger.bound.generation, &self.ledger.bound);
        let (whole, idle) = (limit(timeouts.http_request), limit(timeouts.client));
        let first = self.connection.requests == 0;
        // The time for the first request runs from the accept, for others from their first byte.
        let since = if first { self.connection.accepted } else { self.ledger.times.begun.instant };
        loop {
            match self.parse() {
                Ok(Parsed::Complete { consumed }) => return self.accept_head(consumed),
                Ok(Parsed::Partial) => {}
                Err(error) => {
                    let (process, ledger) = (&self.connection.worker.process, &self.ledger);
                    let captured = ledger.capture(process, &self.work.client, &error, None);
                    ledger.bound.generation.frontend(ledger.bound.frontend).invalid.set(captured);
                    return Err(Failure::new(Cause::Proxy, Phase::Request, error.status()));
                }
            }
            let due = match whole {
                Some(whole) => since.checked_add(whole),
                None => idle.and_then(|idle| Instant::now().checked_add(idle)),
            };
            match self.more(due).await {
                More::Read => {}
                More::Ended => return Err(Failure::new(Cause::Client, Phase::Request, 400)),
                More::TimedOut => {
                    return Err(Failure::new(Cause::ClientTimeout, Phase::Request, 408));
                }
            }
        }
    }

    fn parse(&mut self) -> Result<Parsed, http1::HeadError> {
        let mut limits = self.connection.worker.head_limits;
        let bound = &self.ledger.bound;
        let options = &bound.generation.program.frontend(bound.frontend).proxy().options;
        limits.lax = on(options.accept_unsafe_http_request);
        let work = &mut *self.work;
        http1::parse_request(work.client.filled(), &mut work.request, &limits)
    }

    /// Takes over a complete head: what rules may change is noted first.
    fn accept_head(&mut self, consumed: usize) -> Result<(), Failure> {
        let bad = Failure::new(Cause::Proxy, Phase::Request, 400);
        let work = &mut *self.work;
        work.client.consume(consumed);
        let head = &mut work.request;
        let length = http1::request_body(head).map_err(|_| bad)?;
        let asked = http1::request_connection(head);
        self.received = Received {
            version: head.version,
            keeps: asked.keeps(),
            upgrades: http1::upgrade_protocol(head).is_some(),
            has_body: length != BodyLength::None,
        };
        http1::strip_connection(&mut head.fields);
        self.up = Body::new(length);
        if self.up.is_broken(work.client.filled()) {
            return Err(bad);
        }
        self.ledger.bytes_in = wire::counted_request(head);
        self.remember_request_line();
        self.connection.requests += 1;
        self.count_request();
        Ok(())
    }

    /// Copies the request line for the log: rules may change it. The record's buffers are reused.
    fn remember_request_line(&mut self) {
        let work = &mut *self.work;
        let head = &work.request;
        let (mut method, mut target, _) = work.record.request_line.take().unwrap_or_default();
        method.clear();
        method.extend_from_slice(head.method());
        target.clear();
        target.extend_from_slice(head.target());
        work.record.request_line = Some((method, target, wire::version_name(head)));
    }

    fn count_request(&self) {
        let index = self.connection.worker.index;
        let micros = self.ledger.times.begun.micros;
        let frontend = self.ledger.bound.generation.frontend(self.ledger.bound.frontend);
        let counters = frontend.counters.of(index);
        counters.requests.add(1);
        counters.request_rate.add(micros, 1);
    }

    /// Reads once into the client's buffer.
    async fn more(&mut self, due: Option<Instant>) -> More {
        let connection = &mut *self.connection;
        let buffer = &mut self.work.client;
        self.ledger.waited = true;
        connection.timer.set(due);
        poll_fn(|cx| {
            match buffer.poll_fill(cx, &mut connection.client) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(More::Ended),
                Poll::Ready(Ok(_)) => return Poll::Ready(More::Read),
                Poll::Pending => {}
            }
            connection.timer.poll(cx).map(|()| More::TimedOut)
        })
        .await
    }

    /// Whether all of the body was received, or all that fits.
    pub(super) fn has_body(&self) -> bool {
        self.up.is_done()
            || self.up.peek(self.work.client.filled(), &mut Vec::new()).1
            || self.work.client.is_full()
    }

    /// `option http-buffer-request`.
    pub(super) fn buffers_requests(&self) -> bool {
        let proxy =
            self.ledger.bound.generation.program.frontend(self.ledger.bound.frontend).proxy();
        proxy.options.http_buffer_request.is_some_and(|on| on.value)
    }

    /// Tells a client that waits for it to send its body, before the body is waited for here.
    pub(super) async fn continue_expected(&mut self) {
        let asked = |expected: &[u8]| expected.eq_ignore_ascii_case(b"100-continue");
        let request = &mut self.work.request;
        if self.received.version == http1::Version::Http10
            || !request.fields.get(b"expect").is_some_and(asked)
        {
            return;
        }
        request.fields.remove(b"expect");
        let head = http1::ResponseHead::with_status(100);
        self.ledger.bytes_out += wire::counted_response(&head);
        wire::put_response(&head, self.ledger.client_case(), self.work.to_client.append());
        self.flush().await;
    }

    /// Waits for the whole body, or a full buffer, within `timeout http-request`.
    pub(super) async fn buffer_body(&mut self, complete: &mut bool) -> Result<(), Failure> {
        let timeouts = *frontend_timeouts(&self.ledger.bound.generation, &self.ledger.bound);
        let due = limit(timeouts.http_request)
            .or(limit(timeouts.client))
            .and_then(|whole| self.ledger.times.begun.instant.checked_add(whole));
        while !*complete {
            if self.more_body(due).await && !self.broke_off {
                return Err(Failure::new(Cause::ClientTimeout, Phase::Request, 408));
            }
            *complete = self.has_body() || self.broke_off;
        }
        Ok(())
    }

    /// Reads more of the body; true when there will be no more: the time is over, or the client has
    /// left, or the buffer is full.
    pub(super) async fn more_body(&mut self, due: Option<Instant>) -> bool {
        if self.work.client.is_full() {
            return true;
        }
        match self.more(due).await {
            More::Read => false,
            More::TimedOut => true,
            // The rules see what there is; only then it is an error.
            More::Ended => {
                self.broke_off = true;
                true
            }
        }
    }

    /// A connection that ended or was silent before its first request.
    pub(crate) async fn end_without_request(&mut self, timed_out: bool) {
        let proxy =
            self.ledger.bound.generation.program.frontend(self.ledger.bound.frontend).proxy();
        let on = |option: config::model::Setting<bool>| option.is_some_and(|on| on.value);
        let ignored = on(proxy.options.http_ignore_probes);
        self.ledger.unlogged = ignored || on(proxy.options.dontlognull);
        self.ledger.times.begun.instant = self.connection.accepted;
        self.ledger.times.begun.micros = self.connection.accepted_micros;
        let failure = if timed_out {
            Failure::new(Cause::ClientTimeout, Phase::Request, 408)
        } else {
            Failure::new(Cause::Client, Phase::Request, 400)
        };
        if timed_out && !ignored {
            self.refuse(failure).await;
            return;
        }
        // The client is gone: the status is for the log alone.
        self.ledger.no_stream = true;
        self.ledger.status = failure.status;
        self.ledger.termination = failure.termination;
        self.work.record.request_line = None;
        self.finish();
    }
}
