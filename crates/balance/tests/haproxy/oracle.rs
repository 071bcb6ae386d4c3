//! A real HAProxy in front of small servers that answer with their name, all on unix sockets.

use std::collections::{HashSet, VecDeque};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

const HAPROXY: &str = "/usr/sbin/haproxy";
const PATIENCE: Duration = Duration::from_secs(20);

/// A running HAProxy; ends with its value.
pub(crate) struct Oracle {
    process: Child,
    folder: tempfile::TempDir,
    stubs: Arc<Stubs>,
}

/// What the small servers share: who got a request to hold, and the answers that may go out.
#[derive(Default)]
struct Stubs {
    arrived: Mutex<VecDeque<String>>,
    released: Mutex<HashSet<u32>>,
    arrival: Condvar,
    release: Condvar,
}

impl Oracle {
    /// True when HAProxy is installed; otherwise says which test is skipped.
    #[expect(clippy::print_stderr, reason = "a test that cannot run says so by name")]
    pub(crate) fn is_here(test: &str) -> bool {
        let here = Path::new(HAPROXY).exists();
        if !here {
            eprintln!("skipped: {test}: {HAPROXY} is missing");
        }
        here
    }

    /// Starts HAProxy with sections `be0`, `be1`, ... whose lines are given. In a line, `@s7` is the
    /// address of the small server `s7`; there are `servers` of them, from `s1`.
    pub(crate) fn start(servers: usize, sections: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stubs = Arc::new(Stubs::default());
        for number in 1..=servers {
            serve(&folder.path().join(format!("s{number}")), format!("s{number}"), &stubs);
        }
        let config = folder.path().join("haproxy.cfg");
        std::fs::write(&config, text(folder.path(), sections)).expect("a written configuration");
        let process = Command::new(HAPROXY)
            .args(["-db", "-f"])
            .arg(&config)
            .stdin(Stdio::null())
            .spawn()
            .expect("haproxy starts");
        let oracle = Self { process, folder, stubs };
        let last = format!("fe{}", sections.len() - 1);
        for socket in ["stats", &last] {
            oracle.wait_until("it listens", || UnixStream::connect(oracle.path(socket)).is_ok());
        }
        oracle
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn wait_until(&self, what: &str, mut done: impl FnMut() -> bool) {
        let start = Instant::now();
        while !done() {
            assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
            // Asks a process of its own, so there is no clock to turn and nothing to wait on.
            std::thread::yield_now();
        }
    }

    /// A command for the runtime socket; answers with what HAProxy said.
    pub(crate) fn tell(&self, command: &str) -> String {
        let mut socket = UnixStream::connect(self.path("stats")).expect("the runtime socket");
        writeln!(socket, "{command}").expect("a sent command");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// A connection to a section, as from `source` when its `bind` line takes a PROXY header.
    pub(crate) fn connect(&self, section: usize) -> Client {
        let socket = UnixStream::connect(self.path(&format!("fe{section}"))).expect("a connection");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Client { socket: BufReader::new(socket) }
    }

    /// The servers that HAProxy picks for these requests, sent one after the other.
    pub(crate) fn picks(&self, section: usize, requests: &[Vec<u8>]) -> Vec<String> {
        let mut client = self.connect(section);
        // Small batches: neither side may fill a socket that the other does not read.
        requests
            .chunks(50)
            .flat_map(|batch| {
                client.send(&batch.concat());
                batch.iter().map(|_| client.answer()).collect::<Vec<_>>()
            })
            .collect()
    }

    /// The server that got the next `GET /hold/<number>`.
    pub(crate) fn arrival(&self) -> String {
        let arrived = self.stubs.arrived.lock().expect("arrived");
        let (mut arrived, _) = self
            .stubs
            .arrival
            .wait_timeout_while(arrived, PATIENCE, |arrived| arrived.is_empty())
            .expect("arrived");
        arrived.pop_front().expect("a request that arrived")
    }

    /// Lets the answer to `GET /hold/<number>` go out.
    pub(crate) fn let_go(&self, number: u32) {
        self.stubs.released.lock().expect("released").insert(number);
        self.stubs.release.notify_all();
    }

    /// Waits until HAProxy counts `expected` streams on a server of a section.
    pub(crate) fn wait_for_load(&self, section: usize, server: &str, expected: u32) {
        let line = format!("be{section},{server},");
        self.wait_until("the load is as expected", || {
            let stat = self.tell("show stat");
            let row = stat.lines().find(|row| row.starts_with(&line));
            let scur = row.and_then(|row| row.split(',').nth(4));
            scur == Some(expected.to_string().as_str())
        });
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One connection to HAProxy.
pub(crate) struct Client {
    socket: BufReader<UnixStream>,
}

impl Client {
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.socket.get_mut().write_all(bytes).expect("a sent request");
    }

    /// The name in the next answer, or its status line when it is not a server's.
    pub(crate) fn answer(&mut self) -> String {
        let (status, body) = message(&mut self.socket).expect("an answer");
        if status.contains(" 200 ") { String::from_utf8(body).expect("a name") } else { status }
    }
}

fn text(folder: &Path, sections: &[String]) -> String {
    let folder = folder.display().to_string();
    let mut text = format!(
        "global\n  nbthread 1\n  stats socket {folder}/stats level admin\n\
         defaults\n  mode http\n  timeout client 30s\n  timeout server 30s\n  timeout connect 5s\n\
         \u{20} timeout queue 30s\n"
    );
    for (number, lines) in sections.iter().enumerate() {
        let proxied = if lines.contains("balance source") { " accept-proxy" } else { "" };
        let lines = lines.replace('@', &format!("unix@{folder}/"));
        let _ =
            write!(text, "listen be{number}\n  bind unix@{folder}/fe{number}{proxied}\n{lines}\n");
    }
    text
}

fn serve(path: &Path, name: String, stubs: &Arc<Stubs>) {
    let listener = UnixListener::bind(path).expect("a small server");
    let stubs = Arc::clone(stubs);
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let (name, stubs) = (name.clone(), Arc::clone(&stubs));
            std::thread::spawn(move || converse(socket, &name, &stubs));
        }
    });
}

fn converse(socket: UnixStream, name: &str, stubs: &Stubs) {
    let mut socket = BufReader::new(socket);
    while let Some((first, _)) = message(&mut socket) {
        let target = first.split(' ').nth(1).unwrap_or_default();
        if let Some(number) = target.strip_prefix("/hold/").and_then(|n| n.parse::<u32>().ok()) {
            stubs.arrived.lock().expect("arrived").push_back(name.to_owned());
            stubs.arrival.notify_all();
            let mut released = stubs.released.lock().expect("released");
            while !released.remove(&number) {
                released = stubs.release.wait(released).expect("released");
            }
        }
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len());
        if socket.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// The first line and the body of one message; `None` when the other side is gone.
fn message(socket: &mut BufReader<UnixStream>) -> Option<(String, Vec<u8>)> {
    let mut first = String::new();
    let mut length = 0;
    loop {
        let mut line = Vec::new();
        if socket.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if first.is_empty() {
            first = line;
        } else if line.is_empty() {
            break;
        } else if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body).ok()?;
    Some((first, body))
}
