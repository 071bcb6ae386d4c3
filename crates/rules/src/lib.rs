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

mod compile;
mod program;
mod steps;
mod stream;
mod trace;
mod verdict;

pub use compile::compile;
pub use program::{Backend, Frontend, Listener, Phase, Program, TimeoutInForce};
pub use steps::*;
pub use stream::{Captures, CookieState, Cursor, Overrides, Persistence, Stream};
pub use trace::{Change, Event, NoTrace, Outcome, RuleFamily, Seen, Trace};
pub use verdict::{Admission, Choice, Final, ReplyKind, Verdict};
