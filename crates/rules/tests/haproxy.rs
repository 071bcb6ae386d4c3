//! The same configurations and requests through these steps and through HAProxy 2.6: what the
//! server saw, what the client got, which backend and server, cookie letters and captures.
//!
//! Skipped by name when there is no `haproxy` in the path.

mod cases;
mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use cases::{CASES, Case, config_text, wire};
use rules::NoTrace;
use support::{Exchange, Lab, World, exchange, lines, request};

#[test]
fn a_request_meets_the_same_fate_as_in_haproxy() {
    if Command::new("haproxy").arg("-v").output().is_err() {
        eprintln!("skipped: haproxy is not installed");
        return;
    }
    let mut differences = Vec::new();
    let mut compared = 0;
    for case in CASES {
        // On a busy machine HAProxy may still count the last stream when the next one comes: what
        // differs only once is that.
        let agreed = |result: &Result<(usize, Vec<String>), String>| {
            result.as_ref().is_ok_and(|(_, found)| found.is_empty())
        };
        match Some(run(case)).filter(agreed).unwrap_or_else(|| run(case)) {
            Ok((count, mut found)) => {
                compared += count;
                differences.append(&mut found);
            }
            Err(why) => differences.push(format!("{}: {why}", case.name)),
        }
    }
    eprintln!(
        "{} configurations, {compared} requests, {} differences",
        CASES.len(),
        differences.len()
    );
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

fn run(case: &Case) -> Result<(usize, Vec<String>), String> {
    let stubs: Vec<Stub> = ["s1", "s2", "s3"].map(|name| Stub::start(name, case.answer)).into();
    let port = free_port();
    let ports: Vec<(&str, u16)> = stubs.iter().map(|stub| (stub.name, stub.port)).collect();
    let text = config_text(case, port, &ports);
    let lab = Lab::load(&text).map_err(|findings| format!("does not compile:\n{findings}"))?;
    let mut world = World::new(&lab);
    world.src = ([127, 0, 0, 1], 4000).into();
    world.dst = ([127, 0, 0, 1], port).into();
    let mut proxy = Proxy::start(&text, port)?;
    let mut differences = Vec::new();
    for raw in case.requests {
        let mut ours = exchange(&lab, &world, &wire(raw), case.answer, &mut NoTrace);
        let theirs = proxy.ask(&wire(raw), &stubs);
        if raw.starts_with("HEAD") {
            ours.body = theirs.body.clone();
        }
        if ours != theirs {
            differences
                .push(format!("{}: {raw:?}\n  ours   {ours:?}\n  theirs {theirs:?}", case.name));
        }
    }
    Ok((case.requests.len(), differences))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// A server that keeps what it was sent and answers the same each time.
struct Stub {
    name: &'static str,
    port: u16,
    seen: Receiver<String>,
}

impl Stub {
    fn start(name: &'static str, answer: &str) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let answer = answer.replace('@', name);
        let (tell, seen) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tell, answer) = (tell.clone(), answer.clone());
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream);
                    while let Some(head) = read_head(&mut reader) {
                        let length = content_length(&head);
                        let mut body = vec![0; length];
                        if reader.read_exact(&mut body).is_err() || tell.send(head).is_err() {
                            return;
                        }
                        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Stub { name, port, seen }
    }
}

fn read_head(reader: &mut impl BufRead) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head).ok()? == 0 {
            return None;
        }
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

fn content_length(head: &str) -> usize {
    let line = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    line.unwrap_or(0)
}

struct Proxy {
    child: Child,
    port: u16,
    log: Receiver<String>,
    _config: tempfile::TempDir,
}

impl Proxy {
    fn start(text: &str, port: u16) -> Result<Proxy, String> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let path = dir.path().join("haproxy.cfg");
        std::fs::write(&path, text).map_err(|error| error.to_string())?;
        let mut child = Command::new("haproxy")
            .args(["-db", "-f"])
            .arg(&path)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let stdout = child.stdout.take().ok_or("no output")?;
        let (tell, log) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let until = Instant::now() + Duration::from_secs(5);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if child.try_wait().ok().flatten().is_some() || Instant::now() > until {
                let mut why = String::new();
                let _ = child.kill();
                if let Some(mut stderr) = child.stderr.take() {
                    let _ = stderr.read_to_string(&mut why);
                }
                return Err(format!("haproxy does not start: {why}\n{text}"));
            }
            std::thread::yield_now();
        }
        Ok(Proxy { child, port, log, _config: dir })
    }

    fn ask(&mut self, raw: &str, stubs: &[Stub]) -> Exchange {
        while self.log.try_recv().is_ok() {}
        let mut out = Exchange::default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
        stream.write_all(raw.as_bytes()).expect("it reads");
        let mut reader = BufReader::new(stream);
        let head = read_head(&mut reader);
        let seen = stubs.iter().find_map(|stub| stub.seen.try_recv().ok());
        match head {
            None => out.other = String::from("Close"),
            Some(head) => {
                let parsed = support::response(&head);
                out.status = parsed.status;
                out.reason = String::from_utf8_lossy(parsed.reason()).into_owned();
                out.headers = lines(&parsed.fields);
                let bodiless = raw.starts_with("HEAD") || matches!(parsed.status, 204 | 304);
                let length = if bodiless { 0 } else { content_length(&head) };
                let mut body = vec![0; length];
                if head.to_lowercase().contains("content-length") {
                    let _ = reader.read_exact(&mut body);
                } else if !bodiless {
                    let _ = reader.read_to_end(&mut body);
                }
                let local = seen.is_none() || !body.is_empty();
                out.body = local.then(|| String::from_utf8_lossy(&body).into_owned());
                out.body = out.body.filter(|body| !body.is_empty());
            }
        }
        out.seen = seen.map(|head| {
            let (parsed, _) = request(&head);
            let line = head.lines().next().unwrap_or_default();
            (line.trim_end_matches(" HTTP/1.1").to_owned(), lines(&parsed.fields))
        });
        drop(reader);
        let line = self.log.recv_timeout(Duration::from_secs(2)).unwrap_or_default();
        let mut words = line.splitn(4, ' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        (out.backend, out.server) = (word(), word());
        out.cookies = word().get(2..).unwrap_or_default().to_owned();
        out.captures = words.next().unwrap_or_default().to_owned();
        // How the stream ended is the daemon's to say.
        out.log = format!("{} {} --{} {}", out.backend, out.server, out.cookies, out.captures);
        out
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
