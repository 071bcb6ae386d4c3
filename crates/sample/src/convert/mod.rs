//! The converters, one file for each group.

mod text;

use crate::registry::ConvertEntry;

/// Every group.
pub(crate) static GROUPS: &[&[ConvertEntry]] = &[text::ENTRIES];
