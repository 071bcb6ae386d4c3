//! Settings that need `mode http`.

use diag::{Diagnostic, Span, codes};

use super::servers;
use crate::model::{ConnectionMode, LogFormatChoice, Mode, Proxy};

/// HAProxy warns of each in a TCP proxy and goes on without it.
pub(super) fn proxy(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    if proxy.mode() != Mode::Tcp {
        return;
    }
    for (what, at) in http_only(proxy) {
        // What comes from `defaults` was meant for other proxies.
        if !inside(proxy.span, at) {
            continue;
        }
        let message = format!("{what} has no effect: `{}` speaks tcp", proxy.name.value);
        let mut finding = Diagnostic::new(codes::W0211, at, message);
        if let Some(mode) = proxy.mode {
            finding = finding.related(mode.span, "the mode is set here");
        }
        findings.push(finding.help("write `mode http`"));
    }
}

/// Whether a line stands below the section line, and not in a `defaults` section above it.
fn inside(section: Span, at: Span) -> bool {
    (at.file, at.start) >= (section.file, section.start)
}

fn http_only(proxy: &Proxy) -> Vec<(&'static str, Span)> {
    let mut all = Vec::new();
    let mut add = |what, at: Option<Span>| all.extend(at.map(|at| (what, at)));
    add("`cookie`", proxy.cookie.as_ref().map(|cookie| cookie.span));
    add("`option forwardfor`", proxy.forwardfor.as_ref().map(|option| option.span));
    add("`option originalto`", proxy.originalto.as_ref().map(|option| option.span));
    add("`option forwarded`", proxy.forwarded.as_ref().map(|option| option.span));
    let http_log = proxy.log_format.as_ref();
    let http_log = http_log.filter(|log| matches!(log.value, LogFormatChoice::Http { .. }));
    add("`option httplog`", http_log.map(|log| log.span));
    let closing = proxy.connection_mode.filter(|mode| mode.value != ConnectionMode::KeepAlive);
    add("this connection mode", closing.map(|mode| mode.span));
    let balance = proxy.balance.as_ref();
    let by_http = balance.filter(|balance| servers::reads_http(&balance.value));
    add("this `balance` algorithm", by_http.map(|balance| balance.span));
    let rules = &proxy.rules;
    add("`http-request`", rules.http_request.first().map(|rule| rule.span));
    add("`http-response`", rules.http_response.first().map(|rule| rule.span));
    add("`http-after-response`", rules.http_after_response.first().map(|rule| rule.span));
    add("`redirect`", rules.redirect.first().map(|rule| rule.span));
    all
}
