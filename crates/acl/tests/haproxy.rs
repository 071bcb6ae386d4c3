//! The same expressions, conditions and requests to HAProxy 2.6 and to `sample` and `acl`.
//!
//! Needs `/usr/sbin/haproxy`; without it the tests say so and pass. Each line of
//! `haproxy/expressions.txt` and `haproxy/conditions.txt` becomes a frontend of its own whose answer
//! shows the value; each line of `haproxy/requests.txt` is sent to all of them. A line that HAProxy
//! refuses must be refused by us too. What differs on purpose is in `DIFFERS`, with the reason; an
//! entry that no longer differs fails the test.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test says what it skips")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use acl::{Acls, Condition, Maps, Outcome};
use config_parse::env::Environment;
use config_parse::tree::Word;
use config_parse::{condition, log_format, tree};
use diag::{Diagnostic, Sources};
use http1::{Limits, Parsed, RequestHead, parse_request};
use sample::{
    BackendRef, Buffered, CaptureSlots, CompileEnv, CompiledFormat, Context, Fact, FactValue,
    Facts, FrontendRef, Names, Password, Place, ServerRef, User, Userlist, VarNames, Vars,
};

const HAPROXY: &str = "/usr/sbin/haproxy";

/// Lines on which we differ on purpose, and why.
const DIFFERS: &[(&str, &str)] = &[
    ("(?=w)", "look-around is left out of the engine, so that no text can make it slow"),
    ("^a++b", "a possessive quantifier, for the same reason"),
    ("^a*+b", "the same"),
    ("^a{1,2}+b", "the same"),
    ("(?>a+)", "an atomic group, for the same reason"),
    ("(?R)?a", "recursion, for the same reason"),
    ("\\p{L}", "the engine is built without the tables of Unicode"),
    ("(*UTF)a", "bytes are matched, never characters"),
    ("localhost", "names in patterns are not looked up"),
    (",word(1,.) -m found", "newer versions: a word past the end is none"),
    (",word(4,;),length", "the same"),
    (",word(9,;),length", "the same"),
    ("str(hello),bytes(0,0)", "newer versions refuse a length below 1"),
    ("str(abc),bytes(1,0)", "the same"),
    ("str(abc),bytes(-1)", "newer versions refuse an offset below 0"),
];

fn skipped() -> bool {
    let missing = !Path::new(HAPROXY).exists();
    if missing {
        eprintln!("skipped: {HAPROXY} is missing");
    }
    missing
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/haproxy").join(name)
}

fn lines(name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(data(name)).unwrap();
    let files = data("files");
    text.lines().map(|line| line.replace("DIR", files.to_str().unwrap())).collect()
}

fn unescape(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = line.bytes();
    while let Some(byte) = bytes.next() {
        let escaped = if byte == b'\\' { bytes.next().unwrap() } else { 0 };
        match (byte, escaped) {
            (b'\\', b'r') => out.push(b'\r'),
            (b'\\', b'n') => out.push(b'\n'),
            (b'\\', b'x') => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                out.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            (b'\\', other) => out.push(other),
            (plain, _) => out.push(plain),
        }
    }
    out
}

/// A word of the configuration in double quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$"))
}

/// The rules of one case.
fn rules(kind: Kind, line: &str) -> String {
    let answer = "http-request return status 200 content-type text/plain";
    match kind {
        Kind::Expression => format!(" {answer} lf-string {}\n", quoted(&format!("[%[{line}]]"))),
        Kind::Condition => format!(" {answer} string yes if {{ {line} }}\n {answer} string no\n"),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Expression,
    Condition,
}

const HEAD: &str = "defaults\n mode http\n timeout client 2s\n timeout server 2s\n \
    timeout connect 1s\nuserlist ul\n group g1 users u1\n group g2\n user u1 insecure-password p1\n \
    user u2 insecure-password p2\nbackend b\n server s 127.0.0.1:1\n";

/// Each case has an address of its own in 127.0.0.0/8.
fn address(index: usize, port: u16) -> SocketAddr {
    SocketAddr::from(([127, 100, (index / 250) as u8, (index % 250 + 1) as u8], port))
}

fn config(kind: Kind, cases: &[(usize, String)], port: u16) -> String {
    let mut text = HEAD.to_owned();
    for (index, line) in cases {
        let bind = address(*index, port);
        write!(text, "frontend f{index}\n bind {bind}\n{}", rules(kind, line)).unwrap();
    }
    text
}

/// Which cases HAProxy refuses: it names the lines of the file.
fn refused(dir: &Path, kind: Kind, cases: &[(usize, String)], port: u16) -> Vec<usize> {
    let mut left = cases.to_vec();
    let mut refused = Vec::new();
    loop {
        let text = config(kind, &left, port);
        let file = dir.join("check.cfg");
        std::fs::write(&file, &text).unwrap();
        let run = Command::new(HAPROXY).arg("-c").arg("-f").arg(&file).output().unwrap();
        if run.status.success() {
            return refused;
        }
        let messages = String::from_utf8_lossy(&run.stderr).into_owned();
        let bad = refused_frontends(&messages, &text);
        assert!(!bad.is_empty(), "HAProxy refuses something else:\n{messages}");
        left.retain(|(index, _)| !bad.contains(index));
        refused.extend(bad);
    }
}

fn refused_frontends(messages: &str, text: &str) -> Vec<usize> {
    let mut frontends = HashMap::new();
    let mut current = None;
    for (number, line) in text.lines().enumerate() {
        if let Some(name) = line.strip_prefix("frontend f") {
            current = name.parse().ok();
        }
        frontends.insert(number + 1, current);
    }
    let alerts = messages.lines().filter(|line| line.starts_with("[ALERT]"));
    // A finding of the whole configuration names the frontend, any other the line.
    let of_line = |line: &str| {
        let (_, rest) = line.split_once("check.cfg:")?;
        let number: usize = rest.split(']').next()?.parse().ok()?;
        frontends.get(&number).copied().flatten()
    };
    let of_proxy = |line: &str| {
        let (_, rest) = line.split_once("proxy f")?;
        rest.split(':').next()?.parse().ok()
    };
    let mut bad: Vec<usize> =
        alerts.filter_map(|line| of_line(line).or_else(|| of_proxy(line))).collect();
    bad.sort_unstable();
    bad.dedup();
    bad
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(file: &Path, ready: SocketAddr) -> Running {
    let child = Command::new(HAPROXY)
        .args(["-db", "-q", "-f"])
        .arg(file)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(child);
    while TcpStream::connect(ready).is_err() {
        std::thread::yield_now();
    }
    running
}

/// HAProxy's answer: the body of a 200, the status line of anything else; and our own address.
fn ask(to: SocketAddr, request: &[u8]) -> (String, SocketAddr) {
    let mut client = TcpStream::connect(to).unwrap();
    let own = client.local_addr().unwrap();
    client.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    client.write_all(request).unwrap();
    let mut got = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&got[..end]).to_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| {
                rest.split("\r\n").next().and_then(|digits| digits.parse::<usize>().ok())
            });
            let body = &got[end + 4..];
            if length.is_some_and(|length| body.len() >= length) {
                let status = head.starts_with("http/1.1 200");
                let shown = if status { latin1(body) } else { head };
                return (shown, own);
            }
        }
        match client.read(&mut piece).unwrap() {
            0 => return (latin1(&got), own),
            count => got.extend_from_slice(&piece[..count]),
        }
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

struct World {
    src: SocketAddr,
    dst: SocketAddr,
}

impl Facts for World {
    fn read(&self, fact: Fact) -> Option<FactValue> {
        Some(match fact {
            Fact::Src => FactValue::Addr(self.src),
            Fact::Dst => FactValue::Addr(self.dst),
            Fact::UtcOffset | Fact::Thread => FactValue::Int(0),
            Fact::UsableServers(_) => FactValue::Int(1),
            Fact::FirstRequest => FactValue::Bool(true),
            Fact::Stopping => FactValue::Bool(false),
            _ => return None,
        })
    }
}

struct Known;

impl Names for Known {
    fn backend(&self, name: &str) -> Option<BackendRef> {
        (name == "b").then_some(BackendRef(0))
    }
    fn frontend(&self, _name: &str) -> Option<FrontendRef> {
        None
    }
    fn server(&self, proxy: Option<&str>, name: &str) -> Option<ServerRef> {
        let known = proxy == Some("b") && name == "s";
        known.then_some(ServerRef { backend: BackendRef(0), server: 0 })
    }
    fn userlist(&self, name: &str) -> Option<Arc<Userlist>> {
        let user = |name: &str, password: &str, groups: &[&str]| User {
            name: name.to_owned(),
            password: Some(Password::Plain(password.to_owned())),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        };
        let users = vec![user("u1", "p1", &["g1"]), user("u2", "p2", &[])];
        let groups = vec![String::from("g1"), String::from("g2")];
        (name == "ul").then(|| Arc::new(Userlist { name: name.to_owned(), users, groups }))
    }
    fn own_backend(&self) -> Option<BackendRef> {
        None
    }
    fn own_frontend(&self) -> Option<FrontendRef> {
        Some(FrontendRef(0))
    }
}

/// What we make of a case.
enum Ours {
    Format(CompiledFormat),
    Test(Condition),
}

fn compile(kind: Kind, line: &str) -> Result<Ours, Vec<Diagnostic>> {
    let text = rules(kind, line);
    let text = text.lines().next().unwrap();
    let sources = Sources::single("case.cfg", &format!("frontend f\n{text}\n"));
    let (tree, findings) = tree::parse(&sources, &Environment::default());
    let errors: Vec<_> = findings.into_iter().filter(Diagnostic::is_error).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let line = tree.active().last().unwrap();
    let words: &[Word<'_>] = &line.words;
    let (mut vars, mut draws) = (VarNames::default(), 0);
    let environment = Environment::default();
    let files = |name: &str| std::fs::read(name).map_err(|error| error.to_string());
    let mut env = CompileEnv {
        place: Place::FrontendHttpRequest,
        names: &Known,
        vars: &mut vars,
        captures: CaptureSlots::default(),
        files: &files,
        lists: &sample::lists::Lists::default(),
        maps: &Maps,
        env: &environment,
        draws: &mut draws,
        warnings: Vec::new(),
    };
    match kind {
        Kind::Expression => {
            let format = log_format::parse(words.last().unwrap()).map_err(|it| vec![it])?;
            sample::compile::log_format(&format, &mut env).map(Ours::Format)
        }
        Kind::Condition => {
            let start = words.iter().position(|word| word.text == "if").unwrap();
            let tree = condition::parse(&words[start..]).map_err(|it| vec![it])?;
            Condition::compile(&tree, &Acls::new(), &mut env).map(Ours::Test)
        }
    }
}

fn evaluate(ours: &Ours, request: &[u8], src: SocketAddr, dst: SocketAddr) -> String {
    let mut head = RequestHead::new();
    let parsed = parse_request(request, &mut head, &Limits::default());
    let Ok(Parsed::Complete { consumed: used }) = parsed else {
        panic!("the request is not one: {}", latin1(request));
    };
    let vars = Vars::default();
    let world = World { src, dst };
    let ctx = Context {
        protocol: sample::Protocol::Http,
        request: Some(&head),
        response: None,
        request_body: Buffered { bytes: &request[used..], complete: true },
        response_body: Buffered::default(),
        vars: &vars,
        captured_request: &[],
        captured_response: &[],
        facts: &world,
        log: None,
    };
    match ours {
        Ours::Format(format) => {
            let mut out = Vec::new();
            format.write_header_value(&ctx, &mut out);
            latin1(&out)
        }
        Ours::Test(condition) => match condition.eval(&ctx, &mut ()) {
            Outcome::Yes => String::from("yes"),
            Outcome::No => String::from("no"),
            open => format!("{open:?}"),
        },
    }
}

fn check(kind: Kind, file: &str, at_least: usize) {
    if skipped() {
        return;
    }
    let cases: Vec<(usize, String)> = lines(file).into_iter().enumerate().collect();
    let requests: Vec<Vec<u8>> = lines("requests.txt").iter().map(|line| unescape(line)).collect();
    let dir = tempfile::tempdir().unwrap();
    // The port is free again by the time HAProxy binds it; nothing else here takes ports.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = refused(dir.path(), kind, &cases, port);
    let (bad, good): (Vec<_>, Vec<_>) =
        cases.into_iter().partition(|(index, _)| refused.contains(index));
    let mut different: Vec<(String, String)> = Vec::new();
    for (_, line) in &bad {
        if compile(kind, line).is_ok() {
            different.push((line.clone(), String::from("HAProxy refuses it, we take it")));
        }
    }
    let file = dir.path().join("run.cfg");
    std::fs::write(&file, config(kind, &good, port)).unwrap();
    let _running = start(&file, address(good[0].0, port));
    let mut pairs = 0;
    for (index, line) in &good {
        let ours = match compile(kind, line) {
            Ok(ours) => ours,
            Err(findings) => {
                let message = findings.first().map_or("", |finding| &finding.message);
                different.push((line.clone(), format!("we refuse it: {message}")));
                continue;
            }
        };
        for request in &requests {
            let to = address(*index, port);
            let (theirs, own) = ask(to, request);
            let got = evaluate(&ours, request, own, to);
            pairs += 1;
            if got != theirs {
                let first = latin1(request).lines().next().unwrap_or("").to_owned();
                different.push((line.clone(), format!("{first}: HAProxy {theirs:?}, we {got:?}")));
            }
        }
    }
    eprintln!("{pairs} pairs and {} refused lines, {} differences", bad.len(), different.len());
    let known = |line: &str| DIFFERS.iter().any(|(part, _)| line.contains(part));
    let unknown: Vec<_> = different.iter().filter(|(line, _)| !known(line)).collect();
    assert!(unknown.is_empty(), "{} differ:\n{unknown:#?}", unknown.len());
    for (part, reason) in
        DIFFERS.iter().filter(|(part, _)| good.iter().chain(&bad).any(|(_, it)| it.contains(part)))
    {
        let still = different.iter().any(|(line, _)| line.contains(part));
        assert!(still, "`{part}` no longer differs: {reason}");
    }
    assert!(pairs >= at_least, "only {pairs} pairs were compared");
}

#[test]
fn expressions_have_the_values_that_haproxy_shows() {
    check(Kind::Expression, "expressions.txt", 1000);
}

#[test]
fn conditions_hold_when_they_do_in_haproxy() {
    check(Kind::Condition, "conditions.txt", 1000);
}
