//! The same answers to HAProxy's checks and to ours: the log must be the same, line for line.
//!
//! A stub server answers one check after the other from a script, HAProxy logs to a socket of
//! ours, and the script goes through [`Check`] and [`Health`]. Durations are blanked.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use health::script::{Expect, HttpRequest};
use health::{
    BackendView, Check, CheckScript, CheckSettings, Context, Event, Health, LogLine, ServerLabel,
    Step,
};

const HAPROXY: &str = "/usr/sbin/haproxy";
const ANSWERS: [&str; 6] = [
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200 Fine\r\ncontent-length: 2\r\n\r\nok",
    "HTTP/1.1 404 Not Found\r\n\r\n",
    "HTTP/1.1 503 No \"way\"\r\n\r\n",
    "garbage",
    "",
];

/// Ends HAProxy however the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A reproducible choice of answers, with runs long enough to cross rise and fall.
fn script(seed: u64, length: usize) -> Vec<&'static str> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut draw = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut answers = Vec::with_capacity(length);
    while answers.len() < length {
        let answer = ANSWERS[draw(6) as usize];
        for _ in 0..=draw(4) {
            answers.push(answer);
        }
    }
    answers.truncate(length);
    answers
}

struct Case {
    rise: u32,
    fall: u32,
    log_checks: bool,
    disable_on_404: bool,
    seed: u64,
}

const CHECKS: usize = 60;

fn ours(case: &Case, answers: &[&str]) -> Vec<String> {
    let settings = CheckSettings { rise: case.rise, fall: case.fall, ..CheckSettings::default() };
    let script = CheckScript {
        disable_on_404: case.disable_on_404,
        ..CheckScript::one_request(HttpRequest::default(), Expect::default())
    };
    let label = ServerLabel { backend: "be", server: "s1", backup: false };
    let mut health = Health::checked(&settings);
    let mut lines = Vec::new();
    for answer in answers {
        let context = Context { server_serves: health.serves(), nonce: [0; 16] };
        let mut check = Check::new(&script, context);
        let _ = check.next(Event::Start, Duration::ZERO);
        let _ = check.next(Event::Connected, Duration::ZERO);
        let _ = check.next(Event::Sent, Duration::ZERO);
        let mut step = check.next(Event::Received(answer.as_bytes()), Duration::ZERO);
        if step == Step::Wait {
            step = check.next(Event::Closed, Duration::ZERO);
        }
        let Step::Done(result) = step else { panic!("{answer:?} is not decided") };
        let took_new = health.takes_new();
        let observed = health.observe(&result);
        if let Some(report) = observed.report.filter(|_| case.log_checks) {
            lines.push(report.line(label));
        }
        if let Some(transition) = observed.transition {
            let active = u32::from(health.takes_new());
            let view = BackendView { active, ..BackendView::default() };
            lines.extend(transition.lines(label, &view, case.log_checks));
            if took_new && active == 0 {
                lines.push(LogLine::no_server("be"));
            }
        }
    }
    // Facility local0 is 16.
    lines.iter().map(|line| blank(&format!("<{}>{}", 128 + line.level as u8, line.text))).collect()
}

fn theirs(case: &Case, answers: &[&str], wanted: usize) -> std::io::Result<Vec<String>> {
    let log = UdpSocket::bind("127.0.0.1:0")?;
    let stub = TcpListener::bind("127.0.0.1:0")?;
    let directory = std::env::temp_dir();
    let name = format!("health-{}-{}", std::process::id(), case.seed);
    let (file, socket) =
        (directory.join(format!("{name}.cfg")), directory.join(format!("{name}.sock")));
    let ports = (log.local_addr()?.port(), stub.local_addr()?.port());
    std::fs::write(&file, config(case, &socket.to_string_lossy(), ports.0, ports.1))?;
    let child = Command::new(HAPROXY)
        .args(["-db", "-q", "-f"])
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let _running = Running(child);
    let deadline = Instant::now() + Duration::from_secs(10);
    stub.set_nonblocking(true)?;
    for answer in answers {
        let mut check = loop {
            match stub.accept() {
                Ok((check, _)) => break check,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    assert!(Instant::now() < deadline, "haproxy does not check");
                    std::thread::yield_now();
                }
                Err(error) => return Err(error),
            }
        };
        check.set_nonblocking(false)?;
        check.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut request = [0; 1024];
        let _ = check.read(&mut request)?;
        check.write_all(answer.as_bytes())?;
    }
    log.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut lines = Vec::new();
    let mut packet = [0; 4096];
    while lines.len() < wanted {
        let Ok(length) = log.recv(&mut packet) else { break };
        let text = String::from_utf8_lossy(&packet[..length]).trim_end().to_owned();
        // <priority>date host[pid]: text
        let priority = text.split_inclusive('>').next().unwrap_or_default();
        let message = text.split_once("]: ").map_or("", |(_, message)| message);
        lines.push(blank(&format!("{priority}{message}")));
    }
    let _ = (std::fs::remove_file(&file), std::fs::remove_file(&socket));
    Ok(lines)
}

// Without a listener HAProxy has nothing to do and ends; the stats socket is one.
fn config(case: &Case, socket: &str, log: u16, server: u16) -> String {
    let mut text = format!(
        "global\n  stats socket {socket}\n  log 127.0.0.1:{log} local0\n  nbthread 1\n\
         defaults\n  mode http\n  log global\n  timeout connect 5s\n  timeout check 5s\n  timeout client 1s\n  \
         timeout server 1s\nbackend be\n  option httpchk\n"
    );
    if case.log_checks {
        text.push_str("  option log-health-checks\n");
    }
    if case.disable_on_404 {
        text.push_str("  http-check disable-on-404\n");
    }
    let (rise, fall) = (case.rise, case.fall);
    let _ =
        writeln!(text, "  server s1 127.0.0.1:{server} check inter 10ms rise {rise} fall {fall}");
    text
}

/// The text with the number before `ms` taken out.
fn blank(line: &str) -> String {
    match line.split_once("check duration: ") {
        Some((before, after)) => {
            let rest = after.split_once("ms").map_or("", |(_, rest)| rest);
            format!("{before}check duration: ?ms{rest}")
        }
        None => line.to_owned(),
    }
}

#[test]
fn haproxy_logs_the_same_lines_for_the_same_answers() {
    if !Path::new(HAPROXY).exists() {
        println!("skipped: {HAPROXY} is missing");
        return;
    }
    let mut compared = 0;
    for seed in 1..=6 {
        let case = Case {
            rise: 1 + (seed % 3) as u32,
            fall: 1 + (seed % 4) as u32,
            log_checks: seed % 2 == 0,
            disable_on_404: seed % 3 != 0,
            seed,
        };
        let answers = script(seed, CHECKS);
        let expected = ours(&case, &answers);
        let found = theirs(&case, &answers, expected.len()).expect("haproxy runs");
        assert_eq!(expected, found, "seed {seed}, rise {}, fall {}", case.rise, case.fall);
        compared += found.len();
    }
    println!("{compared} lines are the same");
}
