//! A turn with the configuration of 130,000 lines: how long check, start and reload take.
//!
//! The configuration answers `/generation` with its own number: a reload is over when the new
//! number comes back, whatever the contender did to get there.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::accounting::{self, Usage};
use super::config::{haproxy_defaults, nginx_begin, nginx_http};
use super::contender::{Contender, Kind, Started};
use super::report::Sample;
use super::stage::Stage;
use crate::shell::{self, Failure};

const BACKENDS: usize = 5000;
const SERVERS: usize = 15;
const LIMIT: Duration = Duration::from_secs(60);

/// How to write, check, start and reload it.
struct Manner {
    check: &'static [&'static str],
    start: &'static [&'static str],
    reload: &'static str,
}

/// One turn of a contender.
pub(crate) fn measure(contender: &Contender, stage: &Stage) -> Result<Sample, Failure> {
    let manner = manner(contender.kind)?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let file = folder.path().join("large.cfg");
    let port = shell::free_port();
    let scene = Large { port, origin: stage.origin, log: stage.syslog.port, folder: folder.path() };
    let write = |generation: u32| {
        let text = match contender.kind {
            Kind::Nginx => scene.nginx(generation),
            _ => scene.haproxy(generation),
        };
        std::fs::write(&file, text).map_err(|e| e.to_string())
    };
    write(1)?;
    let check = check(Command::new(&contender.program).args(manner.check).arg(&file))?;
    let mut command = Command::new(&contender.program);
    command.args(manner.start).arg(&file);
    write(2)?;
    let begin = Instant::now();
    // The configuration's own folder outlives this one, which is for what the program says.
    let own = tempfile::tempdir().map_err(|e| e.to_string())?;
    let started = Started::spawn(command, own, port, LIMIT)?;
    await_generation(port, 2)?;
    let start = begin.elapsed();
    write(3)?;
    // HAProxy's master executes itself again after its start and hears no signal meanwhile.
    await_quiet(started.pid())?;
    let memory = accounting::memory(started.pid());
    let begin = Instant::now();
    let sent = Command::new("kill").args([manner.reload, &started.pid().to_string()]).status();
    sent.map_err(|e| format!("kill: {e}"))?;
    await_generation(port, 3)?;
    let reload = begin.elapsed();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    Ok(Sample::from([
        ("check_ms".to_owned(), ms(check)),
        ("start_ms".to_owned(), ms(start)),
        ("reload_ms".to_owned(), ms(reload)),
        ("memory_mb".to_owned(), memory as f64 / 1e6),
    ]))
}

fn manner(kind: Kind) -> Result<Manner, Failure> {
    match kind {
        Kind::Proxyd => {
            Ok(Manner { check: &["-c", "-q", "-f"], start: &["-db", "-f"], reload: "-HUP" })
        }
        // A master and its worker: the way HAProxy is reloaded in service.
        Kind::Haproxy => {
            Ok(Manner { check: &["-c", "-q", "-f"], start: &["-W", "-db", "-f"], reload: "-USR2" })
        }
        Kind::Nginx => Ok(Manner {
            check: &["-t", "-q", "-e", "stderr", "-c"],
            start: &["-e", "stderr", "-c"],
            reload: "-HUP",
        }),
        Kind::Floor => Err("no floor reads a configuration".into()),
    }
}

fn check(command: &mut Command) -> Result<Duration, Failure> {
    let begin = Instant::now();
    let output = command.stdin(Stdio::null()).output().map_err(|e| e.to_string())?;
    let time = begin.elapsed();
    if output.status.success() {
        return Ok(time);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let first = said.lines().next().unwrap_or("nothing").to_owned();
    Err(format!("the check ended with {} and said {first}", output.status))
}

/// Asks until this generation answers.
fn await_generation(port: u16, generation: u32) -> Result<(), Failure> {
    let wanted = format!("x-generation: {generation}\r\n");
    let come = shell::wait_until(LIMIT, || {
        ask(port).is_ok_and(|answer| answer.to_ascii_lowercase().contains(&wanted))
    });
    if come { Ok(()) } else { Err(format!("generation {generation} did not answer")) }
}

/// Waits until a process does nothing any more.
fn await_quiet(pid: u32) -> Result<(), Failure> {
    const PAUSE: Duration = Duration::from_millis(200);
    const NOTHING: u64 = 1_000_000;
    let mut before = Usage::of(pid);
    let quiet = shell::wait_until(LIMIT, || {
        std::thread::sleep(PAUSE);
        let now = Usage::of(pid);
        let used = now.since(&before);
        before = now;
        used.cpu_ns < NOTHING
    });
    if quiet { Ok(()) } else { Err("is still busy a minute after its start".into()) }
}

fn ask(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /generation HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

struct Large<'a> {
    port: u16,
    origin: u16,
    log: u16,
    folder: &'a Path,
}

impl Large<'_> {
    /// 26 lines a backend, its rule among them.
    fn haproxy(&self, generation: u32) -> String {
        let mut text = haproxy_defaults("http", 1, self.log);
        let _ = writeln!(
            text,
            "frontend fe\n    bind 127.0.0.1:{}\n    \
             http-request return status 200 hdr x-generation {generation} if {{ path /generation }}",
            self.port
        );
        for backend in 0..BACKENDS {
            let _ = writeln!(
                text,
                "    use_backend b{backend} if {{ hdr(host) -i h{backend}.example }}"
            );
        }
        for backend in 0..BACKENDS {
            let _ = writeln!(
                text,
                "backend b{backend}\n    balance leastconn\n    acl is_api path_beg /api{backend}/\n    \
                 http-request set-header x-backend b{backend}\n    http-request deny if is_api\n    \
                 http-response del-header server\n    timeout server 30s\n    timeout queue 5s\n    \
                 retries 2\n    option redispatch"
            );
            for server in 0..SERVERS {
                let _ = writeln!(
                    text,
                    "    server s{server} 127.0.0.1:{} weight 10 maxconn 100",
                    self.origin
                );
            }
        }
        text
    }

    /// As many backends, servers and routes, in as many lines.
    fn nginx(&self, generation: u32) -> String {
        let mut text = nginx_begin(1, true, self.folder);
        text.push_str("http {\n");
        text.push_str(&nginx_http(self.folder, self.log));
        let _ = writeln!(
            text,
            "server {{ listen 127.0.0.1:{} default_server;\nlocation = /generation {{ add_header x-generation {generation}; return 200; }} }}",
            self.port
        );
        for backend in 0..BACKENDS {
            let _ = writeln!(text, "upstream b{backend} {{\nleast_conn;");
            for _ in 0..SERVERS {
                let _ = writeln!(text, "server 127.0.0.1:{} weight=10 max_conns=100;", self.origin);
            }
            let _ = writeln!(
                text,
                "}}\nserver {{\nlisten 127.0.0.1:{};\nserver_name h{backend}.example;\n\
                 location /api{backend}/ {{ return 403; }}\nlocation / {{\nproxy_pass http://b{backend};\n\
                 proxy_set_header x-backend b{backend};\n}} }}",
                self.port
            );
        }
        text.push_str("}\n");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_large_configuration_has_130_000_lines_for_everyone() {
        let scene = Large { port: 1, origin: 2, log: 3, folder: Path::new("/tmp") };
        for text in [scene.haproxy(1), scene.nginx(1)] {
            let lines = text.lines().count();
            assert!((125_000..135_000).contains(&lines), "{lines}");
        }
    }
}
