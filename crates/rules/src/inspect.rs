//! Where a connection in `mode tcp` goes.

use std::ops::ControlFlow;
use std::time::Duration;

use http1::{Limits, Parsed, RequestHead, ResponseHead};
use sample::{BackendRef, Buffered, Facts, Protocol};

use crate::action::Rule;
use crate::moment::{Moment, Request, World};
use crate::run::{self, Ending, List};
use crate::{Cursor, Event, Program, Stream, Trace, Verdict, capture, log_profile, switch};

/// The lists in the order in which they run.
mod step {
    pub(super) const FRONTEND: u16 = 0;
    pub(super) const SWITCHING: u16 = 1;
    pub(super) const BACKEND: u16 = 2;
    pub(super) const RESPONSE: u16 = 0;
}

/// Decides where a connection in `mode tcp` goes: `tcp-request content` of the frontend,
/// `use_backend`, `default_backend`, `tcp-request content` of the backend.
///
/// After [`Verdict::Wait`] it is called again with the same stream and more bytes, or with
/// `payload.complete` when the time is over; it goes on where it stopped. A backend in `mode http`
/// goes on as HTTP: see [`crate::go_on_as_http`].
pub fn inspect<T: Trace>(
    program: &Program,
    stream: &mut Stream,
    payload: Buffered<'_>,
    facts: &dyn Facts,
    trace: &mut T,
) -> Verdict {
    let world = World::new(program, facts, stream, trace);
    let mut head = RequestHead::new();
    let mut m = Moment::new(program, stream, &world);
    m.request_body = payload;
    m.protocol = Protocol::Tcp;
    // `HTTP`, `req.hdr` and others look into what is not read as HTTP yet. Where `req.len` stands
    // among the rules they see nothing: it counts the bytes of a connection only without a head.
    if !program.frontend(m.stream.frontend).part().measures {
        let parsed = http1::parse_request(payload.bytes, &mut head, &Limits::default());
        if matches!(parsed, Ok(Parsed::Complete { .. })) {
            m.request = Request::Sent(&head);
        }
    }
    if let ControlFlow::Break(verdict) = decide(&mut m, trace) {
        return verdict;
    }
    m.stream.backend.map_or(Verdict::NoBackend, Verdict::Forward)
}

fn decide<T: Trace>(m: &mut Moment<'_>, trace: &mut T) -> ControlFlow<Verdict> {
    let program = m.program;
    let front = program.frontend(m.stream.frontend);
    if m.stream.cursor == Cursor::default() {
        let proxy = front.proxy();
        trace.event(|| Event::Enter { proxy: proxy.name.value.clone(), span: proxy.span });
        log_profile::begin(m);
        capture::open(m);
    }
    let delay = front.proxy().rules.request_inspect_delay.map(|delay| delay.value);
    list(step::FRONTEND, &front.part().rules.tcp_content, delay, m, trace)?;
    if m.stream.cursor.step == step::SWITCHING {
        match switch::backend(m, trace) {
            Ok(backend) => {
                m.stream.backend = backend;
                m.world.enter(backend);
            }
            Err(fact) => return ControlFlow::Break(Verdict::Unknown(fact)),
        }
        m.stream.cursor = Cursor { step: step::BACKEND, rule: 0 };
    }
    let Some(back) = m.stream.backend else { return ControlFlow::Continue(()) };
    if program.is_own_backend(m.stream.frontend, back) {
        return ControlFlow::Continue(());
    }
    let back = program.backend(back);
    if m.stream.cursor == (Cursor { step: step::BACKEND, rule: 0 }) {
        let proxy = back.proxy();
        trace.event(|| Event::Enter { proxy: proxy.name.value.clone(), span: proxy.span });
    }
    let delay = back.proxy().rules.request_inspect_delay.map(|delay| delay.value);
    list(step::BACKEND, &back.part().rules.tcp_content, delay, m, trace)
}

/// Runs `tcp-response content` of the stream's backend on the first bytes of its server, in `mode http` on the head of
/// the response. [`Verdict::Forward`] lets them through; the waiting is as in [`inspect`]. Without an inspect-delay it
/// is called before anything came. Whether the server's connection is to be closed is in the stream's overrides.
pub fn inspect_response<T: Trace>(
    program: &Program,
    stream: &mut Stream,
    request: Option<&RequestHead>,
    response: Option<&mut ResponseHead>,
    payload: Buffered<'_>,
    facts: &dyn Facts,
    trace: &mut T,
) -> Verdict {
    let backend = stream.backend.unwrap_or(BackendRef(0));
    if !stream.responding {
        stream.responding = true;
        stream.cursor = Cursor::default();
    }
    let Some(back) = stream.backend.map(|back| program.backend(back)) else {
        return Verdict::Forward(backend);
    };
    let world = World::new(program, facts, stream, trace);
    let mut m = Moment::new(program, stream, &world);
    m.request = request.map_or(Request::None, Request::Sent);
    if response.is_none() {
        m.protocol = Protocol::Tcp;
    }
    m.response = response;
    m.response_body = payload;
    // `WAIT_END` asks the request's bytes: they end with the wait.
    m.request_body = Buffered { bytes: &[], complete: payload.complete };
    let delay = back.proxy().rules.response_inspect_delay.map(|delay| delay.value);
    let rules = &back.part().rules.response.tcp_content;
    let verdict = match list(step::RESPONSE, rules, delay, &mut m, trace) {
        ControlFlow::Break(wait @ Verdict::Wait { .. }) => return wait,
        ControlFlow::Break(verdict) => verdict,
        ControlFlow::Continue(()) => Verdict::Forward(backend),
    };
    // The rules of HTTP count anew.
    stream.responding = false;
    stream.cursor = Cursor::default();
    verdict
}

/// Without an inspect-delay a condition sees what is there and no more.
fn list<T: Trace>(
    step: u16,
    rules: &[Rule],
    delay: Option<Duration>,
    m: &mut Moment<'_>,
    trace: &mut T,
) -> ControlFlow<Verdict> {
    m.partial = delay.is_some();
    let ending = run::rules(&List { step, rules }, m, trace);
    m.partial = false;
    ControlFlow::Break(match ending {
        Ending::Done => return ControlFlow::Continue(()),
        Ending::Reply(response) => Verdict::Reply(response),
        Ending::Close(span) => Verdict::Close(span),
        Ending::SilentDrop(span) => Verdict::SilentDrop(span),
        Ending::SwitchMode => Verdict::SwitchMode,
        Ending::Wait => Verdict::Wait { within: delay.unwrap_or_default() },
        Ending::WaitForBody(within) => Verdict::Wait { within },
        Ending::Pause(time) => Verdict::Pause(time),
        Ending::Resolve(ask) => Verdict::Resolve(ask),
        Ending::Unknown(fact) => Verdict::Unknown(fact),
    })
}
