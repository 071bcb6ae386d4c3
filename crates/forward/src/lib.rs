//! The life of one stream: read, queue, connect, retry, forward, log.
