//! Health checks of a backend (manual 4.2 `option httpchk`, `http-check`, `tcp-check`).

use config_parse::address::Address;
use config_parse::expr::Expr;
use config_parse::log_format::LogFormat;
use diag::{Span, Spanned};

use super::Setting;

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
    /// `option tcp-check`.
    TcpScript,
    /// `option mysql-check`: a user and the form of its login (`pre-41`, `post-41`, `post-80`).
    Mysql(Option<(String, String)>),
    /// `option pgsql-check user NAME`.
    Pgsql(String),
    /// `option redis-check`.
    Redis,
    /// `option smtpchk`: the whole greeting, such as `HELO localhost`.
    Smtp(String),
    /// `option ldap-check`.
    Ldap,
    /// `option spop-check`.
    Spop,
    /// `option ssl-hello-chk`.
    SslHello,
    /// `option external-check`.
    External,
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
    /// `comment`.
    Comment,
    /// `connect`.
    Connect(ConnectStep),
    /// `http-check send`.
    Send {
        method: Option<String>,
        uri: Option<LogFormat>,
        version: Option<String>,
        headers: Vec<(String, LogFormat)>,
        body: Option<LogFormat>,
    },
    /// `tcp-check send`, `send-lf`, `send-binary`, `send-binary-lf`: the word, and what it sends.
    SendBytes { keyword: String, data: LogFormat },
    /// `expect`.
    Expect(Box<ExpectStep>),
    /// `http-check send-state`.
    SendState,
    /// `http-check disable-on-404`.
    DisableOn404,
    /// `set-var(NAME) EXPR`.
    SetVar { name: Spanned<String>, value: Expr },
    /// `set-var-fmt(NAME) FMT`.
    SetVarFmt { name: Spanned<String>, value: LogFormat },
    /// `unset-var(NAME)`.
    UnsetVar { name: Spanned<String> },
}

/// `connect [default] [port N] [addr IP] [send-proxy] [linger]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConnectStep {
    /// The line's words, to be shown.
    pub words: Vec<String>,
    /// `default`.
    pub default: bool,
    /// `port`.
    pub port: Option<u16>,
    /// `port` as an expression.
    pub port_expr: Option<Expr>,
    /// `addr`.
    pub addr: Option<Address>,
    /// `send-proxy`.
    pub send_proxy: bool,
    /// `linger`.
    pub linger: bool,
    /// `via-socks4`.
    pub via_socks4: bool,
}

/// `expect [options] [!] MATCH PATTERN`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExpectStep {
    /// The line's words, to be shown.
    pub words: Vec<String>,
    /// `!`.
    pub negated: bool,
    /// `status`, `rstring` and others.
    pub matcher: String,
    /// Its pattern; empty for `hdr`, `fhdr`, `custom`, and for a format that changes.
    pub pattern: String,
    /// The format of `string-lf` and `binary-lf`.
    pub pattern_format: Option<LogFormat>,
    /// The name of `hdr` and `fhdr`.
    pub name: Option<HeaderPattern>,
    /// The value of `hdr` and `fhdr`.
    pub value: Option<HeaderPattern>,
    /// `min-recv`, -1 for none.
    pub min_recv: Option<i32>,
    /// `ok-status`.
    pub ok_status: Option<String>,
    /// `error-status`.
    pub error_status: Option<String>,
    /// `tout-status`.
    pub tout_status: Option<String>,
    /// `on-success`.
    pub on_success: Option<LogFormat>,
    /// `on-error`.
    pub on_error: Option<LogFormat>,
    /// `status-code`.
    pub status_code: Option<Expr>,
}

/// A name or value of `hdr` and `fhdr` with its match method: `str`, `beg`, `end`, `sub`, `reg`.
#[derive(Debug, Clone, PartialEq)]
pub struct HeaderPattern {
    /// The method.
    pub method: String,
    /// The pattern; empty when it is a format that changes.
    pub text: String,
    /// The format of `name-lf` and `value-lf`.
    pub format: Option<LogFormat>,
}

/// A `healthcheck` section: how servers that name it are checked (manual 12.9).
#[derive(Debug, Clone, PartialEq)]
pub struct Healthcheck {
    /// Its name.
    pub name: Spanned<String>,
    /// `type`.
    pub kind: Setting<CheckKind>,
    /// `http-check` and `tcp-check` steps.
    pub steps: Vec<HttpCheckStep>,
}
