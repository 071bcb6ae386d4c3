//! Runs one list of rules: tests each condition, carries out each action, stops where a rule says.

use std::time::Duration;

use acl::Outcome as Truth;
use diag::Span;
use sample::{Compiled, Fact, Protocol, Sample, as_text};

use crate::action::{Action, Rule, Setting};
use crate::action::{address, edit, hint, limit, list, normalize, redirect, reply, room, variable};
use crate::moment::{Moment, Request, change};
use crate::{Change, Cursor, Event, Final, Outcome, ReplyKind, Trace};
use crate::{condition, log_profile, unique_id};

/// How a list of rules ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Every rule was looked at, or one allowed.
    Done,
    /// A rule answered.
    Reply(Box<Final>),
    /// A rule closed the connection.
    Close(Span),
    /// A rule dropped the connection.
    SilentDrop(Span),
    /// The connection goes on as HTTP.
    SwitchMode,
    /// A condition needs more input (`tcp-request content`).
    Wait,
    /// `wait-for-body`, at most this long.
    WaitForBody(Duration),
    /// `pause`: the list goes on behind the rule after this time.
    Pause(Duration),
    /// `do-resolve`: the list goes on behind the rule when the name was looked up.
    Resolve(Box<crate::Resolve>),
    /// A condition or value depends on a fact that is not known.
    Unknown(Fact),
}

/// A list in the life of a stream.
pub(crate) struct List<'r> {
    /// Its place in the order of all lists, for the cursor.
    pub(crate) step: u16,
    pub(crate) rules: &'r [Rule],
}

/// Runs a list from where the stream's cursor stands. When a rule has to wait, the cursor is left
/// there, so that no rule runs twice.
pub(crate) fn rules<T: Trace>(list: &List<'_>, m: &mut Moment<'_>, trace: &mut T) -> Ending {
    let first = match m.stream.cursor {
        Cursor { step, .. } if step > list.step => return Ending::Done,
        Cursor { step, rule } if step == list.step => rule as usize,
        _ => 0,
    };
    if first == 0 {
        // `strict-mode` counts in its own list only.
        m.stream.lenient = false;
    }
    for (at, rule) in list.rules.iter().enumerate().skip(first) {
        let ending = one(rule, m, trace);
        match ending {
            None => {}
            Some(Ending::Wait | Ending::WaitForBody(_)) => {
                m.stream.cursor = Cursor { step: list.step, rule: at as u32 };
                return ending.unwrap_or(Ending::Wait);
            }
            Some(ending @ (Ending::Pause(_) | Ending::Resolve(_))) => {
                m.stream.cursor = Cursor { step: list.step, rule: at as u32 + 1 };
                return ending;
            }
            Some(ending) => {
                m.stream.last_rule = Some(rule.span);
                skipped(&list.rules[at + 1..], trace);
                m.stream.cursor = Cursor { step: list.step + 1, rule: 0 };
                return ending;
            }
        }
    }
    m.stream.cursor = Cursor { step: list.step + 1, rule: 0 };
    Ending::Done
}

fn skipped<T: Trace>(rules: &[Rule], trace: &mut T) {
    if T::ON {
        for rule in rules {
            tell(rule, Outcome::Skipped, Vec::new(), trace);
        }
    }
}

fn tell<T: Trace>(rule: &Rule, outcome: Outcome, changes: Vec<Change>, trace: &mut T) {
    let (family, span) = (rule.family, rule.span);
    trace.event(|| Event::Rule { family, span, outcome, changes });
}

/// One rule: `None` goes on with the next.
fn one<T: Trace>(rule: &Rule, m: &mut Moment<'_>, trace: &mut T) -> Option<Ending> {
    if rule.asks_id.condition {
        unique_id::make(m);
    }
    let truth = condition::holds(rule.condition.as_ref(), m, trace);
    match truth {
        Truth::Yes => {}
        Truth::No => {
            m.flush(trace);
            tell(rule, Outcome::NotTaken, Vec::new(), trace);
            return None;
        }
        Truth::Wait => return Some(Ending::Wait),
        Truth::Unknown(fact) => {
            m.flush(trace);
            tell(rule, Outcome::Unknown, Vec::new(), trace);
            return Some(Ending::Unknown(fact));
        }
    }
    if rule.asks_id.action {
        unique_id::make(m);
    }
    if waits(&rule.action, m) {
        return Some(Ending::Wait);
    }
    let mut changes = Vec::new();
    let ending = act(rule, m, T::ON, &mut changes);
    m.flush(trace);
    match &ending {
        Some(Ending::WaitForBody(_)) => {}
        Some(Ending::Unknown(_)) => tell(rule, Outcome::Unknown, changes, trace),
        _ => tell(rule, Outcome::Taken, changes, trace),
    }
    ending
}

/// Whether bytes that an action reads may still come (`tcp-request content` with an inspect-delay).
fn waits(action: &Action, m: &Moment<'_>) -> bool {
    // Most rules are of HTTP, where nothing more comes.
    if !m.partial {
        return false;
    }
    let (Action::SetVar { value, .. } | Action::Capture { value, .. }) = action else {
        return false;
    };
    let ctx = m.context();
    let nothing_came = m.request_body.bytes.is_empty() && m.protocol == Protocol::Tcp;
    matches!(value.eval_now(&ctx), Sample::Wait) || nothing_came && value.may_change(&ctx)
}

/// Carries an action out.
fn act(rule: &Rule, m: &mut Moment<'_>, on: bool, changes: &mut Vec<Change>) -> Option<Ending> {
    match &rule.action {
        Action::Allow => return Some(Ending::Done),
        Action::Deny(to) => {
            crate::capture::refused(m);
            return Some(answer(reply::respond(to, ReplyKind::Deny, m), rule));
        }
        Action::Return(to) => return Some(answer(reply::respond(to, ReplyKind::Return, m), rule)),
        Action::Tarpit(to) => {
            crate::capture::refused(m);
            let mut response = reply::respond(to, ReplyKind::Tarpit, m);
            response.delay = Some(crate::timeouts::tarpit(m.program, m.stream));
            return Some(answer(response, rule));
        }
        Action::Auth { realm } => {
            let (frontend, backend) = (m.stream.frontend, m.stream.backend);
            return Some(answer(reply::challenge(realm.as_ref(), frontend, backend, m), rule));
        }
        Action::Redirect(to) => return Some(answer(redirect::respond(to, m)?, rule)),
        Action::Service => {
            let head = http1::ResponseHead::with_status(200);
            return Some(answer(Final::new(ReplyKind::Service, head, Vec::new()), rule));
        }
        Action::SwitchMode if matches!(m.request, Request::Open(_)) => return Some(Ending::Done),
        Action::SwitchMode => return Some(Ending::SwitchMode),
        Action::CloseServer => {
            m.stream.overrides.closes_server = true;
            return Some(Ending::Done);
        }
        Action::Reject => return Some(Ending::Close(rule.span)),
        Action::SilentDrop => return Some(Ending::SilentDrop(rule.span)),
        Action::WaitForBody { time, at_least } => {
            let body = if m.response.is_some() { m.response_body } else { m.request_body };
            let enough = *at_least > 0 && body.bytes.len() as u64 >= *at_least;
            return (!body.complete && !enough).then_some(Ending::WaitForBody(*time));
        }
        Action::Normalize(normalizer) => {
            if normalize::apply(*normalizer, m, on, changes).is_err() {
                let page = crate::error_page::choose(m.program, m.stream, 400);
                return Some(answer(page, rule));
            }
        }
        Action::Edit(edit) => {
            let fits = room::fits(m, |m| edit::apply(edit, m, on, changes));
            if !fits && !m.stream.lenient {
                let page = crate::error_page::choose(m.program, m.stream, 500);
                return Some(answer(page, rule));
            }
        }
        Action::StrictMode(on) => m.stream.lenient = !*on,
        Action::SetVar { id, conditions, value } => {
            if let Err(fact) = variable::set(*id, conditions, value, m, on, changes) {
                return Some(Ending::Unknown(fact));
            }
        }
        Action::SetVarFormat { id, conditions, value } => {
            variable::set_format(*id, conditions, value, m, on, changes)
        }
        Action::ChangeList { change, file, key, value } => {
            list::apply(*change, file, key, value.as_ref(), m, on, changes);
        }
        Action::UnsetVar(id) => variable::store(*id, None, m, on, changes),
        Action::Setting(setting) => set(*setting, m, on, changes),
        Action::SetTimeout { which, value } => {
            if let Err(fact) = limit::timeout(*which, value, rule.span, m, on, changes) {
                return Some(Ending::Unknown(fact));
            }
        }
        Action::EarlyHint { name, value, ends } => hint::add(name, value, *ends, m, on, changes),
        Action::SetMark { to_server, tos, value } => {
            if let Err(fact) = limit::mark(*to_server, *tos, value, m, on, changes) {
                return Some(Ending::Unknown(fact));
            }
        }
        Action::SetRetries(value) => {
            if let Err(fact) = limit::retries(value, m, on, changes) {
                return Some(Ending::Unknown(fact));
            }
        }
        Action::SetPriority { offset, value } => {
            if let Err(fact) = limit::priority(*offset, value, m, on, changes) {
                return Some(Ending::Unknown(fact));
            }
        }
        Action::SetAddress { part, value } => {
            let connection = rule.family == crate::RuleFamily::TcpRequestConnection;
            if let Err(fact) = address::set(*part, value, connection, m, on, changes) {
                return Some(Ending::Unknown(fact));
            }
        }
        Action::Capture { response, slot, value } => {
            if let Err(fact) = capture(*response, *slot, value, m, on, changes) {
                return Some(Ending::Unknown(fact));
            }
        }
        Action::Pause(value) => match limit::millis(value, m) {
            Ok(time) => return time.map(Ending::Pause),
            Err(fact) => return Some(Ending::Unknown(fact)),
        },
        Action::Resolve { id, resolvers, v4, value } => match variable::name_of(value, m) {
            Ok(name) => {
                let ask =
                    |name| crate::Resolve { name, resolvers: resolvers.clone(), v4: *v4, id: *id };
                return name.map(|name| Ending::Resolve(Box::new(ask(name))));
            }
            Err(fact) => return Some(Ending::Unknown(fact)),
        },
        Action::DoLog { profile } => {
            log_profile::note(m, log_profile::origin(rule.family), *profile);
        }
        Action::Nothing => {}
    }
    None
}

fn answer(mut response: Final, rule: &Rule) -> Ending {
    response.rule = Some(rule.span);
    Ending::Reply(Box::new(response))
}

fn set(setting: Setting, m: &mut Moment<'_>, on: bool, changes: &mut Vec<Change>) {
    let overrides = &mut m.stream.overrides;
    let (what, after) = match setting {
        Setting::LogLevel(level) => {
            overrides.log_level = Some(level);
            ("log level", level.map_or_else(|| String::from("silent"), |level| level.to_string()))
        }
        Setting::NoL7Retry => {
            overrides.no_l7_retry = true;
            ("layer 7 retry", String::from("off"))
        }
        Setting::ExpectProxy => {
            overrides.expects_proxy = true;
            ("PROXY header", String::from("expected"))
        }
    };
    if on {
        changes.push(change(what, None, Some(after.as_bytes())));
    }
}

fn capture(
    response: bool,
    slot: u32,
    value: &Compiled,
    m: &mut Moment<'_>,
    on: bool,
    changes: &mut Vec<Change>,
) -> Result<(), Fact> {
    let text = match value.eval_now(&m.context()) {
        Sample::Known(value) => Some(as_text(value).into_owned()),
        Sample::Missing | Sample::Wait => None,
        Sample::Unknown(fact) => return Err(fact),
    };
    m.settle();
    let front = m.program.frontend(m.stream.frontend).part();
    let declared = if response { &front.response_slots } else { &front.request_slots };
    let (Some(mut text), Some(place)) = (text, declared.get(slot as usize)) else { return Ok(()) };
    text.truncate(place.len);
    if on {
        let side = if response { "response" } else { "request" };
        changes.push(change(format!("capture {side} {slot}"), None, Some(&text)));
    }
    let captures = &mut m.stream.captures;
    let slots = if response { &mut captures.response } else { &mut captures.request };
    crate::moment::store(slots, slot, text);
    Ok(())
}
