//! The room that rewrites have: a head shares one buffer with what is there of its body.
//!
//! `tune.maxrewrite` of `tune.bufsize` bytes are kept free for rules when a message is received. A rewrite that would
//! need more fails (manual 3.2, `tune.maxrewrite`; 4.4, `strict-mode`).

use http1::{Fields, RequestHead, ResponseHead};

use crate::moment::{Moment, Request};

/// Defaults of `tune.bufsize` and `tune.maxrewrite`.
const BUFSIZE: usize = 16_384;
const MAXREWRITE: usize = 1_024;
/// What a line takes beside its text, and what a head takes beside its lines.
const LINE: usize = 8;
const AROUND: usize = 29;
/// An edit of so few bytes is not worth a look while much room is left.
const FEW: usize = 512;

/// The head as it was before an edit.
enum Before {
    Request(Box<RequestHead>),
    Response(Box<ResponseHead>),
}

/// Carries an edit out, or leaves everything as it was when there is no room for it: `false`.
pub(crate) fn fits(m: &mut Moment<'_>, edit: impl FnOnce(&mut Moment<'_>)) -> bool {
    let global = &m.program.config.global;
    let size = global.bufsize.map_or(BUFSIZE, |size| size.value as usize);
    let kept = global.maxrewrite.map_or(MAXREWRITE, |size| size.value as usize);
    let Some(fields) = fields(m) else {
        edit(m);
        return true;
    };
    // Most heads are far from any limit: what edits appended so far tells it without a look at all fields.
    let received = fields.received_len();
    let appended = fields.stored_len().saturating_sub(received);
    let near = fields.stored_len() + m.stream.body_buffered + 2 * kept + AROUND;
    if received == 0 || appended + FEW <= kept || near <= size {
        edit(m);
        return true;
    }
    let before = match (&m.response, &m.request) {
        (Some(response), _) => Before::Response(Box::new((**response).clone())),
        (None, Request::Open(head)) => Before::Request(Box::new((**head).clone())),
        (None, Request::None | Request::Sent(_)) => return true,
    };
    // No more of the body is received than leaves the room for rewrites.
    let most = size.saturating_sub(kept).saturating_sub(received);
    let body = m.stream.body_buffered.min(most);
    let held = stored_len(m);
    edit(m);
    let now = stored_len(m);
    if now <= held || now + body <= size {
        return true;
    }
    match (before, &mut m.response, &mut m.request) {
        (Before::Response(head), Some(response), _) => **response = *head,
        (Before::Request(head), None, Request::Open(request)) => **request = *head,
        _ => {}
    }
    false
}

/// The fields of the message that rules edit now.
fn fields<'m>(m: &'m Moment<'_>) -> Option<&'m Fields> {
    match (&m.response, &m.request) {
        (Some(response), _) => Some(&response.fields),
        (None, Request::Open(head)) => Some(&head.fields),
        (None, Request::None | Request::Sent(_)) => None,
    }
}

/// How many bytes the head takes in a buffer, where each line has a few bytes of its own.
fn stored_len(m: &Moment<'_>) -> usize {
    let line = match (&m.response, &m.request) {
        (Some(response), _) => response.reason().len(),
        (None, Request::Open(head)) => head.method().len() + head.target().len(),
        (None, Request::None | Request::Sent(_)) => 0,
    };
    let each = |(name, value): (&[u8], &[u8])| name.len() + value.len() + LINE;
    AROUND + line + fields(m).map_or(0, |fields| fields.iter().map(each).sum())
}
