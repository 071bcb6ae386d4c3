//! `log` lines (manual 4.2 `log`).

use std::time::Duration;

use config_parse::address::Address;
use config_parse::log_format::LogFormat;
use diag::{Span, Spanned};

use super::{Server, Setting};

/// One `log` line.
#[derive(Debug, Clone, PartialEq)]
pub enum LogTarget {
    /// `log global`.
    Global(Span),
    /// `log ADDR [len N] [format F] [sample R] FACILITY [MAX [MIN]]`.
    Target(Target),
    /// `no log`: forgets those before it.
    None(Span),
}

/// A place that log lines go to.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Where to.
    pub to: LogAddress,
    /// `len`, bytes of a line, default 1024.
    pub len: u32,
    /// `format` stands on the line.
    pub format_given: bool,
    /// `format`: rfc3164, rfc5424, priority, short, timed, iso, local, raw.
    pub format: String,
    /// `sample RANGES:SIZE`, as written.
    pub sample: Option<String>,
    /// `profile`: the log profile that shapes its lines.
    pub profile: Option<String>,
    /// Facility number 0-23 (`local3` is 19).
    pub facility: u8,
    /// Least severe level sent, 0 emerg - 7 debug; default 7.
    pub max_level: u8,
    /// More severe levels are capped to this; default 0.
    pub min_level: u8,
    /// The line.
    pub span: Span,
}

/// Where a `log` line sends to.
#[derive(Debug, Clone, PartialEq)]
pub enum LogAddress {
    /// UDP (default port 514), unix datagram socket, or `fd@N`.
    Address(Address),
    /// `stdout`.
    Stdout,
    /// `stderr`.
    Stderr,
    /// `ring@NAME`.
    Ring(String),
    /// `backend@NAME`: the servers of a backend in `mode log`.
    Backend(Spanned<String>),
}

/// A `log-profile` section: what lines of a `log` target that names it look like (manual 8.3.5).
#[derive(Debug, Clone, PartialEq)]
pub struct LogProfile {
    /// Its name.
    pub name: Spanned<String>,
    /// `log-tag`.
    pub tag: Setting<String>,
    /// `on` lines, in order; the last one for a step counts.
    pub steps: Vec<ProfileStep>,
}

/// `on STEP [drop] [format FMT] [sd FMT]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileStep {
    /// The step, such as `close`; `any` for those without a line of their own.
    pub step: String,
    /// `drop`.
    pub drop: bool,
    /// `format`.
    pub format: Option<LogFormat>,
    /// `sd`.
    pub data: Option<LogFormat>,
    /// The line.
    pub span: Span,
}

/// A `ring` section: messages that wait for a log server behind a stream (manual 12.5).
#[derive(Debug, Clone, PartialEq)]
pub struct Ring {
    /// Its name.
    pub name: Spanned<String>,
    /// `format`, of messages whose `log` line has none.
    pub format: Setting<String>,
    /// `maxlen`, bytes of a message.
    pub maxlen: Setting<u32>,
    /// `size`, bytes that may wait.
    pub size: Setting<u64>,
    /// `timeout connect`.
    pub connect: Setting<Duration>,
    /// `timeout server`.
    pub server: Setting<Duration>,
    /// `server` lines.
    pub servers: Vec<Server>,
}

/// A `log-forward` section: takes messages and sends them on (manual 12.6).
#[derive(Debug, Clone, PartialEq)]
pub struct LogForward {
    /// Its name.
    pub name: Spanned<String>,
    /// `bind` addresses: streams.
    pub streams: Vec<Address>,
    /// `dgram-bind` addresses.
    pub datagrams: Vec<Address>,
    /// `log` lines.
    pub log: Vec<LogTarget>,
    /// `maxconn`, default 10.
    pub maxconn: Setting<u32>,
    /// `timeout client`.
    pub client: Setting<Duration>,
    /// `option assume-rfc6587-ntf`: a message ends with its line.
    pub line_framed: bool,
    /// `option dont-parse-log`.
    pub opaque: bool,
    /// `option host`, default fill.
    pub host: Setting<String>,
}
