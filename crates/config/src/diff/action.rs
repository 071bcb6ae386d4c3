//! Actions as they would be written.

use config_parse::log_format::LogFormat;

use super::text::{condition, duration, expr, log_format, word, words};
use crate::model::{
    Action, CaptureSlot, NameMatch, NumberValue, Redirect, RedirectKind, Reply, ReplyBody, Rule,
    TimeoutValue,
};

/// A rule: its action and its condition.
pub(super) fn rule(rule: &Rule) -> String {
    let action = action(&rule.action.value);
    match &rule.condition {
        Some(when) => format!("{action} {}", condition(when)),
        None => action,
    }
}

fn format(value: &LogFormat) -> String {
    word(&log_format(value))
}

fn number(value: &NumberValue) -> String {
    match value {
        NumberValue::Literal(number) => number.to_string(),
        NumberValue::Expr(value) => word(&expr(value)),
    }
}

fn variable(name: &str, conditions: &[String]) -> String {
    let conditions = conditions.iter().map(String::as_str);
    std::iter::once(name).chain(conditions).collect::<Vec<_>>().join(",")
}

fn named(keyword: &str, name: &str, value: &LogFormat) -> String {
    format!("{keyword} {} {}", word(name), format(value))
}

fn action(action: &Action) -> String {
    match action {
        Action::Allow => "allow".into(),
        Action::Reject => "reject".into(),
        Action::SilentDrop => "silent-drop".into(),
        Action::Close => "close".into(),
        Action::SwitchMode => "switch-mode http".into(),
        Action::DisableL7Retry => "disable-l7-retry".into(),
        Action::DoLog { profile: None } => "do-log".into(),
        Action::DoLog { profile: Some(profile) } => format!("do-log profile {}", word(profile)),
        Action::Deny(reply) => with_reply("deny", reply),
        Action::Tarpit(reply) => with_reply("tarpit", reply),
        Action::Return(reply) => with_reply("return", reply),
        Action::Auth { realm: None } => "auth".into(),
        Action::Auth { realm: Some(realm) } => format!("auth realm {}", format(realm)),
        Action::Redirect(to) => format!("redirect {}", redirect(to)),
        Action::WaitForBody { time, at_least } => {
            format!("wait-for-body time {} at-least {at_least}", duration(*time))
        }
        Action::StrictMode(on) => format!("strict-mode {}", if *on { "on" } else { "off" }),
        Action::Other { name } => name.clone(),
        Action::Service(name) => format!("use-service {}", word(name)),
        Action::Socket { name, words: rest } => {
            format!("{name} {}", words(rest.iter().map(String::as_str)))
        }
        Action::NormalizeUri { name, strict } => {
            format!("normalize-uri {name}{}", if *strict { " strict" } else { "" })
        }
        _ => header(action),
    }
}

fn header(action: &Action) -> String {
    match action {
        Action::AddHeader { name, value } => named("add-header", name, value),
        Action::SetHeader { name, value } => named("set-header", name, value),
        Action::EarlyHint { name, value } => named("early-hint", name, value),
        Action::DelHeader { name, method } => {
            let method = match method {
                NameMatch::Str => "",
                NameMatch::Beg => " -m beg",
                NameMatch::End => " -m end",
                NameMatch::Sub => " -m sub",
                NameMatch::Reg => " -m reg",
            };
            format!("del-header {}{method}", word(name))
        }
        Action::ReplaceHeader { name, regex, value } => {
            format!("replace-header {} {}", words([name.as_str(), regex]), format(value))
        }
        Action::ReplaceValue { name, regex, value } => {
            format!("replace-value {} {}", words([name.as_str(), regex]), format(value))
        }
        _ => uri(action),
    }
}

fn uri(action: &Action) -> String {
    let q = |with_query: &bool| if *with_query { "q" } else { "" };
    match action {
        Action::SetMethod(value) => format!("set-method {}", format(value)),
        Action::SetQuery(value) => format!("set-query {}", format(value)),
        Action::SetUri(value) => format!("set-uri {}", format(value)),
        Action::SetPath { value, with_query } => {
            format!("set-path{} {}", q(with_query), format(value))
        }
        Action::ReplacePath { regex, value, with_query } => {
            named(&format!("replace-path{}", q(with_query)), regex, value)
        }
        Action::ReplaceUri { regex, value } => named("replace-uri", regex, value),
        _ => state(action),
    }
}

fn state(action: &Action) -> String {
    match action {
        Action::SetStatus { status, reason: None } => format!("set-status {status}"),
        Action::SetStatus { status, reason: Some(text) } => {
            format!("set-status {status} reason {}", word(text))
        }
        Action::SetVar { name, conditions, value } => {
            format!("set-var({}) {}", variable(&name.value, conditions), word(&expr(value)))
        }
        Action::SetVarFmt { name, conditions, value } => {
            format!("set-var-fmt({}) {}", variable(&name.value, conditions), format(value))
        }
        Action::SetMark { to_server, tos, value } => {
            let side = if *to_server { "bc" } else { "fc" };
            format!("set-{side}-{} {}", if *tos { "tos" } else { "mark" }, number(value))
        }
        Action::SetRetries(value) => format!("set-retries {}", number(value)),
        Action::SetPriority { offset, value } => {
            let what = if *offset { "offset" } else { "class" };
            format!("set-priority-{what} {}", word(&expr(value)))
        }
        Action::ChangeList { change, file, key, value } => {
            let value =
                value.as_ref().map_or_else(String::new, |value| format!(" {}", format(value)));
            format!("{}({file}) {}{value}", change.name(), format(key))
        }
        Action::UnsetVar { name } => format!("unset-var({})", name.value),
        Action::SetLogLevel(None) => "set-log-level silent".into(),
        Action::SetLogLevel(Some(level)) => format!("set-log-level {level}"),
        Action::SetTimeout { which, value: TimeoutValue::Literal(time) } => {
            format!("set-timeout {which} {}", duration(*time))
        }
        Action::SetTimeout { which, value: TimeoutValue::Expr(value) } => {
            format!("set-timeout {which} {}", word(&expr(value)))
        }
        Action::Pause(TimeoutValue::Literal(time)) => format!("pause {}", duration(*time)),
        Action::Pause(TimeoutValue::Expr(value)) => format!("pause {}", word(&expr(value))),
        Action::DoResolve { name, resolvers, v4, value } => {
            let family = if *v4 { ",ipv4" } else { "" };
            format!("do-resolve({},{resolvers}{family}) {}", name.value, word(&expr(value)))
        }
        Action::SetAddress { what, value } => format!("{what} {}", word(&expr(value))),
        Action::Capture { value, slot: CaptureSlot::Len(len) } => {
            format!("capture {} len {len}", word(&expr(value)))
        }
        Action::Capture { value, slot: CaptureSlot::Id(id) } => {
            format!("capture {} id {id}", word(&expr(value)))
        }
        // Every other action was written by one of the functions above.
        _ => String::new(),
    }
}

pub(super) fn redirect(to: &Redirect) -> String {
    let kind = match to.kind {
        RedirectKind::Location => "location",
        RedirectKind::Prefix => "prefix",
        RedirectKind::Scheme => "scheme",
    };
    let mut out = format!("{kind} {} code {}", format(&to.to), to.code);
    let flags = [
        (to.drop_query, " drop-query"),
        (to.append_slash, " append-slash"),
        (to.ignore_empty, " ignore-empty"),
        (to.keep_query, " keep-query"),
    ];
    out.extend(flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name));
    if let Some(cookie) = &to.set_cookie {
        out.push_str(&format!(" set-cookie {}", word(cookie)));
    }
    if let Some(cookie) = &to.set_cookie_format {
        out.push_str(&format!(" set-cookie-fmt {}", format(cookie)));
    }
    if let Some(cookie) = &to.clear_cookie {
        out.push_str(&format!(" clear-cookie {}", word(cookie)));
    }
    out
}

fn with_reply(keyword: &str, to: &Reply) -> String {
    let text = reply(to);
    if text.is_empty() { keyword.to_owned() } else { format!("{keyword} {text}") }
}

pub(super) fn reply(reply: &Reply) -> String {
    let mut parts = Vec::new();
    parts.extend(reply.status.map(|status| format!("status {status}")));
    parts.extend(reply.content_type.as_ref().map(|text| format!("content-type {}", word(text))));
    match &reply.body {
        ReplyBody::Default => {}
        ReplyBody::Text(text) => parts.push(format!("string {}", word(text))),
        ReplyBody::Format(value) => parts.push(format!("lf-string {}", format(value))),
        ReplyBody::File(file) => parts.push(format!("file {}", word(&file.value))),
        ReplyBody::FormatFile(file) => parts.push(format!("lf-file {}", word(&file.value))),
        ReplyBody::ErrorFile(file) => parts.push(format!("errorfile {}", word(&file.value))),
        ReplyBody::ErrorFiles(Some(name)) => parts.push(format!("errorfiles {}", word(name))),
        ReplyBody::ErrorFiles(None) => parts.push("default-errorfiles".into()),
    }
    parts.extend(reply.headers.iter().map(|(name, value)| named("hdr", name, value)));
    parts.join(" ")
}
