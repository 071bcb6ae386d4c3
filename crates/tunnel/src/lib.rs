//! Two-way relay after an upgrade or in `mode tcp`, with WebSocket frame boundaries.
//!
//! In: a client and a server stream, bytes already read from either, the timeouts, a [`Control`].
//! Out: [`Ended`]: who ended it, and how many bytes went each way.
//!
//! Invariants:
//! - Every byte read is written once, in order, or the tunnel ended abnormally.
//! - An idle tunnel owns no buffer: bytes pass through one scratch buffer per thread, and only what
//!   the other side would not take yet is kept.
//! - An idle tunnel is woken by bytes, by its control, or by its one deadline; never by activity.
//! - A half-close travels: one side's end reaches the other after all its bytes, and the other
//!   direction goes on under `timeout client-fin` or `server-fin`.
//!
//! Start with [`relay`]; `direction.rs` moves the bytes, `relay.rs` decides when it is over.

mod control;
mod direction;
mod ended;
mod frame;
mod relay;
mod scratch;
mod timeouts;

pub use control::{Control, Counters};
pub use ended::{Cause, Ended, Kill, Side};
pub use frame::{CLOSE_BYTES, FrameWalker, close_frame};
pub use relay::{Opening, relay};
pub use timeouts::Timeouts;
