//! `bench-load PLAN`: opens the connections of a plan, then runs the phases it is told.
//!
//! Prints `ready`, then for each line of input (a phase as json) a line of output (its outcome).
//! The connections stay open until the input ends.
#![expect(clippy::print_stdout, reason = "a program of its own: its figures are its output")]
#![expect(clippy::print_stderr, reason = "a program of its own: it tells its user what went wrong")]

use std::process::ExitCode;

use testkit::drive::{Drive, Plan};
use testkit::floor;

fn main() -> ExitCode {
    let argument = std::env::args().nth(1).unwrap_or_default();
    let plan: Plan = match serde_json::from_str(&argument) {
        Ok(plan) => plan,
        Err(why) => {
            eprintln!("bench-load: the plan: {why}");
            return ExitCode::from(2);
        }
    };
    match floor::on_this_thread(run(plan)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(plan: Plan) -> std::io::Result<()> {
    let mut drive = Drive::open(plan).await?;
    println!("ready");
    // Reading blocks the thread, which is what an idle load should do.
    for line in std::io::stdin().lines() {
        let phase = serde_json::from_str(&line?)?;
        println!("{}", serde_json::to_string(&drive.run(phase).await)?);
    }
    Ok(())
}
