//! How heads leave for the other side, and how the log counts them.
//!
//! The tokens `close` and `keep-alive` are taken out when a head is received, before rules see it,
//! and say what *this* proxy wants when it is sent on.

use std::sync::Arc;

use http1::{CaseMap, Fields, RequestHead, ResponseHead, Version};

/// Appends a request for a server whose connection is to be kept or not; the field that is named `last`
/// (`http-send-name-header`) stands behind `Connection`.
pub(crate) fn write_request(
    head: &mut RequestHead,
    keep: bool,
    last: Option<&str>,
    case: Option<&Arc<CaseMap>>,
    out: &mut Vec<u8>,
) {
    http1::set_request_connection(head, keep);
    if let Some(name) = last
        && let Some(value) = head.fields.get(name.as_bytes()).map(<[u8]>::to_vec)
    {
        head.fields.set(name.as_bytes(), &value);
    }
    let begun = out.len();
    head.write_to(out);
    adjust(case, out, begun);
}

/// Appends a response for a client, who spoke `client` and whose connection is kept or not.
pub(crate) fn write_response(
    head: &mut ResponseHead,
    client: Version,
    keep: bool,
    case: Option<&Arc<CaseMap>>,
    out: &mut Vec<u8>,
) {
    http1::set_response_connection(head, client, keep);
    put_response(head, case, out);
}

/// Appends a response as it stands, its names in the case that the client wants.
pub(crate) fn put_response(head: &ResponseHead, case: Option<&Arc<CaseMap>>, out: &mut Vec<u8>) {
    let begun = out.len();
    head.write_to(out);
    adjust(case, out, begun);
}

/// Gives the names in what was appended since `begun` their case (`h1-case-adjust`).
pub(crate) fn adjust(case: Option<&Arc<CaseMap>>, out: &mut [u8], begun: usize) {
    if let (Some(case), Some(head)) = (case, out.get_mut(begun..)) {
        case.adjust(head);
    }
}

/// The version as it was received, for the log.
pub(crate) fn version_name(head: &RequestHead) -> &'static str {
    let digit = |at: usize| match head.version_text().get(at) {
        Some(digit @ b'0'..=b'9') => usize::from(digit - b'0'),
        _ => 0,
    };
    let name = &VERSIONS[(digit(0) * 10 + digit(2)) % VERSIONS.len()];
    std::str::from_utf8(name).unwrap_or("HTTP/1.1")
}

/// `HTTP/0.0` to `HTTP/9.9`: a log record holds the name without owning it.
static VERSIONS: [[u8; 8]; 100] = {
    let mut names = [*b"HTTP/0.0"; 100];
    let mut at = 0;
    while at < names.len() {
        names[at][5] = b'0' + (at / 10) as u8;
        names[at][7] = b'0' + (at % 10) as u8;
        at += 1;
    }
    names
};

/// What HAProxy's internal form of a start line takes beside its words: `%B` and `%U` count it.
const START_LINE: usize = 20;
/// The same for the end of the fields.
const END_OF_FIELDS: usize = 1;
const VERSION: usize = b"HTTP/1.1".len();

/// The bytes of a request head as `%U` counts them.
pub(crate) fn counted_request(head: &RequestHead) -> u64 {
    let line = head.method().len() + head.target().len() + VERSION;
    (START_LINE + line + counted_fields(&head.fields) + END_OF_FIELDS) as u64
}

/// The bytes of a response head as `%B` counts them: not what goes over the wire, but names and
/// values without what stands between them (Quirk: HAProxy counts its internal form).
pub(crate) fn counted_response(head: &ResponseHead) -> u64 {
    let digits = head.status.checked_ilog10().map_or(1, |log| log as usize + 1);
    let line = VERSION + digits + head.reason().len();
    (START_LINE + line + counted_fields(&head.fields) + END_OF_FIELDS) as u64
}

fn counted_fields(fields: &Fields) -> usize {
    fields.written_len() - fields.len() * b": \r\n".len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(text: &[u8]) -> ResponseHead {
        let mut head = ResponseHead::new();
        let limits = http1::Limits::default();
        http1::parse_response(text, &mut head, &limits).unwrap();
        http1::strip_connection(&mut head.fields);
        head
    }

    #[test]
    fn heads_are_counted_as_haproxy_2_6_logs_them() {
        // Each beside the figure that HAProxy logged for it, less the body.
        let cases: [(&[u8], u64); 4] = [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 51 - 2),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n", 51 - 2),
            (b"HTTP/1.1 200 OK\r\n\r\n", 36 - 2),
            (b"HTTP/1.1 100 Continue\r\n\r\n", 89 - 49),
        ];
        for (text, counted) in cases {
            assert_eq!(counted_response(&response(text)), counted);
        }
    }
}
