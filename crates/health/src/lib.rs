//! The health of a server, as HAProxy keeps it: check results in, transitions out.
//!
//! In: the answers of a server to one check ([`Check`], driven by [`Event`]s that somebody with
//! sockets delivers), the operator's orders ([`AdminOrder`], [`HealthOrder`]), and draws where
//! chance has a part.
//! Out: [`CheckResult`]s, [`Transition`]s, and the log lines that HAProxy writes for them
//! ([`LogLine`]).
//! Invariants: *pure core* (no socket, no clock, no random number is opened here: elapsed time and
//! nonces are arguments); *no panic from outside* (a server may answer anything); the counter of
//! [`Health`] stays within `0..rise + fall`, and it says UP exactly when it is at least `rise`
//! or the operator overruled the checks.
//! Start with [`Health::observe`]; what a check says on the wire begins at [`Check::next`].

mod admin_state;
mod machine;
mod result;
mod schedule;
pub mod script;
mod settings;
mod status;
mod transition;
mod words;

pub use admin_state::AdminState;
pub use machine::{
    AdminOrder, AgentReply, Health, HealthOrder, Observed, OnError, Operational, Saved,
};
pub use result::CheckResult;
pub use schedule::{Spread, first_check_after};
pub use script::{Check, CheckScript, Context, Event, Step};
pub use settings::CheckSettings;
pub use status::{CheckStatus, Outcome};
pub use transition::{Cause, Change, CheckReport, Transition};
pub use words::{BackendView, LogLevel, LogLine, ServerLabel};
