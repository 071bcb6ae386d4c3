//! Patterns, match methods, pattern files and conditions.
