//! What a message says about its connection: keep it, close it, or switch protocols.

use crate::bytes::{is_space, trim};
use crate::error::HeadError;
use crate::values::Values;
use crate::{Fields, RequestHead, ResponseHead, Version};

/// What the `Connection` fields of one message ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Connection {
    /// The list has `close`.
    pub close: bool,
    /// The list has `keep-alive`.
    pub keep_alive: bool,
    /// The list has `upgrade`.
    pub upgrade: bool,
    /// The version keeps connections open by itself (HTTP/1.1).
    pub persistent: bool,
}

impl Connection {
    /// Whether the sender lets the connection live after this message: `close` wins, then
    /// `keep-alive`, then the version's default (RFC 9112 section 9.3).
    pub fn keeps(self) -> bool {
        !self.close && (self.keep_alive || self.persistent)
    }

    fn of(fields: &Fields, version: Version) -> Connection {
        let mut found =
            Connection { persistent: version == Version::Http11, ..Connection::default() };
        for token in fields.values(b"connection") {
            found.close |= token.eq_ignore_ascii_case(b"close");
            found.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
            found.upgrade |= token.eq_ignore_ascii_case(b"upgrade");
        }
        // RFC 9112 section 6.1: chunks from an HTTP/1.0 sender are faulty, so is what follows.
        found.close |= version == Version::Http10 && fields.contains(b"transfer-encoding");
        found
    }
}

/// What a request asks of the connection it came on.
pub fn request_connection(head: &RequestHead) -> Connection {
    Connection::of(&head.fields, head.version)
}

/// What a response says about the server's connection.
pub fn response_connection(head: &ResponseHead) -> Connection {
    Connection::of(&head.fields, head.version)
}

/// The protocol that a request asks for: the first `Upgrade` element, when `Connection` lists
/// `upgrade` as RFC 9110 section 7.8 wants it.
pub fn upgrade_protocol(head: &RequestHead) -> Option<&[u8]> {
    if !request_connection(head).upgrade {
        return None;
    }
    head.fields.values(b"upgrade").next()
}

/// Whether the request is a WebSocket handshake (RFC 6455 section 4.1) as far as routing cares.
pub fn is_websocket_upgrade(head: &RequestHead) -> bool {
    upgrade_protocol(head).is_some_and(|name| name.eq_ignore_ascii_case(b"websocket"))
}

/// Makes `Connection` say to the server whether its connection is kept, as HAProxy words it, and
/// reduces `TE` to `trailers`, the only element that may pass a proxy.
///
/// Tokens other than `close` and `keep-alive` stay, so do `Keep-Alive` and `Proxy-Connection`.
pub fn set_request_connection(head: &mut RequestHead, keep: bool) {
    remove_connection_tokens(&mut head.fields, is_persistence);
    reduce_te(&mut head.fields);
    let word: &[u8] = match (keep, head.version) {
        (true, Version::Http10) if !request_connection(head).close => b"keep-alive",
        (false, Version::Http11) => b"close",
        _ => return,
    };
    if !request_connection(head).upgrade {
        head.fields.add(b"connection", word);
    }
}

/// Makes `Connection` say to the client whether its connection is kept.
///
/// HTTP/1.1 on both sides needs a word only to close, HTTP/1.0 on either side only to keep. A 204
/// loses the fields that would announce a body (RFC 9110 section 8.6); rules have seen them.
pub fn set_response_connection(head: &mut ResponseHead, client: Version, keep: bool) {
    remove_connection_tokens(&mut head.fields, is_persistence);
    head.fields.remove(b"te");
    if head.status == 204 {
        head.fields.remove(b"content-length");
        head.fields.remove(b"transfer-encoding");
    }
    if head.status < 200 {
        return;
    }
    let old = client == Version::Http10 || head.version == Version::Http10;
    match (keep, head.version) {
        (true, _) if old && !response_connection(head).close => {
            head.fields.add(b"connection", b"keep-alive")
        }
        (false, Version::Http11) => head.fields.add(b"connection", b"close"),
        _ => {}
    }
}

fn is_persistence(token: &[u8]) -> bool {
    token.eq_ignore_ascii_case(b"close") || token.eq_ignore_ascii_case(b"keep-alive")
}

/// Quirk: HAProxy knows `trailers` in lower case only.
fn reduce_te(fields: &mut Fields) {
    let mut index = if fields.may_have(b"te") { 0 } else { fields.len() };
    while let Some((name, value)) = fields.at(index) {
        if name != b"te" {
            index += 1;
            continue;
        }
        let alone = value == b"trailers";
        if !Values::new(value).any(|te| te == b"trailers") {
            fields.remove_at(index);
            continue;
        }
        if !alone {
            fields.replace_at(index, b"trailers");
        }
        index += 1;
    }
}

/// Whether a message names a protocol to switch to: `Upgrade`, and `upgrade` in `Connection`.
pub(crate) fn names_upgrade(fields: &Fields) -> bool {
    fields.contains(b"upgrade")
        && fields.values(b"connection").any(|token| token.eq_ignore_ascii_case(b"upgrade"))
}

/// Whether a 101 names the protocol it switches to, as RFC 9110 section 7.8 wants it.
pub fn switches_protocol(head: &ResponseHead) -> bool {
    head.status == 101 && names_upgrade(&head.fields)
}

/// A 101 that switches to WebSocket must carry `Sec-WebSocket-Accept`; its value is the client's
/// business.
pub(crate) fn accept_websocket(fields: &Fields) -> Result<(), HeadError> {
    let websocket = names_upgrade(fields)
        && fields.values(b"upgrade").any(|it| it.eq_ignore_ascii_case(b"websocket"));
    if websocket && !fields.contains(b"sec-websocket-accept") {
        return Err(HeadError::WebSocketAccept);
    }
    Ok(())
}

/// A request with a body cannot switch protocols: its `Upgrade` goes. One that asks for a WebSocket
/// must carry a key, or HAProxy refuses it.
pub(crate) fn settle_upgrade(fields: &mut Fields, has_body: bool) -> Result<(), HeadError> {
    if !names_upgrade(fields) {
        return Ok(());
    }
    if has_body {
        fields.remove(b"upgrade");
        return Ok(());
    }
    let websocket = fields.values(b"upgrade").any(|it| it.eq_ignore_ascii_case(b"websocket"));
    // 16 bytes in base64.
    let keyed = fields.get(b"sec-websocket-key").is_some_and(|key| key.len() == 24);
    if websocket && !keyed { Err(HeadError::WebSocketKey) } else { Ok(()) }
}

/// Takes `close` and `keep-alive` out of a received head: they are for the hop that it came over, and nothing behind
/// it looks at them.
pub fn strip_connection(fields: &mut Fields) {
    remove_connection_tokens(fields, |token| {
        token.eq_ignore_ascii_case(b"close") || token.eq_ignore_ascii_case(b"keep-alive")
    });
}

/// Takes tokens for which the closure says so out of the `Connection` list; a field without any
/// token is removed. Returns how many tokens went.
pub fn remove_connection_tokens(
    fields: &mut Fields,
    mut unwanted: impl FnMut(&[u8]) -> bool,
) -> usize {
    let mut removed = 0;
    let mut index = if fields.may_have(b"connection") { 0 } else { fields.len() };
    while let Some((name, value)) = fields.at(index) {
        if name != b"connection" {
            index += 1;
            continue;
        }
        let here = Values::new(value).filter(|token| unwanted(token)).count();
        removed += here;
        if Values::new(value).filter(|token| !token.is_empty()).count() == here {
            fields.remove_at(index);
            continue;
        }
        if here > 0 {
            let kept = join(value, &mut unwanted);
            fields.replace_at(index, &kept);
        }
        index += 1;
    }
    removed
}

/// The list without its unwanted tokens; white space before a comma stays, as HAProxy leaves it.
fn join(value: &[u8], unwanted: &mut impl FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut tokens = Values::new(value);
    while let Some(token) = tokens.untrimmed() {
        if unwanted(trim(token)) {
            continue;
        }
        if !kept.is_empty() {
            kept.push(b',');
        }
        let text = token.iter().position(|&byte| !is_space(byte)).unwrap_or(0);
        kept.extend_from_slice(&token[text..]);
    }
    kept.truncate(trim_end(&kept));
    kept
}

/// How long the text is without white space at its end.
fn trim_end(text: &[u8]) -> usize {
    text.iter().rposition(|&byte| !is_space(byte)).map_or(0, |last| last + 1)
}
