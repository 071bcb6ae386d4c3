//! The rule sets: `http-request`, `http-response`, `http-after-response`, `tcp-request`, `tcp-response` (manual 4.2).

use config_parse::quantity::Unit;
use diag::{Diagnostic, Spanned, codes};

use super::actions::{Set, Slot};
use super::{ACTIONS, Found, Keyword, Places, Status};
use crate::lower::{Directive, Draft};
use crate::model::{LookedAt, Rule, RuleSet, Spot};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "http-request",
        Places::ANY.named_defaults(),
        "<action> [arguments] [if|unless <condition>]",
        "4.2",
        "what is done with requests",
        |line, draft| rule(line, draft, Set::HttpRequest),
    ),
    Keyword::new(
        "http-response",
        Places::ANY.named_defaults(),
        "<action> [arguments] [if|unless <condition>]",
        "4.2",
        "what is done with responses",
        |line, draft| rule(line, draft, Set::HttpResponse),
    ),
    Keyword::new(
        "http-after-response",
        Places::ANY.named_defaults(),
        "<action> [arguments] [if|unless <condition>]",
        "4.2",
        "what is done with all responses, the proxy's own included",
        |line, draft| rule(line, draft, Set::HttpAfterResponse),
    ),
    Keyword::new(
        "tcp-request",
        Places::ANY.named_defaults(),
        "connection|session|content <action> | inspect-delay <time>",
        "4.2",
        "what is done with connections and their first bytes",
        tcp_request,
    ),
    Keyword::new(
        "tcp-response",
        Places::BACK.named_defaults().strict(),
        "content <action> | inspect-delay <time>",
        "4.2",
        "what is done with the first bytes of a server",
        tcp_response,
    ),
];

fn tcp_request(line: &mut Directive<'_>, draft: &mut Draft) {
    let Some(word) = line.arg("`connection`, `session`, `content` or `inspect-delay`") else {
        return;
    };
    line.mark_head();
    let set = match word.text.as_ref() {
        "connection" => Set::TcpConnection,
        "session" => Set::TcpSession,
        "content" => Set::TcpContent,
        "inspect-delay" => {
            // Quirk: words behind the time are ignored.
            if let Some(time) = line.duration("a time, such as `5s`", Unit::Millisecond) {
                let time = Spanned::new(time.value, line.span());
                draft.proxy.rules.request_inspect_delay = Some(time);
            }
            return;
        }
        _ => {
            let allowed = ["connection", "session", "content", "inspect-delay"];
            line.not_one_of(word, "a rule set of `tcp-request`", &allowed);
            return;
        }
    };
    if matches!(set, Set::TcpConnection | Set::TcpSession) && !line.place.has_frontend() {
        let message = format!("`{}` cannot stand in a `backend` section", line.phrase());
        line.error(codes::E0203, word.span, message);
        return;
    }
    rule(line, draft, set);
}

fn tcp_response(line: &mut Directive<'_>, draft: &mut Draft) {
    let Some(word) = line.arg("`content` or `inspect-delay`") else { return };
    line.mark_head();
    match word.text.as_ref() {
        "content" => rule(line, draft, Set::TcpResponse),
        "inspect-delay" => {
            if let Some(time) = line.duration("a time, such as `5s`", Unit::Millisecond) {
                let time = Spanned::new(time.value, line.span());
                draft.proxy.rules.response_inspect_delay = Some(time);
            }
        }
        _ => {
            line.not_one_of(word, "a rule set of `tcp-response`", &["content", "inspect-delay"]);
        }
    }
}

/// An action and its condition.
fn rule(line: &mut Directive<'_>, draft: &mut Draft, set: Set) {
    let Some(word) = line.peek() else {
        line.arg("an action");
        return;
    };
    let refused = match ACTIONS.find(&word.text) {
        Found::Known(keyword)
            if keyword.sets.holds(set)
                && !(line.target.is_2_6() && newer_in_set(keyword.name, set)) =>
        {
            matches!(keyword.status, Status::Refused(..))
        }
        Found::Known(_) => {
            let message = format!("`{}` is no action of `{}`", word.text, set.name());
            line.error(codes::E0602, word.span, message);
            return;
        }
        Found::Missing(missing, _) => {
            line.refuse(missing, word);
            return;
        }
        Found::Unknown => {
            let message = format!("no action of `{}` is named `{}`", set.name(), word.text);
            let finding = Diagnostic::new(codes::E0602, word.span, message);
            let in_set = ACTIONS.keywords.iter().copied().flatten().filter(|k| k.sets.holds(set));
            let near = super::nearest(&word.text, in_set.map(|keyword| keyword.name));
            line.report(match near {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding,
            });
            return;
        }
    };
    let mut slot = Slot::default();
    line.keyword(&ACTIONS, &mut slot);
    let Some(action) = slot.action.take() else {
        // What is wrong was said; the words behind it are not looked at.
        line.rest();
        return;
    };
    let Some(condition) = line.condition() else { return };
    if !line.target.is_proxyd() || !refused {
        looked_at(line, draft, set, &mut slot);
    }
    let action = Spanned::new(action, word.span);
    list(&mut draft.proxy.rules, set).push(Rule { action, condition, span: line.span() });
}

/// What the words of an action that is not carried out say to samples and names.
fn looked_at(line: &Directive<'_>, draft: &mut Draft, set: Set, slot: &mut Slot) {
    let spot = match set {
        Set::TcpConnection => Spot::Connection,
        Set::TcpSession => Spot::Session,
        Set::TcpContent => Spot::Content,
        Set::TcpResponse => Spot::TcpResponse,
        Set::HttpRequest => Spot::Request,
        Set::HttpResponse | Set::HttpAfterResponse => Spot::Response,
    };
    let new = || LookedAt::new(spot, line.span());
    let lines = &mut draft.proxy.looked_at;
    lines.extend(slot.exprs.drain(..).map(|expr| LookedAt { expr: Some(expr), ..new() }));
    lines.extend(slot.formats.drain(..).map(|format| LookedAt { format: Some(format), ..new() }));
    if let Some((key, table)) = slot.tracks.take() {
        let own = draft.proxy.name.value.clone();
        let name = table.as_ref().map_or(own.clone(), |name| name.value.clone());
        lines.push(LookedAt { expr: Some(key), key_of: Some(name), ..new() });
        // In `defaults` the proxy that has the table is not known.
        if table.is_some() || !line.place.is_defaults() {
            draft.declared.table_uses.push((table, own, line.span()));
        }
    }
    draft.declared.mentions.append(&mut slot.mentions);
}

/// Actions that HAProxy 2.6 has in other rule sets only.
fn newer_in_set(name: &str, set: Set) -> bool {
    match set {
        Set::HttpAfterResponse => {
            name.starts_with("sc-")
                || matches!(name, "set-log-level" | "set-map" | "del-map" | "del-acl")
        }
        Set::HttpResponse => name == "set-timeout",
        _ => false,
    }
}

fn list(rules: &mut RuleSet, set: Set) -> &mut Vec<Rule> {
    match set {
        Set::TcpConnection => &mut rules.tcp_request_connection,
        Set::TcpSession => &mut rules.tcp_request_session,
        Set::TcpContent => &mut rules.tcp_request_content,
        Set::TcpResponse => &mut rules.tcp_response_content,
        Set::HttpRequest => &mut rules.http_request,
        Set::HttpResponse => &mut rules.http_response,
        Set::HttpAfterResponse => &mut rules.http_after_response,
    }
}
