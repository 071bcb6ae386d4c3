//! Going to the background without forking a process that may have threads: the program starts itself again.
//!
//! The parent runs the child with one end of a pipe as standard input. The child does everything that can fail
//! (reading, binding, changing user) and then reports through the pipe; only then does the parent end, with 0 or
//! 1. A failed start therefore leaves nothing behind and the caller's exit code is true.
//!
//! The child begins in the directory that `-C` led to and must not go there a second time.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, setsid};

/// Marks the child.
const MARK: &str = "WEIR_BACKGROUND";
const READY: &[u8] = b"ready";

/// Whether this process is the child that goes on in the background.
pub(crate) fn is_child() -> bool {
    std::env::var_os(MARK).is_some()
}

/// This program with these arguments, the name it was started by first.
pub(crate) fn again(arguments: &[OsString]) -> Command {
    let program = std::env::current_exe().ok().filter(|file| file.exists());
    // A file that was replaced meanwhile is still what runs here.
    let mut command = Command::new(program.unwrap_or_else(|| "/proc/self/exe".into()));
    command.arg0(arguments.first().map_or("proxyd".as_ref(), OsString::as_os_str));
    command.args(arguments.iter().skip(1));
    command
}

/// Starts the child and waits for its report; whether it is ready.
pub(crate) fn start(arguments: &[OsString]) -> std::io::Result<bool> {
    let (mut report, end) = std::io::pipe()?;
    let mut command = again(arguments);
    command.env(MARK, "1").stdin(Stdio::from(end));
    let mut child = command.spawn()?;
    // The command still holds the child's end: without dropping it a dead child would never be noticed.
    std::mem::drop(command);
    let mut said = Vec::new();
    report.read_to_end(&mut said)?;
    if said == READY {
        return Ok(true);
    }
    child.wait()?;
    Ok(false)
}

/// Called by the child when it is ready: leaves the terminal, reports, and lets go of the caller's files.
pub(crate) fn ready() -> std::io::Result<()> {
    setsid()?;
    // Standard input is the pipe to the parent.
    File::from(nix::unistd::dup(std::io::stdin())?).write_all(READY)?;
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    Ok(())
}
