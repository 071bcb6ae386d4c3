//! `global`: the process (manual 3).

use std::time::Duration;

use config_parse::address::Address;
use config_parse::expr::Expr;
use config_parse::log_format::LogFormat;
use diag::{Span, Spanned};

use super::{LogTarget, Setting};

/// The merged `global` sections.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Global {
    /// The first `lua-load` or `lua-load-per-thread` line: scripts may register anything.
    pub scripts: Option<Span>,
    /// `ssl-default-bind-ciphers` (false) and `ssl-default-server-ciphers` (true).
    pub ssl_default_ciphers: Vec<(bool, Spanned<String>)>,
    /// `ssl-default-bind-ciphersuites` (false) and `ssl-default-server-ciphersuites` (true).
    pub ssl_default_ciphersuites: Vec<(bool, Spanned<String>)>,
    /// `ssl-server-verify none`.
    pub ssl_server_verify_none: bool,
    /// `daemon`.
    pub daemon: Option<Span>,
    /// `master-worker`.
    pub master_worker: Option<Span>,
    /// `pidfile`.
    pub pidfile: Setting<String>,
    /// `user` by name.
    pub user: Setting<String>,
    /// `group` by name.
    pub group: Setting<String>,
    /// `uid`.
    pub uid: Setting<u32>,
    /// `gid`.
    pub gid: Setting<u32>,
    /// `chroot`.
    pub chroot: Setting<String>,
    /// `nbthread`.
    pub nbthread: Setting<u32>,
    /// `maxconn`, connections of the process.
    pub maxconn: Setting<u32>,
    /// `ulimit-n`, file descriptors.
    pub ulimit_n: Setting<u64>,
    /// `maxconnrate`, `maxsessrate`: new connections and sessions a second.
    pub maxconnrate: Setting<u32>,
    /// `maxsessrate`.
    pub maxsessrate: Setting<u32>,
    /// `hard-stop-after`.
    pub hard_stop_after: Setting<Duration>,
    /// `close-spread-time`.
    pub close_spread_time: Setting<Duration>,
    /// `grace`.
    pub grace: Setting<Duration>,
    /// `node`.
    pub node: Setting<String>,
    /// `description`.
    pub description: Setting<String>,
    /// `log` lines.
    pub log: Vec<LogTarget>,
    /// `log-tag`.
    pub log_tag: Setting<String>,
    /// `log-send-hostname`; `Some(None)` is the machine's own name.
    pub log_send_hostname: Setting<Option<String>>,
    /// `stats socket` lines.
    pub stats_sockets: Vec<StatsSocket>,
    /// `stats timeout`, default 10 s.
    pub stats_timeout: Setting<Duration>,
    /// `stats maxconn`, default 10.
    pub stats_maxconn: Setting<u32>,
    /// `spread-checks`, percent 0-50.
    pub spread_checks: Setting<u32>,
    /// `tune.bufsize` in bytes, default 16384.
    pub bufsize: Setting<u32>,
    /// `tune.maxrewrite` in bytes, default 1024.
    pub maxrewrite: Setting<u32>,
    /// `tune.http.maxhdr`, default 101.
    pub http_maxhdr: Setting<u32>,
    /// `tune.idle-pool.shared`, default on.
    pub idle_pool_shared: Setting<bool>,
    /// `default-path`, as written.
    pub default_path: Setting<String>,
    /// `server-state-file`, `server-state-base`.
    pub server_state_file: Setting<String>,
    /// `server-state-base`.
    pub server_state_base: Setting<String>,
    /// `localpeer`.
    pub localpeer: Setting<String>,
    /// `unix-bind prefix`.
    pub unix_bind_prefix: Setting<String>,
    /// `h1-case-adjust FROM TO`.
    pub h1_case_adjust: Vec<Spanned<(String, String)>>,
    /// `h1-case-adjust-file`.
    pub h1_case_adjust_file: Setting<String>,
    /// `set-var NAME EXPR` and `set-var-fmt NAME FMT`, in order.
    pub set_vars: Vec<(Spanned<String>, GlobalValue)>,
    /// Keywords that were given and may not be given again.
    pub once: Vec<Spanned<String>>,
    /// `insecure-fork-wanted`, `external-check` and other plain switches by name.
    pub switches: Vec<Spanned<String>>,
}

impl Global {
    /// Whether a plain switch is on.
    pub fn has_switch(&self, name: &str) -> bool {
        self.switches.iter().any(|switch| switch.value == name)
    }
}

/// What a `set-var` or `set-var-fmt` line of `global` gives.
#[derive(Debug, Clone, PartialEq)]
pub enum GlobalValue {
    /// An expression.
    Expr(Expr),
    /// A format.
    Format(LogFormat),
}

/// A `stats socket` line: a bind address with a level.
#[derive(Debug, Clone, PartialEq)]
pub struct StatsSocket {
    /// Where it listens.
    pub address: Address,
    /// `level user|operator|admin`, default operator.
    pub level: Level,
    /// `mode`, octal.
    pub mode: Option<u32>,
    /// `user`, `uid`.
    pub user: Option<String>,
    /// `group`, `gid`.
    pub group: Option<String>,
    /// `expose-fd listeners`.
    pub expose_fd: bool,
    /// `severity-output`.
    pub severity: Option<String>,
    /// The line.
    pub span: Span,
}

/// How much a runtime socket may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum Level {
    User,
    #[default]
    Operator,
    Admin,
}
