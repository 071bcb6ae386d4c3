//! `bench-origin ADDR`: the server behind every contender of the bench.
#![expect(clippy::print_stderr, reason = "a program of its own: it tells its user what went wrong")]

use std::process::ExitCode;

use testkit::{floor, origin};

fn main() -> ExitCode {
    let Some(address) = std::env::args().nth(1).and_then(|word| word.parse().ok()) else {
        eprintln!("usage: bench-origin ADDR");
        return ExitCode::from(2);
    };
    if let Err(why) = floor::on_this_thread(async { origin::serve(floor::listen(address)?).await })
    {
        eprintln!("bench-origin: {why}");
    }
    ExitCode::FAILURE
}
