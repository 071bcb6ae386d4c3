//! `server` and `default-server` lines (manual 5.2).

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use config_parse::address::Address;
use config_parse::condition::Condition;
use config_parse::log_format::LogFormat;
use diag::{Span, Spanned};

use super::{Rare, Setting, Shared};

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
///
/// What most lines say stands here, the rest in [`RareSettings`], whose fields are read and written like those here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServerSettings {
    /// `weight`, 0-256, default 1.
    pub weight: Setting<u32>,
    /// `maxconn`; 0 or missing is unlimited.
    pub maxconn: Setting<u32>,
    /// `backup`.
    pub backup: Setting<bool>,
    /// `disabled` (true) or `enabled` (false).
    pub disabled: Setting<bool>,
    /// `cookie VALUE`.
    pub cookie: Rare<String>,
    /// `check` (true), `no-check` (false).
    pub check: Setting<bool>,
    /// `inter`, default 2 s.
    pub inter: Setting<Duration>,
    /// `rise`, default 2.
    pub rise: Setting<u32>,
    /// `fall`, default 3.
    pub fall: Setting<u32>,
    /// `port` for checks.
    pub check_port: Setting<u16>,
    /// The rest.
    pub rest: Shared<RareSettings>,
}

impl Deref for ServerSettings {
    type Target = RareSettings;

    fn deref(&self) -> &RareSettings {
        &self.rest
    }
}

impl DerefMut for ServerSettings {
    fn deref_mut(&mut self) -> &mut RareSettings {
        &mut self.rest
    }
}

/// What few `server` lines say, each in its own words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RareSettings {
    /// `id` (HAProxy's puid); servers without one are numbered from 1 by the loader.
    pub id: Setting<u32>,
    /// `minconn`.
    pub minconn: Rare<u32>,
    /// `maxqueue`.
    pub maxqueue: Rare<u32>,
    /// `fastinter`, default inter.
    pub fastinter: Rare<Duration>,
    /// `downinter`, default inter.
    pub downinter: Rare<Duration>,
    /// `addr` for checks.
    pub check_addr: Rare<Address>,
    /// `healthcheck`: the section that says how it is checked.
    pub healthcheck: Rare<String>,
    /// `log-proto octet-count` (true) or `legacy`.
    pub log_octets: Rare<bool>,
    /// `socks4` and `check-via-socks4`.
    pub socks4: Option<Box<Socks4>>,
    /// `slowstart`.
    pub slowstart: Rare<Duration>,
    /// `track [backend/]server`.
    pub track: Rare<String>,
    /// `observe layer4|layer7`.
    pub observe: Rare<String>,
    /// `error-limit`.
    pub error_limit: Rare<u32>,
    /// `on-error`.
    pub on_error: Rare<String>,
    /// `on-marked-down shutdown-sessions`.
    pub on_marked_down: Rare<String>,
    /// `on-marked-up shutdown-backup-sessions`.
    pub on_marked_up: Rare<String>,
    /// `redir PREFIX`.
    pub redir: Rare<String>,
    /// `source ADDR`.
    pub source: Rare<Address>,
    /// `init-addr` words.
    pub init_addr: Rare<String>,
    /// `init-state`.
    pub init_state: Rare<String>,
    /// Which of a name's addresses is taken.
    pub resolving: Option<Box<Resolving>>,
    /// `send-proxy` (1) or `send-proxy-v2` (2).
    pub send_proxy: Rare<u8>,
    /// `proxy-v2-options` words.
    pub proxy_v2_options: Rare<Vec<String>>,
    /// `set-proxy-v2-tlv-fmt(TYPE) FMT`, in order.
    pub proxy_v2_tlvs: Vec<Spanned<(u8, LogFormat)>>,
    /// `check-send-proxy`.
    pub check_send_proxy: Rare<bool>,
    /// `pool-max-conn`, -1 unlimited.
    pub pool_max_conn: Rare<i32>,
    /// `pool-purge-delay`, default 5 s.
    pub pool_purge_delay: Rare<Duration>,
    /// `pool-low-conn`.
    pub pool_low_conn: Rare<u32>,
    /// `max-reuse`, -1 unlimited.
    pub max_reuse: Rare<i32>,
    /// `tcp-ut`.
    pub tcp_ut: Rare<Duration>,
    /// `hash-key id|addr|addr-port` (3.x).
    pub hash_key: Rare<String>,
    /// `resolvers`.
    pub resolvers: Rare<String>,
    /// Settings of TLS.
    pub tls: Option<Box<super::Tls>>,
    /// `agent-check` with port, address, interval and text to send.
    pub agent: Option<Box<AgentCheck>>,
}

/// Which of a name's addresses a server takes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resolving {
    /// `resolve-prefer ipv4|ipv6`.
    pub prefer: Setting<String>,
    /// `resolve-net NET[,NET]...`.
    pub net: Setting<String>,
    /// `resolve-opts` words.
    pub opts: Setting<String>,
}

/// The SOCKS4 proxy on the way to a server.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Socks4 {
    /// `socks4`.
    pub proxy: Setting<Address>,
    /// `check-via-socks4`: checks go the same way.
    pub checks: bool,
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

#[cfg(test)]
mod tests {
    #[test]
    fn a_server_stays_small_for_there_may_be_a_hundred_thousand() {
        // What few lines say belongs into `RareSettings`.
        assert!(size_of::<super::Server>() <= 320, "{} bytes", size_of::<super::Server>());
    }
}
