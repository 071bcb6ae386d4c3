//! What takes the place of keywords that were removed, written out as an edit where it does the same.
//!
//! A line that HAProxy refuses means nothing, so a cure is safe when it does what the line did in the last
//! version that took it; where that is a matter of opinion it is unsafe, and where it cannot be said there is none.

use config_parse::tree::Word;
use diag::{Edit, Fix, Safety, Span};

/// The cure for `word`, a removed keyword, on its line.
pub(super) fn cure(line: &[Word<'_>], word: &Word<'_>) -> Option<Fix> {
    let at = line.iter().position(|one| one.span == word.span)?;
    let (front, rest) = (line.get(..=at)?, line.get(at + 1..)?);
    let safe = |text: &str| Some(fix(Safety::Safe, word.span, text.to_owned()));
    match word.text.as_ref() {
        "clitimeout" => safe("timeout client"),
        "contimeout" => safe("timeout connect"),
        "srvtimeout" => safe("timeout server"),
        "redispatch" => safe("option redispatch"),
        "forceclose" => safe("httpclose"),
        "block" => safe("http-request deny"),
        "http-use-htx" | "bind-process" => Some(out(Safety::Safe, front)),
        "nbproc" => {
            let one = rest.first().is_some_and(|count| count.text == "1");
            Some(out(if one { Safety::Safe } else { Safety::Unsafe }, front))
        }
        "http-tunnel" | "debug" | "grace" | "master-worker" => Some(out(Safety::Unsafe, front)),
        "reqadd" => added(word, rest, "http-request"),
        "rspadd" => added(word, rest, "http-response"),
        "reqdel" | "reqidel" => deleted(word, rest, "http-request"),
        "rspdel" | "rspidel" => deleted(word, rest, "http-response"),
        "reqrep" | "reqirep" => {
            replaced(word, rest, "http-request").or_else(|| request_line(word, rest))
        }
        "rsprep" | "rspirep" => replaced(word, rest, "http-response"),
        "httpchk" => headers_of_check(rest),
        _ => None,
    }
}

fn fix(safety: Safety, span: Span, text: String) -> Fix {
    Fix { safety, edits: vec![Edit { span, text }] }
}

/// The line as a comment.
fn out(safety: Safety, front: &[Word<'_>]) -> Fix {
    let start = front.first().map_or(Span::default(), |word| word.span);
    fix(safety, Span::new(start.file, start.start, start.start), "# ".into())
}

/// `reqadd NAME:\ value`.
fn added(word: &Word<'_>, rest: &[Word<'_>], list: &str) -> Option<Fix> {
    let line = rest.first()?;
    let (name, value) = line.text.split_once(':')?;
    let text = format!("{list} add-header {} {}", written(name), format_text(value.trim()));
    Some(fix(Safety::Safe, word.span.to(line.span), text))
}

/// `reqidel ^NAME:.*`.
fn deleted(word: &Word<'_>, rest: &[Word<'_>], list: &str) -> Option<Fix> {
    let line = rest.first()?;
    let name = header_of(&line.text)?;
    let text = format!("{list} del-header {}", written(name));
    Some(fix(Safety::Safe, word.span.to(line.span), text))
}

/// `reqirep ^NAME: NAME:\ value`: the whole line becomes another one of the same name.
fn replaced(word: &Word<'_>, rest: &[Word<'_>], list: &str) -> Option<Fix> {
    let [pattern, line, ..] = rest else { return None };
    let name = header_of(&pattern.text)?;
    let (same, value) = line.text.split_once(':')?;
    if !same.eq_ignore_ascii_case(name) || value.contains('\\') {
        return None;
    }
    let text = format!("{list} replace-header {} .* {}", written(name), format_text(value.trim()));
    Some(fix(Safety::Safe, word.span.to(line.span), text))
}

/// `reqrep ^([^\ :]*)\ /app(.*) \1\ /new\2`: the front of the path, with the method kept.
fn request_line(word: &Word<'_>, rest: &[Word<'_>]) -> Option<Fix> {
    let [pattern, line, ..] = rest else { return None };
    let method = ["^([^ :]*) ", "^([^ ]*) ", "^([^ :]+) ", "^([^ ]+) "];
    let path = method.iter().find_map(|front| pattern.text.strip_prefix(front))?;
    let front = path.strip_suffix("(.*)")?.trim_start_matches('^');
    let new = line.text.strip_prefix("\\1 ")?.strip_suffix("\\2")?;
    let plain = |text: &str| !text.contains(['(', ')', '\\', ' ', '[', '*', '+', '?', '|']);
    if word.text != "reqrep" || !front.starts_with('/') || !plain(front) || !plain(new) {
        return None;
    }
    let text = format!("http-request replace-pathq ^{}(.*) {}", written(front), format_text(new));
    Some(fix(Safety::Unsafe, word.span.to(line.span), format!("{text}\\1")))
}

/// `option httpchk GET /uri HTTP/1.1\r\nHost:\ name`: the headers go on a line of their own.
fn headers_of_check(rest: &[Word<'_>]) -> Option<Fix> {
    let third = rest.get(2)?;
    let (version, block) = third.text.split_once(['\r', '\n'])?;
    let mut text = format!("{version}\n    http-check send");
    for line in block.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        text.push_str(&format!(" hdr {} {}", written(name.trim()), format_text(value.trim())));
    }
    Some(fix(Safety::Safe, third.span, text))
}

/// The name of `^NAME:`, `^NAME:.*` and `^NAME:\ .*`.
fn header_of(pattern: &str) -> Option<&str> {
    let (name, value) = pattern.strip_prefix('^')?.split_once(':')?;
    let all = matches!(value.trim(), "" | ".*" | ".+" | "(.*)" | ".*$");
    let token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (all && !name.is_empty() && name.bytes().all(token)).then_some(name)
}

/// Text as a log format holds it, as one word.
fn format_text(text: &str) -> String {
    if text.is_empty() { "\"\"".into() } else { written(&text.replace('%', "%%")) }
}

/// Text as one word.
fn written(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        if matches!(one, ' ' | '\\' | '"' | '\'' | '#') {
            out.push('\\');
        }
        out.push(one);
    }
    out
}
