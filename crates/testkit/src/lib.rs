//! Servers and clients for tests, the demo and the bench (never a runtime dependency).
//!
//! Nothing here is Weir's: WebSockets are tokio-tungstenite's, so that the daemon meets a stranger's.
//! Start with [`chat`]; the programs in `bin/` are thin.

pub mod chat;
pub mod drive;
pub mod floor;
pub mod load;
pub mod origin;
pub mod port;
