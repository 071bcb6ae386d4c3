//! The arguments of `connect` and `expect` in `http-check` and `tcp-check` (manual 4.2).

use diag::{Diagnostic, codes};

use super::checks::Step;
use crate::lower::{AddressUse, Directive};
use crate::model::{ConnectStep, ExpectStep, HeaderPattern, StepKind};

pub(super) const HTTP_MATCHERS: &[&str] =
    &["status", "rstatus", "string", "rstring", "string-lf", "hdr", "fhdr"];
pub(super) const TCP_MATCHERS: &[&str] =
    &["string", "rstring", "string-lf", "binary", "rbinary", "binary-lf", "custom"];

const CONNECT: &[&str] = &[
    "default",
    "port",
    "addr",
    "send-proxy",
    "linger",
    "comment",
    "ssl",
    "sni",
    "alpn",
    "proto",
    "via-socks4",
];

pub(super) fn connect(line: &mut Directive<'_>) -> Option<Step> {
    let mut step = ConnectStep { words: line.words_left(), ..ConnectStep::default() };
    let mut comment = None;
    while let Some(word) = line.word() {
        match word.text.as_ref() {
            "default" => step.default = true,
            "send-proxy" => step.send_proxy = true,
            "linger" => step.linger = true,
            "comment" => comment = Some(line.value("a text")?.text.to_string()),
            "port" => port(line, &mut step)?,
            "addr" => {
                let at = line.value("an address")?;
                step.addr = line.address(at, AddressUse::Check);
            }
            "ssl" => line.refuse_as(codes::E0207, "TLS is not built yet", word),
            "sni" | "alpn" => {
                line.refuse_as(codes::E0207, "TLS is not built yet", word);
                line.value("a value")?;
            }
            "proto" => {
                line.refuse_as(codes::E0207, "HTTP/2 is not built yet", word);
                line.value("a protocol")?;
            }
            "via-socks4" => step.via_socks4 = true,
            _ => {
                line.not_one_of(word, "an argument of `connect`", CONNECT);
                return None;
            }
        }
    }
    Some((StepKind::Connect(step), comment))
}

/// A port, or an expression that gives one.
fn port(line: &mut Directive<'_>, step: &mut ConnectStep) -> Option<()> {
    let Some(number) = line.peek().and_then(|word| word.text.parse::<i64>().ok()) else {
        step.port_expr = Some(line.expr("a port")?);
        return Some(());
    };
    let word = line.value("a port")?;
    step.port = u16::try_from(number).ok().filter(|port| *port > 0);
    if step.port.is_none() {
        let message = format!("`{}` is not a port from 1 to 65535", word.text);
        line.error(codes::E0302, word.span, message);
        return None;
    }
    Some(())
}

const OPTIONS: &[&str] = &[
    "comment",
    "min-recv",
    "ok-status",
    "error-status",
    "tout-status",
    "on-success",
    "on-error",
    "status-code",
];

pub(super) fn expect(line: &mut Directive<'_>, matchers: &[&str]) -> Option<Step> {
    let mut step = ExpectStep { words: line.words_left(), ..ExpectStep::default() };
    let mut comment = None;
    while let Some(word) = line.word() {
        match word.text.as_ref() {
            // A `!` may be a word of its own.
            "!" => {
                step.negated = true;
                matcher(line, matchers, &mut step)?;
            }
            name if OPTIONS.contains(&name) => option(line, name, &mut step, &mut comment)?,
            name => {
                step.negated |= name.starts_with('!');
                line.back();
                matcher(line, matchers, &mut step)?;
            }
        }
    }
    if step.matcher.is_empty() {
        let message =
            format!("`{}` needs a match, such as `{} ...`", line.phrase(), matchers.first()?);
        line.error(codes::E0204, line.keyword_span(), message);
        return None;
    }
    Some((StepKind::Expect(Box::new(step)), comment))
}

fn option(
    line: &mut Directive<'_>,
    name: &str,
    step: &mut ExpectStep,
    comment: &mut Option<String>,
) -> Option<()> {
    match name {
        "comment" => *comment = Some(line.value("a text")?.text.to_string()),
        "min-recv" => {
            let number = line.number("a number of bytes, -1 for none", -1..=i64::from(i32::MAX))?;
            step.min_recv = Some(i32::try_from(number.value).unwrap_or(i32::MAX));
        }
        "ok-status" => step.ok_status = Some(status(line, &["L7OK", "L7OKC", "L6OK", "L4OK"])?),
        "error-status" => {
            let all = ["L7OKC", "L7RSP", "L7STS", "L6RSP", "L4CON"];
            step.error_status = Some(status(line, &all)?);
        }
        "tout-status" => step.tout_status = Some(status(line, &["L7TOUT", "L6TOUT", "L4TOUT"])?),
        "on-success" => step.on_success = Some(line.log_format("a format")?.value),
        "on-error" => step.on_error = Some(line.log_format("a format")?.value),
        _ => step.status_code = Some(line.expr("an expression")?),
    }
    Some(())
}

fn status(line: &mut Directive<'_>, allowed: &[&str]) -> Option<String> {
    let word = line.value("a check status")?;
    if !allowed.contains(&word.text.as_ref()) {
        line.not_one_of(word, "a check status", allowed);
        return None;
    }
    Some(word.text.to_string())
}

fn matcher(line: &mut Directive<'_>, matchers: &[&str], step: &mut ExpectStep) -> Option<()> {
    let word = line.arg("a match")?;
    let name = word.text.trim_start_matches('!');
    if !matchers.contains(&name) {
        line.not_one_of(word, "a match of `expect`", matchers);
        return None;
    }
    name.clone_into(&mut step.matcher);
    match name {
        "hdr" | "fhdr" => {
            step.name = Some(header_part(line, "name")?);
            if line.peek_text().starts_with("value") {
                step.value = Some(header_part(line, "value")?);
            }
        }
        "custom" => {}
        "string-lf" | "binary-lf" => {
            let format = line.log_format("a format")?.value;
            step.pattern = format.as_text().unwrap_or_default().to_owned();
            step.pattern_format = Some(format);
        }
        "binary" => {
            let word = line.value("bytes in hexadecimal")?;
            if bytes_of(&word.text).is_none() {
                let message = format!("`{}` is not bytes in hexadecimal", word.text);
                line.error(codes::E0301, word.span, message);
                return None;
            }
            step.pattern = word.text.to_string();
        }
        "status" => {
            let word = line.value("a list of status codes")?;
            if !is_status_list(&word.text) {
                let message = format!("`{}` is not a list of status codes", word.text);
                let finding = Diagnostic::new(codes::E0302, word.span, message);
                line.report(finding.help("such as `200`, or `200-299,404`"));
                return None;
            }
            step.pattern = word.text.to_string();
        }
        _ => step.pattern = line.value("a pattern")?.text.to_string(),
    }
    Some(())
}

/// `200-299,404`; a comma at the end says nothing.
fn is_status_list(text: &str) -> bool {
    let number = |text: &str| text.parse::<u32>().ok();
    let is_part = |part: &str| match part.split_once('-') {
        Some((low, high)) => number(low).zip(number(high)).is_some_and(|(low, high)| low <= high),
        None => number(part).is_some(),
    };
    text.strip_suffix(',').unwrap_or(text).split(',').all(is_part)
}

/// `name [-m METHOD] TEXT`, `name-lf ...`, and the same for `value`.
fn header_part(line: &mut Directive<'_>, part: &str) -> Option<HeaderPattern> {
    let word = line.arg("`name`")?;
    let is_format = word.text.strip_suffix("-lf") == Some(part);
    if word.text != part && !is_format {
        let allowed = [part.to_owned(), format!("{part}-lf")];
        let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
        line.not_one_of(word, "an argument of `hdr`", &allowed);
        return None;
    }
    let mut method = String::from("str");
    if line.take("-m") {
        let word = line.value("a match method")?;
        let all = ["str", "beg", "end", "sub", "reg"];
        if !all.contains(&word.text.as_ref()) {
            line.not_one_of(word, "a match method", &all);
            return None;
        }
        method = word.text.to_string();
    }
    if is_format {
        let format = line.log_format("a format")?.value;
        let text = format.as_text().unwrap_or_default().to_owned();
        return Some(HeaderPattern { method, text, format: Some(format) });
    }
    let text = line.value("a text")?.text.to_string();
    Some(HeaderPattern { method, text, format: None })
}

/// The bytes of a text in hexadecimal, spaces between them left out.
pub(super) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    pairs.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}
