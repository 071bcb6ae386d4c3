//! `server` and `default-server` lines (manual 5.2).

use std::time::Duration;

use config_parse::address::Address;
use config_parse::condition::Condition;
use config_parse::log_format::LogFormat;
use diag::{Span, Spanned};

use super::Setting;

/// One server, with what `default-server` says for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Its name.
    pub name: Spanned<String>,
    /// Where it is.
    pub address: Address,
    /// Its settings.
    pub settings: ServerSettings,
    /// The line.
    pub span: Span,
}

/// Everything behind a server's address; also what `default-server` holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServerSettings {
    /// `id` (HAProxy's puid); servers without one are numbered from 1 by the loader.
    pub id: Setting<u32>,
    /// `weight`, 0-256, default 1.
    pub weight: Setting<u32>,
    /// `maxconn`; 0 or missing is unlimited.
    pub maxconn: Setting<u32>,
    /// `minconn`.
    pub minconn: Setting<u32>,
    /// `maxqueue`.
    pub maxqueue: Setting<u32>,
    /// `backup`.
    pub backup: Setting<bool>,
    /// `disabled` (true) or `enabled` (false).
    pub disabled: Setting<bool>,
    /// `cookie VALUE`.
    pub cookie: Setting<String>,
    /// `check` (true), `no-check` (false).
    pub check: Setting<bool>,
    /// `inter`, default 2 s.
    pub inter: Setting<Duration>,
    /// `fastinter`, default inter.
    pub fastinter: Setting<Duration>,
    /// `downinter`, default inter.
    pub downinter: Setting<Duration>,
    /// `rise`, default 2.
    pub rise: Setting<u32>,
    /// `fall`, default 3.
    pub fall: Setting<u32>,
    /// `port` for checks.
    pub check_port: Setting<u16>,
    /// `addr` for checks.
    pub check_addr: Setting<Address>,
    /// `slowstart`.
    pub slowstart: Setting<Duration>,
    /// `track [backend/]server`.
    pub track: Setting<String>,
    /// `observe layer4|layer7`.
    pub observe: Setting<String>,
    /// `error-limit`.
    pub error_limit: Setting<u32>,
    /// `on-error`.
    pub on_error: Setting<String>,
    /// `on-marked-down shutdown-sessions`.
    pub on_marked_down: Setting<String>,
    /// `on-marked-up shutdown-backup-sessions`.
    pub on_marked_up: Setting<String>,
    /// `redir PREFIX`.
    pub redir: Setting<String>,
    /// `source ADDR`.
    pub source: Setting<Address>,
    /// `init-addr` words.
    pub init_addr: Setting<String>,
    /// `resolve-prefer ipv4|ipv6`.
    pub resolve_prefer: Setting<String>,
    /// `send-proxy` (1) or `send-proxy-v2` (2).
    pub send_proxy: Setting<u8>,
    /// `pool-max-conn`, -1 unlimited.
    pub pool_max_conn: Setting<i32>,
    /// `pool-purge-delay`, default 5 s.
    pub pool_purge_delay: Setting<Duration>,
    /// `pool-low-conn`.
    pub pool_low_conn: Setting<u32>,
    /// `max-reuse`, -1 unlimited.
    pub max_reuse: Setting<i32>,
    /// `tcp-ut`.
    pub tcp_ut: Setting<Duration>,
    /// `hash-key id|addr|addr-port` (3.x).
    pub hash_key: Setting<String>,
    /// `agent-check` with port, address, interval and text to send.
    pub agent: Option<AgentCheck>,
}

/// `agent-check` and its companions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentCheck {
    /// `agent-check` stands on the line.
    pub on: bool,
    /// `agent-port`.
    pub port: Setting<u16>,
    /// `agent-addr`.
    pub addr: Setting<String>,
    /// `agent-inter`.
    pub inter: Setting<Duration>,
    /// `agent-send`.
    pub send: Setting<String>,
}

/// `use-server NAME if ...`; the name may be a log format.
#[derive(Debug, Clone, PartialEq)]
pub struct UseServerRule {
    /// The server's name.
    pub server: Spanned<LogFormat>,
    /// When.
    pub condition: Option<Condition>,
    /// The line.
    pub span: Span,
}
