//! The end of a stream of HTTP.

use sample::Scope;

use crate::io::Connector;
use crate::ledger::Heads;
use crate::termination::{Cause, Termination};

use super::stream::{HttpStream, Next};

impl<C: Connector> HttpStream<'_, C> {
    /// Ends a stream that an operator does not want any more, wherever it stands.
    pub(super) fn cut_off(&mut self) -> Next<C::Io> {
        let phase = self.ledger.phase();
        self.ledger.termination = Termination::new(Cause::Killed, phase);
        self.finish();
        Next::Close { linger: false }
    }

    /// Counts and logs the stream, once.
    pub(super) fn finish(&mut self) {
        self.ledger.bytes_in += self.up.counted;
        self.ledger.bytes_out += self.down.counted;
        let worker = &self.connection.worker;
        self.ledger.state.vars.end(Scope::Req);
        let crate::work::Work { request, response, record, .. } = &mut *self.work;
        let understood = record.request_line.is_some();
        // Quirk: when HAProxy writes the line an answer of its own is gone.
        let received = self.ledger.status.is_some() && !self.ledger.answered;
        let heads = Heads {
            request: Some(&*request).filter(|_| understood),
            response: Some(&*response).filter(|_| received),
        };
        let ended = self.ledger.close(worker.index, &worker.process, &worker.logs, record, heads);
        self.connection.idle_since = ended;
    }
}
