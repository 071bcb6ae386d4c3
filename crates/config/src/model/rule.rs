//! Rules and their actions (manual 4.2, 4.3).

use config_parse::condition::Condition;
use config_parse::expr::Expr;
use config_parse::log_format::LogFormat;
use diag::{Span, Spanned};

/// The rules of one proxy, by the moment they run, each list in order (those of `defaults` first).
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "the names are the manual's own")]
pub struct RuleSet {
    pub tcp_request_connection: Vec<Rule>,
    pub tcp_request_session: Vec<Rule>,
    pub tcp_request_content: Vec<Rule>,
    pub tcp_response_content: Vec<Rule>,
    pub http_request: Vec<Rule>,
    pub http_response: Vec<Rule>,
    pub http_after_response: Vec<Rule>,
    /// `redirect` lines: they run after all `http-request` rules.
    pub redirect: Vec<Rule>,
    /// `tcp-request inspect-delay`.
    pub request_inspect_delay: super::Setting<std::time::Duration>,
    /// `tcp-response inspect-delay`.
    pub response_inspect_delay: super::Setting<std::time::Duration>,
}

impl RuleSet {
    /// Every list of rules.
    pub fn lists(&self) -> [&Vec<Rule>; 8] {
        [
            &self.tcp_request_connection,
            &self.tcp_request_session,
            &self.tcp_request_content,
            &self.tcp_response_content,
            &self.http_request,
            &self.http_response,
            &self.http_after_response,
            &self.redirect,
        ]
    }
}

/// An action and when it is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What is done.
    pub action: Spanned<Action>,
    /// When; always, if missing.
    pub condition: Option<Condition>,
    /// The line.
    pub span: Span,
}

/// `use_backend NAME if ...`; the name may be a log format.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchingRule {
    /// The backend's name.
    pub backend: Spanned<LogFormat>,
    /// When.
    pub condition: Option<Condition>,
    /// The line.
    pub span: Span,
}

/// What a rule does. Final actions end their rule set, the others go on.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are the arguments that each variant names")]
pub enum Action {
    /// `allow`, `accept`: ends the rule set, the stream goes on.
    Allow,
    /// `deny`, `http-request deny deny_status N ...`.
    Deny(Reply),
    /// `tarpit`.
    Tarpit(Reply),
    /// `return`.
    Return(Reply),
    /// `reject` (tcp, and http-request reject).
    Reject,
    /// `silent-drop`.
    SilentDrop,
    /// `auth [realm R]`.
    Auth { realm: Option<LogFormat> },
    /// `redirect ...`.
    Redirect(Redirect),
    /// `close` of tcp-response content.
    Close,
    /// `wait-for-body time T [at-least N]`.
    WaitForBody { time: std::time::Duration, at_least: u64 },
    /// `add-header`.
    AddHeader { name: String, value: LogFormat },
    /// `set-header`.
    SetHeader { name: String, value: LogFormat },
    /// `del-header NAME [-m METHOD]`.
    DelHeader { name: String, method: NameMatch },
    /// `replace-header NAME REGEX FMT`: the whole value.
    ReplaceHeader { name: String, regex: String, value: LogFormat },
    /// `replace-value NAME REGEX FMT`: each comma-separated value.
    ReplaceValue { name: String, regex: String, value: LogFormat },
    /// `set-method`.
    SetMethod(LogFormat),
    /// `set-path`; `with_query`: set-pathq.
    SetPath { value: LogFormat, with_query: bool },
    /// `set-query`.
    SetQuery(LogFormat),
    /// `set-uri`.
    SetUri(LogFormat),
    /// `replace-path`, `replace-pathq`.
    ReplacePath { regex: String, value: LogFormat, with_query: bool },
    /// `replace-uri`.
    ReplaceUri { regex: String, value: LogFormat },
    /// `set-status N [reason R]`.
    SetStatus { status: u16, reason: Option<String> },
    /// `set-var(NAME[,COND...]) EXPR`.
    SetVar { name: Spanned<String>, conditions: Vec<String>, value: Expr },
    /// `set-var-fmt(NAME[,COND...]) FMT`.
    SetVarFmt { name: Spanned<String>, conditions: Vec<String>, value: LogFormat },
    /// `unset-var(NAME)`.
    UnsetVar { name: Spanned<String> },
    /// `set-log-level LEVEL`; `None` is silent.
    SetLogLevel(Option<u8>),
    /// `set-timeout client|connect|queue|server|tarpit|tunnel VALUE`.
    SetTimeout { which: String, value: TimeoutValue },
    /// `set-retries N`.
    SetRetries(NumberValue),
    /// `set-priority-class EXPR`; with `offset`: `set-priority-offset EXPR`.
    SetPriority { offset: bool, value: Expr },
    /// `set-src EXPR`, `set-dst`, `set-src-port`, `set-dst-port` by name.
    SetAddress { what: String, value: Expr },
    /// `set-fc-tos N`, `set-bc-mark N` and their kind: of packets to the client or to the server.
    SetMark { to_server: bool, tos: bool, value: NumberValue },
    /// `set-nice` and its kind by name with the rest as words.
    Socket { name: String, words: Vec<String> },
    /// `capture SAMPLE len N` or `id I`.
    Capture { value: Expr, slot: CaptureSlot },
    /// `set-unique-id`-like and other actions that are known by name; the registry has refused or noted them.
    Other { name: String },
    /// `tcp-request content switch-mode http`.
    SwitchMode,
    /// `use-service NAME`: only `prometheus-exporter` is built, others were refused.
    Service(String),
    /// `normalize-uri NAME`.
    NormalizeUri { name: String, strict: bool },
    /// `expect-proxy layer4`.
    ExpectProxy,
    /// `disable-l7-retry`.
    DisableL7Retry,
    /// `strict-mode on|off`.
    StrictMode(bool),
    /// `early-hint NAME FMT`.
    EarlyHint { name: String, value: LogFormat },
    /// `pause`.
    Pause(TimeoutValue),
    /// `do-resolve(NAME,RESOLVERS[,ipv4|ipv6]) EXPR`.
    DoResolve { name: Spanned<String>, resolvers: String, v4: bool, value: Expr },
    /// `do-log [profile NAME]`.
    DoLog { profile: Option<String> },
    /// `add-acl(FILE) KEY`, `del-acl`, `set-map(FILE) KEY VALUE`, `del-map`.
    ChangeList { change: ListChange, file: String, key: LogFormat, value: Option<LogFormat> },
}

/// How a rule changes a pattern file or a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum ListChange {
    AddAcl,
    DelAcl,
    SetMap,
    DelMap,
}

impl ListChange {
    /// The action's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::AddAcl => "add-acl",
            Self::DelAcl => "del-acl",
            Self::SetMap => "set-map",
            Self::DelMap => "del-map",
        }
    }
}

/// A literal time or an expression in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub enum TimeoutValue {
    /// A time.
    Literal(std::time::Duration),
    /// An expression that gives milliseconds.
    Expr(Expr),
}

/// A literal number or an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum NumberValue {
    /// A number.
    Literal(u32),
    /// An expression that gives one.
    Expr(Expr),
}

/// Where a capture goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureSlot {
    /// `len N`: a slot of its own.
    Len(u32),
    /// `id N`: a declared slot.
    Id(u32),
}

/// How `del-header` reads its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum NameMatch {
    #[default]
    Str,
    Beg,
    End,
    Sub,
    Reg,
}

/// The response that `deny`, `tarpit` and `return` send.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reply {
    /// `status`, `deny_status`.
    pub status: Option<u16>,
    /// `content-type`.
    pub content_type: Option<String>,
    /// The body.
    pub body: ReplyBody,
    /// `hdr NAME FMT`, in order.
    pub headers: Vec<(String, LogFormat)>,
}

/// The body of a [`Reply`].
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ReplyBody {
    /// The proxy's own page for the status.
    #[default]
    Default,
    /// `string TEXT`.
    Text(String),
    /// `lf-string FMT`.
    Format(LogFormat),
    /// `file PATH`.
    File(Spanned<String>),
    /// `lf-file PATH`.
    FormatFile(Spanned<String>),
    /// `errorfile PATH`.
    ErrorFile(Spanned<String>),
    /// `errorfiles NAME`, `default-errorfiles` is `None`.
    ErrorFiles(Option<String>),
}

/// `redirect location|prefix|scheme FMT [code N] [options]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Redirect {
    /// What the target is.
    pub kind: RedirectKind,
    /// The target.
    pub to: LogFormat,
    /// 301, 302 (default), 303, 307, 308.
    pub code: u16,
    /// `drop-query`.
    pub drop_query: bool,
    /// `append-slash`.
    pub append_slash: bool,
    /// `ignore-empty`.
    pub ignore_empty: bool,
    /// `keep-query`.
    pub keep_query: bool,
    /// `set-cookie NAME[=VALUE]`.
    pub set_cookie: Option<String>,
    /// `set-cookie-fmt FMT`.
    pub set_cookie_format: Option<LogFormat>,
    /// `clear-cookie NAME[=]`.
    pub clear_cookie: Option<String>,
}

/// What the target of a redirect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum RedirectKind {
    Location,
    Prefix,
    Scheme,
}
