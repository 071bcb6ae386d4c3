//! The proxyd command.

fn main() {}
