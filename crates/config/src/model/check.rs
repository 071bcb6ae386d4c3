//! Health checks of a backend (manual 4.2 `option httpchk`, `http-check`, `tcp-check`).

use config_parse::log_format::LogFormat;
use diag::Span;

/// What a check does.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are the arguments that each variant names")]
pub enum CheckKind {
    /// A TCP connection (also `option tcp-check` without steps).
    Tcp,
    /// `option httpchk [METHOD] [URI] [VERSION]`.
    Http {
        method: Option<String>,
        uri: Option<String>,
        version: Option<String>,
        host: Option<String>,
    },
    /// `option websocket-check [URI]`: the handshake of RFC 6455 and a 101. Weir's own.
    Websocket { uri: String, host: Option<String> },
    /// `option tcp-check` with steps.
    TcpScript,
    /// A protocol that is named but not built (`mysql-check`, ...).
    Named(String),
}

/// An `http-check` or `tcp-check` line.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpCheckStep {
    /// What it does.
    pub kind: StepKind,
    /// `comment`.
    pub comment: Option<String>,
    /// The line.
    pub span: Span,
}

/// The action of a check step.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are the arguments that each variant names")]
pub enum StepKind {
    /// `connect` with its options as words.
    Connect(Vec<String>),
    /// `http-check send`.
    Send {
        method: Option<String>,
        uri: Option<LogFormat>,
        version: Option<String>,
        headers: Vec<(String, LogFormat)>,
        body: Option<LogFormat>,
    },
    /// `expect [!] MATCH PATTERN` with `min-recv`, `on-success`, ... as words in `options`.
    Expect { negated: bool, matcher: String, pattern: String, options: Vec<String> },
    /// `http-check send-state`.
    SendState,
    /// `http-check disable-on-404`.
    DisableOn404,
    /// `tcp-check send`, `send-binary`, `set-var` and others, as words.
    Other(Vec<String>),
}
