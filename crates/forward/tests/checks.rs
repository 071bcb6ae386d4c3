//! Health checks on paused time: how long a check waits, and what a server that answers late or not at all is called.

use std::cell::RefCell;
use std::io;
use std::net::UdpSocket;
use std::rc::Rc;
use std::time::Duration;

use forward::{Checks, ConnectTo, Connector, Generation, Process, Settings, Worker};
use tokio::io::DuplexStream;

/// Port 2 never answers a connection; every other accepts and says nothing.
#[derive(Clone, Default)]
struct Silence(Rc<RefCell<Vec<DuplexStream>>>);

impl Connector for Silence {
    type Io = DuplexStream;

    async fn connect(&self, to: ConnectTo) -> io::Result<DuplexStream> {
        if to.address.socket().is_some_and(|address| address.port() == 2) {
            return std::future::pending().await;
        }
        let (ours, theirs) = tokio::io::duplex(1024);
        self.0.borrow_mut().push(theirs);
        Ok(ours)
    }
}

/// The log of the first seconds of a backend whose checks are these lines.
async fn log_of(backend: &str) -> Vec<String> {
    let log = UdpSocket::bind("127.0.0.1:0").expect("a port for the log");
    log.set_nonblocking(true).expect("a socket that does not wait");
    let port = log.local_addr().expect("a bound socket").port();
    let text = format!(
        "global\n log 127.0.0.1:{port} format raw local0\ndefaults\n mode http\n log global\n timeout client 5s\n \
         timeout server 5s\nfrontend fe\n bind 127.0.0.1:8080\n default_backend be\nbackend be\n{backend}\n"
    );
    let loaded =
        config::load([("t.cfg".into(), text.into())], &Default::default(), config::Target::Proxyd);
    let (program, findings) = rules::compile(loaded.config, &|path| Err(path.to_owned()));
    let program = program.unwrap_or_else(|| panic!("{findings:?}"));
    let process = Process::new(Settings::default());
    let generation = Generation::new(program, &process, &|_, _| None, None);
    let worker = Worker::start(0, process, Silence::default());
    let checks = Checks::start(&worker, &generation);
    tokio::time::sleep(Duration::from_secs(4)).await;
    drop(checks);
    worker.logs.flush();
    let mut bytes = [0; 2048];
    let lines = std::iter::from_fn(|| {
        log.recv(&mut bytes).ok().map(|n| String::from_utf8_lossy(&bytes[..n]).into_owned())
    });
    lines.collect()
}

#[track_caller]
fn check(backend: &str, expected: &str) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let lines = tokio::task::LocalSet::new().block_on(&runtime, log_of(backend));
    let first = lines.first().map_or("", |line| line.trim_end());
    assert!(first.contains(expected), "{lines:?}");
}

#[test]
fn a_server_that_is_silent_after_connecting_is_down_after_timeout_check() {
    check(
        " option httpchk\n timeout connect 5s\n timeout check 300ms\n server s 127.0.0.1:1 check inter 1s fall 1",
        "Server be/s is DOWN, reason: Layer7 timeout, check duration: 300ms.",
    );
}

#[test]
fn a_server_that_cannot_be_reached_is_down_after_timeout_connect() {
    check(
        " timeout connect 200ms\n timeout check 2s\n server s 127.0.0.1:2 check inter 1s fall 1",
        "Server be/s is DOWN, reason: Layer4 timeout, check duration: 200ms.",
    );
}

#[test]
fn without_a_timeout_a_check_has_its_interval() {
    check(
        " option httpchk\n timeout connect 5s\n server s 127.0.0.1:1 check inter 700ms fall 1",
        "Server be/s is DOWN, reason: Layer7 timeout, check duration: 700ms.",
    );
}

#[test]
fn a_websocket_check_waits_for_the_switch() {
    check(
        " option websocket-check /chat\n timeout connect 5s\n timeout check 400ms\n server s 127.0.0.1:1 check inter 1s fall 1",
        "Server be/s is DOWN, reason: Layer7 timeout, check duration: 400ms.",
    );
}
