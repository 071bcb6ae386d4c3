//! The short listings: versions, names, sessions, tunnels.

use std::fmt::Write as _;
use std::time::Duration;

use crate::{Level, Reply};

/// A line of `show sess`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// What `shutdown session` takes.
    pub id: u64,
    /// `tcpv4`, `tcpv6`, `unix_stream`.
    pub proto: String,
    /// The client.
    pub src: String,
    /// The frontend.
    pub frontend: String,
    /// The backend, once chosen.
    pub backend: Option<String>,
    /// The server, once chosen.
    pub server: Option<String>,
    /// Since it began.
    pub age: Duration,
    /// Times its task has run.
    pub calls: u64,
}

/// A line of `show tunnels`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TunnelRow {
    /// What `shutdown session` takes.
    pub id: u64,
    /// The client.
    pub src: String,
    /// The frontend.
    pub frontend: String,
    /// The backend.
    pub backend: String,
    /// The server.
    pub server: String,
    /// The upgraded protocol, or `tcp`.
    pub protocol: String,
    /// Since the switch.
    pub age: Duration,
    /// Bytes from the client.
    pub bytes_in: u64,
    /// Bytes from the server.
    pub bytes_out: u64,
    /// Being closed by a drain or rebalance.
    pub draining: bool,
}

/// The answer to `show version`.
#[must_use]
pub fn show_version(version: &str) -> Reply {
    Reply::Dump(format!("{version}\n"))
}

/// The answer to `show backend`: the names of proxies with a back side, internal ones aside.
#[must_use]
pub fn show_backend<'a>(names: impl IntoIterator<Item = &'a str>) -> Reply {
    let mut out = String::from("# name\n");
    for name in names {
        out.push_str(name);
        out.push('\n');
    }
    Reply::Dump(out)
}

/// The answer to `show env`: `NAME=value` lines.
#[must_use]
pub fn show_env<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Reply {
    let mut out = String::new();
    for (name, value) in variables {
        let _ = writeln!(out, "{name}={value}");
    }
    Reply::Dump(out)
}

/// The answer to `show cli sockets`: address (`unix@/run/x.sock`) and level of each.
#[must_use]
pub fn show_cli_sockets<'a>(sockets: impl IntoIterator<Item = (&'a str, Level)>) -> Reply {
    let mut out = String::from("# socket lvl processes\n");
    for (address, level) in sockets {
        let _ = writeln!(out, "{address} {} all", level.name());
    }
    Reply::Dump(out)
}

/// The answer to `show config`: the text as it is, with a line end at its end.
#[must_use]
pub fn show_config(text: &str) -> Reply {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    Reply::Dump(format!("{text}{end}"))
}

/// The answer to `show sess`, the leading fields of HAProxy's line.
#[must_use]
pub fn show_sess<'a>(rows: impl IntoIterator<Item = &'a SessionRow>) -> Reply {
    let mut out = String::new();
    for row in rows {
        let _ = writeln!(
            out,
            "{:#x}: proto={} src={} fe={} be={} srv={} ts=00 epoch=0 age={} calls={}",
            row.id,
            row.proto,
            row.src,
            row.frontend,
            row.backend.as_deref().unwrap_or("<NONE>"),
            row.server.as_deref().unwrap_or("<none>"),
            short_age(row.age),
            row.calls,
        );
    }
    Reply::Dump(out)
}

/// The answer to `show tunnels`.
#[must_use]
pub fn show_tunnels<'a>(rows: impl IntoIterator<Item = &'a TunnelRow>) -> Reply {
    let mut out = String::from("# id src fe be srv protocol age bytes_in bytes_out state\n");
    for row in rows {
        let _ = writeln!(
            out,
            "{:#x} {} {} {} {} {} {} {} {} {}",
            row.id,
            row.src,
            row.frontend,
            row.backend,
            row.server,
            row.protocol,
            short_age(row.age),
            row.bytes_in,
            row.bytes_out,
            if row.draining { "draining" } else { "open" },
        );
    }
    Reply::Dump(out)
}

/// `4s`, `2m4s`, `3h2m`, `5d3h`: the two largest units, as HAProxy abbreviates ages.
fn short_age(age: Duration) -> String {
    let (seconds, minutes, hours) = (age.as_secs(), age.as_secs() / 60, age.as_secs() / 3600);
    match (hours / 24, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{}s", seconds % 60),
        (0, _, _) => format!("{hours}h{}m", minutes % 60),
        (days, _, _) => format!("{days}d{}h", hours % 24),
    }
}
