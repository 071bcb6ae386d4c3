//! What becomes of a response: the rules, the persistence cookie, and the rules after all others.

use std::ops::ControlFlow;

use http1::{RequestHead, ResponseHead};
use sample::{BackendRef, Buffered, Facts, Scope};

use crate::action::{Rule, reply};
use crate::cacheable::cacheable;
use crate::moment::{Moment, Request, World, change, edited};
use crate::persistence::{self, Answer};
use crate::run::{self, Ending, List};
use crate::{
    Cursor, Event, Final, Program, SetCookie, Stream, Trace, Verdict, capture, choose, error_page,
};

/// The lists in the order in which they run.
mod step {
    pub(super) const ARRIVAL: u16 = 0;
    pub(super) const BACKEND: u16 = 1;
    pub(super) const FRONTEND: u16 = 2;
    pub(super) const COOKIES: u16 = 3;
    pub(super) const BACKEND_AFTER: u16 = 4;
    pub(super) const FRONTEND_AFTER: u16 = 5;
    pub(super) const END: u16 = 6;
}

/// Runs the response rules, backend first, and edits the head: captures, `http-response`, the
/// persistence cookie, `option checkcache`, `http-after-response`.
///
/// [`Verdict::Forward`] sends the response on. [`Verdict::Reply`] sends another one instead, which
/// has not been through [`reply`] yet. Interim responses (100, 102, 103) pass untouched; 101 is
/// treated as a final one. The stream's cursor counts anew here.
pub fn respond<T: Trace>(
    program: &Program,
    stream: &mut Stream,
    request: &RequestHead,
    response: &mut ResponseHead,
    body: Buffered<'_>,
    facts: &dyn Facts,
    trace: &mut T,
) -> Verdict {
    let backend = stream.backend.unwrap_or(BackendRef(0));
    if matches!(response.status, 100 | 102..=199) {
        return Verdict::Forward(backend);
    }
    if !stream.responding {
        stream.responding = true;
        stream.cursor = Cursor::default();
        // The `req` scope ends where the response's begins (manual 2.8).
        stream.vars.end(Scope::Req);
    }
    let world = World::new(program, facts, stream, trace);
    let mut m = Moment::new(program, stream, &world);
    m.request = Request::Sent(request);
    m.response = Some(response);
    m.response_body = body;
    match decide(&mut m, trace) {
        ControlFlow::Break(verdict) => verdict,
        ControlFlow::Continue(()) => Verdict::Forward(backend),
    }
}

fn decide<T: Trace>(m: &mut Moment<'_>, trace: &mut T) -> ControlFlow<Verdict> {
    let (front, back) = proxies(m);
    if m.stream.cursor.step == step::ARRIVAL {
        capture::response_headers(m);
        m.stream.cursor.step = step::BACKEND;
    }
    if let Some(back) = back {
        enter(back, step::BACKEND, m, trace);
        list(step::BACKEND, |m| rules(m, back).map(|rules| &rules.http_response), m, trace)?;
    }
    enter(front, step::FRONTEND, m, trace);
    list(step::FRONTEND, |m| rules(m, front).map(|rules| &rules.http_response), m, trace)?;
    if m.stream.cursor.step <= step::COOKIES {
        m.stream.cursor = Cursor { step: step::COOKIES + 1, rule: 0 };
        cookies(m, trace)?;
    }
    after(m, trace)
}

/// A proxy of the stream; the backend half is left out when it is the frontend's own.
#[derive(Clone, Copy)]
enum Half {
    Front,
    Back(BackendRef),
}

fn proxies(m: &Moment<'_>) -> (Half, Option<Half>) {
    let back = m.stream.backend.filter(|back| !m.program.is_own_backend(m.stream.frontend, *back));
    (Half::Front, back.map(Half::Back))
}

fn rules<'m>(m: &Moment<'m>, half: Half) -> Option<&'m crate::program::ResponseRules> {
    Some(match half {
        Half::Front => &m.program.frontend(m.stream.frontend).part().rules.response,
        Half::Back(back) => &m.program.backend(back).part().rules.response,
    })
}

fn enter<T: Trace>(half: Half, step: u16, m: &mut Moment<'_>, trace: &mut T) {
    if m.stream.cursor.step < step {
        m.stream.cursor = Cursor { step, rule: 0 };
    }
    if !T::ON || m.stream.cursor != (Cursor { step, rule: 0 }) {
        return;
    }
    if rules(m, half).is_none_or(|rules| rules.http_response.is_empty()) {
        return;
    }
    let proxy = match half {
        Half::Front => m.program.frontend(m.stream.frontend).proxy(),
        Half::Back(back) => m.program.backend(back).proxy(),
    };
    trace.event(|| Event::Enter { proxy: proxy.name.value.clone(), span: proxy.span });
}

fn list<'m, T: Trace>(
    step: u16,
    rules: impl Fn(&Moment<'m>) -> Option<&'m Vec<Rule>>,
    m: &mut Moment<'m>,
    trace: &mut T,
) -> ControlFlow<Verdict> {
    let Some(rules) = rules(m) else { return ControlFlow::Continue(()) };
    let ending = run::rules(&List { step, rules }, m, trace);
    ControlFlow::Break(match ending {
        Ending::Done | Ending::Wait | Ending::SwitchMode => return ControlFlow::Continue(()),
        Ending::Reply(response) => Verdict::Reply(response),
        Ending::Close(span) => Verdict::Close(span),
        Ending::SilentDrop(span) => Verdict::SilentDrop(span),
        Ending::WaitForBody(within) => Verdict::Wait { within },
        Ending::Pause(time) => Verdict::Pause(time),
        Ending::Resolve(ask) => Verdict::Resolve(ask),
        Ending::Unknown(fact) => Verdict::Unknown(fact),
    })
}

/// The persistence cookie, the captured one, and what a cache may keep.
fn cookies<T: Trace>(m: &mut Moment<'_>, trace: &mut T) -> ControlFlow<Verdict> {
    capture::response_cookie(m);
    let Some(backend) = m.stream.backend else { return ControlFlow::Continue(()) };
    let proxy = m.program.backend(backend).proxy();
    let checks = proxy.options.checkcache.filter(|option| option.value);
    if proxy.cookie.is_none() && checks.is_none() {
        return ControlFlow::Continue(());
    }
    let Request::Sent(request) = &m.request else { return ControlFlow::Continue(()) };
    let request: &RequestHead = request;
    let Some(response) = m.response.as_deref() else { return ControlFlow::Continue(()) };
    let cacheable = cacheable(request, response);
    let sets = response.fields.contains(b"set-cookie") || response.fields.contains(b"set-cookie2");
    if let Some(line) = &proxy.cookie {
        set_cookie(line, backend, request, cacheable.response, m, trace);
    }
    if let Some(option) = checks.filter(|_| cacheable.cookies && sets) {
        // HAProxy 2.6 sends the page of the server's status here; the manual's 502 is meant.
        let mut page = error_page::choose(m.program, m.stream, 502);
        page.rule = Some(option.span);
        return ControlFlow::Break(Verdict::Reply(Box::new(page)));
    }
    ControlFlow::Continue(())
}

fn set_cookie<T: Trace>(
    line: &diag::Spanned<config::model::Cookie>,
    backend: BackendRef,
    request: &RequestHead,
    cacheable: bool,
    m: &mut Moment<'_>,
    trace: &mut T,
) {
    let servers = m.program.backend(backend).servers();
    let Some(server) = m.stream.server else {
        // There is nothing to set (`dispatch`), and what the server sets is only looked at.
        let fields = m.response.as_deref().map(|response| &response.fields);
        let sets = fields.is_some_and(|fields| persistence::sets_cookie(&line.value, fields));
        if sets && line.value.mode != config::model::CookieMode::Passive {
            m.stream.persistence.set_cookie = SetCookie::Passive;
        }
        return;
    };
    let server = servers.get(server as usize);
    let cookie = server.and_then(|server| server.settings.cookie.as_ref());
    let dated = line.value.maxidle.is_some() || line.value.maxlife.is_some();
    let answer = Answer {
        line: &line.value,
        server: cookie.map(|cookie| cookie.value.as_str()),
        direct: m.stream.persistence.direct,
        ignored: m.stream.persistence.forced == Some(false),
        post: request.received_method() == b"POST",
        now: if dated { choose::seconds(m.world) } else { 0 },
    };
    m.flush(trace);
    let Some(response) = m.response.as_deref_mut() else { return };
    let before: Vec<Vec<u8>> = if T::ON {
        response.fields.all(b"set-cookie").map(<[u8]>::to_vec).collect()
    } else {
        Vec::new()
    };
    let letter = persistence::answer(&answer, &m.stream.persistence, &mut response.fields);
    let inserted = matches!(letter, SetCookie::Inserted | SetCookie::Updated);
    if inserted && line.value.nocache && cacheable {
        response.fields.add(b"cache-control", b"private");
    }
    if T::ON {
        let after: Vec<&[u8]> = response.fields.all(b"set-cookie").collect();
        if !after.iter().copied().eq(before.iter().map(Vec::as_slice)) {
            let join = |values: &[&[u8]]| (!values.is_empty()).then(|| values.join(&b", "[..]));
            let old: Vec<&[u8]> = before.iter().map(Vec::as_slice).collect();
            let (old, new) = (join(&old), join(&after));
            edited(trace, line.span, || {
                change("header set-cookie", old.as_deref(), new.as_deref())
            });
        }
    }
    if line.value.mode != config::model::CookieMode::Passive {
        m.stream.persistence.set_cookie = letter;
    }
}

fn after<T: Trace>(m: &mut Moment<'_>, trace: &mut T) -> ControlFlow<Verdict> {
    let (front, back) = proxies(m);
    if let Some(back) = back {
        list(step::BACKEND_AFTER, |m| rules(m, back).map(|r| &r.after), m, trace)?;
    }
    list(step::FRONTEND_AFTER, |m| rules(m, front).map(|r| &r.after), m, trace)?;
    m.stream.cursor = Cursor { step: step::END, rule: 0 };
    ControlFlow::Continue(())
}

/// Runs `http-after-response` on a response that was made here, before it is written; a page with
/// expressions is made first.
///
/// Pages that close in silence (an empty `errorfile`) have no head and are left alone.
pub fn reply<T: Trace>(
    program: &Program,
    stream: &mut Stream,
    request: Option<&RequestHead>,
    response: &mut Final,
    facts: &dyn Facts,
    trace: &mut T,
) {
    if response.raw.is_some() {
        return;
    }
    stream.responding = true;
    stream.cursor = Cursor { step: step::BACKEND_AFTER, rule: 0 };
    let world = World::new(program, facts, stream, trace);
    let mut m = Moment::new(program, stream, &world);
    m.request = request.map_or(Request::None, Request::Sent);
    if let Some(made_from) = response.made_from.take() {
        let mut made = reply::respond(&made_from, response.kind, &mut m);
        // `auth` added its challenge already.
        for index in 0..response.head.fields.len() {
            if let Some((name, value)) = response.head.fields.at(index) {
                made.head.fields.add(name, value);
            }
        }
        (response.head, response.body) = (made.head, made.body);
    }
    m.response = Some(&mut response.head);
    m.response_body = Buffered { bytes: &response.body, complete: true };
    // These rules only edit: nothing that they say ends the response.
    let _ = after(&mut m, trace);
}
