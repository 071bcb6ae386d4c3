//! The words of the runtime socket: what operators type and what they read.
//!
//! In: lines of text, the level of the socket they came over ([`Level`]), and the names of the
//! running configuration ([`Names`]).
//! Out: a [`Command`] for the daemon to carry out, or the [`Reply`] right away; and the text of
//! every reply, byte for byte as HAProxy 2.6 writes it, from plain structs the daemon fills
//! ([`Info`], [`StatRow`], [`ServerStateRow`], ...).
//! Invariants: *pure core* (no socket, no clock); *no panic from outside* (a line may be anything);
//! a command that is not understood or not allowed never reaches the daemon.
//! Start with [`Session::read`]; one command's grammar is in `parse.rs`, the list of commands and
//! their levels in `help.rs`.

mod command;
mod config_text;
mod csv;
mod errors;
mod field;
mod help;
mod info;
mod lists;
mod master;
mod parse;
mod pattern_lists;
mod resolvers;
mod servers;
mod session;
mod stat;
mod words;

pub use command::{
    CheckSetting, Command, DrainTarget, Format, Internals, Level, Maxconn, Names, NewPort,
    ProxySelect, RateLimit, ServerHealth, ServerLookup, ServerName, ServerState, StatFilter,
    Weight,
};
pub use config_text::ConfigText;
pub use errors::{ErrorRow, ErrorsAsked};
pub use field::{Column, FieldType, Value};
pub use help::{CommandHelp, all_commands};
pub use info::{Info, uptime};
pub use lists::{SessionRow, TunnelRow};
pub use master::Proc;
pub use pattern_lists::{FoundRow, ListAsk, ListCommand, ListKind, ListRow};
pub use resolvers::{NameserverRow, ResolversRow};
pub use servers::{ServerConnRow, ServerStateRow};
pub use session::{Next, Reply, Session, Severity, SeverityFormat, payload_end, split};
pub use stat::{ObjectKind, StatRow};

/// The replies to commands that the daemon carries out.
pub mod reply {
    pub use crate::errors::show_errors;
    pub use crate::info::show_info;
    pub use crate::lists::{
        show_backend, show_cli_sockets, show_config, show_env, show_sess, show_tunnels,
        show_version,
    };
    pub use crate::master::show_proc;
    pub use crate::pattern_lists::{
        entry_not_found, found_in_list, key_not_found, shared_with_map, show_list, show_lists,
        unknown_list, version_created, version_in_future, version_out_of_range,
    };
    pub use crate::resolvers::{name_set, show_resolvers};
    pub use crate::servers::{show_servers_conn, show_servers_state};
    pub use crate::stat::show_stat;
    pub use crate::words::{
        address_set, agent_not_configured, agent_not_enabled, all_sockets_already_disabled,
        all_sockets_already_enabled, backend_is_disabled, backend_published, checks_not_enabled,
        explain_usage, failed, health_not_configured, no_resolution, no_such_resolvers,
        no_such_session, server_deleted, server_registered, static_weight, tracking_health,
        value_out_of_range, variable_is, variable_not_found, variable_scope, weight_of,
    };
}
