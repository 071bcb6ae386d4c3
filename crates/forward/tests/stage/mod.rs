//! A worker on paused time with pipes for sockets: a script plays client and server, and what it saw
//! is text to compare.
//!
//! A script is lines. `C> bytes` sends from the client, `C< ` expects nothing by itself: it shows what
//! the client received since; likewise `S>` and `S<` for the server of the latest connection.
//! `S^` ends the streams of every server (`shutdown sessions server`). `B?` shows what the frontend has counted.
//! `C$` and `S$` end that side, `+500ms` lets time pass, `S?` shows whether there is a connection.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::rc::Rc;
use std::time::Duration;

use forward::{Bound, ConnectTo, Connector, Generation, Listener, Process, Settings, Worker};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

/// How far a server's port is to answer: it accepts, refuses, or never answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Port {
    Accepts,
    Refuses,
    Silent,
}

/// Connects to the script. Port 1 refuses, port 2 never answers, every other accepts.
#[derive(Clone, Default)]
struct Pipes(Rc<RefCell<VecDeque<DuplexStream>>>);

impl Connector for Pipes {
    type Io = DuplexStream;

    async fn connect(&self, to: ConnectTo) -> io::Result<DuplexStream> {
        let port = match to.address.socket().map(|address| address.port()) {
            Some(1) => Port::Refuses,
            Some(2) => Port::Silent,
            _ => Port::Accepts,
        };
        match port {
            Port::Refuses => Err(io::ErrorKind::ConnectionRefused.into()),
            Port::Silent => std::future::pending().await,
            Port::Accepts => {
                let (ours, theirs) = tokio::io::duplex(64 * 1024);
                self.0.borrow_mut().push_back(theirs);
                Ok(ours)
            }
        }
    }
}

/// Everything on one thread.
struct Stage {
    worker: Rc<Worker<Pipes>>,
    listener: std::sync::Arc<Listener>,
    generation: std::sync::Arc<Generation>,
    pipes: Pipes,
    log: UdpSocket,
    client: Option<DuplexStream>,
    /// Clients that a later one took the place of; they stay connected.
    others: Vec<DuplexStream>,
    server: Option<DuplexStream>,
}

impl Stage {
    /// A worker with this configuration; `frontend` and `backend` are lines of `fe` and `be`.
    fn new(defaults: &str, frontend: &str, backend: &str) -> Stage {
        let log = UdpSocket::bind("127.0.0.1:0").expect("a port for the log");
        log.set_nonblocking(true).expect("a socket that does not wait");
        let port = log.local_addr().expect("a bound socket").port();
        let text = format!(
            "global\n log 127.0.0.1:{port} format raw local0\n\
             defaults\n mode http\n log global\n option httplog\n timeout connect 5s\n{defaults}\n\
             frontend fe\n bind 127.0.0.1:8080\n default_backend be\n{frontend}\n\
             backend be\n{backend}\n"
        );
        let files = [("test.cfg".to_owned(), text.into_bytes())];
        let loaded = config::load(files, &Default::default(), config::Target::Proxyd);
        assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
        let (program, findings) = rules::compile(loaded.config, &|path| Err(path.to_owned()));
        let program = program.unwrap_or_else(|| panic!("{findings:?}"));
        let process = Process::new(Settings::default());
        let generation = Generation::new(program, &process, &|_, _| None, None);
        let frontend = generation.program.frontend_named("fe").expect("a frontend").reference();
        let listener = Listener::new(&process);
        listener.bind(Some(Bound { generation: generation.clone(), frontend, index: 0 }));
        let pipes = Pipes::default();
        let worker = Worker::start(0, process, pipes.clone());
        Stage {
            worker,
            listener,
            generation,
            pipes,
            log,
            client: None,
            others: Vec::new(),
            server: None,
        }
    }

    /// A new client connection; what follows in the script is between it and its server.
    fn connect(&mut self) {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let address: SocketAddr = "192.0.2.7:4000".parse().expect("an address");
        let local: SocketAddr = "127.0.0.1:8080".parse().expect("an address");
        self.worker.serve(theirs, Some(address), Some(local), &self.listener);
        self.others.extend(self.client.replace(ours));
    }

    /// Plays a script and returns what was seen, log lines last.
    async fn play(&mut self, script: &str) -> String {
        let mut seen = String::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            self.line(line, &mut seen).await;
        }
        settle().await;
        self.worker.logs.flush();
        for line in self.log_lines() {
            seen.push_str(&format!("log {line}\n"));
        }
        seen
    }

    async fn line(&mut self, line: &str, seen: &mut String) {
        let (what, rest) = line.split_at(2.min(line.len()));
        match what {
            "C!" => self.connect(),
            "C>" => send(&mut self.client, rest).await,
            "S>" => send(&mut self.server, rest).await,
            "C<" => seen.push_str(&received("C", &mut self.client).await),
            "S<" => seen.push_str(&received("S", &mut self.server).await),
            "S!" => {
                settle().await;
                self.server = self.pipes.0.borrow_mut().pop_front();
                if self.server.is_none() {
                    seen.push_str("no new connection to the server\n");
                }
            }
            "C$" => shut(&mut self.client).await,
            "S$" => shut(&mut self.server).await,
            "S^" => {
                let backends = self.generation.live.backends.iter();
                let servers = backends.flat_map(|backend| &backend.servers);
                servers.for_each(|server| server.state.kill_streams());
            }
            "B?" => {
                let counters = &self.generation.live.frontends[0].counters;
                let (bytes_in, bytes_out) =
                    (counters.sum(|c| &c.bytes_in), counters.sum(|c| &c.bytes_out));
                seen.push_str(&format!("counted {bytes_in} in, {bytes_out} out\n"));
            }
            "C#" => self.client = None,
            "S#" => self.server = None,
            _ if line.starts_with('+') => {
                let time = line[1..].trim_end_matches("ms").parse().expect("milliseconds");
                tokio::time::sleep(Duration::from_millis(time)).await;
            }
            _ => panic!("not a line of a script: {line}"),
        }
        settle().await;
    }

    fn log_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(bytes) = self.log.recv(&mut buffer) {
            let line = String::from_utf8_lossy(&buffer[..bytes]).trim_end().to_owned();
            // `client [date] ` is not what is tested.
            let text = line.split_once("] ").map_or(line.clone(), |(_, rest)| rest.to_owned());
            lines.push(text);
        }
        lines
    }
}

/// Lets every task run until all of them wait.
async fn settle() {
    for _ in 0..40 {
        tokio::task::yield_now().await;
    }
}

async fn send(side: &mut Option<DuplexStream>, text: &str) {
    let text = text.trim_start().replace("\\r", "\r").replace("\\n", "\n");
    if let Some(side) = side {
        let _ = side.write_all(text.as_bytes()).await;
    }
}

async fn shut(side: &mut Option<DuplexStream>) {
    if let Some(side) = side {
        let _ = side.shutdown().await;
    }
}

/// What a side received until now, one line for each of the text, and whether it ended.
async fn received(name: &str, side: &mut Option<DuplexStream>) -> String {
    let Some(side) = side else { return format!("{name} is gone\n") };
    let mut bytes = Vec::new();
    let mut ended = false;
    let mut buffer = [0; 16384];
    loop {
        let read = tokio::select! {
            biased;
            read = side.read(&mut buffer) => read,
            () = settle() => break,
        };
        match read {
            Ok(0) | Err(_) => {
                ended = true;
                break;
            }
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        out.push_str(&format!("{name}  {}\n", line.replace('\r', "").trim_end_matches('\n')));
    }
    if ended {
        out.push_str(&format!("{name}  (end)\n"));
    }
    if out.is_empty() {
        out.push_str(&format!("{name}  (nothing)\n"));
    }
    out
}

/// Plays a script on a stage of its own.
pub(crate) fn play(defaults: &str, frontend: &str, backend: &str, script: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let mut stage = Stage::new(defaults, frontend, backend);
        stage.connect();
        stage.play(script).await
    })
}
