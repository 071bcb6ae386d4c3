//! Patterns, match methods, pattern files and conditions.
//!
//! In: a criterion with its patterns ([`config_parse::condition::AclExpr`]) and what the named files hold.
//! Out: a compiled test that says yes, no, *wait* or *unknown* for a [`sample::Context`], and the value it saw.
//! Pure: file contents are arguments. Start with [`Outcome`].

mod outcome;

pub use outcome::Outcome;
