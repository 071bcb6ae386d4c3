//! The end of a stream of HTTP.

use crate::io::Connector;
use crate::ledger::Heads;

use super::stream::HttpStream;

impl<C: Connector> HttpStream<'_, C> {
    /// Counts and logs the stream, once.
    pub(super) fn finish(&mut self) {
        self.ledger.bytes_in += self.up.counted;
        self.ledger.bytes_out += self.down.counted;
        let worker = &self.connection.worker;
        let crate::work::Work { response, record, .. } = &mut *self.work;
        // Quirk: when HAProxy writes the line the request is gone, and an answer of its own too.
        let received = self.ledger.status.is_some() && !self.ledger.answered;
        let heads = Heads { request: None, response: Some(&*response).filter(|_| received) };
        self.ledger.close(worker.index, &worker.process, &worker.logs, record, heads);
    }
}
