//! The typed model of a configuration: what every line means, after `defaults` are resolved.
//!
//! In: a [`config_parse::tree::Tree`]. Out: a [`model::Config`] and every diagnostic of the lowering.
//! Invariants: *Nothing silent* (each keyword is supported, ignored with a note, or refused with a code),
//! *No stricter* than HAProxy, *One cause, one error*. Every value keeps the span it came from.
//! Pure: opens nothing; names are not resolved here. Start with [`model`]; the keywords are in `keyword/`.

pub mod model;
