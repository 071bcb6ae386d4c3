//! Which server: rules, then the persistence cookie, then `balance`.

use acl::Outcome as Truth;
use balance::{Balancer, Key, NoServer, PickInput};
use config::model::{Balance, Cookie, CookieMode};
use diag::Span;
use http1::RequestHead;
use sample::{BackendRef, Buffered, CompiledFormat, Escape, Fact, FactValue, Facts, Protocol};

use crate::moment::{Moment, Request, World, text};
use crate::persistence::{self, Asked};
use crate::program::Backend;
use crate::{
    Choice, CookieState, Event, NoTrace, Outcome, Program, RuleFamily, Stream, Trace, balance_key,
    condition, explain, rdp,
};

/// A compiled `use-server`.
#[derive(Debug)]
pub(crate) struct UseServer {
    pub(crate) to: ServerName,
    pub(crate) condition: Option<acl::Condition>,
    pub(crate) span: Span,
}

/// A server that is known when the program is compiled, or a name that the request makes.
#[derive(Debug)]
pub(crate) enum ServerName {
    Server(u32),
    Named(CompiledFormat),
}

/// Chooses the server: `use-server`, the persistence cookie, `option prefer-last-server`, then
/// `balance`.
///
/// `head` is `None` in `mode tcp`, where `body` holds the client's first bytes. `exclude` is the
/// server that just failed (`option redispatch`): persistence is then ignored and another server
/// is preferred. The states are the balancer's.
#[expect(clippy::too_many_arguments, reason = "each is a different thing that a choice depends on")]
pub fn choose<T: Trace>(
    program: &Program,
    stream: &mut Stream,
    head: Option<&RequestHead>,
    body: Buffered<'_>,
    balancer: &Balancer,
    facts: &dyn Facts,
    exclude: Option<u32>,
    trace: &mut T,
) -> Choice {
    let Some(backend) = stream.backend else { return Choice::NoServer };
    let backend = program.backend(backend);
    let world = World::new(program, facts, stream, trace);
    let mut m = Moment::new(program, stream, &world);
    if head.is_none() {
        m.protocol = Protocol::Tcp;
    }
    m.request = head.map_or(Request::None, Request::Sent);
    m.request_body = body;
    if exclude.is_some() {
        redispatched(&mut m);
        return free(backend, balancer, exclude, &mut m, trace);
    }
    let ruled = use_server(backend, balancer, &mut m, trace);
    let asked = read_cookie(backend, balancer, ruled.is_some(), &mut m, trace);
    let even_down = even_down(backend, m.stream);
    let bound = ruled.or(asked).or_else(|| rdp::server(backend, balancer, even_down, &mut m));
    if let Some(server) = bound {
        m.stream.persistence.direct = true;
        return Choice::Server { server, persistent: true };
    }
    if let Some(server) = last_server(backend, balancer, m.stream) {
        return Choice::Server { server, persistent: false };
    }
    free(backend, balancer, None, &mut m, trace)
}

/// Reads the cookie of a request that a rule of its backend denies: HAProxy logs the server that it names.
pub fn denied(
    program: &Program,
    stream: &mut Stream,
    head: &RequestHead,
    balancer: &Balancer,
    facts: &dyn Facts,
) -> Option<u32> {
    let backend = program.backend(stream.backend?);
    let world = World::new(program, facts, stream, &NoTrace);
    let mut m = Moment::new(program, stream, &world);
    m.request = Request::Sent(head);
    read_cookie(backend, balancer, false, &mut m, &mut NoTrace)
}

/// The server that the cookie named has failed.
fn redispatched(m: &mut Moment<'_>) {
    let persistence = &mut m.stream.persistence;
    persistence.direct = false;
    if persistence.cookie == CookieState::Valid {
        persistence.cookie = CookieState::Down;
    }
}

fn use_server<T: Trace>(
    backend: Backend<'_>,
    balancer: &Balancer,
    m: &mut Moment<'_>,
    trace: &mut T,
) -> Option<u32> {
    let even_down = even_down(backend, m.stream);
    let rules = &backend.part().rules.use_server;
    for (at, rule) in rules.iter().enumerate() {
        let truth = condition::holds(rule.condition.as_ref(), m, trace);
        let outcome = match truth {
            Truth::Yes => Outcome::Taken,
            Truth::No | Truth::Wait => Outcome::NotTaken,
            Truth::Unknown(_) => Outcome::Unknown,
        };
        m.flush(trace);
        tell(rule.span, outcome, trace);
        if truth != Truth::Yes {
            continue;
        }
        let server = match &rule.to {
            ServerName::Server(server) => Some(*server),
            ServerName::Named(format) => {
                let mut name = Vec::new();
                m.write(format, Escape::None, &mut name);
                m.settle();
                backend.server_named(&name)
            }
        };
        // The first rule that holds counts, also when its server is down: then none is forced.
        if T::ON {
            for skipped in &rules[at + 1..] {
                tell(skipped.span, Outcome::Skipped, trace);
            }
        }
        return server.filter(|server| even_down || persistence::is_up(balancer, *server));
    }
    None
}

fn tell<T: Trace>(span: Span, outcome: Outcome, trace: &mut T) {
    let family = RuleFamily::UseServer;
    trace.event(|| Event::Rule { family, span, outcome, changes: Vec::new() });
}

/// `force-persist`, `option persist`: dead servers are taken too.
fn even_down(backend: Backend<'_>, stream: &Stream) -> bool {
    let persist = backend.proxy().options.persist.is_some_and(|option| option.value);
    persist || stream.persistence.forced == Some(true)
}

/// The server that the persistence cookie names.
fn read_cookie<T: Trace>(
    backend: Backend<'_>,
    balancer: &Balancer,
    ruled: bool,
    m: &mut Moment<'_>,
    trace: &mut T,
) -> Option<u32> {
    let line = backend.proxy().cookie.as_ref()?;
    let head = m.head()?;
    let forced = m.stream.persistence.forced;
    let dated = line.value.maxidle.is_some() || line.value.maxlife.is_some();
    let asked = Asked {
        backend,
        balancer,
        unused: ruled || forced == Some(false),
        even_down: even_down(backend, m.stream),
        now: if dated { seconds(m.world) } else { 0 },
    };
    let mut found = persistence::read(&line.value, head, &asked);
    found.forced = forced;
    m.flush(trace);
    trace.event(|| Event::Persistence {
        text: in_words(&line.value, backend, &found),
        span: line.span,
    });
    let server = found.server;
    if line.value.mode == CookieMode::Passive {
        // Quirk: the log has no letters for a cookie that only the server sets.
        found.cookie = CookieState::NotApplicable;
    }
    m.stream.persistence = found;
    server
}

/// Seconds since the epoch; 0 when nobody knows.
pub(crate) fn seconds(facts: &dyn Facts) -> i64 {
    match facts.read(Fact::Now) {
        Some(FactValue::Int(micros)) => micros.div_euclid(1_000_000),
        _ => 0,
    }
}

fn in_words(line: &Cookie, backend: Backend<'_>, found: &crate::Persistence) -> String {
    let name = &line.name;
    let Some(value) = &found.value else { return format!("no cookie `{name}`") };
    let value = text(value);
    let what = match found.cookie {
        CookieState::Valid => {
            let server = found.server.and_then(|at| backend.servers().get(at as usize));
            let server = server.map_or("?", |server| server.name.value.as_str());
            return format!("cookie {name}={value} leads to {server}");
        }
        CookieState::Down if found.server.is_some() => "its server is down, and taken all the same",
        CookieState::Down => "its server is down",
        CookieState::Expired => "it was not used for too long",
        CookieState::Old => "it is too old",
        CookieState::Unused => "it is not used",
        CookieState::Invalid | CookieState::None | CookieState::NotApplicable => {
            "it names no server"
        }
    };
    format!("cookie {name}={value}: {what}")
}

/// `option prefer-last-server`: the server of the last request, while it takes traffic.
fn last_server(backend: Backend<'_>, balancer: &Balancer, stream: &Stream) -> Option<u32> {
    let on = backend.proxy().options.prefer_last_server.is_some_and(|option| option.value);
    let (last, server) = stream.last_server.filter(|_| on)?;
    (last == backend.reference() && persistence::is_up(balancer, server)).then_some(server)
}

/// A stream that nothing binds to a server.
fn free<T: Trace>(
    backend: Backend<'_>,
    balancer: &Balancer,
    exclude: Option<u32>,
    m: &mut Moment<'_>,
    trace: &mut T,
) -> Choice {
    match backend.proxy().direct() {
        Some(_) => Choice::Direct,
        None => balanced(backend, balancer, exclude, m, trace),
    }
}

fn balanced<T: Trace>(
    backend: Backend<'_>,
    balancer: &Balancer,
    exclude: Option<u32>,
    m: &mut Moment<'_>,
    trace: &mut T,
) -> Choice {
    let Some(key) = balance_key::find(backend, m) else { return Choice::WaitBody };
    let draws = draws(balancer.draws(), m);
    let input = PickInput {
        key: key.as_ref().map(balance_key::Found::as_key),
        draws: &draws,
        exclude: exclude.map(|server| server as usize),
    };
    let picked = explain::pick(backend, balancer, &input, m, trace);
    match picked {
        Ok(pick) => Choice::Server { server: pick.server as u32, persistent: false },
        Err(NoServer::AllFull) => Choice::Queue,
        Err(NoServer::NoneUsable) => Choice::NoServer,
    }
}

/// The stream's next random draws; none that is not known.
fn draws(count: usize, m: &mut Moment<'_>) -> Vec<u32> {
    let mut drawn = Vec::new();
    for _ in 0..count {
        let fact = Fact::Draw(m.program.draws.wrapping_add(m.stream.draws));
        let Some(FactValue::Int(draw)) = m.world.read(fact) else { break };
        m.stream.draws = m.stream.draws.wrapping_add(1);
        drawn.push(draw as u32);
    }
    drawn
}

/// What a hash balances by, for people.
pub(crate) fn shown(key: &Key<'_>) -> String {
    match key {
        Key::Bytes(bytes) => text(bytes),
        Key::Source(address) => address.to_string(),
    }
}

/// The name of an algorithm as it stands in the configuration.
pub(crate) fn algorithm(balance: Option<&Balance>) -> String {
    match balance {
        None | Some(Balance::RoundRobin) => String::from("roundrobin"),
        Some(Balance::StaticRr) => String::from("static-rr"),
        Some(Balance::LeastConn) => String::from("leastconn"),
        Some(Balance::First) => String::from("first"),
        Some(Balance::Random { draws }) => format!("random({draws})"),
        Some(Balance::Source) => String::from("source"),
        Some(Balance::Uri { .. }) => String::from("uri"),
        Some(Balance::UrlParam { name, .. }) => format!("url_param {name}"),
        Some(Balance::Hdr { name, .. }) => format!("hdr({name})"),
        Some(Balance::RdpCookie { name }) => format!("rdp-cookie({name})"),
        Some(Balance::Sticky) => String::from("sticky"),
        Some(Balance::LogHash(expr)) => format!("log-hash {}", sample::compile::text_of(expr)),
        Some(Balance::Hash(expr)) => format!("hash {}", sample::compile::text_of(expr)),
    }
}

/// The place of `balance`, or of the section.
pub(crate) fn balance_span(program: &Program, backend: BackendRef) -> Span {
    let proxy = program.backend(backend).proxy();
    proxy.balance.as_ref().map_or(proxy.span, |balance| balance.span)
}
