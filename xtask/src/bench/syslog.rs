//! The local syslog server that every contender logs to: it counts datagrams and forgets them.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::shell::Failure;

/// A server on a port of its own; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Syslog {
    /// Its UDP port on the loopback address.
    pub(crate) port: u16,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    lines: AtomicU64,
    over: AtomicBool,
}

impl Syslog {
    /// Binds a port and begins to read.
    pub(crate) fn start() -> Result<Syslog, Failure> {
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        let port = socket.local_addr().map_err(|e| e.to_string())?.port();
        let pause = Some(Duration::from_millis(100));
        socket.set_read_timeout(pause).map_err(|e| e.to_string())?;
        let state = Arc::new(State::default());
        let shared = state.clone();
        let thread = std::thread::spawn(move || drain(&socket, &shared));
        Ok(Syslog { port, state, thread: Some(thread) })
    }

    /// Datagrams until now.
    pub(crate) fn lines(&self) -> u64 {
        self.state.lines.load(Ordering::Relaxed)
    }
}

impl Drop for Syslog {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It only counts; were it to panic, the count would show it.
            let _ = thread.join();
        }
    }
}

fn drain(socket: &UdpSocket, state: &State) {
    let mut datagram = [0; 4096];
    while !state.over.load(Ordering::Relaxed) {
        if socket.recv(&mut datagram).is_ok() {
            state.lines.fetch_add(1, Ordering::Relaxed);
        }
    }
}
