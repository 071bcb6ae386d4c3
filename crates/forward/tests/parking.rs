//! Client connections that are idle for long have no task, and nobody notices: over real sockets, on paused time.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use forward::{Bound, Generation, Listener, Process, Settings, Socket, SystemConnector, Worker};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

const CONFIG: &str = "defaults\n mode http\n timeout client 30s\n timeout http-request 20s\n \
                      timeout http-keep-alive 10s\nfrontend fe\n bind 127.0.0.1:8080\n \
                      http-request return status 200 content-type text/plain string hello\n";

struct Stage {
    worker: Rc<Worker>,
    listener: Arc<Listener>,
    accepting: TcpListener,
}

impl Stage {
    async fn new() -> Stage {
        let files = [("test.cfg".to_owned(), CONFIG.as_bytes().to_vec())];
        let loaded = config::load(files, &Default::default(), config::Target::Proxyd);
        let (program, findings) = rules::compile(loaded.config, &|path| Err(path.to_owned()));
        let program = program.unwrap_or_else(|| panic!("{findings:?}"));
        let process = Process::new(Settings::default());
        let generation = Generation::new(program, &process, &|_, _| None, None);
        let frontend = generation.program.frontend_named("fe").expect("a frontend").reference();
        let listener = Listener::new(&process);
        listener.bind(Some(Bound { generation, frontend, index: 0 }));
        let accepting = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Stage { worker: Worker::start(0, process, SystemConnector), listener, accepting }
    }

    async fn connect(&self) -> TcpStream {
        let address = self.accepting.local_addr().expect("a bound socket");
        let client = TcpStream::connect(address).await.expect("a connection");
        let (accepted, peer) = self.accepting.accept().await.expect("a connection");
        self.worker.serve(Socket::Tcp(accepted), Some(peer), Some(address), &self.listener);
        client
    }

    /// A connection that had one answer and was quiet since, until it was parked.
    async fn parked(&self) -> TcpStream {
        let mut client = self.connect().await;
        assert!(ask(&mut client).await.ends_with("hello"));
        sleep(Duration::from_secs(3)).await;
        assert_eq!(self.counts(), (1, 1));
        client
    }

    /// Connections that are parked, and all of the listener.
    fn counts(&self) -> (usize, u32) {
        (self.worker.parked_connections(), self.listener.connections.now())
    }
}

async fn ask(client: &mut TcpStream) -> String {
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("a request");
    let (mut answer, mut bytes) = (String::new(), [0; 1024]);
    while !answer.ends_with("hello") {
        match client.read(&mut bytes).await.expect("an answer") {
            0 => break,
            read => answer.push_str(&String::from_utf8_lossy(&bytes[..read])),
        }
    }
    answer
}

/// What comes until the connection ends, and after how many milliseconds.
async fn end(client: &mut TcpStream) -> (String, u128) {
    let (start, mut rest) = (tokio::time::Instant::now(), Vec::new());
    client.read_to_end(&mut rest).await.expect("an end");
    let line = String::from_utf8_lossy(&rest).lines().next().unwrap_or_default().to_owned();
    (line, start.elapsed().as_millis())
}

fn on_stage(test: impl AsyncFnOnce(Stage)) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().expect("a runtime");
    let all = tokio::task::LocalSet::new();
    all.block_on(&runtime, async { test(Stage::new().await).await });
}

#[test]
fn a_parked_connection_answers_as_before_and_is_parked_again() {
    on_stage(async |stage| {
        let mut client = stage.parked().await;
        for _ in 0..3 {
            assert!(ask(&mut client).await.ends_with("hello"));
            assert_eq!(stage.counts(), (0, 1));
            sleep(Duration::from_secs(3)).await;
            assert_eq!(stage.counts(), (1, 1));
        }
    });
}

#[test]
fn a_parked_connection_ends_by_its_keep_alive_timeout() {
    on_stage(async |stage| {
        let mut client = stage.parked().await;
        let (line, after) = end(&mut client).await;
        assert_eq!((line.as_str(), stage.counts()), ("", (0, 0)));
        // It was quiet for three of the ten seconds already.
        assert!((6990..7010).contains(&after), "{after}");
    });
}

#[test]
fn a_client_that_never_asked_still_gets_its_408() {
    on_stage(async |stage| {
        let mut client = stage.connect().await;
        sleep(Duration::from_secs(3)).await;
        assert_eq!(stage.counts(), (1, 1));
        let (line, after) = end(&mut client).await;
        assert_eq!(line, "HTTP/1.1 408 Request Time-out");
        assert!((16_990..18_010).contains(&after), "{after}");
    });
}

#[test]
fn a_client_that_leaves_is_gone_at_once() {
    on_stage(async |stage| {
        drop(stage.parked().await);
        sleep(Duration::from_millis(5)).await;
        assert_eq!(stage.counts(), (0, 0));
    });
}

#[test]
fn a_listener_that_goes_ends_those_that_had_an_answer() {
    on_stage(async |stage| {
        let mut client = stage.parked().await;
        let silent = stage.connect().await;
        sleep(Duration::from_secs(3)).await;
        assert_eq!(stage.counts(), (2, 2));
        stage.worker.wake_idle();
        sleep(Duration::from_millis(5)).await;
        assert_eq!(stage.counts(), (2, 2));
        stage.listener.bind(None);
        stage.worker.wake_idle();
        assert_eq!(end(&mut client).await, (String::new(), 0));
        assert_eq!(stage.counts(), (1, 1));
        drop(silent);
    });
}
