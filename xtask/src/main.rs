//!
//! Each command is a file. Programs that a command needs and the machine lacks are named, never passed over.
#![expect(clippy::print_stdout, reason = "the commands' figures are their output")]
#![expect(clippy::print_stderr, reason = "a failure is told to the person who ran the command")]

mod bench;
mod ci;
mod compat;
mod corpus;
mod demo;
mod fuzz;
mod instructions;
mod keywords;
mod matches;
mod mutate;
mod needs;
mod peers;
mod regtests;
mod reload;
mod shell;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", after_help = "Begin with: cargo xtask demo")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts two chat servers and proxyd with the article's routing, and says what to open.
    Demo(demo::Demo),
    /// Runs every test; what needs a missing program is named and counts as skipped.
    Test(test::Test),
    /// Exactly what CI runs, in that order.
    Ci,
    /// File headers, crate arrows, codes with pages, document links.
    Tidy,
    /// HAProxy and proxyd side by side on the cases, and lbctl explain against both.
    Compat(compat::Compat),
    /// The verdicts of lbctl check beside those of HAProxy on real configurations.
    Corpus(corpus::Corpus),
    /// One small change to real configurations at a time: does lbctl check still say what HAProxy says?
    Mutate(mutate::Mutate),
    /// The registries beside those that HAProxy prints of itself.
    Keywords(keywords::Keywords),
    /// Clients and servers that are not ours: python websockets, curl, wrk, Chromium.
    Peers(peers::Peers),
    /// Match methods and maps over long lists: HAProxy and proxyd must agree on every lookup.
    Matches(matches::Matches),
    /// HAProxy's own `.vtc` tests with proxyd in its place.
    Regtests(regtests::Regtests),
    /// Reloads proxyd under open tunnels and requests: none may be lost.
    Reload(reload::Reload),
    /// CPU per request, latency and memory of proxyd, HAProxy, nginx and the floor proxies.
    Bench(bench::Bench),
    /// Instructions of the request path (callgrind), beside what they may be.
    Instructions(instructions::Instructions),
    /// Runs the fuzz targets for a while (needs nightly and cargo-fuzz).
    Fuzz(fuzz::Fuzz),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Demo(demo) => demo::run(&demo),
        Command::Test(test) => test::run(&test),
        Command::Ci => ci::run(),
        Command::Tidy => tidy::run(),
        Command::Compat(compat) => compat::run(&compat),
        Command::Corpus(corpus) => corpus::run(&corpus),
        Command::Mutate(mutate) => mutate::run(&mutate),
        Command::Keywords(keywords) => keywords::run(&keywords),
        Command::Peers(peers) => peers::run(&peers),
        Command::Matches(matches) => matches::run(&matches),
        Command::Regtests(regtests) => regtests::run(&regtests),
        Command::Reload(reload) => reload::run(&reload),
        Command::Bench(bench) => bench::run(&bench),
        Command::Instructions(options) => instructions::run(&options),
        Command::Fuzz(fuzz) => fuzz::run(&fuzz),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}
