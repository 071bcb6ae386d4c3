//! A request taken through the evaluator step by step, and what came of it in words.
//!
//! In: a program, a request that somebody asks about, and facts. Out: an [`Explained`] with every step, and its text.
//! Nothing is decided here: [`evaluate`] calls `rules` as `forward` does, and prints nothing. Users are `lbctl explain`
//! and the runtime socket's `explain`. Start with [`evaluate`]; [`request`] says what is asked.

mod evaluate;
mod facts;
pub mod request;
pub mod text;
pub mod words;

pub use evaluate::{Ending, Explained, World, evaluate, in_words};
pub use request::{Answer, Asked};
