//! The words of the runtime socket: commands and replies as types and text.
