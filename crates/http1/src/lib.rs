//! The message head as ordered fields over one buffer, and the HTTP/1 wire format.
