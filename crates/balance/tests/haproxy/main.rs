//! The same backends in HAProxy and here: the same servers are picked.
//!
//! Needs `/usr/sbin/haproxy`; a test that cannot run says so by name. `WEIR_BALANCE_KEYS=10000`
//! sets how many keys each hash run sends (300 when unset), and a hundredth of it how many random
//! histories are tried.

mod backend;
mod cuts;
mod hashes;
mod loads;
mod oracle;
mod turns;

use balance::{Balancer, PickInput, ServerSpec};

pub(crate) fn keys() -> usize {
    std::env::var("WEIR_BALANCE_KEYS").ok().and_then(|keys| keys.parse().ok()).unwrap_or(300)
}

/// Keys of several shapes, the same in every run.
pub(crate) fn key(number: usize) -> String {
    match number % 4 {
        0 => format!("{number}"),
        1 => format!("user-{number:05}@example.org"),
        2 => format!("/static/{}/{number}.png", number % 97),
        _ => format!("{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
    }
}

pub(crate) fn get(target: &str, headers: &str) -> Vec<u8> {
    // HAProxy refuses a Host that is not the authority of the target.
    let authority = target.split_once("://").map_or("h", |(_, rest)| rest);
    let end = authority.find(['/', '?']).unwrap_or(authority.len());
    let authority = &authority[..end];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n").into_bytes()
}

/// A small generator of numbers that are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// One request that comes and ends.
pub(crate) fn serve_one(ours: &Balancer, servers: &[ServerSpec]) -> String {
    serve(ours, servers, &PickInput::default())
}

pub(crate) fn serve(ours: &Balancer, servers: &[ServerSpec], input: &PickInput<'_>) -> String {
    let name = backend::pick(ours, servers, input);
    if let Some(server) = servers.iter().position(|server| server.name == name) {
        ours.take(server);
        ours.release(server);
    }
    name
}
