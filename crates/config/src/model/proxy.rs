//! `frontend`, `backend`, `listen` (manual 4).

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use config_parse::address::Address;
use config_parse::condition::{AclExpr, Condition};
use config_parse::expr::Expr;
use config_parse::log_format::LogFormat;
use diag::{Span, Spanned};

use super::{
    Balance, Bind, CheckKind, Cookie, HashAffinity, HashType, HttpCheckStep, LogTarget, LookedAt,
    Reply, Rule, RuleSet, Server, Setting, Shared, SwitchingRule, UseServerRule,
};

/// Which section a proxy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum ProxyKind {
    Frontend,
    Backend,
    Listen,
}

impl ProxyKind {
    /// Takes connections.
    pub fn is_frontend(self) -> bool {
        self != Self::Backend
    }

    /// Has servers.
    pub fn is_backend(self) -> bool {
        self != Self::Frontend
    }
}

/// `mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum Mode {
    #[default]
    Tcp,
    Http,
    Log,
    Spop,
    Cli,
}

/// One section with everything that it and its `defaults` say.
///
/// What most sections say themselves stands here, the rest in [`RareLines`], whose fields are read and written like
/// those here.
#[derive(Debug, Clone, PartialEq)]
pub struct Proxy {
    /// Its name.
    pub name: Spanned<String>,
    /// Which section it is.
    pub kind: ProxyKind,
    /// The section line.
    pub span: Span,
    /// The `defaults` section it stands on.
    pub defaults: Setting<String>,
    /// `mode`, default tcp.
    pub mode: Setting<Mode>,
    /// `disabled`.
    pub disabled: Option<Span>,
    /// `id`; proxies without one are numbered by the loader as HAProxy does.
    pub id: Setting<u32>,
    /// `bind` lines.
    pub binds: Vec<Bind>,
    /// `server` lines, `default-server` resolved.
    pub servers: Vec<Server>,
    /// `acl` lines, in order; a name may stand on several.
    pub acls: Vec<AclLine>,
    /// Every `http-request`, `http-response`, `http-after-response`, `tcp-request`, `tcp-response` rule.
    pub rules: Shared<RuleSet>,
    /// `use_backend` lines.
    pub switching: Vec<SwitchingRule>,
    /// `default_backend`.
    pub default_backend: Setting<String>,
    /// `use-server` lines.
    pub use_server: Vec<UseServerRule>,
    /// The timeouts.
    pub timeouts: Shared<Timeouts>,
    /// `balance`.
    pub balance: Setting<Balance>,
    /// `cookie`.
    pub cookie: Setting<Cookie>,
    /// Switches that are on: `option NAME` (value true) or `no option NAME` (false), last one counts.
    pub options: Shared<Options>,
    /// `log` lines; `log global` is resolved by the loader.
    pub log: Vec<LogTarget>,
    /// The health check: `option httpchk`, `tcp-check`, `websocket-check`, ...
    pub check: Setting<CheckKind>,
    /// Samples and conditions of lines that are not carried out.
    pub looked_at: Vec<LookedAt>,
    /// The rest.
    pub rest: Shared<RareLines>,
}

impl Deref for Proxy {
    type Target = RareLines;

    fn deref(&self) -> &RareLines {
        &self.rest
    }
}

impl DerefMut for Proxy {
    fn deref_mut(&mut self) -> &mut RareLines {
        &mut self.rest
    }
}

/// What few sections say, or all of them alike by their `defaults`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RareLines {
    /// `description`.
    pub description: Setting<String>,
    /// `force-be-switch`: when a backend that is disabled or unpublished is switched to all the same.
    pub force_switch: Vec<Condition>,
    /// `be-unpublished`: no rule switches to it until it is published at run time.
    pub unpublished: Option<Span>,
    /// `maxconn` of a frontend; default: the process's.
    pub maxconn: Setting<u32>,
    /// `fullconn` of a backend.
    pub fullconn: Setting<u32>,
    /// `backlog`.
    pub backlog: Setting<u32>,
    /// `rate-limit sessions`, a second.
    pub rate_limit_sessions: Setting<u32>,
    /// `hash-type`.
    pub hash_type: Setting<HashType>,
    /// `hash-balance-factor`, percent; 0 is off.
    pub hash_balance_factor: Setting<u32>,
    /// `hash-preserve-affinity`, default always.
    pub hash_affinity: Setting<HashAffinity>,
    /// `dynamic-cookie-key`.
    pub dynamic_cookie_key: Setting<String>,
    /// `retries`, default 3.
    pub retries: Setting<u32>,
    /// `retry-on` words.
    pub retry_on: Setting<Vec<String>>,
    /// `option redispatch [N]`: -1 unless given.
    pub redispatch: Setting<i32>,
    /// The connection mode: `option http-keep-alive`, `http-server-close`, `httpclose`.
    pub connection_mode: Setting<ConnectionMode>,
    /// `http-reuse`, default safe.
    pub http_reuse: Setting<HttpReuse>,
    /// `option forwardfor`.
    pub forwardfor: Setting<ForwardFor>,
    /// `option originalto`.
    pub originalto: Setting<ForwardFor>,
    /// `option forwarded`.
    pub forwarded: Setting<Forwarded>,
    /// `log-format` (or what `option httplog`, `tcplog` stand for).
    pub log_format: Setting<LogFormatChoice>,
    /// `error-log-format`.
    pub error_log_format: Setting<LogFormat>,
    /// `log-format-sd`.
    pub log_format_sd: Setting<LogFormat>,
    /// `log-steps`: when a line is written; at the end if missing.
    pub log_steps: Setting<Vec<String>>,
    /// `log-tag`.
    pub log_tag: Setting<String>,
    /// `unique-id-format`.
    pub unique_id_format: Setting<LogFormat>,
    /// `unique-id-header`.
    pub unique_id_header: Setting<String>,
    /// `capture request header NAME len N`, in order.
    pub capture_request: Vec<Spanned<(String, u32)>>,
    /// `capture response header NAME len N`, in order.
    pub capture_response: Vec<Spanned<(String, u32)>>,
    /// `capture cookie NAME len N`; a name ending with `=`-less prefix matches prefixes.
    pub capture_cookie: Setting<(String, u32)>,
    /// `declare capture request|response len N`.
    pub declare_capture: Vec<Spanned<(Direction, u32)>>,
    /// `errorfile CODE FILE`, in order.
    pub errorfiles: Vec<Spanned<(u16, String)>>,
    /// `errorfiles NAME [CODE...]`, in order; without a code all of the section.
    pub errorfile_imports: Vec<Spanned<(String, Vec<u16>)>>,
    /// `errorloc`, `errorloc302`, `errorloc303`: page code, redirect code, URL.
    pub errorlocs: Vec<Spanned<(u16, u16, String)>>,
    /// `monitor-uri`.
    pub monitor_uri: Setting<String>,
    /// `monitor fail if ...`.
    pub monitor_fail: Vec<Condition>,
    /// `load-server-state-from-file global|local|none`.
    pub load_server_state: Setting<String>,
    /// `server-state-file-name`; the proxy's own name when it is empty.
    pub server_state_file_name: Setting<String>,
    /// `external-check command`.
    pub external_check_command: Setting<String>,
    /// `external-check path`: where its program looks for others.
    pub external_check_path: Setting<String>,
    /// `http-check` and `tcp-check` steps.
    pub check_steps: Vec<HttpCheckStep>,
    /// `stats` lines (the page), kept as words: `stats uri /x`.
    pub stats: Vec<Spanned<Vec<String>>>,
    /// `stats admin` conditions: the page may change states when one holds.
    pub stats_admin: Vec<Condition>,
    /// `stats http-request` rules.
    pub stats_rules: Vec<Rule>,
    /// `force-persist`, `ignore-persist`.
    pub persist_rules: Vec<PersistRule>,
    /// `dispatch ADDR`.
    pub dispatch: Setting<Address>,
    /// `persist rdp-cookie[(NAME)]`, default `msts`.
    pub persist_rdp_cookie: Setting<String>,
    /// `source ADDR`: where connections to the servers come from.
    pub source: Setting<Address>,
    /// `http-send-name-header`: the header that carries the server's name.
    pub http_send_name_header: Setting<String>,
    /// `option http-restrict-req-hdr-names`: `preserve`, `delete` or `reject`.
    pub restrict_req_hdr_names: Setting<String>,
    /// `http-error status N ...`, in order.
    pub http_errors: Vec<Spanned<Reply>>,
}

/// Where streams go that no rule and no cookie gives a server, in a backend that does not balance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Direct<'a> {
    /// `dispatch`.
    Dispatch(&'a Address),
    /// `option transparent`: where the client wanted to go.
    Destination,
}

impl Proxy {
    /// Where its streams go instead of being balanced; `balance` counts more than `dispatch`.
    pub fn direct(&self) -> Option<Direct<'_>> {
        if self.balance.is_some() {
            return None;
        }
        let transparent = self.options.transparent.is_some_and(|option| option.value);
        match &self.dispatch {
            Some(address) => Some(Direct::Dispatch(&address.value)),
            None => transparent.then_some(Direct::Destination),
        }
    }

    /// A proxy that nothing is said of.
    pub fn new(name: Spanned<String>, kind: ProxyKind, span: Span) -> Self {
        Self {
            name,
            kind,
            span,
            defaults: None,
            mode: None,
            disabled: None,
            id: None,
            binds: Vec::new(),
            servers: Vec::new(),
            acls: Vec::new(),
            rules: Shared::default(),
            switching: Vec::new(),
            default_backend: None,
            use_server: Vec::new(),
            timeouts: Shared::default(),
            balance: None,
            cookie: None,
            options: Shared::default(),
            log: Vec::new(),
            check: None,
            looked_at: Vec::new(),
            rest: Shared::default(),
        }
    }

    /// Its mode, tcp unless it says otherwise.
    pub fn mode(&self) -> Mode {
        self.mode.map_or(Mode::Tcp, |mode| mode.value)
    }

    /// The server of this name.
    pub fn server(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.name.value == name)
    }
}

/// `acl NAME criterion ...`.
#[derive(Debug, Clone, PartialEq)]
pub struct AclLine {
    /// The name.
    pub name: Spanned<String>,
    /// What it tests; `None` is a poisoned ACL (its finding was reported): uses of it say nothing.
    pub expr: Option<AclExpr>,
    /// The line.
    pub span: Span,
}

/// `force-persist` (true) or `ignore-persist` (false) with its condition.
#[derive(Debug, Clone, PartialEq)]
pub struct PersistRule {
    /// `force-persist`.
    pub force: bool,
    /// When.
    pub condition: Condition,
    /// The line.
    pub span: Span,
}

/// The timeouts; a missing one is infinite, as in HAProxy (with a warning for three of them).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub struct Timeouts {
    pub client: Setting<Duration>,
    pub client_fin: Setting<Duration>,
    pub client_hs: Setting<Duration>,
    pub connect: Setting<Duration>,
    pub server: Setting<Duration>,
    pub server_fin: Setting<Duration>,
    pub tunnel: Setting<Duration>,
    pub http_request: Setting<Duration>,
    pub http_keep_alive: Setting<Duration>,
    pub queue: Setting<Duration>,
    pub tarpit: Setting<Duration>,
    pub check: Setting<Duration>,
}

/// How connections are kept after a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ConnectionMode {
    /// `option http-keep-alive`: both sides are kept.
    #[default]
    KeepAlive,
    /// `option http-server-close`: the server side is closed.
    ServerClose,
    /// `option httpclose`: both sides are closed.
    Close,
}

/// `http-reuse`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum HttpReuse {
    Never,
    #[default]
    Safe,
    Aggressive,
    Always,
}

/// `option forwardfor` and `option originalto`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardFor {
    /// `except NET`, as written.
    pub except: Option<String>,
    /// `header NAME`.
    pub header: Option<String>,
    /// `if-none`.
    pub if_none: bool,
}

/// `option forwarded`: the parts that the header is to have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forwarded {
    /// `proto`.
    pub proto: bool,
    /// `host`.
    pub host: Option<ForwardedPart>,
    /// `by`.
    pub by: Option<ForwardedPart>,
    /// `by_port`; it needs `by`.
    pub by_port: Option<ForwardedPart>,
    /// `for`.
    pub origin: Option<ForwardedPart>,
    /// `for_port`; it needs `for`.
    pub origin_port: Option<ForwardedPart>,
}

/// Where a part of [`Forwarded`] comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForwardedPart {
    /// The connection, or the `Host` field.
    Default,
    /// `PART-expr EXPR`.
    Expr(Expr),
}

/// The switches of `option` that need no more than a yes or no.
///
/// `None`: never named. `Some` holds what the last line said and where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub struct Options {
    pub abortonclose: Setting<bool>,
    pub accept_unsafe_http_request: Setting<bool>,
    pub accept_unsafe_http_response: Setting<bool>,
    pub allbackups: Setting<bool>,
    pub checkcache: Setting<bool>,
    pub clitcpka: Setting<bool>,
    pub contstats: Setting<bool>,
    pub dontlog_normal: Setting<bool>,
    pub dontlognull: Setting<bool>,
    pub http_buffer_request: Setting<bool>,
    pub http_ignore_probes: Setting<bool>,
    pub http_no_delay: Setting<bool>,
    pub http_pretend_keepalive: Setting<bool>,
    pub http_use_proxy_header: Setting<bool>,
    pub idle_close_on_response: Setting<bool>,
    pub independent_streams: Setting<bool>,
    pub log_health_checks: Setting<bool>,
    pub log_separate_errors: Setting<bool>,
    pub logasap: Setting<bool>,
    pub nolinger: Setting<bool>,
    pub persist: Setting<bool>,
    pub prefer_last_server: Setting<bool>,
    pub socket_stats: Setting<bool>,
    pub srvtcpka: Setting<bool>,
    pub tcp_smart_accept: Setting<bool>,
    pub tcp_smart_connect: Setting<bool>,
    pub transparent: Setting<bool>,
    pub h1_case_adjust_bogus_client: Setting<bool>,
    pub h1_case_adjust_bogus_server: Setting<bool>,
}

/// Request or response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum Direction {
    Request,
    Response,
}

/// What a log line looks like.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are the arguments that each variant names")]
pub enum LogFormatChoice {
    /// `option httplog`; with `clf` in the common log format.
    Http { clf: bool },
    /// `option tcplog`.
    Tcp,
    /// `log-format`.
    Custom(LogFormat),
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_proxy_stays_small_for_there_may_be_ten_thousand() {
        // What few sections say themselves belongs into `RareLines`.
        assert!(size_of::<super::Proxy>() <= 1100, "{} bytes", size_of::<super::Proxy>());
    }
}
