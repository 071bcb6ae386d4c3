//! The message head as ordered fields over one buffer, and the HTTP/1 wire format.
//!
//! In: bytes as they were received. Out: a [`RequestHead`] or [`ResponseHead`] (or the byte that
//! was wrong), how long its body is, where each chunk of that body lies, and the bytes to send on.
//!
//! Invariants:
//! - Pure: no file, socket, clock or draw; every function is a function of its arguments.
//! - No panic from outside: any bytes give a head, [`Parsed::Partial`], or a [`HeadError`].
//! - How the input was cut into pieces never changes the result.
//! - What HAProxy 2.6 refuses is refused, what it accepts is accepted and leaves with the same
//!   bytes; `tests/haproxy.rs` holds both to it and lists the exceptions.
//! - To read and write a head allocates nothing once its buffers have grown: it is one arena and one
//!   list. Only rare repairs do (a default port, a list of equal lengths, a token taken out).
//!
//! The grammar is our own: HAProxy takes folded lines, control bytes in values, bare line feeds and
//! tabs in start lines, and any `HTTP/d.d`, which `httparse` has no option for. A fallback beside it
//! would be a second grammar to keep equal to the first. It remains as a second opinion in tests.
//!
//! Start with [`parse_request`], then [`Fields`]; `parse.rs` and `cursor.rs` are the grammar.

mod body;
mod bytes;
mod case;
mod chunk;
mod connection;
mod cursor;
mod error;
mod fields;
mod host;
mod parse;
mod request;
mod response;
mod target;
mod values;

pub use body::{BodyLength, FramingError, request_body, response_body};
pub use case::CaseMap;
pub use chunk::{
    ChunkDecoder, ChunkError, ChunkEvent, LAST_CHUNK, write_chunk_end, write_chunk_size,
};
pub use connection::{
    Connection, is_websocket_upgrade, remove_connection_tokens, request_connection,
    response_connection, set_request_connection, set_response_connection, strip_connection,
    switches_protocol, upgrade_protocol,
};
pub use error::HeadError;
pub use fields::{Fields, Slice};
pub use parse::{Limits, Parsed, parse_request, parse_response, parse_trailers};
pub use request::RequestHead;
pub use response::{ResponseHead, reason_phrase};
pub use target::{Target, TargetForm};
pub use values::{Values, comma};

/// The protocol version of a message, as far as its meaning goes.
///
/// Later minor versions (`HTTP/1.2`) mean [`Version::Http11`], as RFC 9110 section 2.5 asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Version {
    /// HTTP/1.0: no chunks, and a connection closes unless it says `keep-alive`.
    Http10,
    /// HTTP/1.1 or later.
    #[default]
    Http11,
}

impl Version {
    /// The version as a start line spells it, `HTTP/1.0` or `HTTP/1.1`.
    pub fn as_bytes(self) -> &'static [u8] {
        match self {
            Version::Http10 => b"HTTP/1.0",
            Version::Http11 => b"HTTP/1.1",
        }
    }

    /// Writes the version for the next hop: 1.1 for all that means it, else the digits received,
    /// because HAProxy passes `HTTP/0.9` on as it is.
    fn write_to(self, received: &[u8], out: &mut Vec<u8>) {
        match (self, received) {
            (Version::Http10, [major @ b'0'..=b'1', b'.', minor])
                if (*major, *minor) < (b'1', b'1') =>
            {
                out.extend_from_slice(b"HTTP/");
                out.extend_from_slice(received);
            }
            _ => out.extend_from_slice(self.as_bytes()),
        }
    }
}
