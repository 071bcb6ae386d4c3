//! Compiles rules: each action of the model into what runs.

use config::model::{self, CaptureSlot, NameMatch, NumberValue, TimeoutValue};
use diag::{Diagnostic, Span, codes};
use sample::{Bound, Place, SetIf};

use super::reply::Answering;
use super::section::Section;
use crate::RuleFamily;
use crate::action::address::AddressPart;
use crate::action::edit::Edit;
use crate::action::header::Names;
use crate::action::normalize::Normalizer;
use crate::action::redirect::{Cookie, Redirect};
use crate::action::target::Part;
use crate::action::{self, Action, AsksId, Number, Rule, Setting};

/// A list of rules; one that does not compile is left out and reported.
pub(super) fn list(
    rules: &[model::Rule],
    family: RuleFamily,
    place: Place,
    section: &mut Section<'_, '_>,
) -> Vec<Rule> {
    let mut rules: Vec<Rule> =
        rules.iter().filter_map(|rule| one(rule, family, place, section)).collect();
    // A 103 response goes on with a hint that stands right behind, without a condition.
    let goes_on: Vec<bool> = rules
        .iter()
        .skip(1)
        .map(|next| matches!(next.action, Action::EarlyHint { .. }) && next.condition.is_none())
        .collect();
    for (rule, goes_on) in rules.iter_mut().zip(goes_on) {
        if let Action::EarlyHint { ends, .. } = &mut rule.action {
            *ends = !goes_on;
        }
    }
    rules
}

fn one(
    rule: &model::Rule,
    family: RuleFamily,
    place: Place,
    section: &mut Section<'_, '_>,
) -> Option<Rule> {
    section.asks_id = false;
    let condition = section.condition(rule.condition.as_ref(), place);
    let mut asks_id = AsksId { condition: std::mem::take(&mut section.asks_id), action: false };
    let action = action(&rule.action.value, rule.action.span, place, section);
    asks_id.action = section.asks_id;
    Some(Rule { family, span: rule.span, condition: condition?, action: action?, asks_id })
}

fn action(
    action: &model::Action,
    span: Span,
    place: Place,
    s: &mut Section<'_, '_>,
) -> Option<Action> {
    use model::Action as M;
    let in_response = place.is_response();
    Some(match action {
        M::Allow => Action::Allow,
        M::Deny(to) => Action::Deny(s.reply(to, Answering::deny(in_response), span, place)?),
        M::Tarpit(to) => Action::Tarpit(s.reply(to, Answering::Tarpit, span, place)?),
        M::Return(to) => Action::Return(s.reply(to, Answering::Return, span, place)?),
        M::Reject => Action::Reject,
        M::Close => Action::CloseServer,
        M::SilentDrop => Action::SilentDrop,
        M::Auth { realm: None } => Action::Auth { realm: None },
        M::Auth { realm: Some(realm) } => Action::Auth { realm: Some(s.format(realm, place)?) },
        M::Redirect(to) => Action::Redirect(Box::new(redirect(to, place, s)?)),
        M::WaitForBody { time, at_least } => {
            Action::WaitForBody { time: *time, at_least: *at_least }
        }
        M::SetVar { name, conditions, value } => {
            let (id, value) = (s.var(name), s.expr(value, place));
            Action::SetVar { id: id?, conditions: set_if(conditions), value: value? }
        }
        M::DoResolve { name, resolvers, v4, value } => {
            let (id, value) = (s.var(name), s.expr(value, place));
            let resolvers = resolvers.as_str().into();
            Action::Resolve { id: id?, resolvers, v4: *v4, value: value? }
        }
        M::SetVarFmt { name, conditions, value } => {
            let (id, value) = (s.var(name), s.format(value, place));
            Action::SetVarFormat { id: id?, conditions: set_if(conditions), value: value? }
        }
        M::SetRetries(value) => Action::SetRetries(number(value, place, s)?),
        M::SetPriority { offset, value } => {
            Action::SetPriority { offset: *offset, value: s.expr(value, place)? }
        }
        M::ChangeList { change, file, key, value } => {
            let value = value.as_ref().map(|value| s.format(value, place));
            Action::ChangeList {
                change: *change,
                file: file.as_str().into(),
                key: s.format(key, place)?,
                value: match value {
                    Some(value) => Some(value?),
                    None => None,
                },
            }
        }
        M::UnsetVar { name } => Action::UnsetVar(s.var(name)?),
        M::SetLogLevel(level) => Action::Setting(Setting::LogLevel(*level)),
        M::SetTimeout { which, value } => set_timeout(which, value, span, place, s)?,
        M::SetAddress { what, value } => {
            let value = s.expr(value, place);
            let Some(part) = AddressPart::from_name(what) else { return unknown(what, span, s) };
            Action::SetAddress { part, value: value? }
        }
        M::SetMark { to_server, tos, value } => {
            let value = number(value, place, s)?;
            Action::SetMark { to_server: *to_server, tos: *tos, value }
        }
        M::EarlyHint { name, value } => Action::EarlyHint {
            name: name.to_ascii_lowercase().into_bytes().into(),
            value: s.format(value, place)?,
            ends: true,
        },
        M::Capture { value, slot } => capture(value, *slot, span, place, s)?,
        M::DisableL7Retry => Action::Setting(Setting::NoL7Retry),
        M::StrictMode(on) => Action::StrictMode(*on),
        M::Pause(TimeoutValue::Literal(time)) => {
            Action::Pause(action::TimeoutValue::Literal(*time))
        }
        M::Pause(TimeoutValue::Expr(expr)) => {
            Action::Pause(action::TimeoutValue::Millis(s.expr(expr, place)?))
        }
        M::DoLog { profile } => Action::DoLog { profile: s.log_profile(profile.as_deref())? },
        M::Other { .. } | M::Socket { .. } => Action::Nothing,
        M::NormalizeUri { name, strict } => match Normalizer::from_words(name, *strict) {
            Some(normalizer) => Action::Normalize(normalizer),
            None => return unknown(&format!("normalize-uri {name}"), span, s),
        },
        M::ExpectProxy => Action::Setting(Setting::ExpectProxy),
        M::SwitchMode => Action::SwitchMode,
        M::Service(_) => Action::Service,
        M::AddHeader { .. }
        | M::SetHeader { .. }
        | M::DelHeader { .. }
        | M::ReplaceHeader { .. }
        | M::ReplaceValue { .. }
        | M::SetMethod(_)
        | M::SetPath { .. }
        | M::SetQuery(_)
        | M::SetUri(_)
        | M::ReplacePath { .. }
        | M::ReplaceUri { .. }
        | M::SetStatus { .. } => Action::Edit(edit(action, span, place, s)?),
    })
}

fn edit(action: &model::Action, span: Span, place: Place, s: &mut Section<'_, '_>) -> Option<Edit> {
    use model::Action as M;
    let lower = |name: &String| name.to_ascii_lowercase().into_bytes().into_boxed_slice();
    Some(match action {
        M::AddHeader { name, value } => {
            Edit::AddHeader { name: lower(name), value: s.format(value, place)? }
        }
        M::SetHeader { name, value } => {
            Edit::SetHeader { name: lower(name), value: s.format(value, place)? }
        }
        M::DelHeader { name, method } => Edit::DelHeader(match method {
            NameMatch::Str => Names::Is(lower(name)),
            NameMatch::Beg => Names::Begins(lower(name)),
            NameMatch::End => Names::Ends(lower(name)),
            NameMatch::Sub => Names::Holds(lower(name)),
            NameMatch::Reg => Names::Matches(s.regex(name, span)?),
        }),
        M::ReplaceHeader { name, regex, value } => {
            let (regex, value) = (s.regex(regex, span), s.format(value, place));
            Edit::ReplaceHeader { name: lower(name), regex: regex?, value: value? }
        }
        M::ReplaceValue { name, regex, value } => {
            let (regex, value) = (s.regex(regex, span), s.format(value, place));
            Edit::ReplaceValue { name: lower(name), regex: regex?, value: value? }
        }
        M::SetMethod(value) => Edit::SetMethod(s.format(value, place)?),
        M::SetPath { value, with_query } => {
            Edit::SetTarget { part: path(*with_query), value: s.format(value, place)? }
        }
        M::SetQuery(value) => Edit::SetTarget { part: Part::Query, value: s.format(value, place)? },
        M::SetUri(value) => Edit::SetTarget { part: Part::Whole, value: s.format(value, place)? },
        M::ReplacePath { regex, value, with_query } => {
            let (regex, value) = (s.regex(regex, span), s.format(value, place));
            Edit::ReplaceTarget { part: path(*with_query), regex: regex?, value: value? }
        }
        M::ReplaceUri { regex, value } => {
            let (regex, value) = (s.regex(regex, span), s.format(value, place));
            Edit::ReplaceTarget { part: Part::Whole, regex: regex?, value: value? }
        }
        M::SetStatus { status, reason } => Edit::SetStatus {
            status: *status,
            reason: reason.as_ref().map(|reason| reason.clone().into_bytes().into()),
        },
        _ => return None,
    })
}

fn path(with_query: bool) -> Part {
    if with_query { Part::PathAndQuery } else { Part::Path }
}

fn redirect(to: &model::Redirect, place: Place, s: &mut Section<'_, '_>) -> Option<Redirect> {
    Some(Redirect {
        kind: to.kind,
        to: s.format(&to.to, place)?,
        code: to.code,
        drop_query: to.drop_query,
        append_slash: to.append_slash,
        ignore_empty: to.ignore_empty,
        keep_query: to.keep_query,
        cookie: match &to.set_cookie_format {
            Some(format) => Some(Cookie::Format(s.format(format, place)?)),
            None => Cookie::fixed(to.set_cookie.as_deref(), to.clear_cookie.as_deref()),
        },
    })
}

fn set_timeout(
    which: &str,
    value: &TimeoutValue,
    span: Span,
    place: Place,
    s: &mut Section<'_, '_>,
) -> Option<Action> {
    let value = match value {
        TimeoutValue::Literal(duration) => action::TimeoutValue::Literal(*duration),
        TimeoutValue::Expr(expr) => action::TimeoutValue::Millis(s.expr(expr, place)?),
    };
    let which = match which {
        "client" => Bound::Client,
        "connect" => Bound::Connect,
        "queue" => Bound::Queue,
        "server" => Bound::Server,
        "tarpit" => Bound::Tarpit,
        "tunnel" => Bound::Tunnel,
        other => return unknown(&format!("set-timeout {other}"), span, s),
    };
    Some(Action::SetTimeout { which, value })
}

fn set_if(words: &[String]) -> Vec<SetIf> {
    // What is no condition was reported when the line was read.
    words.iter().filter_map(|word| SetIf::from_word(word.as_bytes())).collect()
}

fn number(value: &NumberValue, place: Place, s: &mut Section<'_, '_>) -> Option<Number> {
    Some(match value {
        NumberValue::Literal(number) => Number::Literal(*number),
        NumberValue::Expr(expr) => Number::Sample(s.expr(expr, place)?),
    })
}

fn capture(
    value: &config_parse::expr::Expr,
    slot: CaptureSlot,
    span: Span,
    place: Place,
    s: &mut Section<'_, '_>,
) -> Option<Action> {
    let response = place.is_response();
    let value = s.expr(value, place);
    let declared = s.slots_of(response);
    let slot = match slot {
        CaptureSlot::Len(_) => declared.iter().position(|slot| slot.span == span)? as u32,
        // The slots of a backend's rules are those of whichever frontend the stream came by.
        CaptureSlot::Id(id) if !s.front || (id as usize) < declared.len() => id,
        // Reported when the slots were counted.
        CaptureSlot::Id(_) => {
            s.fail();
            return None;
        }
    };
    Some(Action::Capture { response, slot, value: value? })
}

fn unknown(what: &str, span: Span, s: &mut Section<'_, '_>) -> Option<Action> {
    s.report(Diagnostic::new(codes::E0601, span, format!("`{what}` is no action")));
    None
}
