//! Rules that stand below rules that are processed after them: `W0603`.

use diag::{Diagnostic, Span, codes};

use crate::model::{Proxy, Rule};

/// The rules of one kind in the order in which the kinds are processed.
fn kinds(proxy: &Proxy) -> [(&'static str, Vec<Span>); 7] {
    let of = |rules: &[Rule]| rules.iter().map(|rule| rule.span).collect();
    let rules = &proxy.rules;
    [
        ("tcp-request connection", of(&rules.tcp_request_connection)),
        ("tcp-request session", of(&rules.tcp_request_session)),
        ("tcp-request content", of(&rules.tcp_request_content)),
        ("http-request", of(&rules.http_request)),
        ("redirect", of(&rules.redirect)),
        ("use_backend", proxy.switching.iter().map(|rule| rule.span).collect()),
        ("use-server", proxy.use_server.iter().map(|rule| rule.span).collect()),
    ]
}

pub(super) fn proxy(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    // Only the section's own lines have an order that a reader sees.
    let own = |span: &&Span| span.file == proxy.span.file && span.start > proxy.span.start;
    let kinds = kinds(proxy);
    for (at, (kind, lines)) in kinds.iter().enumerate() {
        let later = kinds.iter().skip(at + 1);
        let firsts = later.filter_map(|(name, spans)| Some((name, *spans.iter().find(own)?)));
        let Some((other, first)) = firsts.min_by_key(|(_, span)| span.start) else { continue };
        let behind: Vec<Span> =
            lines.iter().filter(own).filter(|span| span.start > first.start).copied().collect();
        let Some(place) = behind.first() else { continue };
        let more = match behind.len() - 1 {
            0 => String::new(),
            1 => String::from(", and so does one more line"),
            n => format!(", and so do {n} more lines"),
        };
        let message =
            format!("this `{kind}` rule is processed before the `{other}` rule above it{more}");
        findings.push(
            Diagnostic::new(codes::W0603, *place, message)
                .related(first, "this one is processed later")
                .help(format!(
                    "write `{kind}` rules above `{other}` rules: the file then reads as it runs"
                )),
        );
    }
}
