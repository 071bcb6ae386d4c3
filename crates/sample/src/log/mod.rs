//! Log formats, compiled and written (manual 8.2).

pub(crate) mod compile;
mod write;

pub use write::{CompiledFormat, Escape};
