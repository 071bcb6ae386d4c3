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

/// Whether `chunked` is the last transfer coding; `None` without `Transfer-Encoding`.
fn coding(fields: &Fields) -> Option<bool> {
    fields.values(b"transfer-encoding").last().map(|last| last.eq_ignore_ascii_case(b"chunked"))
}

fn length(fields: &Fields) -> Result<Option<BodyLength>, FramingError> {
    let mut known = None;
    for element in fields.values(b"content-length") {
        let bytes = decimal(element).ok_or(FramingError::ContentLength)?;
        if known.is_some_and(|other| other != bytes) {
            return Err(FramingError::ContentLength);
        }
        known = Some(bytes);
    }
    Ok(known.map(|bytes| if bytes == 0 { BodyLength::None } else { BodyLength::Length(bytes) }))
}

/// Leaves at most one way to tell the length, as HAProxy does before anything else sees the head:
/// equal `Content-Length`s become one, and `Transfer-Encoding` removes them.
pub(crate) fn normalise(fields: &mut Fields) -> Result<(), HeadError> {
    let mut known = None;
    for field in &fields.list {
        if fields.bytes(field.name) != b"content-length" {
            continue;
        }
        let error = HeadError::ContentLength { at: field.value.start() };
        for element in Values::new(fields.bytes(field.value)) {
            let bytes = decimal(element).ok_or(error)?;
            if known.is_some_and(|other| other != bytes) {
                return Err(error);
            }
            known = Some(bytes);
        }
    }
    if known.is_some() && fields.contains(b"transfer-encoding") {
        fields.remove(b"content-length");
    }
    Ok(())
}
