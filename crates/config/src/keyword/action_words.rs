//! The words behind an action's name.

use config_parse::log_format::LogFormat;
use config_parse::quantity::Unit;
use diag::{Diagnostic, Spanned, codes};

use super::actions::Slot;
use super::reply;
use crate::lower::{Directive, spanned};
use crate::model::{
    Action, CaptureSlot, Mention, NameMatch, Noun, NumberValue, Reply, TimeoutValue,
};

/// `deny` and `tarpit`: `status` makes a response of its own, `deny_status` takes the page of the proxy.
pub(super) fn denial(line: &mut Directive<'_>) -> Option<Reply> {
    reply::reply(line)
}

pub(super) fn name_value(line: &mut Directive<'_>) -> Option<(String, LogFormat)> {
    let name = line.arg("a name and a value")?;
    let value = line.log_format("a value")?;
    Some((name.text.to_string(), value.value))
}

pub(super) fn regex_value(line: &mut Directive<'_>) -> Option<(String, LogFormat)> {
    let regex = line.arg("a regular expression and a format")?;
    let value = line.log_format("a format")?;
    Some((regex.text.to_string(), value.value))
}

pub(super) fn replace(line: &mut Directive<'_>) -> Option<(String, String, LogFormat)> {
    let name = line.arg("a name, a regular expression and a format")?;
    let (regex, value) = regex_value(line)?;
    Some((name.text.to_string(), regex, value))
}

pub(super) fn del_header(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(name) = line.arg("a name") else { return };
    let mut method = NameMatch::Str;
    if line.take("-m") {
        let methods = [
            ("str", NameMatch::Str),
            ("beg", NameMatch::Beg),
            ("end", NameMatch::End),
            ("sub", NameMatch::Sub),
            ("reg", NameMatch::Reg),
        ];
        let Some(chosen) = line.choice("a match method", &methods) else { return };
        method = chosen.value;
    }
    to.action = Some(Action::DelHeader { name: name.text.to_string(), method });
}

pub(super) fn set_status(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(status) = line.number("a status code", 100..=999) else { return };
    let mut reason = None;
    if line.take("reason") {
        let Some(text) = line.value("a text") else { return };
        reason = Some(text.text.to_string());
    }
    to.action = Some(Action::SetStatus { status: status.value as u16, reason });
}

pub(super) fn wait_for_body(line: &mut Directive<'_>, to: &mut Slot) {
    let (mut time, mut at_least) = (None, 0);
    loop {
        match line.peek_text() {
            "time" => {
                line.word();
                time = line.duration("a time", Unit::Millisecond);
                if time.is_none() {
                    return;
                }
            }
            "at-least" => {
                line.word();
                match line.size("a size") {
                    Some(size) => at_least = size.value,
                    None => return,
                }
            }
            _ => break,
        }
    }
    match time {
        Some(time) => to.action = Some(Action::WaitForBody { time: time.value, at_least }),
        None => line.error(codes::E0204, line.keyword_span(), "`wait-for-body` needs `time`"),
    }
}

pub(super) fn normalize_uri(line: &mut Directive<'_>, to: &mut Slot) {
    let normalizers = [
        "fragment-encode",
        "fragment-strip",
        "path-merge-slashes",
        "path-strip-dot",
        "path-strip-dotdot",
        "percent-decode-unreserved",
        "percent-to-uppercase",
        "query-sort-by-name",
    ];
    let Some(word) = line.arg("a normalizer") else { return };
    if !normalizers.contains(&word.text.as_ref()) {
        line.not_one_of(word, "a normalizer", &normalizers);
        return;
    }
    let strict = line.take("strict") || line.take("full");
    to.action = Some(Action::NormalizeUri { name: word.text.to_string(), strict });
}

/// The words that say when `set-var` sets.
const CONDITIONS: &[&str] =
    &["ifexists", "ifnotexists", "ifempty", "ifnotempty", "ifset", "ifnotset", "ifgt", "iflt"];

/// The name and the conditions in the parentheses of the word read last.
pub(super) fn variable_if(line: &mut Directive<'_>) -> Option<(Spanned<String>, Vec<String>)> {
    let word = line.last()?;
    let name = variable(line)?;
    let inside = word.text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    let mut conditions = Vec::new();
    for condition in inside.unwrap_or("").split(',').skip(1).map(str::trim) {
        if !CONDITIONS.contains(&condition) {
            let message = format!("`{condition}` is no condition of `set-var`");
            let finding = Diagnostic::new(codes::E0301, word.span, message);
            line.report(finding.help(format!("use one of {}", CONDITIONS.join(", "))));
            return None;
        }
        conditions.push(condition.to_owned());
    }
    Some((name, conditions))
}

/// The name in the parentheses of the word read last: a scope, a dot, and letters, digits, `_` or `.`.
pub(super) fn variable(line: &mut Directive<'_>) -> Option<Spanned<String>> {
    let word = line.last()?;
    let inside = word.text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    let Some(inside) = inside else {
        let message = format!("`{}` needs the name of a variable in parentheses", word.text);
        let finding = Diagnostic::new(codes::E0601, word.span, message);
        line.report(finding.help("such as `set-var(txn.name)`"));
        return None;
    };
    let start = word.text.len() - inside.len() - 1;
    let name = inside.split(',').next().unwrap_or(inside);
    let at = word.at(start..start + name.len());
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == '-';
    match name.split_once('.') {
        Some(("proc" | "sess" | "txn" | "req" | "res" | "check", rest))
            if !rest.is_empty() && rest.chars().all(valid) => {}
        Some(("proc" | "sess" | "txn" | "req" | "res" | "check", _)) => {
            let message = format!("`{name}` is no name of a variable");
            line.error(codes::E0307, at, message);
            return None;
        }
        _ => {
            let message = format!("`{name}` has no scope");
            let finding = Diagnostic::new(codes::E0307, at, message);
            line.report(finding.help("begin with `proc.`, `sess.`, `txn.`, `req.` or `res.`"));
            return None;
        }
    }
    Some(Spanned::new(name.to_owned(), at))
}

pub(super) fn capture(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(value) = line.expr("a sample and `len` or `id`") else { return };
    let Some(word) = line.arg("`len` or `id`") else { return };
    let slot = match word.text.as_ref() {
        "len" => {
            line.lenient("a number of bytes", 1..=65535).map(|n| CaptureSlot::Len(n.value as u32))
        }
        "id" => line.lenient("an id", 0..=65535).map(|n| CaptureSlot::Id(n.value as u32)),
        _ => {
            line.not_one_of(word, "an argument of `capture`", &["len", "id"]);
            None
        }
    };
    let makes_slot = matches!(slot, Some(CaptureSlot::Len(_)));
    if makes_slot && !line.place.has_frontend() {
        let message =
            "`capture ... len` cannot stand in a `backend` section: its slots are a frontend's";
        let finding = Diagnostic::new(codes::E0203, word.span, message);
        line.report(finding.help("`declare capture` in the frontend and write `id` here"));
        return;
    }
    to.action = slot.map(|slot| Action::Capture { value, slot });
}

pub(super) fn service(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(word) = line.arg("the name of a service") else { return };
    match word.text.as_ref() {
        "prometheus-exporter" if !line.phrase().starts_with("tcp") => {
            to.action = Some(Action::Service(word.text.to_string()));
        }
        name if name.starts_with("lua.") => {
            line.refuse_as(codes::E0207, "Lua is not built", word);
            to.mentions.push(Mention { noun: Noun::Script, name: spanned(word) });
            to.action = Some(Action::Other { name: name.to_owned() });
        }
        _ => line.not_one_of(word, "a service", &["prometheus-exporter"]),
    }
}

pub(super) fn set_timeout(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(which) = line.arg("`server`, `tunnel` or `client`") else { return };
    let known: &[&str] = match line.target.is_2_6() {
        true => &["server", "tunnel"],
        false => &["server", "tunnel", "client", "connect", "queue", "tarpit"],
    };
    if !known.contains(&which.text.as_ref()) {
        line.not_one_of(which, "a timeout that can be set", known);
        return;
    }
    let both_sides = matches!(which.text.as_ref(), "client" | "tarpit");
    if !both_sides && !line.place.has_backend()
        || which.text == "client" && !line.place.has_frontend()
    {
        let message = format!(
            "`set-timeout {}` cannot stand in a `{}` section",
            which.text,
            line.place.name()
        );
        line.error(codes::E0203, which.span, message);
        return;
    }
    let number = line.peek_text().starts_with(|c: char| c.is_ascii_digit());
    let value = if number {
        line.duration("a time", Unit::Millisecond).map(|time| TimeoutValue::Literal(time.value))
    } else {
        line.expr("a time or an expression").map(TimeoutValue::Expr)
    };
    to.action = value.map(|value| Action::SetTimeout { which: which.text.to_string(), value });
}

pub(super) fn pause(line: &mut Directive<'_>, to: &mut Slot) {
    if line.phrase().starts_with("http-response")
        && let Some(word) = line.last()
    {
        line.refuse_as(codes::E0207, "a response is not held back: only requests are", word);
    }
    let number = line.peek_text().starts_with(|c: char| c.is_ascii_digit());
    let value = if number {
        line.duration("a time", Unit::Millisecond).map(|time| TimeoutValue::Literal(time.value))
    } else {
        line.expr("a time or an expression").map(TimeoutValue::Expr)
    };
    to.action = value.map(Action::Pause);
}

pub(super) fn address(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(what) = line.last().map(spanned) else { return };
    to.action =
        line.expr("an expression").map(|value| Action::SetAddress { what: what.value, value });
}

/// `set-nice`.
pub(super) fn socket(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(name) = line.last().map(spanned) else { return };
    // Quirk: what is no number is 0.
    let words = line.arg("a number").map(|word| vec![word.text.to_string()]);
    to.action = words.map(|words| Action::Socket { name: name.value, words });
}

/// `set-tos`, `set-mark` and their kind: a number, or an expression where the target knows that.
pub(super) fn mark(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(name) = line.last().map(spanned) else { return };
    let (to_server, tos) = (name.value.starts_with("set-bc-"), name.value.ends_with("tos"));
    if line.target.is_2_6()
        && let Some(word) = line.peek().filter(|word| read_mark(&word.text).is_none())
    {
        line.word();
        line.error(codes::E0302, word.span, format!("`{}` is not a number", word.text));
        return;
    }
    to.action = number(line, read_mark).map(|value| Action::SetMark { to_server, tos, value });
}

/// A decimal or `0x` number.
fn read_mark(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        // Quirk: a negative number is what its 32 bits say, and a larger one is cut to them.
        None => text.parse().ok().map(|number: i64| number as u32),
    }
}

pub(super) fn priority(line: &mut Directive<'_>, to: &mut Slot) {
    let offset = line.last().is_some_and(|word| word.text == "set-priority-offset");
    let value = line.expr("an expression");
    to.action = value.map(|value| Action::SetPriority { offset, value });
}

pub(super) fn set_retries(line: &mut Directive<'_>, to: &mut Slot) {
    if !line.place.has_backend() {
        let at = line.keyword_span();
        line.error(codes::E0203, at, "`set-retries` cannot stand in a `frontend` section");
        return;
    }
    to.action = number(line, |text| text.parse().ok()).map(Action::SetRetries);
}

/// A number as `read` reads it, or an expression.
pub(super) fn number(
    line: &mut Directive<'_>,
    read: impl Fn(&str) -> Option<u32>,
) -> Option<NumberValue> {
    if let Some(number) = read(line.peek_text()) {
        line.word();
        return Some(NumberValue::Literal(number));
    }
    line.expr("a number or an expression").map(NumberValue::Expr)
}
