//! `capture request|response header`, `capture cookie`: text kept for the log.

use http1::Fields;

use crate::cookie;
use crate::moment::Moment;
use crate::program::Slot;

/// The slots are there, empty, from the first rule on: a stream that ends before its headers or without a response
/// shows them in its log line.
pub(crate) fn open(m: &mut Moment<'_>) {
    let part = m.program.frontend(m.stream.frontend).part();
    m.stream.captures.request.resize(part.request_slots.len(), None);
    m.stream.captures.response.resize(part.response_slots.len(), None);
}

/// Keeps the declared request headers, as they were received.
pub(crate) fn request_headers(m: &mut Moment<'_>) {
    let slots = &m.program.frontend(m.stream.frontend).part().request_slots;
    if slots.is_empty() {
        return;
    }
    let kept = m.head().map(|head| headers(slots, &head.fields)).unwrap_or_default();
    keep(slots, kept, &mut m.stream.captures.request);
}

/// Keeps the declared response headers, as they were received.
pub(crate) fn response_headers(m: &mut Moment<'_>) {
    let slots = &m.program.frontend(m.stream.frontend).part().response_slots;
    if slots.is_empty() {
        return;
    }
    let kept = m.response.as_deref().map(|head| headers(slots, &head.fields)).unwrap_or_default();
    keep(slots, kept, &mut m.stream.captures.response);
}

/// Fills the slots whose headers are there; what earlier rules put into the others stays.
fn keep(slots: &[Slot], kept: Vec<Option<Vec<u8>>>, into: &mut Vec<Option<Vec<u8>>>) {
    into.resize(slots.len(), None);
    for (value, place) in kept.into_iter().zip(into) {
        if value.is_some() {
            *place = value;
        }
    }
}

/// The last field of each name, cut to its length; slots that rules fill stay empty.
fn headers(slots: &[Slot], fields: &Fields) -> Vec<Option<Vec<u8>>> {
    let kept = slots.iter().map(|slot| {
        let value = fields.get_last(slot.header.as_deref()?)?;
        Some(value.get(..slot.len).unwrap_or(value).to_vec())
    });
    kept.collect()
}

/// `capture cookie` of the request.
pub(crate) fn request_cookie(m: &mut Moment<'_>) {
    let proxy = m.program.frontend(m.stream.frontend).proxy();
    let Some(line) = &proxy.capture_cookie else { return };
    let (name, len) = &line.value;
    let kept = m.head().and_then(|head| {
        let mut pairs = head.fields.all(b"cookie").flat_map(cookie::pairs);
        pairs.find_map(|pair| captured(pair.text, name, *len))
    });
    m.stream.captures.request_cookie = kept;
}

/// A request that is denied or held back shows its cookie; one that is answered in another way does not.
pub(crate) fn refused(m: &mut Moment<'_>) {
    if m.response.is_none() {
        request_cookie(m);
    }
}

/// `capture cookie` of the response.
pub(crate) fn response_cookie(m: &mut Moment<'_>) {
    let proxy = m.program.frontend(m.stream.frontend).proxy();
    let Some(line) = &proxy.capture_cookie else { return };
    let (name, len) = &line.value;
    let kept = m.response.as_deref().and_then(|head| {
        let mut set = head.fields.all(b"set-cookie");
        set.find_map(|value| {
            let pair = cookie::pairs(value).next()?;
            captured(pair.text, name, *len)
        })
    });
    if kept.is_some() {
        m.stream.captures.response_cookie = kept;
    }
}

/// `NAME=VALUE` cut to the length, when it begins with the captured name.
fn captured(pair: &[u8], name: &str, len: u32) -> Option<Vec<u8>> {
    pair.starts_with(name.as_bytes()).then(|| pair.get(..len as usize).unwrap_or(pair).to_vec())
}
