//! The master CLI (`-S`): which process a command is for.
//!
//! HAProxy has a master and its workers; here one process does what both do. A session begins at the master, `@1`
//! or `@!PID` leads to the worker, `@` and `@master` lead back (management 9.4.1).

use std::fmt::Write as _;
use std::time::Duration;

use crate::help::CommandHelp;
use crate::{Level, Reply};

/// Where the commands of a master CLI session go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The master's own few commands.
    Master,
    /// Those of every runtime socket.
    Worker,
}

/// A session on the master CLI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Master {
    /// The process id, which `@!PID` names.
    pub(crate) pid: u32,
    /// Where commands without a prefix go.
    pub(crate) place: Place,
}

impl Master {
    /// The process that a prefix names; `None` when there is no such one.
    pub(crate) fn place_of(&self, prefix: &str) -> Option<Place> {
        match prefix.strip_prefix('@')? {
            "" | "master" => Some(Place::Master),
            "1" => Some(Place::Worker),
            other => {
                let pid = other.strip_prefix('!')?;
                (pid.parse() == Ok(self.pid)).then_some(Place::Worker)
            }
        }
    }

    /// What stands before `> `.
    pub(crate) fn prompt(&self) -> String {
        match self.place {
            Place::Master => "master".to_owned(),
            Place::Worker => self.pid.to_string(),
        }
    }
}

/// What the master answers itself; the other commands are the worker's.
pub(crate) const COMMANDS: &[&[&str]] = &[
    &["experimental-mode"],
    &["expert-mode"],
    &["operator"],
    &["reload"],
    &["set", "severity-output"],
    &["set", "timeout"],
    &["show", "cli", "level"],
    &["show", "cli", "sockets"],
    &["show", "proc"],
    &["show", "startup-logs"],
    &["show", "version"],
    &["user"],
    &["help"],
    &["prompt"],
    &["quit"],
];

/// Lines of `help` that only the master has.
pub(crate) const PREFIXES: &[CommandHelp] = &[
    prefix("@!<pid>", "send a command to the process with this id"),
    prefix("@<relative pid>", "send a command to the process with this number"),
    prefix("@master", "send a command to the master"),
];

const fn prefix(usage: &'static str, about: &'static str) -> CommandHelp {
    CommandHelp { words: &[], usage, about, level: Level::User, ours: false }
}

/// The process of `show proc`, which is its own master and worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proc {
    /// The process id.
    pub pid: u32,
    /// Reloads that took effect.
    pub reloads: u64,
    /// Reloads that did not.
    pub failed: u64,
    /// Since the process began.
    pub uptime: Duration,
    /// The version.
    pub version: String,
}

/// The answer to `show proc`.
#[must_use]
pub fn show_proc(proc: &Proc) -> Reply {
    let Proc { pid, reloads, failed, uptime, version } = proc;
    let seconds = uptime.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let uptime = format!("{days}d{hours:02}h{:02}m{:02}s", seconds / 60 % 60, seconds % 60);
    let mut out = format!(
        "{:<16}{:<16}{:<16}{:<16}{:<15}\n",
        "#<PID>", "<type>", "<reloads>", "<uptime>", "<version>"
    );
    let reloads = format!("{reloads} [failed: {failed}]");
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{pid:<17}{:<16}{reloads:<16}{uptime:<16}{version}", "master");
    let _ = writeln!(out, "# workers\n{pid:<17}{:<16}{:<16}{uptime:<16}{version}", "worker", 0);
    Reply::Dump(out)
}
