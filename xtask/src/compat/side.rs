//! One daemon's run of a case: start, requests, log lines, stop.

use std::net::UdpSocket;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::case::{Case, Port};
use super::client::{Answer, Client};
use super::stub::Stubs;
use crate::shell::{self, Failure, Running};

/// The ports and files of one case, the same for both daemons.
#[derive(Debug)]
pub(crate) struct Place {
    folder: tempfile::TempDir,
    log: UdpSocket,
    /// The environment that the configuration reads.
    pub(crate) env: Vec<(String, String)>,
    /// The port of the first frontend.
    pub(crate) frontend: u16,
    second: u16,
}

impl Place {
    /// Chooses ports: `FE`, `FE2`, `LOG`, `S1`..`S8`, `CLOSED`, `SOCK`, and the folder `DIR`.
    pub(crate) fn new(stubs: &Stubs) -> Result<Place, Failure> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let log = UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        let frontend = shell::free_port();
        let second = shell::free_port();
        let mut env = vec![
            ("FE".to_owned(), frontend.to_string()),
            ("FE2".to_owned(), second.to_string()),
            ("LOG".to_owned(), log.local_addr().map_err(|e| e.to_string())?.port().to_string()),
            ("CLOSED".to_owned(), stubs.closed.to_string()),
            ("SOCK".to_owned(), folder.path().join("sock").display().to_string()),
            ("DIR".to_owned(), folder.path().display().to_string()),
        ];
        for (number, port) in stubs.ports.iter().enumerate() {
            env.push((format!("S{}", number + 1), port.to_string()));
        }
        Ok(Place { folder, log, env, frontend, second })
    }

    /// The port that a request goes to.
    pub(crate) fn port(&self, port: Port) -> u16 {
        match port {
            Port::First => self.frontend,
            Port::Second => self.second,
        }
    }

    /// A file in front of the configuration: with several threads the order of log lines is chance in both daemons.
    fn one_thread(&self) -> Result<std::path::PathBuf, Failure> {
        let file = self.folder.path().join("threads.cfg");
        std::fs::write(&file, "global\n    nbthread 1\n").map_err(|e| e.to_string())?;
        Ok(file)
    }

    /// Writes the configuration with the files it reads, and gives its path.
    pub(crate) fn config(&self, case: &Case) -> Result<std::path::PathBuf, Failure> {
        for (name, text) in &case.files {
            std::fs::write(self.folder.path().join(name), text).map_err(|e| e.to_string())?;
        }
        let file = self.folder.path().join(format!("{}.cfg", case.name));
        std::fs::write(&file, &case.config).map_err(|e| e.to_string())?;
        Ok(file)
    }
}

/// What one daemon did with a case.
#[derive(Debug)]
pub(crate) struct Wire {
    /// An answer for each request.
    pub(crate) answers: Vec<Answer>,
    /// Log lines in the order they came.
    pub(crate) log: Vec<String>,
    /// Whether the daemon ended by itself.
    pub(crate) ended: bool,
}

/// Starts `daemon` on the case, sends every request, collects the log, stops it.
pub(crate) fn run(
    daemon: &Path,
    case: &Case,
    place: &Place,
    _stubs: &Stubs,
) -> Result<Wire, Failure> {
    let config = place.config(case)?;
    let error =
        std::fs::File::create(place.folder.path().join("stderr")).map_err(|e| e.to_string())?;
    let child = Command::new(daemon)
        .arg("-db")
        .arg("-f")
        .arg(place.one_thread()?)
        .arg("-f")
        .arg(&config)
        .envs(place.env.iter().cloned())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(error)
        .spawn()
        .map_err(|e| format!("{}: {e}", daemon.display()))?;
    let mut running = Running { child };
    let up = shell::wait_until(Duration::from_secs(10), || {
        shell::listens(place.frontend) || matches!(running.child.try_wait(), Ok(Some(_)))
    });
    if !up || !shell::listens(place.frontend) {
        let said = std::fs::read_to_string(place.folder.path().join("stderr")).unwrap_or_default();
        return Err(format!("{}: {} did not start\n{said}", case.name, daemon.display()));
    }
    // First checks and the lines that a start writes come before the first request.
    std::thread::sleep(Duration::from_millis(60));
    collect(&place.log, Duration::from_millis(40));
    let mut client = Client::patient(Duration::from_secs(8));
    let mut answers = Vec::new();
    for (at, request) in case.requests.iter().enumerate() {
        let to = ([127, 0, 0, 1], place.port(request.port)).into();
        answers.push(client.exchange(to, None, request));
        if !case.requests.get(at + 1).is_some_and(|next| next.same) {
            client.close();
        }
        // The daemon sees that close, and logs, before the next request.
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(client);
    let log = collect(&place.log, Duration::from_millis(150));
    let ended = matches!(running.child.try_wait(), Ok(Some(_)));
    Ok(Wire { answers, log, ended })
}

/// Log lines until none came for `quiet`.
pub(crate) fn collect(log: &UdpSocket, quiet: Duration) -> Vec<String> {
    let mut lines = Vec::new();
    // Without a timeout we would wait for ever: then nothing is collected.
    if log.set_read_timeout(Some(quiet)).is_err() {
        return lines;
    }
    let begin = Instant::now();
    let mut bytes = [0; 65536];
    while begin.elapsed() < Duration::from_secs(5) {
        let Ok(n) = log.recv(&mut bytes) else { break };
        lines.push(String::from_utf8_lossy(&bytes[..n]).trim_end().to_owned());
    }
    lines
}
