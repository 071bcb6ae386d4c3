//! The head of a response: status line and fields.

use crate::Version;
use crate::fields::{Fields, Slice};

/// The head of one response. [`ResponseHead::clear`] makes it ready for the next one.
#[derive(Debug, Clone, Default)]
pub struct ResponseHead {
    /// The header fields; also the buffer in which the reason lies.
    pub fields: Fields,
    /// What the status line's version means.
    pub version: Version,
    pub(crate) version_text: Slice,
    /// The status, 100 and more for a parsed head; a server may send one of four or five digits.
    pub status: u16,
    pub(crate) reason: Slice,
}

impl ResponseHead {
    /// An empty head without buffers.
    pub fn new() -> ResponseHead {
        ResponseHead::default()
    }

    /// A head with this status, its usual reason and no fields.
    pub fn with_status(status: u16) -> ResponseHead {
        let mut head = ResponseHead::default();
        head.set_status(status, None);
        head
    }

    /// The text after the status; often empty.
    pub fn reason(&self) -> &[u8] {
        self.fields.bytes(self.reason)
    }

    /// Replaces status and reason (`http-response set-status`); without a reason the usual one.
    pub fn set_status(&mut self, status: u16, reason: Option<&[u8]>) {
        self.status = status;
        self.reason = self.fields.push(reason.unwrap_or_else(|| reason_phrase(status).as_bytes()));
    }

    /// The version's digits as they were received, `1.1`; what `req.ver` and `res.ver` read.
    pub fn version_text(&self) -> &[u8] {
        match self.fields.bytes(self.version_text) {
            b"" => &self.version.as_bytes()[b"HTTP/".len()..],
            text => text,
        }
    }

    /// Forgets everything and keeps the buffers.
    pub fn clear(&mut self) {
        self.fields.clear();
        self.version = Version::default();
        self.version_text = Slice::default();
        self.status = 0;
        self.reason = Slice::default();
    }

    /// Appends the head as HTTP/1 text, with the empty line that ends it.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.reserve(
            b"HTTP/1.1 200 \r\n\r\n".len() + self.reason().len() + self.fields.written_len(),
        );
        self.version.write_to(self.version_text(), out);
        out.push(b' ');
        let digit = |value: u16| b'0' + (value % 10) as u8;
        for place in [10_000, 1000].into_iter().filter(|place| self.status >= *place) {
            out.push(digit(self.status / place));
        }
        out.extend_from_slice(&[
            digit(self.status / 100),
            digit(self.status / 10),
            digit(self.status),
        ]);
        out.push(b' ');
        out.extend_from_slice(self.reason());
        out.extend_from_slice(b"\r\n");
        self.fields.write_to(out);
        out.extend_from_slice(b"\r\n");
    }
}

/// Equal when both would be written as the same bytes.
impl PartialEq for ResponseHead {
    fn eq(&self, other: &ResponseHead) -> bool {
        self.status == other.status
            && self.reason() == other.reason()
            && self.version == other.version
            && self.fields == other.fields
    }
}

impl Eq for ResponseHead {}

/// The reason that HAProxy writes for a status; the name of its class for one without an entry.
pub fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        210 => "Content Different",
        226 => "IM Used",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        310 => "Too many Redirects",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Time-out",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Requested range unsatisfiable",
        417 => "Expectation failed",
        418 => "I'm a teapot",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Method failure",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        449 => "Retry With",
        450 => "Blocked by Windows Parental Controls",
        451 => "Unavailable For Legal Reasons",
        456 => "Unrecoverable Error",
        499 => "client has closed connection",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway or Proxy Error",
        503 => "Service Unavailable",
        504 => "Gateway Time-out",
        505 => "HTTP Version not supported",
        506 => "Variant also negotiate",
        507 => "Insufficient storage",
        508 => "Loop detected",
        509 => "Bandwidth Limit Exceeded",
        510 => "Not extended",
        511 => "Network authentication required",
        520 => "Web server is returning an unknown error",
        _ => class(status),
    }
}

/// The name of a status's class.
fn class(status: u16) -> &'static str {
    match status {
        100..200 => "Informational",
        200..300 => "Success",
        300..400 => "Redirection",
        400..500 => "Client Error",
        500..600 => "Server Error",
        _ => "Other",
    }
}
