//! The exit codes of every command.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: clean, routed, same.
    Clean,
    /// 1: findings, no route or rejected, different.
    Found,
    /// 2: it could not be done: usage, an unreadable file, an unreachable daemon.
    CouldNot,
    /// 3: a bug of ours.
    Bug,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        match exit {
            Exit::Clean => ExitCode::from(0),
            Exit::Found => ExitCode::from(1),
            Exit::CouldNot => ExitCode::from(2),
            Exit::Bug => ExitCode::from(3),
        }
    }
}

/// Why a command could not be done, for the person who typed it.
pub(crate) type CouldNot = String;
