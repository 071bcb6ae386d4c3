//! `proxyd`: the daemon. Everything is in the library; see its first page.

use std::process::ExitCode;

/// Long-lived tunnels come and go by the thousand: mimalloc gives their pages back where the system's allocator
/// keeps them, and is faster on the request path.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    proxyd::main(std::env::args_os().collect())
}
