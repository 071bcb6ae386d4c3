//! Why a head was refused, as data.

/// What was wrong with a head, and at which byte of the buffer given to the parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The method is empty or has a byte that no token may have.
    #[error("invalid method at byte {at}")]
    Method {
        /// Offset of the byte.
        at: usize,
    },
    /// The target is empty, or has a control or a non-ASCII byte.
    #[error("invalid request target at byte {at}")]
    Target {
        /// Offset of the byte.
        at: usize,
    },
    /// The version is missing or is not `HTTP/` digit `.` digit.
    #[error("invalid version at byte {at}")]
    Version {
        /// Offset of the byte.
        at: usize,
    },
    /// The status is not three digits.
    #[error("invalid status at byte {at}")]
    Status {
        /// Offset of the byte.
        at: usize,
    },
    /// A field name is empty, has a byte that no token may have, or no colon follows it.
    #[error("invalid field name at byte {at}")]
    Name {
        /// Offset of the byte.
        at: usize,
    },
    /// A field value has a byte that it may not have.
    #[error("invalid field value at byte {at}")]
    Value {
        /// Offset of the byte.
        at: usize,
    },
    /// A carriage return that no line feed follows.
    #[error("carriage return without line feed at byte {at}")]
    LineEnd {
        /// Offset of the byte after the carriage return.
        at: usize,
    },
    /// A WebSocket handshake without a usable `Sec-WebSocket-Key` (RFC 6455 section 4.1).
    #[error("websocket handshake without a valid sec-websocket-key")]
    WebSocketKey,
    /// A 101 that switches to WebSocket without `Sec-WebSocket-Accept`.
    #[error("101 without sec-websocket-accept")]
    WebSocketAccept,
    /// The head is longer than the buffer may be.
    #[error("head longer than {limit} bytes")]
    TooLarge {
        /// `tune.bufsize` less `tune.maxrewrite`.
        limit: usize,
    },
    /// More fields than `tune.http.maxhdr`.
    #[error("more than {limit} fields")]
    TooManyFields {
        /// `tune.http.maxhdr`.
        limit: usize,
    },
    /// `Content-Length` is no number, or two of them differ.
    #[error("invalid or conflicting content-length at byte {at}")]
    ContentLength {
        /// Offset of the value.
        at: usize,
    },
    /// `Transfer-Encoding` does not end in `chunked`, or has it twice.
    #[error("unusable transfer-encoding at byte {at}")]
    TransferEncoding {
        /// Offset of the value.
        at: usize,
    },
    /// `chunked` after another coding: the length is known, but the content is not ours to read.
    #[error("unknown transfer coding at byte {at}")]
    UnknownCoding {
        /// Offset of the value.
        at: usize,
    },
    /// Two `Host` fields differ, or one differs from the target's authority.
    #[error("conflicting host at byte {at}")]
    Host {
        /// Offset of the value.
        at: usize,
    },
}

impl HeadError {
    /// The status HAProxy answers a bad request with; a bad response is always a 502.
    pub fn status(&self) -> u16 {
        match self {
            HeadError::UnknownCoding { .. } => 422,
            _ => 400,
        }
    }

    /// The byte of the buffer that was wrong, where it was a byte.
    pub fn position(&self) -> Option<usize> {
        match *self {
            HeadError::Method { at }
            | HeadError::Target { at }
            | HeadError::Version { at }
            | HeadError::Status { at }
            | HeadError::Name { at }
            | HeadError::Value { at }
            | HeadError::LineEnd { at }
            | HeadError::ContentLength { at }
            | HeadError::TransferEncoding { at }
            | HeadError::UnknownCoding { at }
            | HeadError::Host { at } => Some(at),
            HeadError::WebSocketKey
            | HeadError::WebSocketAccept
            | HeadError::TooLarge { .. }
            | HeadError::TooManyFields { .. } => None,
        }
    }
}
