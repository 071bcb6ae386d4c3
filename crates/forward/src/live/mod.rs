//! What changes while a configuration runs: states, loads, queues, counters.
//!
//! In: a program, the addresses of its servers, and the [`Live`] before it. Out: one object for each
//! frontend, backend and server. What belongs to a *name* ([`FrontendState`], [`BackendState`],
//! [`ServerState`]) outlives a reload; what belongs to a *configuration* ([`Backend`], [`Server`])
//! does not.

mod backend;
mod build;
mod captured;
mod direct;
mod frontend;
mod orders;
mod queue;
mod resolved;
mod saved;
mod server;
mod stats;
mod track;
mod watch;

pub(crate) use backend::Slot;
pub use backend::{Backend, BackendState};
pub use build::{Live, Resolve};
pub(crate) use build::{check_settings, server_address};
pub use captured::{Captured, LastCaptured};
pub use frontend::FrontendState;
pub(crate) use queue::{Place, Rank, Turn};
pub use resolved::Named;
pub use server::{CheckAims, Server, ServerState};
pub use stats::{Counters, TimeSums};
