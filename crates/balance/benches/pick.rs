//! Nanoseconds per pick.
fn main() {}
