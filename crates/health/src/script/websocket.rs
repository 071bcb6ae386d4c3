//! `option websocket-check`: the opening handshake of RFC 6455 as a health check.
//!
//! Not HAProxy's: there an operator writes the same as `http-check send` with a fixed key and
//! expects status 101, which cannot notice a server that does not understand the key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

use super::expect::Verdict;
use super::response::{Parsed, Response};
use crate::{CheckResult, CheckStatus};

/// The GUID that RFC 6455 section 1.3 appends to the key.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A handshake to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSocketCheck {
    /// The resource to ask for. Default `/`.
    pub uri: String,
    /// The `Host`: a server's name or address, with its port unless it is 80.
    pub host: String,
}

impl Default for WebSocketCheck {
    fn default() -> Self {
        Self { uri: "/".to_owned(), host: "localhost".to_owned() }
    }
}

impl WebSocketCheck {
    /// The handshake (RFC 6455 section 4.1) with this nonce.
    #[must_use]
    pub fn request(&self, nonce: [u8; 16]) -> Vec<u8> {
        let (uri, host, key) = (&self.uri, &self.host, key(nonce));
        format!(
            "GET {uri} HTTP/1.1\r\n\
             host: {host}\r\n\
             upgrade: websocket\r\n\
             connection: Upgrade\r\n\
             sec-websocket-key: {key}\r\n\
             sec-websocket-version: 13\r\n\r\n"
        )
        .into_bytes()
    }

    /// The verdict on the bytes so far.
    pub(super) fn judge(&self, received: &[u8], last: bool, nonce: [u8; 16]) -> Verdict {
        let response = match Response::parse(received) {
            Parsed::Partial if !last => return Verdict::Wait,
            Parsed::Partial | Parsed::Invalid => {
                return Verdict::Ends(CheckResult::new(CheckStatus::L7Response));
            }
            Parsed::Head(response) => response,
        };
        if response.code != 101 {
            let status = CheckResult::new(CheckStatus::L7Status).with_code(response.code);
            return Verdict::Ends(status.with_info(response.reason));
        }
        match flaw(&response, nonce) {
            Some(flaw) => Verdict::Ends(CheckResult::new(CheckStatus::L7Response).with_info(flaw)),
            None => Verdict::Passed(CheckResult::new(CheckStatus::L7Ok).with_code(response.code)),
        }
    }
}

/// What is wrong with a 101 (RFC 6455 section 4.1, the client's duties on the answer).
fn flaw(response: &Response<'_>, nonce: [u8; 16]) -> Option<&'static str> {
    if !response.has_token("upgrade", "websocket") {
        return Some("WebSocket handshake without Upgrade: websocket");
    }
    if !response.has_token("connection", "upgrade") {
        return Some("WebSocket handshake without Connection: Upgrade");
    }
    let expected = accept(&key(nonce));
    let mut answers = response.values("sec-websocket-accept");
    match (answers.next(), answers.next()) {
        (None, _) => Some("WebSocket handshake without Sec-WebSocket-Accept"),
        (Some(answer), None) if answer.trim_ascii() == expected.as_bytes() => None,
        _ => Some("WebSocket handshake with a wrong Sec-WebSocket-Accept"),
    }
}

/// The `Sec-WebSocket-Key` of a nonce.
#[must_use]
pub fn key(nonce: [u8; 16]) -> String {
    STANDARD.encode(nonce)
}

/// The `Sec-WebSocket-Accept` that answers a key (RFC 6455 section 4.2.2).
#[must_use]
pub fn accept(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(GUID);
    STANDARD.encode(hash.finalize())
}
