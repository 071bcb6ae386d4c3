//! One daemon's run: start, wait until its checks have settled, requests, log lines, statistics.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::super::client::{Answer, Client};
use super::request::Asked;
use super::world::World;
use crate::shell::{self, Failure, Running};

/// What one daemon did.
#[derive(Debug)]
pub(crate) struct Run {
    /// An answer for each request.
    pub(crate) answers: Vec<Answer>,
    /// For each request the servers that got a session: `backend/server`.
    pub(crate) servers: Vec<Vec<String>>,
    /// The log lines that came.
    pub(crate) logs: Vec<String>,
    /// Servers that were not up before the first request.
    pub(crate) down: Vec<String>,
}

/// A row of `show stat` by its columns' names.
type Row = BTreeMap<String, String>;

/// Starts `program` on the file and sends it every request.
pub(crate) fn run(
    program: &Path,
    file: &Path,
    world: &World,
    asked: &[Asked],
) -> Result<Run, Failure> {
    let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
    let socket = scratch.path().join("sock");
    let running = start(program, file, world, scratch.path(), &socket)?;
    settle(&socket, world);
    let mut before = show_stat(&socket);
    let down = before.iter().filter(|row| is_down(row)).map(full_name).collect();
    world.logged();
    let mut run = Run { answers: Vec::new(), servers: Vec::new(), logs: Vec::new(), down };
    for asked in asked {
        let mut client = Client::patient(Duration::from_millis(4500));
        run.answers.push(client.exchange(asked.to, Some(asked.from), &asked.request));
        drop(client);
        // The daemon sees the close, and logs, before it is asked for its counters.
        std::thread::sleep(Duration::from_millis(8));
        let after = show_stat(&socket);
        run.servers.push(grown(&before, &after));
        before = after;
        run.logs.extend(world.logged());
    }
    std::thread::sleep(Duration::from_millis(150));
    run.logs.extend(world.logged());
    drop(running);
    Ok(run)
}

fn start(
    program: &Path,
    file: &Path,
    world: &World,
    scratch: &Path,
    socket: &PathBuf,
) -> Result<Running, Failure> {
    // Limits of the machine that the file was written for are not those of this one: ours come first and stay.
    let limits = scratch.join("limits.cfg");
    std::fs::write(&limits, "global\n    maxconn 1000\n    ulimit-n 8000\n")
        .map_err(|e| e.to_string())?;
    let extra = scratch.join("extra.cfg");
    let text =
        format!("global\n    nbthread 1\n    stats socket {} level admin\n", socket.display());
    std::fs::write(&extra, text).map_err(|e| e.to_string())?;
    let errors = scratch.join("stderr");
    let stderr = std::fs::File::create(&errors).map_err(|e| e.to_string())?;
    let child = Command::new(program)
        .arg("-db")
        .arg("-f")
        .arg(&limits)
        .arg("-f")
        .arg(file)
        .arg("-f")
        .arg(&extra)
        .current_dir(&world.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let mut running = Running { child };
    let up = shell::wait_until(Duration::from_secs(15), || {
        UnixStream::connect(socket).is_ok() || matches!(running.child.try_wait(), Ok(Some(_)))
    });
    if !up || UnixStream::connect(socket).is_err() {
        let said = std::fs::read_to_string(&errors).unwrap_or_default();
        return Err(format!("    {} did not start\n{said}", program.display()));
    }
    Ok(running)
}

/// Waits until no check is under way to change a state, for a while.
fn settle(socket: &Path, world: &World) {
    let begin = Instant::now();
    std::thread::sleep(Duration::from_millis(250));
    while begin.elapsed() < Duration::from_secs(12) {
        let moving = show_stat(socket).iter().any(|row| {
            let status = value(row, "status");
            value(row, "check_status").starts_with("INI")
                || status.contains('/')
                || status.starts_with("no check yet")
        });
        if !moving {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    world.logged();
}

fn value<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).map_or("", String::as_str)
}

fn full_name(row: &Row) -> String {
    format!("{}/{}", value(row, "pxname"), value(row, "svname"))
}

fn is_down(row: &Row) -> bool {
    value(row, "type") == "2"
        && !value(row, "status").starts_with("UP")
        && value(row, "status") != "no check"
}

/// `show stat`, a map for each line; none when the socket does not answer.
fn show_stat(socket: &Path) -> Vec<Row> {
    let ask = || -> std::io::Result<String> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(3)))?;
        stream.write_all(b"show stat\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    let text = ask().unwrap_or_default();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or("").trim_start_matches("# ").split(',').collect();
    lines
        .filter(|line| !line.is_empty())
        .map(|line| {
            names.iter().zip(line.split(',')).map(|(n, v)| (n.to_string(), v.to_owned())).collect()
        })
        .collect()
}

/// The servers whose count of sessions grew.
fn grown(before: &[Row], after: &[Row]) -> Vec<String> {
    let total = |row: &Row| value(row, "stot").parse::<u64>().unwrap_or(0);
    before
        .iter()
        .zip(after)
        .filter(|(a, b)| value(b, "type") == "2" && total(b) > total(a))
        .map(|(_, row)| full_name(row))
        .collect()
}
