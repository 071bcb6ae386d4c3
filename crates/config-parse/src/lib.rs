//! The grammars of the configuration language: bytes in, trees with spans out.
//!
//! In: the text of one or more files and an environment. Out: a [`tree::Tree`] of lines and words, and
//! parsers for what words hold: conditions, sample expressions, log formats, addresses, durations.
//! *Total parse*: any bytes give a tree, and the tree prints back as those bytes; a bad line is one
//! `Bad` line and reading goes on, because the pest rules are total per line.
//! Pure: variables come from an [`env::Environment`] that is an argument.
//! Start with [`tree`]; the words' own grammar is `grammar/words.pest`.
//!
//! Parsers of one word take a [`tree::Word`] and give `Result<T, Diagnostic>` ([`expr::parse`],
//! [`log_format::parse`], [`address::parse`], [`quantity::duration_word`]); those of several take a slice
//! ([`condition::parse`], [`condition::parse_acl`]). A finding's span lies inside the words given.

pub mod address;
mod args;
mod blocks;
pub mod condition;
pub mod env;
pub mod expr;
pub mod log_format;
pub mod predicate;
pub mod quantity;
mod read;
mod sample_grammar;
pub mod sections;
pub mod stray;
pub mod tree;
mod version;
mod words;

pub use words::MAX_WORDS;
