//! What becomes of a response head: relayed as an interim one, switched over, or edited by the
//! response rules and sent with the beginning of its body.

use std::sync::Arc;
use std::time::Duration;

use config::model::ConnectionMode;
use http1::BodyLength;
use rules::{NoTrace, ReplyKind, Verdict};
use sample::Buffered;
use tokio::time::Instant;

use crate::io::Connector;
use crate::ledger::Heads;
use crate::live::Backend;
use crate::termination::{Cause, Failure, Phase};

use super::body::Body;
use super::exchange::{Exchange, Held, Stage};
use super::stream::HttpStream;
use super::{upgrade, wire};

impl<C: Connector> HttpStream<'_, C> {
    /// Acts on a response head: relays an interim one, switches protocols, or runs the response
    /// rules and begins the body.
    pub(super) fn response_head(
        &mut self,
        backend: &Arc<Backend>,
        state: &mut Exchange,
    ) -> Result<Option<upgrade::Switch>, Failure> {
        let invalid = Failure::new(Cause::Proxy, Phase::Headers, 502);
        if self.inspects(backend) {
            self.inspect_head(backend)?;
            state.keep_server &= !self.ledger.state.overrides.closes_server;
        }
        let status = self.work.response.status;
        let connect = self.work.request.method() == b"CONNECT";
        if status == 101
            && !(self.received.upgrades && http1::switches_protocol(&self.work.response))
        {
            // Quirk: what came of the refused answer is counted beside the page that replaces it.
            let head = wire::counted_response(&self.work.response);
            self.ledger.bytes_out += head + self.work.server.len() as u64;
            return Err(invalid);
        }
        if (100..200).contains(&status) && status != 101 {
            self.interim();
            return Ok(None);
        }
        if let Some(server) = self.ledger.server.filter(|_| !self.ledger.judged) {
            self.ledger.judged = true;
            backend.saw_status(server, status);
        }
        let work = &mut *self.work;
        let length =
            http1::response_body(&work.response, work.request.method()).map_err(|_| invalid)?;
        state.keep_server &=
            http1::response_connection(&work.response).keeps() && length != BodyLength::UntilClose;
        state.server_closed = length == BodyLength::UntilClose;
        let switches = status == 101 || (connect && (200..300).contains(&status));
        http1::strip_connection(&mut work.response.fields);
        let counted = wire::counted_response(&work.response);
        self.down = Body::new(length);
        state.held = Some(Held { length, counted, switches, until: None, over: false });
        self.go_on_with_head(backend, state)
    }

    /// Runs the response rules, or those that are left of them, and sends the head.
    pub(super) fn go_on_with_head(
        &mut self,
        backend: &Arc<Backend>,
        state: &mut Exchange,
    ) -> Result<Option<upgrade::Switch>, Failure> {
        let invalid = Failure::new(Cause::Proxy, Phase::Headers, 502);
        let Some(mut held) = state.held.take() else { return Err(invalid) };
        let Held { length, counted, switches, .. } = held;
        let status = self.work.response.status;
        while let Some(within) = self.respond(Some(backend), counted, &held)? {
            let first = held.until.is_none();
            held.until = held.until.or_else(|| Instant::now().checked_add(within));
            // The first time nothing was shown of what is here already.
            if !first || held.until.is_none() {
                state.held = Some(held);
                state.stage = Stage::Held;
                return Ok(None);
            }
        }
        // A rule that gives a 204 another status makes it a message with a body, which is empty.
        let emptied = status == 204
            && self.work.response.status != 204
            && self.received.version == http1::Version::Http11
            && self.work.request.received_method() != b"HEAD"
            && !self.work.response.fields.contains(b"content-length");
        self.ledger.times.response = Some(Instant::now());
        self.ledger.status = Some(self.work.response.status);
        if switches {
            self.ledger.bytes_out += counted;
            self.log_early(self.ledger.bytes_out + self.work.server.len() as u64);
            return Ok(Some(upgrade::Switch { websocket: status == 101 && self.is_websocket() }));
        }
        let delimited = length != BodyLength::UntilClose;
        self.keep_client = self.received.keeps
            && delimited
            && !odd_coding(&self.work.response)
            && self.client_mode() != ConnectionMode::Close
            && !self.connection.worker.process.is_stopping();
        let (keep, version) = (self.keep_client, self.received.version);
        // Quirk: HAProxy counts what it received; what rules add to it is not counted.
        self.ledger.bytes_out += counted;
        let work = &mut *self.work;
        let case = self.ledger.client_case();
        if emptied {
            http1::set_response_connection(&mut work.response, version, keep);
            work.response.fields.add(b"transfer-encoding", b"chunked");
            wire::put_response(&work.response, case, work.to_client.append());
            work.to_client.append().extend_from_slice(http1::LAST_CHUNK);
        } else {
            wire::write_response(&mut work.response, version, keep, case, work.to_client.append());
        }
        self.down.case = case.cloned();
        // Head and the beginning of the body leave in one write.
        let begun = self.down.pass(&mut work.server, work.to_client.append());
        if begun.is_err() {
            work.to_client.clear();
            self.ledger.times.response = None;
            self.ledger.bytes_out -= counted;
            self.down = Body::default();
            return Err(invalid);
        }
        state.stage = Stage::Body;
        self.log_early(self.ledger.bytes_out + self.down.counted);
        Ok(None)
    }

    /// `option logasap`: the response began.
    fn log_early(&mut self, bytes_out: u64) {
        let worker = &self.connection.worker;
        let crate::work::Work { request, response, record, .. } = &mut *self.work;
        let heads = Heads { request: Some(request), response: Some(response) };
        self.ledger.log_early(&worker.process, &worker.logs, record, heads, bytes_out);
    }

    fn is_websocket(&self) -> bool {
        let upgrade = self.work.response.fields.get(b"upgrade");
        upgrade.is_some_and(|name| name.eq_ignore_ascii_case(b"websocket"))
    }

    /// Passes a 1xx on; a client of HTTP/1.0 would not understand it.
    fn interim(&mut self) {
        let work = &mut *self.work;
        self.ledger.bytes_out += wire::counted_response(&work.response);
        if self.received.version == http1::Version::Http11 {
            let case = self.ledger.client_case();
            wire::put_response(&work.response, case, work.to_client.append());
        }
    }

    pub(super) fn respond(
        &mut self,
        backend: Option<&Backend>,
        counted: u64,
        held: &Held,
    ) -> Result<Option<Duration>, Failure> {
        let HttpStream { connection, work, ledger, down, .. } = self;
        let crate::work::Work { request, response, server, .. } = &mut **work;
        let mut decoded = Vec::new();
        // Only who waited for the body looks at it.
        let body = match held.until {
            Some(_) => {
                let (bytes, whole) = down.peek(server.filled(), &mut decoded);
                Buffered { bytes, complete: whole || held.over }
            }
            None => Buffered { bytes: &[], complete: down.is_done() || held.over },
        };
        let (state, facts) = ledger.evaluate(&connection.worker.process);
        let program = &facts.generation.program;
        state.body_buffered = server.filled().len();
        let verdict = rules::respond(program, state, request, response, body, &facts, &mut NoTrace);
        self.mark_client();
        match verdict {
            // A `pause` of responses is refused when the lines are read.
            Verdict::Forward(_)
            | Verdict::SwitchMode
            | Verdict::NoBackend
            | Verdict::Pause(_)
            | Verdict::Resolve(_) => Ok(None),
            Verdict::Wait { within } => Ok(Some(within)),
            Verdict::Reply(answer) => {
                let index = self.connection.worker.index;
                if let Some(backend) = backend {
                    backend.state.counters.of(index).denied_responses.add(1);
                }
                // Quirk: what was received of the response is counted beside what replaces it.
                let mut received = Vec::new();
                let _ = self.down.pass(&mut self.work.server, &mut received);
                self.ledger.bytes_out += counted + self.down.counted;
                self.down = Body::default();
                let cause = match answer.kind {
                    ReplyKind::Return | ReplyKind::Redirect => Cause::Local,
                    _ => Cause::Proxy,
                };
                self.replaced = Some(answer);
                Err(Failure::new(cause, Phase::Headers, 502))
            }
            Verdict::Close(_) | Verdict::SilentDrop(_) | Verdict::Unknown(_) => {
                Err(Failure::silent(Cause::Proxy, Phase::Headers))
            }
        }
    }
}

/// Chunks from a server of HTTP/1.0: where they end is not to be relied on (RFC 9112 section 6.1).
fn odd_coding(response: &http1::ResponseHead) -> bool {
    response.version == http1::Version::Http10 && response.fields.contains(b"transfer-encoding")
}
