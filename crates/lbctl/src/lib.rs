//! `lbctl`: checks configurations, explains what happens to a request, diffs against a running daemon.
//!
//! Exit codes, like diff(1): 0 clean, routed or same; 1 findings, no route, or different; 2 it could not be
//! done; 3 a bug of ours. All answers go to standard output, all failures to standard error.
//!
//! A library for the fuzz targets alone: the program is [`main`], and what any bytes are read with is [`text`].
#![expect(clippy::print_stderr, reason = "a failure is told to the person who typed the command")]

mod arguments;
mod check;
mod compat;
mod diff;
mod exit;
mod explain;
mod files;
mod fmt;
mod keywords;
mod lsp;
mod manual;
mod out;
mod routing_test;
mod rule;
pub mod text;
mod witness;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use exit::Exit;

/// Runs the command that was typed.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => {
            // Printing can only fail when nobody reads.
            let _ = usage.print();
            return if usage.use_stderr() { Exit::CouldNot.into() } else { Exit::Clean.into() };
        }
    };
    let done = std::panic::catch_unwind(|| match &arguments.command {
        Command::Check(check) => check::run(check),
        Command::Explain(explain) => explain::run(explain),
        Command::Test(test) => routing_test::run(test),
        Command::Diff(diff) => diff::run(diff),
        Command::Fmt(fmt) => fmt::run(fmt),
        Command::Compat(compat) => compat::run(compat),
        Command::Keywords(keywords) => keywords::run(keywords),
        Command::Rule(rule) => rule::run(rule),
        Command::Lsp(lsp) => lsp::run(lsp),
        Command::Completions(asked) => manual::completions(asked),
        Command::Man(asked) => manual::man(asked),
    });
    match done {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(why)) => {
            eprintln!("lbctl: {why}");
            Exit::CouldNot.into()
        }
        Err(_) => {
            eprintln!(
                "lbctl: this is a bug of ours: please report the line above with the configuration"
            );
            Exit::Bug.into()
        }
    }
}
