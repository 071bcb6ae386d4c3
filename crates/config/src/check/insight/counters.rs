//! Counters of stick tables that are read and never counted.

use config_parse::condition::AclExpr;
use diag::{Diagnostic, codes};

use super::criterion;
use crate::model::{Config, LookedAt, Spot};

/// `sc_http_req_rate(0)`, `sc0_conn_cur`, and no `track-sc` line in the whole configuration.
pub(super) fn config(config: &Config, findings: &mut Vec<Diagnostic>) {
    let active = || config.proxies.iter().filter(|proxy| proxy.disabled.is_none());
    let tracks = |line: &LookedAt| {
        let by_rule = !matches!(line.spot, Spot::Match | Spot::Store);
        line.key_of.is_some() && by_rule
    };
    if active().any(|proxy| proxy.looked_at.iter().any(tracks)) {
        return;
    }
    for line in active().flat_map(criterion::tests) {
        if let Some(name) = counter(line) {
            let message = format!("`{name}` reads a counter, and nothing is counted");
            findings.push(
                Diagnostic::new(codes::W0737, line.expr.fetch.name.span, message)
                    .label("no line of this configuration has a `track-sc` action")
                    .help("`http-request track-sc0 src table NAME`, above the rules that read it"),
            );
            // One cause: the rule that is missing.
            return;
        }
    }
}

/// The fetch, when it reads what a `track-sc` action counted.
fn counter(line: &AclExpr) -> Option<&str> {
    let name = line.expr.fetch.name.value.as_str();
    let rest = name.strip_prefix("sc")?.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.starts_with('_').then_some(name)
}
