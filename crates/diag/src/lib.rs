//! Findings as data: where they are, which code they have, how they are cured.
//!
//! In: source text and byte ranges. Out: [`Diagnostic`] values, and their renderings.
//! Every stage of the configuration path returns a value *and* all its diagnostics; nobody prints.
//! Start with [`Diagnostic`]; [`Sources`] turns its spans into lines and columns.

mod catalogue;
pub mod codes;
mod diagnostic;
pub mod fix;
pub mod render;
mod source;

pub use catalogue::{Class, Code, Entry, Severity, catalogue, entry};
pub use diagnostic::{Diagnostic, Edit, Fix, Related, Safety};
pub use source::{FileId, Place, SourceFile, Sources, Span, Spanned};
