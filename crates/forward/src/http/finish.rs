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
        let crate::work::Work { request, response, record, .. } = &mut *self.work;
        let understood = record.request_line.is_some();
        let heads = Heads {
            request: Some(&*request).filter(|_| understood),
            response: Some(&*response).filter(|_| self.ledger.status.is_some()),
        };
        self.ledger.close(worker.index, &worker.process, &worker.logs, record, heads);
    }
}
