//! Compiles a configuration into a program and decides what happens to requests.
//!
//! In: a [`config::model::Config`] for [`compile`]; then a head, a [`Stream`] and [`sample::Facts`].
//! Out: a [`Program`] with all diagnostics; then verdicts and, if asked, a trace of every step.
//! Invariants: *One evaluator* (only this crate decides), *Replay* (a trace alone reproduces its verdict),
//! *Whole swap* (a program never changes), *Pure core*.
//!
//! A request goes through [`admit`] (once a connection), [`inspect`] (`mode tcp`) or [`route`] (HTTP),
//! [`choose`] (which server), [`prepare`] (what the server sees), and its response through [`respond`];
//! a response made here goes through [`reply`]. `lbctl explain` calls the same functions as the daemon.

mod action;
mod admit;
mod balance_key;
mod cacheable;
mod capture;
mod check_formats;
mod choose;
mod compile;
mod condition;
mod cookie;
mod cookie_date;
mod error_page;
mod explain;
mod forwarded;
mod inspect;
mod known;
mod limits;
mod log;
mod log_profile;
mod moment;
mod pages;
mod persistence;
mod prepare;
mod process_vars;
mod program;
mod prove;
mod proxy_tlvs;
mod rdp;
mod recording;
mod respond;
mod restrict;
mod route;
mod run;
mod so_far;
mod statistics;
mod stream;
mod switch;
mod table;
mod timeouts;
mod trace;
mod unique_id;
mod verdict;

pub use admit::{admit, admit_connection, admit_session};
pub use check_formats::{CheckRun, StepAsks};
pub use choose::{choose, denied};
pub use compile::{compile, compile_for, compile_in};
pub use error_page::{choose as error_page, server_redirect};
pub use inspect::{inspect, inspect_response};
pub use limits::{LimitRules, Limits};
pub use log::{error_log_line, handshake_line, log_key, log_line, structured_data};
pub use log_profile::{LogFormats, LogLine, LogTo, log_lines};
pub use prepare::prepare;
pub use process_vars::NotSet;
pub use program::{Backend, Frontend, Listener, Phase, Program, TimeoutInForce};
pub use prove::never_taken;
pub use proxy_tlvs::proxy_tlvs;
pub use recording::{Recorder, Replay};
pub use respond::{reply, respond};
pub use route::{go_on_as_http, route};
pub use statistics::{StatsPage, StatsRequest};
pub use stream::{
    Captures, CookieState, Cursor, Hints, Marks, Overrides, Persistence, SetCookie, Stream,
};
pub use table::server_table;
pub use timeouts::timeouts_in_force;
pub use trace::{Change, Event, NoTrace, Outcome, RuleFamily, Seen, Trace};
pub use verdict::{Admission, Choice, Final, ReplyKind, Resolve, Verdict};
