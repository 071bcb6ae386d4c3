//! The grammars of the configuration language, with spans.
