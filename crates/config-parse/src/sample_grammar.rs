//! The parser that pest makes of `sample.pest` and `args.pest`: expressions and log formats.

#[derive(pest_derive::Parser)]
#[grammar = "grammar/args.pest"]
#[grammar = "grammar/sample.pest"]
pub(crate) struct Sample;
