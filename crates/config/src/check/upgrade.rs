//! Tests for WebSocket upgrades that miss clients.

use std::collections::HashSet;

use config_parse::condition::{AclExpr, Test};
use diag::{Diagnostic, Span, codes};

use super::acls;
use crate::model::Config;

pub(super) fn config(config: &Config, findings: &mut Vec<Diagnostic>) {
    let mut said: HashSet<Span> = HashSet::new();
    for proxy in &config.proxies {
        let named = proxy.acls.iter().filter_map(|acl| acl.expr.as_ref());
        let terms =
            acls::conditions(proxy).flat_map(|(condition, _)| condition.any.iter().flatten());
        let anonymous = terms.filter_map(|term| match &term.test {
            Test::Anonymous(expr) => Some(expr),
            Test::Named(_) => None,
        });
        for test in named.chain(anonymous) {
            if let Some(finding) = exact(test).filter(|finding| said.insert(finding.span)) {
                findings.push(finding);
            }
        }
    }
}

/// A test of `Upgrade` or `Connection` that depends on how the client writes its tokens.
fn exact(test: &AclExpr) -> Option<Diagnostic> {
    let fetch = &test.expr.fetch;
    let header = fetch.args.as_deref().and_then(<[_]>::first)?.value.to_ascii_lowercase();
    let token = match header.as_str() {
        "upgrade" => "websocket",
        "connection" => "upgrade",
        _ => return None,
    };
    let pattern = test.patterns.iter().find(|word| word.value.eq_ignore_ascii_case(token))?;
    let folds = |name: &str| matches!(name, "lower" | "upper");
    let folded = test.expr.converters.iter().any(|call| folds(&call.name.value));
    let (whole, comma) = match fetch.name.value.as_str() {
        "req.fhdr" | "fhdr" => (test.method.is_none(), true),
        "hdr" | "req.hdr" | "hdr_beg" | "hdr_sub" | "hdr_end" => (true, false),
        _ => return None,
    };
    if whole && comma && header == "connection" {
        let message = "`Connection` is compared as a whole, and browsers send several tokens in it";
        return Some(
            Diagnostic::new(codes::W0710, pattern.span, message)
                .help("`req.hdr(connection)` looks at each token"),
        );
    }
    (!test.ignore_case && !folded && test.files.is_empty()).then(|| {
        let message = format!("`{}` is compared with its case", pattern.value);
        Diagnostic::new(codes::W0710, pattern.span, message)
            .help("clients write it as they like: compare with `-i`")
    })
}
