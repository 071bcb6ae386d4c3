//! The file that names the process, written before privileges are dropped and removed by nobody: as HAProxy's.

use std::fs;
use std::path::Path;

/// Writes the process id and a line end.
pub(crate) fn write(path: &Path) -> Result<(), String> {
    fs::write(path, format!("{}\n", std::process::id()))
        .map_err(|e| format!("pidfile {}: {e}", path.display()))
}
