//! What a reload does to connections when an object changes.

use super::Kind;

/// How far a change reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// New requests see it; nothing is interrupted.
    Hot,
    /// A listening socket is opened, closed or opened anew; connections that are open go on.
    RebindsListener,
    /// Streams or tunnels that are open end, or the process has to be started anew.
    EndsStreams,
}

/// Settings of `global` that hold from start to end.
const PROCESS: &[&str] =
    &["daemon", "master-worker", "nbthread", "user", "group", "uid", "gid", "chroot", "ulimit-n"];

pub(super) fn of(section: &str, what: &str, kind: Kind) -> Impact {
    let listens = section.starts_with("frontend ") || section.starts_with("listen ");
    if section == "global" {
        return match what {
            _ if PROCESS.contains(&what) => Impact::EndsStreams,
            "stats socket" => Impact::RebindsListener,
            _ => Impact::Hot,
        };
    }
    match what {
        "bind" | "backlog" => Impact::RebindsListener,
        "" | "disabled" if listens => Impact::RebindsListener,
        // The mode is how bytes are read: what is open goes on as it began, and its listener with it.
        "mode" if listens => Impact::RebindsListener,
        // A server that is gone closes what it still had when its drain time is over.
        _ if what.starts_with("server ") && what.ends_with(" address") => match kind {
            Kind::Added => Impact::Hot,
            Kind::Removed | Kind::Changed => Impact::EndsStreams,
        },
        _ => Impact::Hot,
    }
}
