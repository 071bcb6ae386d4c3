//! Timeouts that are missing: connections that nobody ends (manual 4.2 `timeout`).

use diag::{Diagnostic, codes};

use crate::model::{Mode, Proxy};

pub(super) fn proxy(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    if proxy.disabled.is_some() || !matches!(proxy.mode(), Mode::Tcp | Mode::Http) {
        return;
    }
    let timeouts = &proxy.timeouts;
    let mut missing = Vec::new();
    if proxy.kind.is_frontend() && timeouts.client.is_none_or(|time| time.value.is_zero()) {
        missing.push("`timeout client`");
    }
    if proxy.kind.is_backend() && !proxy.servers.is_empty() {
        if timeouts.connect.is_none_or(|time| time.value.is_zero()) {
            missing.push("`timeout connect`");
        }
        if timeouts.server.is_none_or(|time| time.value.is_zero()) {
            missing.push("`timeout server`");
        }
    }
    if missing.is_empty() {
        return;
    }
    let message = format!("`{}` has no {}", proxy.name.value, missing.join(", no "));
    findings.push(
        Diagnostic::new(codes::W0703, proxy.name.span, message)
            .label("connections that go silent stay for ever")
            .help("set them in `defaults`"),
    );
}
