//! What an operator can ask for.

use std::net::IpAddr;
use std::time::Duration;

/// What a socket's users may do (`level` on the `stats socket` line). Each includes the one
/// before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    /// Look at what is not sensitive.
    User,
    /// Look at everything, clear maxima. The default of a socket.
    #[default]
    Operator,
    /// Everything.
    Admin,
}

impl Level {
    /// Its name on the `stats socket` line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

/// A server that exists, by its names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerName {
    /// Name of the backend.
    pub backend: String,
    /// Name of the server.
    pub server: String,
}

/// What became of looking for a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerLookup {
    /// This one.
    Found(ServerName),
    /// The backend does not exist.
    NoBackend,
    /// The backend has no such server.
    NoServer,
}

/// The names of the running configuration.
///
/// A name may also be `#` and an id, as in `#5/#1`; resolving that is up to the implementor.
pub trait Names {
    /// Looks a server up.
    fn server(&self, backend: &str, server: &str) -> ServerLookup;
    /// The name of this frontend (or the front side of a `listen`), if there is one.
    fn frontend(&self, name: &str) -> Option<String>;
    /// The name of this backend (or the back side of a `listen`), if there is one.
    fn backend(&self, name: &str) -> Option<String>;
}

/// How to write statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `Name: value` for `show info`, CSV for `show stat`.
    Plain {
        /// Say what each field is (`desc`); not in CSV.
        descriptions: bool,
    },
    /// One line per field with its number, tags and type (management 9.2).
    Typed {
        /// Say what each field is (`desc`).
        descriptions: bool,
    },
    /// JSON on one line.
    Json,
}

/// Which proxies `show stat` is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum ProxySelect {
    /// All (`-1`, or none given).
    #[default]
    All,
    /// The one with this id.
    Id(i64),
    /// All sides of the proxy with this name; none if there is none.
    Name(String),
}

/// Which rows `show stat` is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StatFilter {
    /// Of which proxies.
    pub proxy: ProxySelect,
    /// Sum of [`crate::ObjectKind::bit`]s, or -1 for every kind.
    pub kinds: i64,
    /// Server or listener id, or -1 for all.
    pub sid: i64,
    /// Only servers that are UP or not checked (`up`).
    pub only_up: bool,
    /// No servers in maintenance (`no-maint`).
    pub no_maint: bool,
}

impl Default for StatFilter {
    fn default() -> Self {
        Self { proxy: ProxySelect::All, kinds: -1, sid: -1, only_up: false, no_maint: false }
    }
}

impl StatFilter {
    /// Whether the row of this object is wanted. Rows of whole proxies have `sid` 0 and are kept
    /// whatever `sid` was asked for.
    #[must_use]
    pub fn wants(&self, proxy: (&str, u32), kind: crate::ObjectKind, sid: u32) -> bool {
        use crate::ObjectKind::{Listener, Server};
        let in_proxy = match &self.proxy {
            ProxySelect::All => true,
            ProxySelect::Id(id) => *id == i64::from(proxy.1),
            ProxySelect::Name(name) => name == proxy.0,
        };
        let of_kind = self.kinds & kind.bit() != 0;
        let numbered = matches!(kind, Server | Listener);
        in_proxy && of_kind && (!numbered || self.sid == -1 || self.sid == i64::from(sid))
    }
}

/// `set server b/s state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerState {
    /// Normal service.
    Ready,
    /// No new streams.
    Drain,
    /// No streams, no checks.
    Maint,
}

/// `set server b/s health`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerHealth {
    /// UP.
    Up,
    /// UP for persistent streams only.
    Stopping,
    /// DOWN.
    Down,
}

/// A weight an operator gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    /// 0 to 256.
    Absolute(u16),
    /// Percent of the configured weight; the product is capped at 256.
    Percent(u32),
}

impl Weight {
    /// The weight that results for a server whose configured weight is `initial`.
    #[must_use]
    pub fn of(self, initial: u16) -> u16 {
        match self {
            Self::Absolute(weight) => weight.min(256),
            Self::Percent(percent) => {
                let product = u64::from(percent) * u64::from(initial) / 100;
                u16::try_from(product.min(256)).unwrap_or(256)
            }
        }
    }
}

/// The port of `set server b/s addr`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NewPort {
    /// None was given: it stays.
    Kept,
    /// This one.
    Set(u16),
    /// A word that is no port; the address is set all the same.
    NoNumber(String),
    /// `+5`, `-5`: a port that follows the client's, which a running server cannot get.
    Mapped,
}

/// What is changed of the checks of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckSetting {
    /// `set server b/s check-port`.
    CheckPort(u16),
    /// `set server b/s check-addr`, with its port.
    CheckAddr(IpAddr, Option<u16>),
    /// `set server b/s agent-port`.
    AgentPort(u16),
    /// `set server b/s agent-addr`, with its port.
    AgentAddr(IpAddr, Option<u16>),
    /// `set server b/s agent-send`.
    AgentSend(String),
    /// `set server b/s agent up|down`.
    Agent(bool),
    /// `enable agent`, `disable agent`.
    AgentOn(bool),
}

/// `set maxconn`: of what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Maxconn {
    /// Of the process; 0 restores the limit the process started with.
    Global(u32),
    /// Of a frontend.
    Frontend(String, u32),
    /// Of a server; 0 for no limit.
    Server(ServerName, u32),
}

/// `set rate-limit`: of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateLimit {
    /// New connections of the process.
    Connections,
    /// New sessions of the process: connections that the connection rules let in.
    Sessions,
    /// What does not exist here, TLS handshakes and compression: taken, as it limits nothing.
    Absent,
}

/// What HAProxy shows of its own machinery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Internals {
    /// `show activity`.
    Activity,
    /// `show fd`.
    Descriptors,
    /// `show pools`.
    Pools,
    /// `show threads`.
    Threads,
}

/// `drain`: what is emptied of its tunnels and idle connections.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DrainTarget {
    /// The process.
    All,
    /// What came through a frontend.
    Frontend(String),
    /// Every server of a backend.
    Backend(String),
    /// One server.
    Server(ServerName),
}

/// A command for the daemon. Every name in it exists, every value is in range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `show info`.
    ShowInfo(Format),
    /// `show stat`.
    ShowStat(StatFilter, Format),
    /// `show servers state [backend]`.
    ShowServersState(Option<String>),
    /// `show servers conn [backend]`.
    ShowServersConn(Option<String>),
    /// `show backend`.
    ShowBackend,
    /// `show version`.
    ShowVersion,
    /// `show env [name]`.
    ShowEnv(Option<String>),
    /// `show cli sockets`.
    ShowCliSockets,
    /// `show activity` and its kin.
    ShowInternals(Internals),
    /// `show errors`: captured messages that were malformed.
    ShowErrors(crate::ErrorsAsked),
    /// `get var`.
    GetVar(String),
    /// `set var`.
    SetVar {
        /// Its name.
        name: String,
        /// An expression, or a format.
        value: String,
        /// It is a format.
        format: bool,
    },
    /// `show proc`, on the master CLI.
    ShowProc,
    /// `show startup-logs`: what the last start or reload said.
    ShowStartupLogs,
    /// `show sess`, or with an id one session in detail.
    ShowSess(Option<u64>),
    /// `show config`: the text of the running configuration. Ours.
    ShowConfig,
    /// `show tunnels [backend]`. Ours.
    ShowTunnels(Option<String>),
    /// `set server b/s state`.
    SetServerState(ServerName, ServerState),
    /// `set server b/s health`.
    SetServerHealth(ServerName, ServerHealth),
    /// `set server b/s addr`.
    SetServerAddress(ServerName, IpAddr, NewPort),
    /// `set server b/s fqdn`: the name that its address is resolved from.
    SetServerName(ServerName, String),
    /// `show resolvers`: all sections, or this one.
    ShowResolvers(Option<String>),
    /// `set server b/s check-port` and its kin.
    SetCheck(ServerName, CheckSetting),
    /// `set server b/s weight`, `set weight b/s`.
    SetWeight(ServerName, Weight),
    /// `get weight b/s`.
    GetWeight(ServerName),
    /// `enable server b/s`: leave forced maintenance.
    EnableServer(ServerName),
    /// `disable server b/s`: forced maintenance.
    DisableServer(ServerName),
    /// `enable health b/s`: checks go on.
    EnableHealth(ServerName),
    /// `disable health b/s`: checks pause.
    DisableHealth(ServerName),
    /// `enable frontend`.
    EnableFrontend(String),
    /// `disable frontend`: stop listening until enabled.
    DisableFrontend(String),
    /// `shutdown frontend`: stop for good.
    ShutdownFrontend(String),
    /// `publish backend` (true) and `unpublish backend`: whether rules switch to it.
    PublishBackend(String, bool),
    /// `set maxconn`.
    SetMaxconn(Maxconn),
    /// `set rate-limit`: events a second, 0 for no limit.
    SetRateLimit(RateLimit, u32),
    /// `wait`: do nothing for this time.
    Wait(Duration),
    /// `clear counters`: maxima only, or everything.
    ClearCounters {
        /// `all`.
        all: bool,
    },
    /// `shutdown session <id>`.
    ShutdownSession(u64),
    /// `shutdown sessions server b/s`.
    ShutdownSessionsServer(ServerName),
    /// `reload`: read the configuration again. Ours.
    Reload,
    /// `drain`: close tunnels politely, evenly over this time. Ours.
    Drain(DrainTarget, Duration),
    /// `rebalance`: move tunnels away from over-loaded servers. Ours.
    Rebalance {
        /// The backend.
        backend: String,
        /// Tell what would be done, do nothing.
        dry_run: bool,
        /// Over this time.
        over: Duration,
    },
    /// `add server b/s ADDRESS [keyword]*`: the words behind the name.
    AddServer(ServerName, Vec<String>),
    /// `add server help`.
    AddServerHelp,
    /// `del server b/s`.
    RemoveServer(ServerName),
    /// `show map`, `add acl` and their kin.
    List(crate::ListCommand),
    /// `explain`: where a request would go; the words of `lbctl explain` after the files. Ours.
    Explain(Vec<String>),
}
