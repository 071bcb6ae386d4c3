//! The log lines of state changes, in HAProxy's words.

use std::fmt::Write as _;

use crate::transition::{Cause, Change, CheckReport, Transition};
use crate::{CheckResult, CheckStatus};

/// The syslog severity of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LogLevel {
    /// A backend has no server.
    Emergency = 0,
    /// A running server is lost.
    Alert = 1,
    /// Everything else.
    Notice = 5,
}

/// A line for the log and, unless quiet, the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its severity.
    pub level: LogLevel,
    /// Its text, without a line end.
    pub text: String,
}

impl LogLine {
    fn notice(text: String) -> Self {
        Self { level: LogLevel::Notice, text }
    }

    /// `backend be has no server available!`, to be logged after the lines of a transition (or a
    /// change of weight) that took the last one.
    #[must_use]
    pub fn no_server(backend: &str) -> Self {
        Self::no_server_in("backend", backend)
    }

    /// The same for a section of this kind: HAProxy says `proxy` of a `listen`.
    #[must_use]
    pub fn no_server_in(kind: &str, name: &str) -> Self {
        let text = format!("{kind} {name} has no server available!");
        Self { level: LogLevel::Emergency, text }
    }
}

/// Which server a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLabel<'a> {
    /// The backend's name.
    pub backend: &'a str,
    /// The server's name.
    pub server: &'a str,
    /// Marked `backup`.
    pub backup: bool,
}

/// The counts that a line ends with, all taken after the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BackendView {
    /// Usable servers that are not `backup`.
    pub active: u32,
    /// Usable `backup` servers.
    pub backup: u32,
    /// Streams on this server.
    pub streams: u64,
    /// Streams taken out of this server's queue by the change.
    pub requeued: u64,
    /// Streams that wait in the backend's queue.
    pub queued: u64,
}

impl Transition {
    /// The lines of this change, in order.
    ///
    /// `logs_checks` is `option log-health-checks`: the reason is in the check's own line then,
    /// and HAProxy does not repeat it.
    #[must_use]
    pub fn lines(
        &self,
        server: ServerLabel<'_>,
        view: &BackendView,
        logs_checks: bool,
    ) -> Vec<LogLine> {
        let name = server.named();
        let via = self.via.as_ref().map(|leader| format!(" via {leader}")).unwrap_or_default();
        let because = |cause: &Cause| match cause {
            Cause::Check(_) if logs_checks => String::new(),
            Cause::Check(result) => reason(result),
            Cause::Cli => ", changed from CLI".to_owned(),
            Cause::Tracked => via.clone(),
        };
        let (up, left, online) = (self.up_word(), view.left(), view.online());
        let text = match &self.change {
            Change::Down(cause) => format!("{name} is DOWN{}. {left}", because(cause)),
            Change::Up(cause) => format!("{name} is UP{}. {online}", because(cause)),
            Change::Stopping(cause) => format!("{name} is stopping{}. {online}", because(cause)),
            Change::EntersMaintenance if self.was_down => {
                format!("{name} was DOWN and now enters maintenance{via}.")
            }
            Change::EntersMaintenance => {
                format!("{name} is going DOWN for maintenance{via}. {left}")
            }
            Change::LeavesMaintenance { draining } => {
                let then = if *draining { "DRAIN" } else { "READY" };
                let forced = if via.is_empty() { "forced " } else { "" };
                format!("{name} is {up}/{then} (leaving {forced}maintenance).")
            }
            Change::LosesName(why) => {
                format!("{name} is going DOWN for maintenance ({why}). {left}")
            }
            Change::FindsName { host, stays: true } => {
                format!("{name} ('{host}') resolves again but remains in maintenance.")
            }
            Change::FindsName { host, stays: false } => {
                let then = if self.is_draining { "DRAIN" } else { "READY" };
                format!("{name} ('{host}') is {up}/{then} (resolves again).")
            }
            Change::EntersDrain if self.is_down => {
                format!("{name} enters drain state{via}. {left}")
            }
            Change::EntersDrain => format!("{name} enters drain state{via}. {online}"),
            Change::LeavesDrain => format!("{name} is {up} (leaving forced drain)."),
        };
        let mut lines = vec![LogLine { level: self.level(), text }];
        if self.says_drain_remains() {
            lines.push(LogLine::notice(format!("{name} remains in forced drain mode.")));
        }
        lines
    }

    fn level(&self) -> LogLevel {
        let lost = matches!(
            self.change,
            Change::Down(_) | Change::EntersMaintenance | Change::LosesName(_)
        );
        if lost && self.was_running { LogLevel::Alert } else { LogLevel::Notice }
    }

    fn up_word(&self) -> &'static str {
        if self.is_down { "DOWN" } else { "UP" }
    }

    fn says_drain_remains(&self) -> bool {
        let moved = matches!(
            self.change,
            Change::Down(_)
                | Change::Up(_)
                | Change::Stopping(_)
                | Change::LeavesMaintenance { .. }
        );
        moved && self.is_draining
    }
}

impl CheckReport {
    /// The line of `option log-health-checks`.
    #[must_use]
    pub fn line(&self, server: ServerLabel<'_>) -> LogLine {
        let kind = if server.backup { "backup server" } else { "server" };
        let state = if self.up { "UP" } else { "DOWN" };
        LogLine::notice(format!(
            "{} check for {kind} {}/{} {}{}, status: {}/{} {state}.",
            if self.agent { "Agent" } else { "Health" },
            server.backend,
            server.server,
            self.verdict(),
            reason(&self.result),
            self.step,
            self.steps,
        ))
    }
}

impl ServerLabel<'_> {
    fn named(self) -> String {
        let kind = if self.backup { "Backup Server" } else { "Server" };
        format!("{kind} {}/{}", self.backend, self.server)
    }
}

impl BackendView {
    fn left(&self) -> String {
        format!(
            "{} active and {} backup servers left.{} {} sessions active, {} requeued, {} remaining in queue.",
            self.active,
            self.backup,
            self.on_backup(),
            self.streams,
            self.requeued,
            self.queued,
        )
    }

    fn online(&self) -> String {
        format!(
            "{} active and {} backup servers online.{} {} sessions requeued, {} total in queue.",
            self.active,
            self.backup,
            self.on_backup(),
            self.requeued,
            self.queued,
        )
    }

    fn on_backup(&self) -> &'static str {
        if self.active == 0 && self.backup > 0 { " Running on backup." } else { "" }
    }
}

/// `, reason: ..., code: ..., info: "...", check duration: ...ms`.
fn reason(result: &CheckResult) -> String {
    let mut out = format!(", reason: {}", result.status.description());
    if let Some(code) = result.code {
        let _ = write!(out, ", code: {code}");
    }
    if !result.info.is_empty() {
        let _ = write!(out, ", info: \"{}\"", escaped(&result.info));
    }
    // What was seen in the traffic took no time of its own.
    if result.status != CheckStatus::Analysis {
        let _ = write!(out, ", check duration: {}ms", result.duration.as_millis());
    }
    out
}

/// What a server sent must not look like log text: quotes and all but printable ASCII become
/// `<XX>`.
fn escaped(info: &str) -> String {
    let mut out = String::with_capacity(info.len());
    for byte in info.bytes() {
        match byte {
            b'"' | ..=0x1f | 0x7f.. => {
                let _ = write!(out, "<{byte:02X}>");
            }
            _ => out.push(char::from(byte)),
        }
    }
    out
}
