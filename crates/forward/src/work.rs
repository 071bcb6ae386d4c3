//! What a busy connection needs and an idle one gives back: buffers, heads, the log record.

use http1::{RequestHead, ResponseHead};
use sample::LogRecord;

use crate::buffer::{Buffer, Outgoing};

/// One set of buffers. A thread keeps a few and lends them to connections while they are busy.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Received from the client.
    pub(crate) client: Buffer,
    /// Received from the server.
    pub(crate) server: Buffer,
    pub(crate) to_client: Outgoing,
    pub(crate) to_server: Outgoing,
    pub(crate) request: RequestHead,
    pub(crate) response: ResponseHead,
    pub(crate) record: LogRecord,
}

impl Work {
    pub(crate) fn new(bufsize: usize) -> Work {
        let (client, server) = (Buffer::new(bufsize), Buffer::new(bufsize));
        Work { client, server, ..Work::default() }
    }

    /// Makes it ready for another connection.
    pub(crate) fn clear(&mut self) {
        self.client.clear();
        self.server.clear();
        self.to_client.clear();
        self.to_server.clear();
        self.request.clear();
        self.response.clear();
    }
}
