//! The request of `option httpchk` and `http-check send`.

/// The request of an HTTP check, log-formats already evaluated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// `OPTIONS` when nothing is said.
    pub method: Option<String>,
    /// `/` when nothing is said.
    pub uri: Option<String>,
    /// `HTTP/1.0` when nothing is said.
    pub version: Option<String>,
    /// `hdr <name> <value>`, in order.
    pub headers: Vec<(String, String)>,
    /// `body`.
    pub body: Vec<u8>,
    /// `http-check send-state`: the server is told what it is taken for.
    pub tells_state: bool,
}

impl HttpRequest {
    /// Takes over what `option httpchk` says where the rule says nothing.
    pub(super) fn complete(&mut self, option: HttpRequest) {
        let HttpRequest { method, uri, version, mut headers, body, tells_state } = option;
        self.method = self.method.take().or(method);
        self.uri = self.uri.take().or(uri);
        self.version = self.version.take().or(version);
        headers.append(&mut self.headers);
        self.headers = headers;
        if self.body.is_empty() {
            self.body = body;
        }
        self.tells_state |= tells_state;
    }

    /// The request as HAProxy 2.6 writes it; `state` is what `send-state` tells.
    ///
    /// Names in lower case; lengths and codings of the configuration are ignored; a body brings
    /// its length; after HTTP/1.0 the connection is closed on request, unless the configuration
    /// has a `Connection` of its own. No `Host` of itself.
    #[must_use]
    pub fn bytes(&self, state: Option<&str>) -> Vec<u8> {
        let method = self.method.as_deref().unwrap_or("OPTIONS");
        let uri = self.uri.as_deref().unwrap_or("/");
        let version = self.version.as_deref().unwrap_or("HTTP/1.0");
        let mut out = format!("{method} {uri} {version}\r\n");
        for (name, value) in self.sent_headers() {
            out.push_str(&name.to_ascii_lowercase());
            out.push_str(": ");
            out.push_str(value);
            out.push_str("\r\n");
        }
        if let Some(state) = state.filter(|_| self.tells_state) {
            out.push_str(&format!("x-haproxy-server-state: {state}\r\n"));
        }
        if !self.body.is_empty() {
            out.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        let has_connection =
            self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("connection"));
        if !has_connection && !version.eq_ignore_ascii_case("HTTP/1.0") {
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
}
