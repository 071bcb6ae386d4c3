//! Regular expressions that match more than they seem to, or that a client can make slow.

use config_parse::condition::{AclExpr, MatchMethod};
use diag::{Diagnostic, Span, codes};

use super::criterion::{self, Part};
use crate::model::{Action, Proxy};

pub(super) fn proxy(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    for line in criterion::tests(proxy) {
        let criterion = criterion::of(line);
        if criterion.method != MatchMethod::Reg {
            continue;
        }
        if criterion.part == Part::Host {
            findings.extend(open_host(line));
        }
        for pattern in &line.patterns {
            findings.extend(slow(&pattern.value, pattern.span));
        }
    }
    for rule in &proxy.rules.http_request {
        if let Action::ReplaceHeader { regex, .. }
        | Action::ReplaceValue { regex, .. }
        | Action::ReplacePath { regex, .. }
        | Action::ReplaceUri { regex, .. } = &rule.action.value
        {
            findings.extend(slow(regex, rule.action.span));
        }
    }
}

/// A host that may go on behind the expression, or has anything in front.
fn open_host(line: &AclExpr) -> Option<Diagnostic> {
    let pattern = line.patterns.first()?;
    let text = pattern.value.as_str();
    let closed = text.ends_with(['$', ')']) || text.ends_with(".*");
    let opened = text.starts_with(['^', '(']) || text.starts_with(".*");
    let (missing, example) = match (opened, closed) {
        (true, true) => return None,
        (true, false) => ("`$`", "a name that goes on behind it"),
        (false, true) => ("`^`", "a name with anything in front of it"),
        (false, false) => ("`^` and `$`", "any name that holds it"),
    };
    let message = format!("`{text}` has no {missing}: {example} matches, too");
    Some(Diagnostic::new(codes::W0807, pattern.span, message).help(
        "anchor it, or compare whole names: `req.hdr(host) -i NAME`, `hdr_end(host) -i .NAME`",
    ))
}

fn slow(text: &str, span: Span) -> Option<Diagnostic> {
    let inner = nested(text)?;
    let message =
        format!("`{inner}` repeats what repeats: some texts take time that doubles with each byte");
    Some(
        Diagnostic::new(codes::W0808, span, message)
            .help("one repetition is enough: `(a+)+` matches what `a+` does"),
    )
}

/// A group that is repeated without end and whose whole body is one thing repeated without end.
fn nested(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut open: Vec<usize> = Vec::new();
    let (mut at, mut class) = (0, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' if !class => class = true,
            b']' if class => class = false,
            b'(' if !class => open.push(at),
            b')' if !class => {
                let start = open.pop()?;
                let repeated = bytes.get(at + 1).is_some_and(|next| matches!(next, b'*' | b'+'));
                let body = text.get(start + 1..at)?;
                let body = body.strip_prefix("?:").unwrap_or(body);
                if repeated && is_one_repeated(body) {
                    return text.get(start..at + 2);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// `a+`, `.*`, `[^/]+`, `\w*`, `(ab)+`.
fn is_one_repeated(body: &str) -> bool {
    let Some(atom) = body.strip_suffix(['*', '+']) else { return false };
    let inside = |open: char, close: char| {
        let inner = atom.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        inner.is_some_and(|inner| !inner.contains(close))
    };
    let escaped = atom.starts_with('\\') && atom.chars().count() == 2;
    let single = atom.chars().count() == 1 && !atom.starts_with(['\\', '^', '$']);
    single || escaped || inside('[', ']') || inside('(', ')')
}

#[cfg(test)]
mod tests {
    use super::nested;

    #[test]
    fn repeated_repetitions_are_found_and_separated_ones_are_not() {
        for slow in ["^(a+)+$", "(?:[a-z]+)*x", r"(\d*)+", "x(.*)*y", "((ab)+)*"] {
            assert!(nested(slow).is_some(), "{slow}");
        }
        for fast in ["(a+)", r"([a-z]+\.)+", "(/[^/]+)*", "(a|b)+", r"\(a+\)+", "[(a+)]+", "(a+)?"]
        {
            assert_eq!(nested(fast), None, "{fast}");
        }
    }
}
