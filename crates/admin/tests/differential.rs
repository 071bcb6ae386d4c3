//! The shapes of our replies beside HAProxy's, and our refusals beside its refusals.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use admin::reply::{show_info, show_servers_conn, show_servers_state, show_stat};
use admin::{
    Format, Info, Level, Names, Next, ObjectKind, Reply, ServerLookup, ServerName, Session,
    StatRow, split,
};

const HAPROXY: &str = "/usr/sbin/haproxy";

/// A HAProxy with a stats socket, ended however the test ends.
struct Oracle {
    child: Child,
    socket: PathBuf,
    file: PathBuf,
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
        let _ = (std::fs::remove_file(&self.file), std::fs::remove_file(&self.socket));
    }
}

impl Oracle {
    /// `None` where HAProxy is not installed.
    fn start(test: &str) -> Option<Self> {
        if !Path::new(HAPROXY).exists() {
            return None;
        }
        let path =
            |end| std::env::temp_dir().join(format!("admin-{}-{test}.{end}", std::process::id()));
        let (file, socket) = (path("cfg"), path("sock"));
        let text = format!(
            "global\n  stats socket {} level admin\n  nbthread 1\n\
             defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n\
             frontend fe\n  bind unix@{}.fe\n  default_backend be\n\
             backend be\n  server s1 127.0.0.1:9\n  server s2 127.0.0.1:9\n",
            socket.display(),
            socket.display(),
        );
        std::fs::write(&file, text).expect("the temporary directory can be written");
        let child = Command::new(HAPROXY)
            .args(["-db", "-q", "-f"])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("haproxy starts");
        let oracle = Self { child, socket, file };
        let deadline = Instant::now() + Duration::from_secs(10);
        while UnixStream::connect(&oracle.socket).is_err() {
            assert!(Instant::now() < deadline, "haproxy opens no socket");
            std::thread::yield_now();
        }
        Some(oracle)
    }

    fn ask(&self, line: &str) -> String {
        let mut stream = UnixStream::connect(&self.socket).expect("haproxy listens");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a time is set");
        writeln!(stream, "{line}").expect("haproxy reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("haproxy answers");
        answer
    }
}

struct Farm;

impl Names for Farm {
    fn server(&self, backend: &str, server: &str) -> ServerLookup {
        match (backend, server) {
            ("be", "s1" | "s2") => ServerLookup::Found(ServerName {
                backend: backend.to_owned(),
                server: server.to_owned(),
            }),
            ("be", _) => ServerLookup::NoServer,
            _ => ServerLookup::NoBackend,
        }
    }

    fn frontend(&self, name: &str) -> Option<String> {
        (name == "fe").then(|| name.to_owned())
    }

    fn backend(&self, name: &str) -> Option<String> {
        (name == "be").then(|| name.to_owned())
    }
}

fn frame(reply: &Reply) -> String {
    Session::new(Level::Admin).frame(reply)
}

/// Our answer where the daemon is not needed; `None` where it is.
fn ours(line: &str) -> Option<String> {
    let mut session = Session::new(Level::Admin);
    let mut out = String::new();
    for command in split(line) {
        match session.read(command, &Farm) {
            Next::Answer(reply) => out.push_str(&session.frame(&reply)),
            Next::Ask(_) => return None,
            Next::Quit => break,
        }
    }
    Some(out)
}

#[test]
fn refusals_and_session_commands_answer_as_haproxy_does() {
    let Some(oracle) = Oracle::start("refusals") else {
        println!("skipped: {HAPROXY} is missing");
        return;
    };
    let (mut same, mut different) = (0, Vec::new());
    for line in [
        "set server",
        "set server be",
        "set server be/nosuch state x",
        "set server x/s1 state x",
        "set server be/s1 state",
        "set server be/s1 state foo",
        "set server be/s1 health",
        "set server be/s1 weight",
        "set server be/s1 weight abc",
        "set server be/s1 weight 257",
        "set server be/s1 weight -1",
        "set server be/s1 weight 3x",
        "set weight be/s1 -5%",
        "set weight",
        "set weight be/s1",
        "set weight be/s1 %",
        "get weight",
        "get weight be/x",
        "get weight x/s1",
        "get weight /s1",
        "get weight be/",
        "disable server",
        "enable server be",
        "enable frontend",
        "disable frontend nosuch",
        "shutdown frontend",
        "shutdown frontend be",
        "set maxconn frontend",
        "set maxconn frontend x 1",
        "set maxconn frontend fe",
        "set maxconn frontend fe -1",
        "set maxconn server",
        "set maxconn server be/s1",
        "set maxconn server be/s1 abc",
        "set maxconn server be/s1 3x",
        "set maxconn global",
        "shutdown session",
        "shutdown session xyz",
        "shutdown sessions server",
        "shutdown sessions server be",
        "shutdown sessions server x/y",
        "show servers state x",
        "show servers conn x",
        "set timeout",
        "set timeout foo 1",
        "set timeout cli",
        "set timeout cli abc",
        "set timeout cli 10",
        "set timeout cli 0",
        "set severity-output",
        "set severity-output zz",
        "set severity-output number;get weight",
        "set severity-output string;set weight be/s1 abc",
        "show cli level",
        "operator;show cli level;set weight be/s1 1;user;operator",
        "prompt;show cli level;quit",
        "prompt;get weight;prompt",
        "  show\tcli   level  extra",
        "quit",
        "user;set server",
        "operator;disable frontend",
        "user;clear counters",
        "user;show env",
        "user;show sess",
    ] {
        let (mine, theirs) = (ours(line), oracle.ask(line));
        if mine.as_deref() != Some(&*theirs) {
            different.push(format!("{line}: ours {mine:?}, haproxy's {theirs:?}"));
        }
        same += 1;
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    println!("{same} answers are the same");
}

#[test]
fn show_stat_has_haproxys_columns_in_haproxys_order() {
    let Some(oracle) = Oracle::start("stat") else {
        println!("skipped: {HAPROXY} is missing");
        return;
    };
    let answer = oracle.ask("show stat");
    let row = StatRow::new(ObjectKind::Server, ("be", 3), ("s1", 1));
    let mine = frame(&show_stat(&[row], Format::Plain { descriptions: false }));
    assert_eq!(mine.lines().next(), answer.lines().next(), "the header");
    let width = |line: &str| line.split(',').count();
    for line in answer.lines().chain(mine.lines()).filter(|line| !line.is_empty()) {
        assert_eq!(width(line), 129, "{line}");
    }
    // Every field HAProxy prints has the same position, name, tags and type here.
    let mut seen = 0;
    for line in oracle.ask("show stat typed").lines().filter(|line| !line.is_empty()) {
        let (name, rest) = line.split_once(".1:").expect("a typed line");
        let (kind, place) = (&name[..1], name.splitn(4, '.').nth(3).expect("a position"));
        let described = rest.splitn(3, ':').take(2).collect::<Vec<_>>().join(":");
        let (column, _) = StatRow::default()
            .fields()
            .map(|(column, _)| (column, ()))
            .find(|(column, ())| format!("{}.{}", column.position, column.name) == place)
            .unwrap_or_else(|| panic!("no column {place}"));
        let tags = if kind == "B" { column.backend_tags } else { column.tags };
        assert_eq!(format!("{tags}:{}", column.kind.name()), described, "{line}");
        seen += 1;
    }
    println!("{seen} typed fields are the same");
}

#[test]
fn a_row_filled_with_haproxys_values_is_haproxys_row() {
    let Some(oracle) = Oracle::start("row") else {
        println!("skipped: {HAPROXY} is missing");
        return;
    };
    let answer = oracle.ask("show stat be 2 -1");
    let cells: Vec<&str> =
        answer.lines().find(|line| line.starts_with("be,")).expect("a row").split(',').collect();
    let mine = frame(&show_stat(
        &[StatRow {
            status: Some("UP".into()),
            mode: Some("http".into()),
            algo: Some("roundrobin".into()),
            ..StatRow::new(ObjectKind::Backend, ("be", 3), ("BACKEND", 0))
        }],
        Format::Plain { descriptions: false },
    ));
    let ours: Vec<&str> = mine.lines().nth(1).expect("a row").split(',').collect();
    for (index, cell) in ours.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        assert_eq!(*cell, cells[index], "column {index}");
    }
}

#[test]
fn show_info_has_haproxys_fields_in_haproxys_order() {
    let Some(oracle) = Oracle::start("info") else {
        println!("skipped: {HAPROXY} is missing");
        return;
    };
    let columns: Vec<String> = Info::default()
        .fields()
        .map(|(column, _)| {
            format!("{}.{}.1:{}:{}", column.position, column.name, column.tags, column.kind.name())
        })
        .collect();
    let typed = oracle.ask("show info typed");
    let found: Vec<String> = typed
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.splitn(4, ':').take(3).collect::<Vec<_>>().join(":"))
        .collect();
    assert_eq!(columns, found);
    let info = Info { name: Some("HAProxy".into()), nbthread: Some(1), ..Info::default() };
    let mine = frame(&show_info(&info, Format::Plain { descriptions: false }));
    let theirs = oracle.ask("show info");
    assert!(mine.lines().all(|line| theirs.lines().any(|other| other == line)), "{mine}");
}

#[test]
fn server_listings_have_haproxys_headers() {
    let Some(oracle) = Oracle::start("servers") else {
        println!("skipped: {HAPROXY} is missing");
        return;
    };
    for (line, mine) in [
        ("show servers state", frame(&show_servers_state(&[]))),
        ("show servers conn", frame(&show_servers_conn(&[], 1))),
    ] {
        let answer = oracle.ask(line);
        let header = mine.trim_end();
        assert!(answer.starts_with(header), "{line}: {header}");
    }
}
