//! The daemon: arguments, privileges, listeners, generations, runtime socket, wiring.
//!
//! In: HAProxy's command line and configuration. Out: a process that serves, reloads in place and ends when told.
//! Invariants: a failed start leaves nothing behind; a failed reload changes nothing and is reported; a tunnel
//! that was not told to end does not end; everything that decides is in `rules`, everything that moves bytes in
//! `forward`. Start with [`main`]; `start.rs` has the order of a start, `daemon.rs` the reload.

mod arguments;
mod background;
mod daemon;
mod disk;
mod dumps;
mod idle;
mod load;
mod memory;
mod names;
mod notify;
mod origin;
mod pidfile;
mod privileges;
mod runtime;
mod sockets;
mod start;
mod states;
mod supervise;
mod take_over;
mod words;
mod workers;

use std::ffi::OsString;
use std::process::ExitCode;

use arguments::{Arguments, HELP, Usage};
use words::{Grave, answer, say};

/// The version, as `-v` and `show info` tell it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs the daemon with a whole command line, the program's name first.
pub fn main(command_line: Vec<OsString>) -> ExitCode {
    let arguments = match arguments::parse(command_line.iter().skip(1).cloned()) {
        Ok(arguments) => arguments,
        Err(Usage(why)) => {
            say(Grave::Alert, &format!("{why}; try `proxyd -h`"));
            return ExitCode::FAILURE;
        }
    };
    if let Some(code) = asked_and_answered(&arguments) {
        return code;
    }
    match start::run(&arguments, &command_line) {
        Ok(code) => code,
        Err(why) => {
            if !why.is_empty() {
                say(Grave::Alert, &why);
            }
            ExitCode::FAILURE
        }
    }
}

/// `-h`, `-v`, `-cc`: an answer and the end.
fn asked_and_answered(arguments: &Arguments) -> Option<ExitCode> {
    if let Some(how) = arguments.version {
        dumps::version(how);
        return Some(ExitCode::SUCCESS);
    }
    if arguments.help {
        answer(HELP);
        return Some(ExitCode::SUCCESS);
    }
    let condition = arguments.condition.as_deref()?;
    match load::condition(condition) {
        Ok(true) => Some(ExitCode::SUCCESS),
        Ok(false) => Some(ExitCode::FAILURE),
        Err(why) => {
            say(Grave::Alert, &why);
            Some(ExitCode::FAILURE)
        }
    }
}
