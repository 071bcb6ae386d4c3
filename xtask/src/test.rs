//! `cargo xtask test`: all tests, and by name what the machine lacks for them.

use clap::Args;

use crate::{needs, shell};

/// Options of `test`.
#[derive(Debug, Default, Args)]
pub(crate) struct Test {
    /// Only this package.
    #[arg(long, short)]
    package: Option<String>,
}

/// Runs the tests of the workspace with `cargo test`, which every user has.
pub(crate) fn run(test: &Test) -> Result<(), shell::Failure> {
    let missing = needs::missing();
    for program in &missing {
        println!(
            "skipped: {} need `{}` (package {})",
            program.serves, program.name, program.package
        );
    }
    let mut arguments = vec!["test", "--quiet", "--no-fail-fast"];
    match &test.package {
        Some(package) => arguments.extend(["-p", package]),
        None => arguments.push("--workspace"),
    }
    shell::run(&shell::cargo(), &arguments)?;
    println!(
        "all tests passed; {} of {} outside programs are missing",
        missing.len(),
        needs::PROGRAMS.len()
    );
    Ok(())
}
