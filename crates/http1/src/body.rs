//! How long a body is (RFC 9112 section 6), from the head alone.

use crate::bytes::decimal;
use crate::error::HeadError;
use crate::fields::Fields;
use crate::values::Values;
use crate::{RequestHead, ResponseHead};

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLength {
    /// There is no body.
    None,
    /// This many bytes follow; never 0 (that is [`BodyLength::None`]).
    Length(u64),
    /// Chunks follow, with trailers after the last: see [`crate::ChunkDecoder`].
    Chunked,
    /// Everything up to the end of the connection; responses only.
    UntilClose,
}

/// Why the length of a body cannot be told.
///
/// The parser refuses such heads already; this is for heads that were edited or built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// `Content-Length` is no number, or two of them differ.
    #[error("invalid or conflicting content-length")]
    ContentLength,
    /// A request with a `Transfer-Encoding` whose last coding is not `chunked`.
    #[error("transfer-encoding does not end in chunked")]
    TransferEncoding,
}

/// The length of a request's body.
///
/// # Errors
/// When the fields contradict each other, see [`FramingError`].
pub fn request_body(head: &RequestHead) -> Result<BodyLength, FramingError> {
    if head.method() == b"CONNECT" {
        return Ok(BodyLength::None);
    }
    match coding(&head.fields) {
        Some(true) => Ok(BodyLength::Chunked),
        Some(false) => Err(FramingError::TransferEncoding),
        None => Ok(length(&head.fields)?.unwrap_or(BodyLength::None)),
    }
}

/// The length of a response's body; it depends on the method of the request it answers.
///
/// # Errors
/// When the fields contradict each other, see [`FramingError`].
pub fn response_body(
    head: &ResponseHead,
    request_method: &[u8],
) -> Result<BodyLength, FramingError> {
    let bodiless = matches!(head.status, 100..=199 | 204 | 304)
        || request_method == b"HEAD"
        || (request_method == b"CONNECT" && matches!(head.status, 200..=299));
    if bodiless {
        return Ok(BodyLength::None);
    }
    match coding(&head.fields) {
        Some(true) => Ok(BodyLength::Chunked),
        Some(false) => Ok(BodyLength::UntilClose),
        None => Ok(length(&head.fields)?.unwrap_or(BodyLength::UntilClose)),
    }
}

/// Whether `chunked` is the last transfer coding; `None` without a coding.
fn coding(fields: &Fields) -> Option<bool> {
    let codings = fields.values(b"transfer-encoding").filter(|coding| !coding.is_empty());
    codings.last().map(|last| last.eq_ignore_ascii_case(b"chunked"))
}

fn length(fields: &Fields) -> Result<Option<BodyLength>, FramingError> {
    let mut known = None;
    for element in fields.values(b"content-length") {
        let bytes = content_length(element).ok_or(FramingError::ContentLength)?;
        if known.is_some_and(|other| other != bytes) {
            return Err(FramingError::ContentLength);
        }
        known = Some(bytes);
    }
    Ok(known.map(|bytes| if bytes == 0 { BodyLength::None } else { BodyLength::Length(bytes) }))
}

/// Digits only, at most 63 bits.
///
/// HAProxy 2.6 lets 2^64 - 1 through and reads 2^64 as 0; both are refused here.
fn content_length(text: &[u8]) -> Option<u64> {
    decimal(text).filter(|&bytes| i64::try_from(bytes).is_ok())
}

/// Leaves exactly one way to tell the length, as HAProxy does before any rule sees the head: equal
/// `Content-Length`s become one, and `Transfer-Encoding` removes them. Says whether a body follows.
pub(crate) fn settle(fields: &mut Fields, request: bool) -> Result<bool, HeadError> {
    let length = settle_length(fields)?;
    let chunked = settle_coding(fields, request)?;
    if length.is_some() && fields.contains(b"transfer-encoding") {
        fields.remove(b"content-length");
        if request {
            // Two lengths are how requests are smuggled: nothing behind this one is read (RFC 9112
            // section 6.1).
            fields.add(b"connection", b"close");
        }
    }
    Ok(chunked || length.is_some_and(|bytes| bytes > 0))
}

fn settle_length(fields: &mut Fields) -> Result<Option<u64>, HeadError> {
    let mut known: Option<u64> = None;
    let mut index = if fields.may_have(b"content-length") { 0 } else { fields.len() };
    while let Some((name, value)) = fields.at(index) {
        if name != b"content-length" {
            index += 1;
            continue;
        }
        let error = HeadError::ContentLength { at: fields.list[index].value.start() };
        let repeated = known.is_some();
        let mut last: &[u8] = b"";
        for element in Values::new(value) {
            let bytes = content_length(element).ok_or(error)?;
            if known.is_some_and(|other| other != bytes) {
                return Err(error);
            }
            known = Some(bytes);
            last = element;
        }
        if repeated {
            fields.remove_at(index);
            continue;
        }
        if last.len() != value.len() {
            // A list of equal lengths is sent on as one: its last.
            let last = last.to_vec();
            fields.replace_at(index, &last);
        }
        index += 1;
    }
    Ok(known)
}

/// Whether the body is chunked. `chunked` must be the one coding; an empty element is let go after
/// it but not before.
fn settle_coding(fields: &Fields, request: bool) -> Result<bool, HeadError> {
    if !fields.may_have(b"transfer-encoding") {
        return Ok(false);
    }
    let (mut chunked, mut unknown, mut empty, mut present) = (false, false, false, None);
    for field in fields.list.iter().filter(|it| fields.bytes(it.name) == b"transfer-encoding") {
        let at = field.value.start();
        present = Some(at);
        for coding in Values::new(fields.bytes(field.value)) {
            match (coding.eq_ignore_ascii_case(b"chunked"), chunked) {
                (true, false) => chunked = true,
                (false, true) if coding.is_empty() => {}
                (_, true) => return Err(HeadError::TransferEncoding { at }),
                (false, false) if coding.is_empty() => empty = true,
                (false, false) => unknown = true,
            }
        }
    }
    match (present, chunked) {
        (Some(at), true) if unknown || empty => Err(HeadError::UnknownCoding { at }),
        (Some(at), false) if unknown || (empty && request) => {
            Err(HeadError::TransferEncoding { at })
        }
        _ => Ok(chunked),
    }
}
