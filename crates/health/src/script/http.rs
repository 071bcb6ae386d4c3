//! `option httpchk` with `http-check send` and `http-check expect`.

use super::response::{Parsed, Response};
use super::{Context, Expect};
use crate::{CheckResult, CheckStatus};

/// An HTTP check, log-formats already evaluated.
#[derive(Debug, Clone)]
pub struct HttpCheck {
    /// Default `OPTIONS`.
    pub method: String,
    /// Default `/`.
    pub uri: String,
    /// Default `HTTP/1.0`.
    pub version: String,
    /// `hdr <name> <value>` of `http-check send`, in order.
    pub headers: Vec<(String, String)>,
    /// `body` of `http-check send`.
    pub body: Vec<u8>,
    /// `http-check expect`, or its default.
    pub expect: Expect,
    /// `http-check disable-on-404`.
    pub disable_on_404: bool,
}

impl Default for HttpCheck {
    fn default() -> Self {
        Self {
            method: "OPTIONS".to_owned(),
            uri: "/".to_owned(),
            version: "HTTP/1.0".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            expect: Expect::default(),
            disable_on_404: false,
        }
    }
}

impl HttpCheck {
    /// The request as HAProxy 2.6 writes it.
    ///
    /// Names in lower case; lengths and codings of the configuration are ignored; a body brings
    /// its length; after HTTP/1.0 the connection is closed on request, unless the configuration
    /// has a `Connection` of its own. No `Host` of itself.
    #[must_use]
    pub fn request(&self) -> Vec<u8> {
        let mut out = format!("{} {} {}\r\n", self.method, self.uri, self.version);
        for (name, value) in self.sent_headers() {
            out.push_str(&name.to_ascii_lowercase());
            out.push_str(": ");
            out.push_str(value);
            out.push_str("\r\n");
        }
        if !self.body.is_empty() {
            out.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        let has_connection =
            self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("connection"));
        if !has_connection && !self.version.eq_ignore_ascii_case("HTTP/1.0") {
            out.push_str("connection: close\r\n");
        }
        out.push_str("\r\n");
        let mut request = out.into_bytes();
        request.extend_from_slice(&self.body);
        request
    }

    fn sent_headers(&self) -> impl Iterator<Item = &(String, String)> {
        self.headers.iter().filter(|(name, _)| {
            !name.eq_ignore_ascii_case("content-length")
                && !name.eq_ignore_ascii_case("transfer-encoding")
        })
    }

    /// The verdict on the bytes so far, `None` to wait for more (never when `last`).
    pub(super) fn judge(
        &self,
        received: &[u8],
        last: bool,
        context: Context,
    ) -> Option<CheckResult> {
        match Response::parse(received) {
            Parsed::Partial if !last => None,
            Parsed::Partial | Parsed::Invalid => Some(CheckResult::new(CheckStatus::L7Response)),
            Parsed::Head(response) => {
                if self.disable_on_404 && response.code == 404 && context.server_serves {
                    let status = CheckStatus::L7OkConditional;
                    return Some(CheckResult::new(status).with_code(404));
                }
                self.expect.judge(&response, last)
            }
        }
    }
}
