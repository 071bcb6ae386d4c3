//! Compiles a configuration into a program and routes requests through it.
