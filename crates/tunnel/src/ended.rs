//! How a tunnel ended, as data.

/// One of the two ends of a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client that connected to us.
    Client,
    /// The server we connected to.
    Server,
}

/// Why an operator or the proxy itself ended a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kill {
    /// `shutdown session`, or a drain: letter `K`.
    Operator,
    /// The server went down (`on-marked-down shutdown-sessions`): letter `D`.
    ServerDown,
    /// A server is back and backup sessions end (`on-marked-up shutdown-backup-sessions`): `U`.
    ServerUp,
}

/// What ended a tunnel first; what follows from it (the other side's end) does not change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Both sides ended their stream in order.
    Closed,
    /// This side broke the connection: a reset, or a failed read or write.
    Aborted(Side),
    /// This side was silent for too long, or would not take its bytes.
    TimedOut(Side),
    /// Ended from outside, at once.
    Killed(Kill),
    /// Ended from outside with Close frames.
    Drained,
}

impl Cause {
    /// HAProxy's termination letters in the data phase (manual 8.5): who, then `D`; `--` for an
    /// ordinary end.
    pub fn letters(self) -> [u8; 2] {
        match self {
            Cause::Closed => *b"--",
            Cause::Aborted(Side::Client) => *b"CD",
            Cause::Aborted(Side::Server) => *b"SD",
            Cause::TimedOut(Side::Client) => *b"cD",
            Cause::TimedOut(Side::Server) => *b"sD",
            Cause::Killed(Kill::Operator) | Cause::Drained => *b"KD",
            Cause::Killed(Kill::ServerDown) => *b"DD",
            Cause::Killed(Kill::ServerUp) => *b"UD",
        }
    }

    /// The side that ended it, when one did.
    pub fn side(self) -> Option<Side> {
        match self {
            Cause::Aborted(side) | Cause::TimedOut(side) => Some(side),
            Cause::Closed | Cause::Killed(_) | Cause::Drained => None,
        }
    }
}

/// The end of a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// What ended it first.
    pub cause: Cause,
    /// The side whose end of stream came first, when one came.
    pub first_end: Option<Side>,
    /// Bytes written to the server, those of the [`crate::Opening`] included.
    pub bytes_up: u64,
    /// Bytes written to the client.
    pub bytes_down: u64,
}
