//! The answer to an HTTP check, as far as it has come.

use std::borrow::Cow;

/// More header fields than HAProxy's default `tune.http.maxhdr` are an invalid answer.
const MAX_HEADERS: usize = 101;

/// A complete response head and what came after it.
pub(super) struct Response<'a> {
    pub(super) code: u16,
    pub(super) reason: &'a str,
    headers: Vec<(&'a str, &'a [u8])>,
    rest: &'a [u8],
}

/// What a look at the received bytes found.
pub(super) enum Parsed<'a> {
    /// The head is not complete yet.
    Partial,
    /// This is no HTTP response.
    Invalid,
    /// The head is complete.
    Head(Response<'a>),
}

/// The body without its transfer coding.
pub(super) struct Body<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    /// No byte of it is missing.
    pub(super) complete: bool,
}

impl<'a> Response<'a> {
    /// Reads a head. Interim answers count as answers: HAProxy's check takes `100 Continue` for
    /// what the server has to say.
    pub(super) fn parse(bytes: &'a [u8]) -> Parsed<'a> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut fields);
        match head.parse(bytes) {
            Ok(httparse::Status::Partial) => Parsed::Partial,
            Err(_) => Parsed::Invalid,
            Ok(httparse::Status::Complete(length)) => {
                let headers = head.headers.iter().map(|field| (field.name, field.value)).collect();
                let rest = bytes.get(length..).unwrap_or_default();
                let reason = head.reason.unwrap_or_default();
                Parsed::Head(Self { code: head.code.unwrap_or(0), reason, headers, rest })
            }
        }
    }

    /// All values of a header field. `name` is compared without regard to case.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |field| field.0.eq_ignore_ascii_case(name)).map(|f| f.1)
    }

    /// Whether a comma-separated header field has this token.
    pub(super) fn has_token(&self, name: &str, token: &str) -> bool {
        self.values(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    }

    /// All fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.headers.iter().copied()
    }

    /// The body so far; `last` says that no more bytes will come. `None` for chunks that make no
    /// sense (yet).
    pub(super) fn body(&self, last: bool) -> Option<Body<'a>> {
        if matches!(self.code, 100..=199 | 204 | 304) {
            return Some(Body { bytes: Cow::Borrowed(&[]), complete: true });
        }
        if self.has_token("transfer-encoding", "chunked") {
            return Some(dechunk(self.rest, last));
        }
        let length = self
            .values("content-length")
            .next()
            .and_then(|value| str::from_utf8(value.trim_ascii()).ok())
            .and_then(|text| text.parse::<usize>().ok());
        let body = match length {
            Some(length) => Body {
                bytes: Cow::Borrowed(self.rest.get(..length).unwrap_or(self.rest)),
                complete: self.rest.len() >= length,
            },
            None => Body { bytes: Cow::Borrowed(self.rest), complete: last },
        };
        Some(body)
    }
}

/// Joins the complete chunks at the front of `bytes`, and what has come of the next.
fn dechunk(mut bytes: &[u8], last: bool) -> Body<'_> {
    let mut joined = Vec::new();
    let mut complete = last;
    while let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(bytes) {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size == 0 {
            complete = true;
            break;
        }
        let data = bytes.get(start..).unwrap_or_default();
        let (chunk, rest) = data.split_at_checked(size).unwrap_or((data, &[]));
        joined.extend_from_slice(chunk);
        bytes = rest.strip_prefix(b"\r\n").unwrap_or(rest);
    }
    Body { bytes: Cow::Owned(joined), complete }
}
