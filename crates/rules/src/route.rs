//! What becomes of an HTTP request: every rule from its arrival to the backend's last.

use std::ops::ControlFlow;

use acl::Outcome as Truth;
use config::model::Proxy;
use http1::RequestHead;
use sample::{BackendRef, Buffered, Facts, LogOrigin};

use crate::action::Rule;
use crate::moment::{Moment, Request, World};
use crate::run::{self, Ending, List};
use crate::{
    Cursor, Event, Outcome, Program, ReplyKind, RuleFamily, Stream, Trace, Verdict, capture,
    condition, error_page, log_profile, restrict, statistics, switch, timeouts,
};

/// The lists in the order in which they run.
mod step {
    pub(super) const FRONTEND_TCP: u16 = 0;
    pub(super) const ARRIVAL: u16 = 1;
    pub(super) const FRONTEND_BODY: u16 = 2;
    pub(super) const FRONTEND_HTTP: u16 = 3;
    pub(super) const FRONTEND_STATS: u16 = 4;
    pub(super) const FRONTEND_REDIRECT: u16 = 5;
    pub(super) const SWITCHING: u16 = 6;
    pub(super) const BACKEND_TCP: u16 = 7;
    pub(super) const BACKEND_BODY: u16 = 8;
    pub(super) const BACKEND_HTTP: u16 = 9;
    pub(super) const BACKEND_STATS: u16 = 10;
    pub(super) const BACKEND_REDIRECT: u16 = 11;
    pub(super) const END: u16 = 12;
}

/// Decides what becomes of a request and edits its head on the way: all rules of the frontend, the
/// choice of the backend, all rules of the backend.
///
/// After [`Verdict::Wait`], which here always waits for the body, it is called again with the same
/// stream and head and more of the body; it goes on where it stopped, so no rule runs twice. When
/// the time runs out instead, HAProxy answers 408: see [`crate::error_page`].
pub fn route<T: Trace>(
    program: &Program,
    stream: &mut Stream,
    head: &mut RequestHead,
    body: Buffered<'_>,
    facts: &dyn Facts,
    trace: &mut T,
) -> Verdict {
    let world = World::new(program, facts, stream, trace);
    let mut m = Moment::new(program, stream, &world);
    m.request = Request::Open(head);
    m.request_body = body;
    if let ControlFlow::Break(verdict) = decide(&mut m, trace) {
        return verdict;
    }
    match m.stream.backend {
        Some(backend) => Verdict::Forward(backend),
        None => Verdict::NoBackend,
    }
}

/// A connection in `mode tcp` was sent to a backend in `mode http` and is read as HTTP from now on:
/// [`route`] then begins with the backend's own rules, for `tcp-request content` ran in
/// [`crate::inspect`].
pub fn go_on_as_http(stream: &mut Stream) {
    stream.cursor = Cursor { step: step::BACKEND_BODY, rule: 0 };
}

fn decide<T: Trace>(m: &mut Moment<'_>, trace: &mut T) -> ControlFlow<Verdict> {
    frontend(m, trace)?;
    if let Some(backend) = m.stream.backend {
        self::backend(backend, m, trace)?;
    }
    if due(step::END, m) {
        capture::request_cookie(m);
    }
    ControlFlow::Continue(())
}

/// Everything up to the choice of the backend.
fn frontend<T: Trace>(m: &mut Moment<'_>, trace: &mut T) -> ControlFlow<Verdict> {
    let program = m.program;
    let frontend = program.frontend(m.stream.frontend);
    let (part, proxy) = (frontend.part(), frontend.proxy());
    if m.stream.cursor == Cursor::default() {
        enter(proxy, trace);
        log_profile::begin(m);
        capture::open(m);
    }
    list(step::FRONTEND_TCP, &part.rules.tcp_content, m, trace)?;
    if due(step::ARRIVAL, m) {
        if let Some(verdict) = monitor(m, trace) {
            return ControlFlow::Break(verdict);
        }
        capture::request_headers(m);
        log_profile::step(m, LogOrigin::Request);
    }
    wait_for_body(step::FRONTEND_BODY, proxy, m)?;
    list(step::FRONTEND_HTTP, &part.rules.http_request, m, trace)?;
    statistics::answer(part.stats.as_ref(), step::FRONTEND_STATS, m, trace)?;
    if m.stream.cursor.step <= step::FRONTEND_REDIRECT {
        restrict::names(proxy, m)?;
    }
    list(step::FRONTEND_REDIRECT, &part.rules.redirect, m, trace)?;
    if m.stream.cursor.step == step::SWITCHING {
        match switch::backend(m, trace) {
            Ok(backend) => {
                m.stream.backend = backend;
                let own = program.frontend(m.stream.frontend).part().own_backend;
                if backend != own {
                    m.stream.overrides.limits.enter_backend();
                    m.world.take_over(&m.stream.overrides);
                }
                m.world.enter(backend);
            }
            Err(fact) => return ControlFlow::Break(Verdict::Unknown(fact)),
        }
        due(step::SWITCHING, m);
    }
    ControlFlow::Continue(())
}

/// The rules of the chosen backend; those of a `listen` section that is both ran already.
fn backend<T: Trace>(
    backend: BackendRef,
    m: &mut Moment<'_>,
    trace: &mut T,
) -> ControlFlow<Verdict> {
    let program = m.program;
    let backend = program.backend(backend);
    let (part, proxy) = (backend.part(), backend.proxy());
    if program.is_own_backend(m.stream.frontend, backend.reference()) {
        return ControlFlow::Continue(());
    }
    if m.stream.cursor == (Cursor { step: step::BACKEND_TCP, rule: 0 }) {
        enter(proxy, trace);
    }
    list(step::BACKEND_TCP, &part.rules.tcp_content, m, trace)?;
    wait_for_body(step::BACKEND_BODY, proxy, m)?;
    list(step::BACKEND_HTTP, &part.rules.http_request, m, trace)?;
    statistics::answer(part.stats.as_ref(), step::BACKEND_STATS, m, trace)?;
    if m.stream.cursor.step <= step::BACKEND_REDIRECT {
        restrict::names(proxy, m)?;
    }
    list(step::BACKEND_REDIRECT, &part.rules.redirect, m, trace)
}

/// Whether a step that is no list is still to be done; it is done then.
fn due(step: u16, m: &mut Moment<'_>) -> bool {
    let due = m.stream.cursor.step <= step;
    if due {
        m.stream.cursor = Cursor { step: step + 1, rule: 0 };
    }
    due
}

fn enter<T: Trace>(proxy: &Proxy, trace: &mut T) {
    trace.event(|| Event::Enter { proxy: proxy.name.value.clone(), span: proxy.span });
}

/// `option http-buffer-request`: nothing is decided before the body is there.
fn wait_for_body(step: u16, proxy: &Proxy, m: &mut Moment<'_>) -> ControlFlow<Verdict> {
    let buffers = proxy.options.http_buffer_request.is_some_and(|option| option.value);
    if buffers && m.stream.cursor.step <= step && !m.request_body.complete {
        m.stream.cursor = Cursor { step, rule: 0 };
        let frontend = m.program.frontend(m.stream.frontend).proxy();
        let within = timeouts::http_request(frontend);
        return ControlFlow::Break(Verdict::Wait { within });
    }
    due(step, m);
    ControlFlow::Continue(())
}

fn list<T: Trace>(
    step: u16,
    rules: &[Rule],
    m: &mut Moment<'_>,
    trace: &mut T,
) -> ControlFlow<Verdict> {
    let ending = run::rules(&List { step, rules }, m, trace);
    ControlFlow::Break(match ending {
        Ending::Done => return ControlFlow::Continue(()),
        Ending::Reply(response) => Verdict::Reply(response),
        Ending::Close(span) => Verdict::Close(span),
        Ending::SilentDrop(span) => Verdict::SilentDrop(span),
        Ending::WaitForBody(within) => Verdict::Wait { within },
        Ending::Pause(time) => Verdict::Pause(time),
        Ending::Resolve(ask) => Verdict::Resolve(ask),
        // Conditions of HTTP are final: there is no inspect-delay to wait for.
        Ending::Wait | Ending::SwitchMode => return ControlFlow::Continue(()),
        Ending::Unknown(fact) => Verdict::Unknown(fact),
    })
}

/// `monitor-uri`: the 200 page, or 503 when a `monitor fail` holds. Before any rule and log line.
fn monitor<T: Trace>(m: &mut Moment<'_>, trace: &mut T) -> Option<Verdict> {
    let program = m.program;
    let frontend = program.frontend(m.stream.frontend);
    let uri = frontend.proxy().monitor_uri.as_ref()?;
    // The whole target is compared, its query too; the authority of an absolute one only when it is given.
    let (head, wanted) = (m.head()?, uri.value.as_bytes());
    if head.path_and_query() != wanted && head.target() != wanted {
        return None;
    }
    let mut fails = false;
    for (at, condition) in frontend.part().rules.monitor_fail.iter().enumerate() {
        let truth = condition::holds(Some(condition), m, trace);
        m.flush(trace);
        let span = condition.span();
        let outcome = match truth {
            Truth::Yes => Outcome::Taken,
            Truth::No | Truth::Wait => Outcome::NotTaken,
            Truth::Unknown(_) => Outcome::Unknown,
        };
        let family = RuleFamily::MonitorFail;
        trace.event(|| Event::Rule { family, span, outcome, changes: Vec::new() });
        match truth {
            Truth::Unknown(fact) => {
                m.stream.cursor = Cursor { step: step::ARRIVAL, rule: at as u32 };
                return Some(Verdict::Unknown(fact));
            }
            Truth::Yes => {
                fails = true;
                break;
            }
            Truth::No | Truth::Wait => {}
        }
    }
    let mut page = error_page::choose(program, m.stream, if fails { 503 } else { 200 });
    page.kind = ReplyKind::Monitor;
    page.rule = Some(uri.span);
    let (family, span) = (RuleFamily::MonitorUri, uri.span);
    let outcome = Outcome::Taken;
    trace.event(|| Event::Rule { family, span, outcome, changes: Vec::new() });
    Some(Verdict::Reply(Box::new(page)))
}
