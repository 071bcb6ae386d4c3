//! One buffer per thread through which all tunnels of the thread pass their bytes.

use std::cell::Cell;

/// How much one read may take.
pub(crate) const SCRATCH_BYTES: usize = 64 * 1024;

thread_local! {
    static SCRATCH: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// Lends the thread's buffer. A stream that polls another tunnel while it is read gets a fresh one.
pub(crate) fn with<R>(work: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut buffer = SCRATCH.take().unwrap_or_else(|| vec![0; SCRATCH_BYTES].into_boxed_slice());
    let result = work(&mut buffer);
    SCRATCH.set(Some(buffer));
    result
}
