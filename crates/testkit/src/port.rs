//! TCP ports for tests that run side by side.
//!
//! Asking the kernel for a free port and letting go of it again is not enough: another test may be given the same
//! one, and since the daemon shares its ports (`SO_REUSEPORT`) neither would notice. So each port is also held by
//! name: an abstract unix socket that lives as long as the process that chose it.

use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::Mutex;

/// Below the range that the kernel gives to clients.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// The names that this process holds.
static HELD: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());

/// A loopback port that nobody uses and that no other process will choose while this one lives.
///
/// # Panics
/// When every port of the range is taken.
pub fn free() -> u16 {
    let seed = std::process::id().wrapping_mul(2_654_435_761) >> 16;
    for step in 0..u32::from(COUNT) {
        let port = FIRST + u16::try_from((seed + step) % u32::from(COUNT)).unwrap_or(0);
        if hold(port) {
            return port;
        }
    }
    panic!("every port from {FIRST} on is taken");
}

fn hold(port: u16) -> bool {
    let Ok(name) = SocketAddr::from_abstract_name(format!("weir-test-port-{port}")) else {
        return false;
    };
    let Ok(lock) = UnixListener::bind_addr(&name) else { return false };
    if TcpListener::bind(("127.0.0.1", port)).is_err() {
        return false;
    }
    // A panic in another test leaves the list as it was.
    HELD.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(lock);
    true
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_port_is_given_twice() {
        let mut ports: Vec<u16> = (0..50).map(|_| super::free()).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 50);
    }
}
