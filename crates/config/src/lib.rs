//! The typed model of a configuration: what every line means, after `defaults` are resolved.
//!
//! In: a [`config_parse::tree::Tree`]. Out: a [`model::Config`] and every diagnostic of the lowering.
//! Invariants: *Nothing silent* (each keyword is supported, ignored with a note, or refused with a code),
//! *No stricter* than HAProxy, *One cause, one error*. Every value keeps the span it came from.
//! Pure: opens nothing; names are not resolved here. Start with [`load()`] and [`model`]; the keywords
//! are in `keyword/`, the checks across lines in `check/`.

mod check;
mod default_path;
mod diff;
pub mod keyword;
mod load;
mod lower;
pub mod model;
mod target;

pub use check::named_hosts;
pub use diff::{Change, Impact, Item, Kind, Objects, Section, apply, diff, diff_objects, objects};
pub use keyword::nearest;
pub use load::{Loaded, load};
pub use lower::{lower, lower_in};
pub use target::Target;
