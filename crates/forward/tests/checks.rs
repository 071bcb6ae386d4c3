//! Health checks on paused time: how long a check waits, and what a server that answers late or not at all is called.

use std::cell::RefCell;
use std::io;
use std::net::UdpSocket;
use std::rc::Rc;
use std::time::Duration;

use forward::{Checks, ConnectTo, Connector, Generation, LogInputs, Process, Settings, Worker};
use tokio::io::DuplexStream;

/// Port 2 never answers a connection; every other accepts, and only port 3 says something.
#[derive(Clone, Default)]
struct Silence(Rc<RefCell<Vec<DuplexStream>>>);

impl Connector for Silence {
    type Io = DuplexStream;

    async fn connect(&self, to: ConnectTo) -> io::Result<DuplexStream> {
        if to.address.socket().is_some_and(|address| address.port() == 2) {
            return std::future::pending().await;
        }
        let (ours, mut theirs) = tokio::io::duplex(1024);
        if to.address.socket().is_some_and(|address| address.port() == 3) {
            // An agent, or a server that says this to whoever connects.
            use tokio::io::AsyncWriteExt as _;
            theirs.write_all(b"down busy\n").await?;
        }
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
    let checks = Checks::start(&worker, &generation, LogInputs::default());
    tokio::time::sleep(Duration::from_secs(4)).await;
    drop(checks);
    worker.logs.flush();
    let mut bytes = [0; 2048];
    let lines = std::iter::from_fn(|| {
        log.recv(&mut bytes).ok().map(|n| String::from_utf8_lossy(&bytes[..n]).into_owned())
    });
    lines.collect()
}

fn lines_of(backend: &str) -> Vec<String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, log_of(backend))
}

#[track_caller]
fn check(backend: &str, expected: &str) {
    let lines = lines_of(backend);
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
fn a_server_is_checked_as_its_healthcheck_section_says() {
    check(
        " option tcp-check\n timeout check 300ms\n server s 127.0.0.1:1 check inter 1s fall 1 healthcheck web\n\
         healthcheck web\n type httpchk\n http-check send uri /%[be_name]",
        "Server be/s is DOWN, reason: Layer7 timeout, check duration: 300ms.",
    );
}

#[test]
fn a_websocket_check_waits_for_the_switch() {
    check(
        " option websocket-check /chat\n timeout connect 5s\n timeout check 400ms\n server s 127.0.0.1:1 check inter 1s fall 1",
        "Server be/s is DOWN, reason: Layer7 timeout, check duration: 400ms.",
    );
}

#[test]
fn an_agent_takes_its_server_down_and_with_it_those_that_track_it() {
    check(
        " server s 127.0.0.1:1 agent-check agent-port 3 agent-inter 1s\n server t 127.0.0.1:1",
        "Server be/s is DOWN, reason: Layer7 wrong status, code: 0, info: \"via agent : down (busy)\", \
         check duration: 0ms. 1 active and 0 backup servers left.",
    );
    let lines = lines_of(
        " server s 127.0.0.1:2 check inter 500ms fall 1\n server t 127.0.0.1:1 track s\n server u 127.0.0.1:1 track t",
    );
    let said: Vec<&str> = lines.iter().filter_map(|line| line.split('.').next()).collect();
    let expected = [
        "Server be/s is DOWN, reason: Layer4 timeout, check duration: 500ms",
        "Server be/t is DOWN via be/s",
        "Server be/u is DOWN via be/t",
        "backend be has no server available!",
    ];
    assert_eq!(said.first(), expected.first());
    for line in expected {
        assert!(said.iter().any(|said| said.trim_end() == line), "{line}: {said:?}");
    }
}

#[test]
fn tcp_check_rules_wait_for_timeout_check_and_name_their_step() {
    check(
        " option tcp-check\n tcp-check connect\n tcp-check send PING\\r\\n\n tcp-check expect string +PONG\n timeout connect 5s\n timeout check 300ms\n server s 127.0.0.1:1 check inter 1s fall 1",
        "Server be/s is DOWN, reason: Layer7 timeout, info: \" at step 3 of tcp-check (expect string '+PONG')\", check duration: 300ms.",
    );
}
