//! Cuts the hash key out of a request, where that is part of the algorithm.
//!
//! `balance hash` takes the bytes of its sample, and `balance source` the address: neither needs
//! help from here.

mod hdr;
mod rdp_cookie;
mod uri;
mod url_param;

pub use hdr::domain_only;
pub use rdp_cookie::rdp_cookie;
pub use uri::Uri;
pub use url_param::{url_param, url_param_in_body};
