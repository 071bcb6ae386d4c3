//! What a message says about its connection: keep it, close it, or switch protocols.

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

/// Takes tokens for which the closure says so out of the `Connection` list; a field that is left
/// empty is removed. Returns how many tokens went.
pub fn remove_connection_tokens(
    fields: &mut Fields,
    mut unwanted: impl FnMut(&[u8]) -> bool,
) -> usize {
    let mut removed = 0;
    let mut index = 0;
    while let Some((name, value)) = fields.at(index) {
        if name != b"connection" {
            index += 1;
            continue;
        }
        let mut kept = Vec::new();
        let mut here = 0;
        for token in crate::Values::new(value) {
            if unwanted(token) {
                here += 1;
            } else {
                if !kept.is_empty() {
                    kept.extend_from_slice(b", ");
                }
                kept.extend_from_slice(token);
            }
        }
        removed += here;
        match (here, kept.is_empty()) {
            (0, _) => index += 1,
            (_, true) => {
                fields.remove_at(index);
            }
            (_, false) => {
                fields.replace_at(index, &kept);
                index += 1;
            }
        }
    }
    removed
}
