//! What the files of a configuration say of names: hosts without a certificate, maps that lead to no backend.

use std::collections::HashSet;
use std::path::Path;

use config::model::{Config, Mode, Proxy};
use config_parse::expr::Expr;
use config_parse::log_format::Piece;
use diag::{Diagnostic, Span, codes};

use super::certificate::{Names, nameless};

/// Hosts that the rules of a frontend name, and for which none of its certificates is.
pub(super) fn hosts(config: &Config, lines: &[(Span, Names)], findings: &mut Vec<Diagnostic>) {
    let of_line = |at: Span| {
        lines.iter().filter(move |(line, _)| (line.file, line.start) == (at.file, at.start))
    };
    for proxy in config.proxies.iter().filter(|proxy| proxy.disabled.is_none()) {
        if proxy.mode() != Mode::Http {
            continue;
        }
        let mut named = proxy.binds.iter().flat_map(|bind| of_line(bind.span)).peekable();
        if named.peek().is_none() {
            continue;
        }
        let Some(lists) = named.map(|(_, names)| names.as_ref()).collect::<Option<Vec<_>>>() else {
            continue;
        };
        for (host, span) in config::named_hosts(proxy) {
            if lists.iter().copied().flatten().any(|certificate| certificate.is_for(&host)) {
                continue;
            }
            let message = format!("no certificate of `{}` is for `{host}`", proxy.name.value);
            let mut finding = nameless(span, message);
            if let Some(bind) = proxy.binds.iter().find(|bind| of_line(bind.span).next().is_some())
            {
                finding = finding.related(bind.span, "the certificates are named here");
            }
            findings.push(finding);
        }
    }
}

/// Maps whose values are names of backends: `use_backend %[req.hdr(host),map(FILE)]`.
pub(super) fn maps(config: &Config, folder: &Path, findings: &mut Vec<Diagnostic>) {
    let backends = config.proxies.iter().filter(|proxy| proxy.kind.is_backend());
    let backends: HashSet<&str> = backends.map(|proxy| proxy.name.value.as_str()).collect();
    let mut said = HashSet::new();
    for rule in config.proxies.iter().flat_map(rules) {
        let Some((file, span)) = map(rule).filter(|(file, _)| said.insert(file.to_owned())) else {
            continue;
        };
        // That it cannot be read is told by who compiles it.
        let Ok(text) = std::fs::read(folder.join(file)) else { continue };
        let text = String::from_utf8_lossy(&text);
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            let value = line.split_once(char::is_whitespace).map_or("", |(_, value)| value.trim());
            if line.starts_with('#') || value.is_empty() || backends.contains(value) {
                continue;
            }
            let message =
                format!("line {} of `{file}` leads to `{value}`, which is no backend", at + 1);
            let finding = Diagnostic::new(codes::W0740, span, message)
                .label("requests of this line go on to the rules below");
            findings.push(match config::nearest(value, backends.iter().copied()) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding,
            });
        }
    }
}

/// The whole name of a backend, where it is one expression.
fn rules(proxy: &Proxy) -> impl Iterator<Item = &Expr> {
    proxy.switching.iter().filter_map(|rule| match rule.backend.value.pieces.as_slice() {
        [Piece::Expr { expr, .. }] => Some(expr),
        _ => None,
    })
}

/// The file of the map that an expression ends with.
fn map(expr: &Expr) -> Option<(&str, Span)> {
    let call = expr.converters.last()?;
    // `map`, `map_MATCH` and `map_MATCH_str` give texts.
    let is_text = |name: &str| {
        let mut parts = name.split('_');
        parts.next() == Some("map") && parts.nth(1).is_none_or(|output| output == "str")
    };
    let file = call.args.as_ref()?.first()?;
    let is_file = !file.value.contains('@') && is_text(&call.name.value);
    is_file.then_some((file.value.as_str(), file.span))
}
