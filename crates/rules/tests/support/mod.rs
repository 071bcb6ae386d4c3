//! Drives one request through every step, without sockets.
#![expect(dead_code, reason = "each test file uses a part of it")]

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use balance::Balancer;
use config::Target;
use config_parse::env::Environment;
use diag::Sources;
use http1::{Fields, Limits, Parsed, RequestHead, ResponseHead, parse_request, parse_response};
use rules::{
    Choice, Event, Final, Program, Stream, Trace, Verdict, choose, error_page, prepare, reply,
    respond, route, server_table,
};
use sample::{Buffered, Fact, FactValue, Facts, LogRecord};

/// A compiled configuration with balancers and the text it came from.
pub(crate) struct Lab {
    pub(crate) program: Arc<Program>,
    pub(crate) balancers: Vec<Balancer>,
    pub(crate) sources: Sources,
}

impl Lab {
    #[track_caller]
    pub(crate) fn new(text: &str) -> Lab {
        match Lab::load(text) {
            Ok(lab) => lab,
            Err(findings) => panic!("the configuration does not compile:\n{findings}\n{text}"),
        }
    }

    /// The same for keywords that came after HAProxy 2.6.
    #[track_caller]
    pub(crate) fn newer(text: &str) -> Lab {
        Lab::load_for(text, Target::Proxyd).unwrap_or_else(|findings| panic!("{findings}\n{text}"))
    }

    /// The lab, or every error.
    pub(crate) fn load(text: &str) -> Result<Lab, String> {
        Lab::load_for(text, Target::HaProxy(2, 6))
    }

    fn load_for(text: &str, target: Target) -> Result<Lab, String> {
        let env = Environment::of_version("2.6.12");
        let files = [(String::from("cfg"), text.as_bytes().to_vec())];
        let loaded = config::load(files, &env, target);
        let read = |path: &str| std::fs::read(path).map_err(|error| error.kind().to_string());
        let (program, findings) = rules::compile(loaded.config, &read);
        let mut out = String::new();
        for finding in loaded.diagnostics.iter().chain(&findings).filter(|one| one.is_error()) {
            let line = loaded.sources.line(finding.span);
            let _ = writeln!(out, "{line} {} {}", finding.code, finding.message);
        }
        let program = program.filter(|_| out.is_empty()).ok_or(out)?;
        let balancers = balancers(&program);
        Ok(Lab { program, balancers, sources: loaded.sources })
    }

    /// The same lab with balancers that have picked nothing yet.
    pub(crate) fn again(&self) -> Lab {
        Lab {
            program: Arc::clone(&self.program),
            balancers: balancers(&self.program),
            sources: self.sources.clone(),
        }
    }
}

fn balancers(program: &Program) -> Vec<Balancer> {
    let backends = program.backends().map(|backend| {
        let (spec, servers) = server_table(program, backend.reference());
        Balancer::new(spec, servers)
    });
    backends.collect()
}

/// The world of a test: two addresses, a clock that stands, draws that are known.
pub(crate) struct World {
    pub(crate) src: SocketAddr,
    pub(crate) dst: SocketAddr,
    pub(crate) now: i64,
    pub(crate) usable: Vec<usize>,
}

impl World {
    pub(crate) fn new(lab: &Lab) -> World {
        World {
            src: ([192, 0, 2, 7], 4000).into(),
            dst: ([198, 51, 100, 1], 80).into(),
            now: 1_795_436_352,
            usable: lab.balancers.iter().map(|one| one.usable().0 + one.usable().1).collect(),
        }
    }
}

impl Facts for World {
    fn read(&self, fact: Fact) -> Option<FactValue> {
        Some(match fact {
            Fact::Src => FactValue::Addr(self.src),
            Fact::Dst => FactValue::Addr(self.dst),
            Fact::Now => FactValue::Int(self.now * 1_000_000),
            Fact::UtcOffset => FactValue::Int(0),
            Fact::Draw(at) => FactValue::Int(i64::from(at.wrapping_mul(2_654_435_761))),
            Fact::UsableServers(backend) => {
                FactValue::Int(self.usable.get(backend.0 as usize).copied().unwrap_or(0) as i64)
            }
            Fact::ServerUp(_) => FactValue::Bool(true),
            Fact::Hostname => FactValue::Text(String::from("host")),
            Fact::Listener => FactValue::Int(0),
            _ => FactValue::Int(0),
        })
    }
}

/// What became of a request.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Exchange {
    pub(crate) backend: String,
    pub(crate) server: String,
    /// Request line and headers as the server saw them.
    pub(crate) seen: Option<(String, Vec<String>)>,
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: Vec<String>,
    /// The body of a response that was made here.
    pub(crate) body: Option<String>,
    pub(crate) cookies: String,
    pub(crate) captures: String,
    /// The log line of the daemon's letters aside.
    pub(crate) log: String,
    /// The verdict when there is no response.
    pub(crate) other: String,
}

pub(crate) fn request(raw: &str) -> (RequestHead, Vec<u8>) {
    let mut head = RequestHead::new();
    let parsed = parse_request(raw.as_bytes(), &mut head, &Limits::default());
    let Ok(Parsed::Complete { consumed }) = parsed else { panic!("{parsed:?}: {raw}") };
    (head, raw.as_bytes()[consumed..].to_vec())
}

pub(crate) fn response(raw: &str) -> ResponseHead {
    let mut head = ResponseHead::new();
    let parsed = parse_response(raw.as_bytes(), &mut head, &Limits::default());
    assert!(matches!(parsed, Ok(Parsed::Complete { .. })), "{parsed:?}: {raw}");
    head
}

/// Runs one request on the first frontend; the server answers `answer`, in which `@` is its name.
pub(crate) fn exchange<T: Trace>(
    lab: &Lab,
    world: &dyn Facts,
    raw: &str,
    answer: &str,
    trace: &mut T,
) -> Exchange {
    let program = &lab.program;
    let mut stream = Stream::new(sample::FrontendRef(0));
    let (mut head, body) = request(raw);
    let body = Buffered { bytes: &body, complete: true };
    let verdict = route(program, &mut stream, &mut head, body, world, trace);
    let mut out = Exchange::default();
    match verdict {
        Verdict::Forward(backend) => {
            let balancer = &lab.balancers[backend.0 as usize];
            let choice =
                choose(program, &mut stream, Some(&head), body, balancer, world, None, trace);
            match choice {
                Choice::Server { server, .. } => {
                    balancer.take(server as usize);
                    serve(lab, &mut stream, server, &mut head, answer, world, trace, &mut out);
                    balancer.release(server as usize);
                }
                _ => {
                    let page = error_page(program, &stream, 503);
                    local(lab, &mut stream, &head, page, world, trace, &mut out);
                }
            }
        }
        Verdict::Reply(answer) => {
            local(lab, &mut stream, &head, *answer, world, trace, &mut out);
        }
        Verdict::NoBackend => {
            let page = error_page(program, &stream, 503);
            local(lab, &mut stream, &head, page, world, trace, &mut out);
        }
        other => out.other = format!("{other:?}").split('(').next().unwrap_or_default().to_owned(),
    }
    let backend = stream.backend.map(|backend| program.backend(backend));
    let front = program.frontend(stream.frontend);
    out.backend = backend.map_or(front.name(), |backend| backend.name()).to_owned();
    out.server = match (stream.server, backend) {
        (Some(at), Some(backend)) => backend.servers()[at as usize].name.value.clone(),
        _ => String::from("<NOSRV>"),
    };
    out.cookies = String::from_utf8_lossy(&stream.cookie_letters()).into_owned();
    out.captures = captures(&stream);
    out.log = log(lab, &stream, &head, world, &out);
    out
}

fn log(
    lab: &Lab,
    stream: &Stream,
    head: &RequestHead,
    world: &dyn Facts,
    end: &Exchange,
) -> String {
    let [third, fourth] = stream.cookie_letters();
    let record = LogRecord {
        backend: end.backend.clone(),
        server: end.server.clone(),
        termination: [b'-', b'-', third, fourth],
        request_cookie: stream.captures.request_cookie.clone(),
        response_cookie: stream.captures.response_cookie.clone(),
        ..LogRecord::default()
    };
    let mut line = Vec::new();
    let formats = rules::LogFormats::default();
    rules::log_line(&lab.program, stream, &record, formats, Some(head), None, world, &mut line);
    String::from_utf8_lossy(&line).into_owned()
}

#[expect(clippy::too_many_arguments, reason = "a step of a test, split off to be read")]
fn serve<T: Trace>(
    lab: &Lab,
    stream: &mut Stream,
    server: u32,
    head: &mut RequestHead,
    answer: &str,
    world: &dyn Facts,
    trace: &mut T,
    out: &mut Exchange,
) {
    let program = &lab.program;
    prepare(program, stream, Some(server), head, world, trace);
    let line = format!(
        "{} {}",
        String::from_utf8_lossy(head.method()),
        String::from_utf8_lossy(head.target())
    );
    out.seen = Some((line, lines(&head.fields)));
    let backend = program.backend(stream.backend.expect("it was forwarded"));
    let name = &backend.servers()[server as usize].name.value;
    let mut answer = response(&answer.replace('@', name));
    let body = Buffered { bytes: &[], complete: true };
    match respond(program, stream, head, &mut answer, body, world, trace) {
        Verdict::Forward(_) => fill(&answer, out),
        Verdict::Reply(made) => local(lab, stream, head, *made, world, trace, out),
        other => out.other = format!("{other:?}"),
    }
}

fn local<T: Trace>(
    lab: &Lab,
    stream: &mut Stream,
    head: &RequestHead,
    mut made: Final,
    world: &dyn Facts,
    trace: &mut T,
    out: &mut Exchange,
) {
    reply(&lab.program, stream, Some(head), &mut made, world, trace);
    if made.raw.is_some() {
        out.other = String::from("raw");
        return;
    }
    fill(&made.head, out);
    out.body = Some(String::from_utf8_lossy(&made.body).into_owned());
    out.body = out.body.take().filter(|body| !body.is_empty());
}

fn fill(head: &ResponseHead, out: &mut Exchange) {
    out.status = head.status;
    out.reason = String::from_utf8_lossy(head.reason()).into_owned();
    out.headers = lines(&head.fields);
}

/// Headers as text; the connection's own are the daemon's matter.
pub(crate) fn lines(fields: &Fields) -> Vec<String> {
    let kept = fields.iter().filter(|(name, _)| *name != b"connection");
    kept.map(|(name, value)| {
        format!("{}: {}", String::from_utf8_lossy(name), String::from_utf8_lossy(value))
    })
    .collect()
}

fn captures(stream: &Stream) -> String {
    let text = |slot: &Option<Vec<u8>>| {
        slot.as_ref().map_or(String::new(), |text| String::from_utf8_lossy(text).into_owned())
    };
    let list = |slots: &[Option<Vec<u8>>]| match slots {
        [] => String::new(),
        slots => format!("{{{}}}", slots.iter().map(text).collect::<Vec<_>>().join("|")),
    };
    let cookie = |kept: &Option<Vec<u8>>| kept.as_ref().map_or("-".into(), |_| text(kept));
    format!(
        "{} {} {}{}",
        cookie(&stream.captures.request_cookie),
        cookie(&stream.captures.response_cookie),
        list(&stream.captures.request),
        list(&stream.captures.response)
    )
}

/// A trace as text: line, rule, outcome, what it changed; below each rule the terms it tested.
pub(crate) fn render(lab: &Lab, events: &[Event]) -> String {
    let mut out = String::new();
    let place = |span| lab.sources.line(span);
    for event in events {
        let _ = match event {
            Event::Enter { proxy, span } => writeln!(out, "{:>3} {proxy}", place(*span)),
            Event::Term { acl, span, result, seen } => {
                let name =
                    acl.clone().unwrap_or_else(|| format!("{{{}}}", lab.sources.text(*span)));
                let values: Vec<_> = seen
                    .iter()
                    .map(|one| one.value.clone().unwrap_or_else(|| "-".into()))
                    .collect();
                writeln!(
                    out,
                    "{:>3}     {name} {} {}",
                    place(*span),
                    result.map_or("unknown", |yes| if yes { "yes" } else { "no" }),
                    values.join(", ")
                )
            }
            Event::Rule { family, span, outcome, changes } => {
                let changes: Vec<_> = changes.iter().map(shown).collect();
                writeln!(out, "{:>3}   {family:?} {outcome:?} {}", place(*span), changes.join("; "))
            }
            Event::Fact { fact, .. } => writeln!(out, "      fact {fact:?}"),
            Event::Persistence { text, span } => writeln!(out, "{:>3}   {text}", place(*span)),
            Event::Balance { algorithm, key, pick, passed, span, .. } => {
                writeln!(out, "{:>3}   {algorithm} {key:?} {passed:?} -> {pick:?}", place(*span))
            }
            Event::Edit { span, change } => {
                writeln!(out, "{:>3}   {}", place(*span), shown(change))
            }
        };
    }
    out.lines().map(str::trim_end).fold(String::new(), |all, line| all + line + "\n")
}

fn shown(change: &rules::Change) -> String {
    let side = |text: &Option<String>| text.as_deref().unwrap_or("-").to_owned();
    format!("{}: {} => {}", change.what, side(&change.before), side(&change.after))
}
