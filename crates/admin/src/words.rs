//! HAProxy's short answers, word for word: scripts look for them.

use std::net::{IpAddr, SocketAddr};

use crate::{NewPort, Reply, Severity};

/// An error with its line end.
pub(crate) fn error(text: &str) -> Reply {
    Reply::Message(Severity::Error, format!("{text}\n"))
}

/// An answer built by the daemon for what only it can find out, such as a failed reload.
#[must_use]
pub fn failed(why: &str) -> Reply {
    error(why)
}

pub(crate) fn permission_denied() -> Reply {
    error("Permission denied")
}

pub(crate) fn no_such_backend() -> Reply {
    error("No such backend.")
}

pub(crate) fn no_such_server() -> Reply {
    error("No such server.")
}

pub(crate) fn server_exists() -> Reply {
    error("Already exists a server with the same name in backend.")
}

/// The answer to `add server`.
#[must_use]
pub fn server_registered() -> Reply {
    Reply::Message(Severity::Info, "New server registered.\n".to_owned())
}

/// The answer to `del server`.
#[must_use]
pub fn server_deleted() -> Reply {
    Reply::Message(Severity::Info, "Server deleted.\n".to_owned())
}

pub(crate) fn no_such_frontend() -> Reply {
    error("No such frontend.")
}

/// What `show servers` says where everyone else says "No such backend.".
pub(crate) fn cannot_find_backend() -> Reply {
    error("Can't find backend.")
}

pub(crate) fn require_server() -> Reply {
    error("Require 'backend/server'.")
}

pub(crate) fn require_frontend() -> Reply {
    error("A frontend name is expected.")
}

pub(crate) fn expects_state() -> Reply {
    error("'set server <srv> state' expects 'ready', 'drain' and 'maint'.")
}

pub(crate) fn expects_health() -> Reply {
    error("'set server <srv> health' expects 'up', 'stopping', or 'down'.")
}

pub(crate) fn set_server_usage() -> Reply {
    error(
        "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | check-addr | check-port | fqdn | health | ssl | state | weight",
    )
}

pub(crate) fn check_address_expected(what: &str) -> Reply {
    error(&format!("set server <b>/<s> {what} requires an address and optionally a port."))
}

pub(crate) fn port_expected(what: &str) -> Reply {
    error(&format!("set server <b>/<s> {what} requires a port."))
}

pub(crate) fn invalid_check_address(text: &str) -> Reply {
    error(&format!("invalid addr '{text}'"))
}

pub(crate) fn port_is_no_integer() -> Reply {
    error("provided port is not an integer")
}

pub(crate) fn port_is_invalid() -> Reply {
    error("provided port is invalid")
}

pub(crate) fn expects_agent() -> Reply {
    error("'set server <srv> agent' expects 'up' or 'down'.")
}

pub(crate) fn fqdn_expected() -> Reply {
    error("set server <b>/<s> fqdn requires a FQDN.")
}

/// The server's name is not resolved while the process runs.
#[must_use]
pub fn no_resolution() -> Reply {
    error("set server <b>/<s> fqdn failed because no resolution is configured.")
}

/// No `resolvers` section has the name.
#[must_use]
pub fn no_such_resolvers() -> Reply {
    error("Can't find that resolvers section")
}

pub(crate) fn no_ssl_settings() -> Reply {
    error("'set server <srv> ssl' cannot be set.  default-server should define ssl settings")
}

/// `set server b/s check-port` on a server without `check`.
#[must_use]
pub fn checks_not_enabled() -> Reply {
    error("health checks are not enabled on this server")
}

/// `set server b/s agent-port` on a server without `agent-check`.
#[must_use]
pub fn agent_not_enabled() -> Reply {
    error("agent checks are not enabled on this server")
}

/// `enable agent` on a server without `agent-check`.
#[must_use]
pub fn agent_not_configured() -> Reply {
    error("Agent was not configured on this server, cannot enable.")
}

pub(crate) fn address_expected() -> Reply {
    error("set server <b>/<s> addr requires an address and optionally a port.")
}

/// A warning about a server's address with its line end.
fn about_address(text: &str) -> Reply {
    Reply::Message(Severity::Warning, format!("{text} by 'stats socket command'\n"))
}

pub(crate) fn invalid_address(text: &str) -> Reply {
    about_address(&format!("Invalid addr '{text}'"))
}

/// `set server b/s addr`: what became of the address, and of the port if one was given.
#[must_use]
pub fn address_set(old: SocketAddr, ip: IpAddr, port: &NewPort) -> Reply {
    let mut text = match old.ip() == ip {
        true => "no need to change the addr".to_owned(),
        false => format!("IP changed from '{}' to '{ip}'", old.ip()),
    };
    match port {
        NewPort::Kept => {}
        NewPort::Set(port) if *port == old.port() => text.push_str(", no need to change the port"),
        NewPort::Set(port) => {
            text.push_str(&format!(", port changed from '{}' to '{port}'", old.port()));
        }
        NewPort::NoNumber(word) => {
            text.push_str(&format!(", problem converting port '{word}' to an int"));
        }
        NewPort::Mapped => text.push_str(", a port that follows the client's cannot be set"),
    }
    about_address(&text)
}

pub(crate) fn require_weight() -> Reply {
    error("Require <weight> or <weight%>.")
}

/// Quirk: alone among the answers these two have no line end of their own.
pub(crate) fn empty_weight() -> Reply {
    Reply::Message(Severity::Error, "Empty weight string empty or preceded by garbage".to_owned())
}

pub(crate) fn trailing_weight() -> Reply {
    Reply::Message(Severity::Error, "Trailing garbage in weight string".to_owned())
}

pub(crate) fn absolute_weight_range() -> Reply {
    error("Absolute weight can only be between 0 and 256 inclusive.")
}

pub(crate) fn negative_percentage() -> Reply {
    error("Relative weight must be positive.")
}

/// `publish backend` and `unpublish backend` of a backend that `disabled` keeps out of traffic.
#[must_use]
pub fn backend_is_disabled() -> Reply {
    error("No effect on a disabled backend.")
}

/// `publish backend` or `unpublish backend` was carried out.
#[must_use]
pub fn backend_published(published: bool) -> Reply {
    let what = if published { "published" } else { "unpublished" };
    Reply::Message(Severity::Info, format!("Backend {what}.\n"))
}

/// The daemon refuses weights other than 0% and 100% for `balance static-rr` and map-based
/// hashing.
#[must_use]
pub fn static_weight() -> Reply {
    error("Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.")
}

pub(crate) fn require_maxconn() -> Reply {
    error("Require <maxconn>.")
}

/// Quirk: no line end, as [`empty_weight`].
pub(crate) fn empty_maxconn() -> Reply {
    Reply::Message(Severity::Error, "maxconn string empty or preceded by garbage".to_owned())
}

pub(crate) fn trailing_maxconn() -> Reply {
    Reply::Message(Severity::Error, "Trailing garbage in maxconn string".to_owned())
}

pub(crate) fn integer_expected() -> Reply {
    error("Integer value expected.")
}

pub(crate) fn expects_integer() -> Reply {
    error("Expects an integer value.")
}

/// `set maxconn` beyond what the process may have.
#[must_use]
pub fn value_out_of_range() -> Reply {
    error("Value out of range.")
}

/// `enable frontend` on one that listens.
#[must_use]
pub fn all_sockets_already_enabled() -> Reply {
    Reply::Message(Severity::Notice, "All sockets are already enabled.\n".to_owned())
}

/// `disable frontend` on one that does not listen.
#[must_use]
pub fn all_sockets_already_disabled() -> Reply {
    Reply::Message(Severity::Notice, "All sockets are already disabled.\n".to_owned())
}

/// `enable health` on a server without `check`.
#[must_use]
pub fn health_not_configured() -> Reply {
    error("Health check was not configured on this server, cannot enable.")
}

/// `set server b/s health` on a server with `track`.
#[must_use]
pub fn tracking_health() -> Reply {
    error("cannot change health on a tracking server.")
}

/// Quirk: no line end, as [`empty_weight`].
pub(crate) fn no_such_process(prefix: &str) -> Reply {
    let text = format!("Can't find the target PID matching the prefix '{prefix}'");
    Reply::Message(Severity::Error, text)
}

pub(crate) fn session_expected() -> Reply {
    error("Session pointer expected (use 'show sess').")
}

/// `shutdown session` of one that is gone.
#[must_use]
pub fn no_such_session() -> Reply {
    error("No such session (use 'show sess').")
}

/// `show env NAME` of one that is not set.
#[must_use]
pub fn variable_not_found() -> Reply {
    error("Variable not found")
}

pub(crate) fn variable_value_expected() -> Reply {
    error("Missing either 'expr', 'fmt' or expression.")
}

pub(crate) fn variable_kind(word: &str) -> Reply {
    error(&format!("'set var': arg type must be either 'expr' or 'fmt' but got '{word}'."))
}

/// `set var` of a variable that is not the process's.
#[must_use]
pub fn variable_scope(name: &str) -> Reply {
    error(&format!("'set var': cannot set variable '{name}', only scope 'proc' is permitted here."))
}

pub(crate) fn variable_expected() -> Reply {
    error("Missing process-wide variable identifier.")
}

pub(crate) fn no_such_proxy() -> Reply {
    error("No such proxy.")
}

pub(crate) fn no_such_table() -> Reply {
    error("No such table")
}

pub(crate) fn rate_limit_usage() -> Reply {
    error(
        "'set rate-limit' only supports :\n   \
         - 'connections global' to set the per-process maximum connection rate\n   \
         - 'sessions global' to set the per-process maximum session rate\n   \
         - 'ssl-sessions global' to set the per-process maximum SSL session rate\n   \
         - 'http-compression global' to set the per-process maximum compression speed in kB/s",
    )
}

pub(crate) fn duration_expected() -> Reply {
    error("Expects a duration in milliseconds.")
}

pub(crate) fn invalid_duration() -> Reply {
    error("Invalid duration.")
}

/// The answer to `get var`: type and value as `show sess` would show them. Quirk: no line end of its own.
#[must_use]
pub fn variable_is(name: &str, kind: &str, value: &str) -> Reply {
    Reply::Message(Severity::Info, format!("{name}: type={kind} value=<{value}>"))
}

pub(crate) fn only_cli_timeout() -> Reply {
    error("'set timeout' only supports 'cli'.")
}

pub(crate) fn invalid_timeout() -> Reply {
    error("Invalid timeout value.")
}

pub(crate) fn severity_expected() -> Reply {
    error("one of 'none', 'number', 'string' is a required argument")
}

/// The answer to `get weight`.
#[must_use]
pub fn weight_of(current: u16, initial: u16) -> Reply {
    Reply::Message(Severity::Info, format!("{current} (initial {initial})\n"))
}

// Ours, in HAProxy's manner.

pub(crate) fn no_master(prefix: &str) -> Reply {
    error(&format!("'{prefix}' addresses a process: only the master CLI (-S) understands it."))
}

pub(crate) fn drain_usage() -> Reply {
    error(
        "usage: drain all | frontend <frontend> | backend <backend> | server <backend>/<server> [over <delay>]",
    )
}

pub(crate) fn rebalance_usage() -> Reply {
    error("usage: rebalance <backend> [dry-run] [over <delay>]")
}

/// `explain` with words that it does not know.
#[must_use]
pub fn explain_usage() -> Reply {
    error(
        "usage: explain [<method>] <url> [-H <name>:<value>] [--cookie <name>=<value>] [--src <ip>[:<port>]]\n   \
         [--dst <ip>:<port> | --listener <name>] [--sni <name>] [--ws] [--status <status>] [--seed <n>]",
    )
}

pub(crate) fn line_not_understood(word: &str) -> Reply {
    error(&format!("unexpected word '{word}'."))
}
