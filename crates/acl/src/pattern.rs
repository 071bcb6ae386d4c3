//! Patterns as written: words of the line and lines of files; operators, ranges, networks, bytes.

use std::net::{Ipv4Addr, Ipv6Addr};

use config_parse::condition::{AclExpr, MatchMethod};
use diag::{Diagnostic, Span, codes};
use sample::CompileEnv;
use sample::lists::Columns;

use crate::index::Network;
use crate::live::Source;

/// A pattern, before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Its text.
    pub text: String,
    /// ASCII letters match in either case.
    pub ignore_case: bool,
    /// The word, or the file's name.
    pub span: Span,
    /// The line of the file, from 1; 0 for a word.
    pub line: usize,
}

impl Pattern {
    /// A finding about it: the line is named when it stands in a file.
    fn refuse(&self, message: String) -> Diagnostic {
        let message = match self.line {
            0 => message,
            line => format!("{message} (line {line} of the file)"),
        };
        Diagnostic::new(codes::E0507, self.span, message)
    }
}

/// The patterns of a criterion: the files, and the words behind them.
pub(crate) fn read(
    acl: &AclExpr,
    method: MatchMethod,
    env: &mut CompileEnv<'_>,
) -> Result<(Vec<Source>, Vec<Pattern>), Vec<Diagnostic>> {
    let mut files = Vec::new();
    let mut patterns = Vec::new();
    let mut findings = Vec::new();
    let columns = if acl.map_file { Columns::Two } else { Columns::One };
    for file in &acl.files {
        match env.lists.open(&file.name.value, columns, env.files) {
            Ok(list) => {
                let (ignore_case, span) = (file.ignore_case, file.name.span);
                files.push(Source { list, ignore_case, span });
            }
            Err(why) => findings.push(Diagnostic::new(
                codes::E0701,
                file.name.span,
                format!("`{}` cannot be read: {why}", file.name.value),
            )),
        }
    }
    let numeric = matches!(method, MatchMethod::Int | MatchMethod::Len);
    for word in &acl.patterns {
        if !numeric && is_operator(&word.value) {
            env.warnings.push(swallowed(word.span, &word.value));
        }
        patterns.push(Pattern {
            text: word.value.clone(),
            ignore_case: acl.ignore_case,
            span: word.span,
            line: 0,
        });
    }
    if findings.is_empty() { Ok((files, patterns)) } else { Err(findings) }
}

fn is_operator(word: &str) -> bool {
    let numeric = matches!(word, "eq" | "ge" | "gt" | "le" | "lt");
    let between = matches!(word, "or" | "and" | "||" | "&&" | "=" | "==" | "!=" | "!" | "unless");
    numeric || between
}

/// Only numbers are compared with operators, and only conditions have `or`: elsewhere the word is one more
/// pattern.
fn swallowed(span: Span, word: &str) -> Diagnostic {
    Diagnostic::new(codes::W0511, span, format!("`{word}` is a pattern here, not an operator"))
        .help(match word {
            "or" | "||" => "patterns of a line are alternatives already; to ask for another criterion write a line more",
            "and" | "&&" => "give each test a name of its own and write both behind `if`",
            _ => "remove it: strings are compared as `-m` says",
        })
}

/// Reads all patterns that can be read, or says what is wrong with each of the others.
fn each<T>(
    patterns: &[Pattern],
    mut read: impl FnMut(&Pattern) -> Result<Option<T>, Diagnostic>,
) -> Result<Vec<(u32, T)>, Vec<Diagnostic>> {
    let mut out = Vec::with_capacity(patterns.len());
    let mut findings = Vec::new();
    for (id, pattern) in patterns.iter().enumerate() {
        match read(pattern) {
            Ok(Some(value)) => out.push((id as u32, value)),
            Ok(None) => {}
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() { Ok(out) } else { Err(findings) }
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Eq,
    Ge,
    Gt,
    Le,
    Lt,
}

/// Numbers and ranges; an operator holds for all words behind it.
pub(crate) fn numbers(patterns: &[Pattern]) -> Result<Vec<(u32, i64, i64)>, Vec<Diagnostic>> {
    let (mut operator, mut given) = (Operator::Eq, false);
    let ranges = each(patterns, |pattern| {
        let word = match pattern.text.as_str() {
            "eq" => Some(Operator::Eq),
            "ge" => Some(Operator::Ge),
            "gt" => Some(Operator::Gt),
            "le" => Some(Operator::Le),
            "lt" => Some(Operator::Lt),
            _ => None,
        };
        if let (Some(word), 0) = (word, pattern.line) {
            (operator, given) = (word, true);
            return Ok(None);
        }
        // Quirk: behind an operator a number may be a version.
        let mut pattern = std::borrow::Cow::Borrowed(pattern);
        if given && pattern.text.contains('.') {
            compose_version(pattern.to_mut());
        }
        range(&pattern.text)
            // Quirk: a range is what it is, whatever operator stands before it.
            .map(|(low, high)| match pattern.text.contains([':', '-']) {
                true => Some((low, high)),
                false => Some(compared(operator, low)),
            })
            .map_err(|why| pattern.refuse(why))
    })?;
    Ok(ranges.into_iter().map(|(id, (low, high))| (id, low, high)).collect())
}

/// The range of a number behind an operator; a low end above the high one matches nothing.
fn compared(operator: Operator, number: i64) -> (i64, i64) {
    match operator {
        Operator::Eq => (number, number),
        Operator::Ge => (number, i64::MAX),
        Operator::Gt => number.checked_add(1).map_or((1, 0), |low| (low, i64::MAX)),
        Operator::Le => (i64::MIN, number),
        Operator::Lt => number.checked_sub(1).map_or((1, 0), |high| (i64::MIN, high)),
    }
}

/// `5`, `1:10`, `1-10`, `1:`, `:10`.
///
/// Quirk: a minus in front is such a separator too, so `-5` is all up to 5, `--5` all up to -5, and `--` all up to 0.
fn range(text: &str) -> Result<(i64, i64), String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| text.parse::<i64>().ok();
    let bad = || format!("`{text}` is no number");
    let Some((low, high)) = text.split_once([':', '-']) else {
        return number(text).filter(|_| digits(text)).map(|it| (it, it)).ok_or_else(bad);
    };
    let low = match low {
        "" => Some(i64::MIN),
        low => number(low).filter(|_| digits(low)),
    };
    let high = match high {
        "" => Some(i64::MAX),
        "-" => Some(0),
        high => number(high).filter(|_| digits(high.strip_prefix('-').unwrap_or(high))),
    };
    match (low, high) {
        (Some(low), Some(high)) if low <= high && text.len() > 1 => Ok((low, high)),
        (Some(_), Some(_)) => Err(format!("`{text}` is no range: lower end, `:`, upper end")),
        _ => Err(bad()),
    }
}

/// Versions as `req.ssl_ver` gives them: `3.1` is 3 * 65536 + 1, either end of a range too. What is none stays and
/// is found when it is read as a number.
pub(crate) fn compose_version(pattern: &mut Pattern) {
    let composed = |text: &str| {
        let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
        match (major.parse::<u16>(), minor.parse::<u16>()) {
            (Ok(major), Ok(minor)) => (u32::from(major) << 16 | u32::from(minor)).to_string(),
            _ => text.to_owned(),
        }
    };
    pattern.text = match pattern.text.split_once([':', '-']) {
        Some((low, high)) if !high.contains('-') => {
            let end = |text: &str| if text.is_empty() { String::new() } else { composed(text) };
            format!("{}:{}", end(low), end(high))
        }
        _ => composed(&pattern.text),
    };
}

/// Pairs of hexadecimal digits.
pub(crate) fn bytes(patterns: &[Pattern]) -> Result<Vec<(u32, Vec<u8>)>, Vec<Diagnostic>> {
    each(patterns, |pattern| match sample::hex::decode(pattern.text.as_bytes()) {
        Some(bytes) => Ok(Some(bytes)),
        None => {
            let text = &pattern.text;
            Err(pattern.refuse(format!("`{text}` is not an even number of hexadecimal digits")))
        }
    })
}

/// Addresses and networks.
pub(crate) fn networks(
    patterns: &[Pattern],
    no_resolve: bool,
) -> Result<Vec<(u32, Network)>, Vec<Diagnostic>> {
    each(patterns, |pattern| match network(&pattern.text, no_resolve) {
        Some(network) => Ok(Some(network)),
        None => Err(no_network(pattern)),
    })
}

fn no_network(pattern: &Pattern) -> Diagnostic {
    let text = &pattern.text;
    let host = text.split('/').next().unwrap_or("");
    let named = host.bytes().any(|byte| byte.is_ascii_alphabetic()) && !host.contains(':');
    let finding = pattern.refuse(format!("`{text}` is no IPv4 or IPv6 address or network"));
    if named {
        finding.help("names are not looked up here: write the address")
    } else {
        finding.help("write `192.0.2.1`, `192.0.2.0/24` or `2001:db8::/32`")
    }
}

fn network(text: &str, no_resolve: bool) -> Option<Network> {
    let (host, mask) = match text.split_once('/') {
        Some((host, mask)) => (host, Some(mask)),
        None => (text, None),
    };
    if let Ok(ip) = host.parse::<Ipv6Addr>() {
        let mask = match mask {
            None => u128::MAX,
            Some(bits) => {
                let zeros = 128_u32.checked_sub(number_of_bits(bits)?)?;
                u128::MAX.checked_shl(zeros).unwrap_or(0)
            }
        };
        return Some(Network::V6 { bits: ip.to_bits(), mask });
    }
    let plain = host.parse::<Ipv4Addr>().ok().map(Ipv4Addr::to_bits);
    let bits = plain.or_else(|| abbreviated(host).filter(|_| !no_resolve))?;
    let mask = match mask {
        None => u32::MAX,
        Some(mask) if mask.contains('.') => mask.parse::<Ipv4Addr>().ok()?.to_bits(),
        Some(length) => {
            let zeros = 32_u32.checked_sub(number_of_bits(length)?)?;
            u32::MAX.checked_shl(zeros).unwrap_or(0)
        }
    };
    Some(Network::V4 { bits, mask })
}

fn number_of_bits(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// `10.1` is 10.0.0.1, `192.168.1` is 192.168.0.1: the last part fills what is left (manual 7.1.6).
/// A part with a leading 0 is octal, as in inet_aton(3).
fn abbreviated(text: &str) -> Option<u32> {
    let parts: Vec<&str> = text.split('.').collect();
    let (last, leading) = parts.split_last().filter(|(_, leading)| leading.len() < 4)?;
    let mut bits: u32 = 0;
    for (index, part) in leading.iter().enumerate() {
        let part = u8::try_from(part_of(part)?).ok()?;
        bits |= u32::from(part) << (24 - 8 * index);
    }
    let last = part_of(last)?;
    let room = 32 - 8 * leading.len() as u32;
    (u64::from(last) < 1_u64 << room).then_some(bits | last)
}

fn part_of(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match text.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => u32::from_str_radix(octal, 8).ok(),
        _ => text.parse().ok(),
    }
}
