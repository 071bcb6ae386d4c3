//! `-m`: a limit of memory (management 3).
//!
//! The kernel keeps the limit, as for HAProxy. An allocation beyond it would end the process and every stream in it,
//! so new connections already wait in the kernel's queue when little is left.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::sync::Arc;
use std::time::Duration;

use forward::Process;
use nix::sys::resource::{Resource, setrlimit};

use crate::background;

const MEGABYTE: u64 = 1 << 20;

/// How often is looked how much is in use.
const LOOK: Duration = Duration::from_millis(100);

/// Tells the allocator to take memory only as it is needed: by itself it takes a gigabyte at once, all of which the
/// kernel counts.
const AS_NEEDED: &str = "MIMALLOC_ARENA_EAGER_COMMIT";

/// Starts the program again, in this process, when the allocator has taken too much already.
///
/// # Errors
/// It cannot be started again.
pub(crate) fn start_lean(command_line: &[OsString]) -> Result<(), String> {
    if std::env::var_os(AS_NEEDED).is_some() {
        return Ok(());
    }
    let why = background::again(command_line).env(AS_NEEDED, "0").exec();
    Err(format!("starting with little memory: {why}"))
}

/// Sets the limit in megabytes.
///
/// # Errors
/// What the system says against it.
pub(crate) fn limit(megabytes: u32) -> Result<(), String> {
    let bytes = u64::from(megabytes) * MEGABYTE;
    setrlimit(Resource::RLIMIT_DATA, bytes, bytes)
        .map_err(|e| format!("limiting memory to {megabytes} MB: {e}"))
}

/// Lets new connections wait while less than an eighth of the limit is left.
pub(crate) async fn watch(process: Arc<Process>, megabytes: u32) {
    let most = u64::from(megabytes) * MEGABYTE / 8 * 7;
    loop {
        // What cannot be read limits nothing.
        let used = resident().unwrap_or(0);
        process.set_short_of_memory(used > most);
        tokio::time::sleep(LOOK).await;
    }
}

/// Bytes of memory in use.
fn resident() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = pages.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_in_use_is_known() {
        assert!(resident().is_some_and(|bytes| bytes > MEGABYTE));
    }
}
