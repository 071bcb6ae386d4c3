//! Log formats, compiled and written (manual 8.2).

mod alias;
mod built_in;
pub(crate) mod compile;
mod encode;
mod escape;
mod write;

pub use built_in::BuiltIn;
pub use write::{CompiledFormat, Escape};
