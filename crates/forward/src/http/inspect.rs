//! `tcp-response content` in `mode http`: the rules run on the head of a response, once.
//!
//! Without an inspect-delay they run as soon as there is a connection, when nothing has come; with one, a head that
//! comes later is not looked at.

use std::time::Duration;

use rules::{NoTrace, Verdict};
use sample::Buffered;

use crate::io::{Connector, Io as _};
use crate::live::Backend;
use crate::termination::{Cause, Failure, Phase};

use super::stream::HttpStream;
use super::wire;

impl<C: Connector> HttpStream<'_, C> {
    /// Whether rules are still to look at what the server answers.
    pub(super) fn inspects(&self, backend: &Backend) -> bool {
        let program = &self.ledger.bound.generation.program;
        program.backend(backend.reference).inspects_responses() && !self.inspected
    }

    fn delay(&self, backend: &Backend) -> Option<Duration> {
        let program = &self.ledger.bound.generation.program;
        let rules = &program.backend(backend.reference).proxy().rules;
        rules.response_inspect_delay.map(|delay| delay.value)
    }

    /// The rules of a backend without an inspect-delay.
    pub(super) fn inspect_at_once(&mut self, backend: &Backend) -> Result<(), Failure> {
        if self.inspects(backend) && self.delay(backend).is_none() {
            return self.inspect(false);
        }
        Ok(())
    }

    /// The rules on a response head; one that came too late is not shown to them.
    pub(super) fn inspect_head(&mut self, backend: &Backend) -> Result<(), Failure> {
        let since = self.ledger.times.connected.unwrap_or(self.ledger.times.begun.instant);
        let in_time = self.delay(backend).is_some_and(|delay| since.elapsed() < delay);
        self.inspect(in_time)
    }

    /// A server that failed before its head: the rules have seen nothing. What they say of it comes too late.
    pub(super) fn inspect_nothing(&mut self, backend: &Backend) {
        if self.inspects(backend) {
            let _ = self.inspect(false);
        }
    }

    fn inspect(&mut self, with_head: bool) -> Result<(), Failure> {
        self.inspected = true;
        let HttpStream { connection, work, ledger, .. } = self;
        let crate::work::Work { request, response, server, .. } = &mut **work;
        let (state, facts) = ledger.evaluate(&connection.worker.process);
        let program = &facts.generation.program;
        let bytes = if with_head { server.filled() } else { &[] };
        let payload = Buffered { bytes, complete: true };
        let head = with_head.then_some(response);
        let (request, trace) = (Some(&*request), &mut NoTrace);
        let verdict =
            rules::inspect_response(program, state, request, head, payload, &facts, trace);
        match verdict {
            Verdict::Close(_) => {}
            Verdict::SilentDrop(_) => self.connection.client.hide_close(),
            _ => return Ok(()),
        }
        if with_head {
            let response = &self.work.response;
            self.ledger.status = Some(response.status);
            self.ledger.bytes_out +=
                wire::counted_response(response) + self.work.server.len() as u64;
        }
        Err(Failure::silent(Cause::Proxy, Phase::Data))
    }
}
