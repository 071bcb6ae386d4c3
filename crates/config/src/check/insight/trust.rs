//! What clients write and rules take for true: forwarded addresses, bytes of a URL in a header.

use config_parse::condition::{AclExpr, Condition};
use config_parse::expr::{Call, Expr};
use config_parse::log_format::{LogFormat, Piece};
use diag::{Diagnostic, Span, codes};

use super::criterion::{self, Part};
use crate::model::{Action, Proxy, Rule};

/// Headers in which proxies name the client.
const FORWARDED: &[&str] = &["x-forwarded-for", "x-real-ip", "x-client-ip"];

pub(super) fn proxy(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    forwarded(proxy, findings);
    for rule in proxy.rules.http_request.iter().chain(&proxy.rules.redirect) {
        injected(rule, findings);
    }
    for rule in proxy.rules.http_response.iter() {
        injected(rule, findings);
    }
}

/// A decision by an address that the client itself wrote.
fn forwarded(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    // Where another proxy is expected in front, it writes the header.
    let behind = proxy.binds.iter().any(|bind| bind.accept_proxy);
    if behind || !proxy.kind.is_frontend() {
        return;
    }
    for rule in &proxy.rules.http_request {
        if let Action::DelHeader { name, .. } | Action::SetHeader { name, .. } = &rule.action.value
            && FORWARDED.contains(&name.to_ascii_lowercase().as_str())
        {
            return;
        }
        let decides = matches!(
            rule.action.value,
            Action::Deny(_)
                | Action::Allow
                | Action::Reject
                | Action::SilentDrop
                | Action::Tarpit(_)
        );
        let read = rule.condition.as_ref().filter(|_| decides);
        let read = read.and_then(|condition| by_header(proxy, condition));
        let Some((span, name)) = read else { continue };
        let message =
            format!("`{name}` decides here, and a client may write into it what it likes");
        findings.push(
            Diagnostic::new(codes::W0805, span, message)
                .related(rule.span, "this rule goes by it")
                .help(format!(
                    "test `src`, or begin with `http-request del-header {name} unless {{ src PROXIES }}`"
                )),
        );
        return;
    }
}

/// The first address test of a forwarded header, unless the condition also tests the connection's own address.
fn by_header(proxy: &Proxy, condition: &Condition) -> Option<(Span, String)> {
    let lines = || {
        let terms = condition.any.iter().flatten();
        terms.flat_map(|term| criterion::lines_of(proxy, &term.test))
    };
    if lines().any(|line| criterion::of(line).part == Part::Source) {
        return None;
    }
    lines().find_map(|line| {
        let Part::Header(name) = criterion::of(line).part else { return None };
        let known = FORWARDED.contains(&name.as_str());
        (known && !from_the_end(line) && is_address(line)).then_some((line.expr.span, name))
    })
}

fn is_address(line: &AclExpr) -> bool {
    line.patterns.iter().any(|pattern| {
        let address = pattern.value.split('/').next().unwrap_or_default();
        address.parse::<std::net::IpAddr>().is_ok()
    }) || !line.files.is_empty()
}

/// The last value is the one that the nearest proxy added.
fn from_the_end(line: &AclExpr) -> bool {
    let occurrence = line.expr.fetch.args.as_deref().and_then(|args| args.get(1));
    occurrence.is_some_and(|arg| arg.value.starts_with('-'))
}

/// Decoded bytes of a request in a header line, or a redirect to where the request says.
fn injected(rule: &Rule, findings: &mut Vec<Diagnostic>) {
    let (format, is_redirect) = match &rule.action.value {
        Action::SetHeader { value, .. } | Action::AddHeader { value, .. } => (value, false),
        Action::Redirect(redirect) => (&redirect.to, true),
        _ => return,
    };
    if let Some(expr) = decoded(format) {
        let message = "decoded bytes of the request go into a header line: `%0d%0a` in them begins another line";
        findings.push(Diagnostic::new(codes::W0806, expr.span, message).help(
            "leave `url_dec` out, or keep only what is wanted: `regsub(\"[^a-zA-Z0-9/._-]\",,g)`",
        ));
    } else if is_redirect && let Some(expr) = leading(format) {
        let message =
            "the request says where this redirect leads: a link to this site can lead to any other";
        findings.push(
            Diagnostic::new(codes::W0806, expr.span, message).help(
                "write the scheme and the host in front, or look the target up with `map_str`",
            ),
        );
    }
}

/// An expression that decodes and does not filter afterwards.
fn decoded(format: &LogFormat) -> Option<&Expr> {
    let decodes =
        |call: &Call| matches!(call.name.value.as_str(), "url_dec" | "b64dec" | "ub64dec");
    let filters = |call: &Call| {
        let name = call.name.value.as_str();
        matches!(
            name,
            "regsub" | "url_enc" | "json" | "hex" | "base64" | "word" | "field" | "host_only"
        ) || name.starts_with("map")
            || name.starts_with("sha")
            || name == "md5"
    };
    expressions(format).find(|expr| {
        let from = expr.converters.iter().position(decodes);
        from.is_some_and(|from| !expr.converters.iter().skip(from).any(filters))
            && is_of_client(expr)
    })
}

/// The expression a redirect begins with, when the client chooses all of it.
fn leading(format: &LogFormat) -> Option<&Expr> {
    let Some(Piece::Expr { expr, .. }) = format.pieces.first() else { return None };
    let own = matches!(
        expr.fetch.name.value.as_str(),
        "urlp" | "url_param" | "query" | "req.cook" | "cook"
    );
    (own && expr.converters.iter().all(|call| call.name.value == "url_dec")).then_some(expr)
}

fn is_of_client(expr: &Expr) -> bool {
    let name = expr.fetch.name.value.as_str();
    let parts = ["path", "url", "hdr", "req.", "query", "base", "cook", "capture.req"];
    parts.iter().any(|part| name.starts_with(part))
}

fn expressions(format: &LogFormat) -> impl Iterator<Item = &Expr> {
    format.pieces.iter().filter_map(|piece| match piece {
        Piece::Expr { expr, .. } => Some(expr),
        _ => None,
    })
}
