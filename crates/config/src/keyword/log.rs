//! `log` and the shape of log lines (manual 4.2, 8).

use config_parse::log_format::LogFormat;
use diag::{Diagnostic, Spanned, codes};

use super::{Keyword, Places, Shape};
use crate::lower::{AddressUse, Directive, Draft, Prefix, spanned};
use crate::model::{LogAddress, LogFormatChoice, LogTarget, LookedAt, Mention, Noun, Spot, Target};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "log",
        Places::ANY,
        "global | <target> [len <n>] [format <f>] [sample <r>] <facility> [<max> [<min>]]",
        "4.2",
        "where log lines go",
        |line, draft| log(line, &mut draft.proxy.log),
    ),
    Keyword::new(
        "log-format",
        Places::ANY,
        "<format>",
        "8.2.6",
        "what a log line looks like",
        |line, draft| {
            if let Some(format) = format(line) {
                draft.proxy.log_format =
                    Some(Spanned::new(LogFormatChoice::Custom(format.value), line.span()));
            }
        },
    ),
    Keyword::new(
        "log-format-sd",
        Places::ANY,
        "<format>",
        "8.2.5",
        "the structured data of RFC 5424",
        |line, draft| {
            draft.proxy.log_format_sd = format(line).or(draft.proxy.log_format_sd.take());
        },
    ),
    Keyword::new(
        "error-log-format",
        Places::ANY,
        "<format>",
        "8.2.6",
        "what the log line of a connection that failed looks like",
        |line, draft| {
            let own = line.log_format("a format");
            line.end();
            looked_at_in_backend(line, draft, own.as_ref());
            draft.proxy.error_log_format = own.or(draft.proxy.error_log_format.take());
        },
    ),
    Keyword::new(
        "log-tag",
        Places::ANY,
        "<text>",
        "4.2",
        "the program's name in log lines",
        |line, draft| {
            if let Some(tag) = line.text("a text") {
                line.skip_rest();
                draft.proxy.log_tag = Some(Spanned::new(tag.value, line.span()));
            }
        },
    ),
    Keyword::new(
        "log-steps",
        Places::ANY,
        "all|<step>[,...]",
        "4.2",
        "at which steps of a stream a line is written",
        log_steps,
    ),
    Keyword::new(
        "unique-id-format",
        Places::ANY,
        "<format>",
        "4.2",
        "the id of a request",
        |line, draft| {
            let format = line.log_format("a format");
            line.end();
            looked_at_in_backend(line, draft, format.as_ref());
            draft.proxy.unique_id_format = format.or(draft.proxy.unique_id_format.take());
        },
    ),
    Keyword::new(
        "unique-id-header",
        Places::ANY,
        "<name>",
        "4.2",
        "the header that carries the id",
        |line, draft| {
            if let Some(name) = line.text("the name of a header") {
                line.skip_rest();
                draft.proxy.unique_id_header = Some(Spanned::new(name.value, line.span()));
            }
        },
    ),
];

/// What `log-steps` names.
const STEPS: &[&str] = &[
    "all",
    "accept",
    "request",
    "connect",
    "response",
    "close",
    "http-req",
    "http-res",
    "http-after-res",
    "tcp-req-conn",
    "tcp-req-sess",
    "tcp-req-cont",
    "tcp-res-cont",
];

fn log_steps(line: &mut Directive<'_>, draft: &mut Draft) {
    // Quirk: a backend does not read it.
    if line.place.name() == "backend" {
        line.skip_rest();
        return;
    }
    let Some(word) = line.peek() else {
        let message = "`log-steps` names no steps and changes nothing";
        let finding = Diagnostic::new(codes::W0211, line.keyword_span(), message);
        line.report(finding.help("write `all`, or steps with commas between them"));
        return;
    };
    Shape::ListOf(STEPS).check(line);
    let steps = word.text.split(',').map(str::to_owned).collect();
    draft.proxy.log_steps = Some(Spanned::new(steps, line.span()));
}

/// Quirk: a backend does not use these formats, and HAProxy reads them all the same.
fn looked_at_in_backend(
    line: &Directive<'_>,
    draft: &mut Draft,
    format: Option<&Spanned<LogFormat>>,
) {
    if line.place.name() == "backend"
        && let Some(format) = format
    {
        let format = Some(format.value.clone());
        let spot = Spot::Log;
        draft.proxy.looked_at.push(LookedAt { format, ..LookedAt::new(spot, line.span()) });
    }
}

/// The format of a log line. Quirk: in a backend it is not even read.
fn format(line: &mut Directive<'_>) -> Option<Spanned<LogFormat>> {
    if line.place.name() == "backend" {
        let message = format!("`{}` has no effect in a `backend` section", line.phrase());
        line.report(Diagnostic::new(codes::W0211, line.keyword_span(), message));
        line.arg("a format");
        line.end();
        return None;
    }
    let format = line.log_format("a format");
    line.end();
    format
}

/// The facilities of syslog, by number.
const FACILITIES: &[&str] = &[
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2",
    "ftp", "ntp", "audit", "alert", "cron2", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

/// The levels of syslog, by number.
pub(crate) const LEVELS: &[&str] =
    &["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

pub(crate) const FORMATS: &[&str] =
    &["local", "rfc3164", "rfc5424", "priority", "short", "timed", "iso", "raw"];

/// A `log` line of `global` or of a proxy.
pub(crate) fn log(line: &mut Directive<'_>, to: &mut Vec<LogTarget>) {
    let span = line.span();
    if line.prefix == Some(Prefix::No) {
        line.end();
        to.clear();
        to.push(LogTarget::None(span));
        return;
    }
    if line.peek_text() == "global" && line.place.name() != "global" {
        line.word();
        line.end();
        to.push(LogTarget::Global(span));
        return;
    }
    if let Some(target) = target(line) {
        to.push(LogTarget::Target(target));
    }
}

fn target(line: &mut Directive<'_>) -> Option<Target> {
    let to = address(line)?;
    let mut target = Target {
        to,
        len: 1024,
        format_given: false,
        format: String::from("rfc3164"),
        sample: None,
        profile: None,
        facility: 0,
        max_level: 7,
        min_level: 0,
        span: line.span(),
    };
    options(line, &mut target)?;
    let facility = line.arg("a facility, such as `local0`")?;
    target.facility = match FACILITIES.iter().position(|name| *name == facility.text) {
        Some(number) => number as u8,
        None => {
            line.not_one_of(facility, "a log facility", FACILITIES);
            return None;
        }
    };
    if let Some(level) = level(line)? {
        target.max_level = level;
    }
    if let Some(level) = level(line)? {
        target.min_level = level;
    }
    line.end();
    Some(target)
}

fn address(line: &mut Directive<'_>) -> Option<LogAddress> {
    let word = line.arg("an address and a facility, or `global`")?;
    Some(match word.text.as_ref() {
        "stdout" => LogAddress::Stdout,
        "stderr" => LogAddress::Stderr,
        text => match text.strip_prefix("ring@") {
            Some(ring) => {
                let name = Spanned::new(ring.to_owned(), word.span);
                // Quirk: HAProxy looks for it only where lines are written.
                if line.target.is_proxyd() {
                    line.mentions.push(Mention { noun: Noun::Ring, name });
                }
                LogAddress::Ring(ring.to_owned())
            }
            None if text.starts_with("backend@") && !line.target.is_2_6() => {
                let name = text.trim_start_matches("backend@").to_owned();
                LogAddress::Backend(Spanned::new(name, word.span))
            }
            None => LogAddress::Address(line.address(word, AddressUse::Log)?),
        },
    })
}

fn options(line: &mut Directive<'_>, target: &mut Target) -> Option<()> {
    loop {
        match line.peek_text() {
            "len" => {
                line.word();
                target.len = line.lenient("a line length", 80..=65535)?.value as u32;
            }
            "format" => {
                line.word();
                let word = line.value("a log format")?;
                if !FORMATS.contains(&word.text.as_ref()) {
                    line.not_one_of(word, "a format of log messages", FORMATS);
                    return None;
                }
                target.format = word.text.to_string();
                target.format_given = true;
            }
            "sample" => {
                line.word();
                target.sample = Some(sample(line)?);
            }
            "profile" if !line.target.is_2_6() => {
                line.word();
                let name = spanned(line.value("the name of a log profile")?);
                target.profile = Some(name.value.clone());
                line.mentions.push(Mention { noun: Noun::LogProfile, name });
            }
            _ => return Some(()),
        }
    }
}

/// `1,3-5:6`: which lines of each six.
fn sample(line: &mut Directive<'_>) -> Option<String> {
    let word = line.value("ranges and a size, such as `1,3:4`")?;
    let valid = word.text.split_once(':').is_some_and(|(ranges, size)| {
        let size: u32 = size.parse().unwrap_or(0);
        let number = |text: &str| text.parse::<u32>().is_ok_and(|n| (1..=size).contains(&n));
        ranges.split(',').all(|range| match range.split_once('-') {
            Some((low, high)) => number(low) && number(high),
            None => number(range),
        })
    });
    if valid {
        return Some(spanned(word).value);
    }
    let message = format!("`{}` is not ranges and a size", word.text);
    line.report(Diagnostic::new(codes::E0301, word.span, message).help("such as `1,3:4`"));
    None
}

/// The outer `None`: there is a word and it is no level.
fn level(line: &mut Directive<'_>) -> Option<Option<u8>> {
    let Some(word) = line.word() else { return Some(None) };
    match level_number(&word.text) {
        Some(level) => Some(Some(level)),
        None => {
            line.not_one_of(word, "a log level", LEVELS);
            None
        }
    }
}

/// The number of a level, 0 `emerg` to 7 `debug`.
pub(crate) fn level_number(name: &str) -> Option<u8> {
    LEVELS.iter().position(|level| *level == name).map(|number| number as u8)
}
