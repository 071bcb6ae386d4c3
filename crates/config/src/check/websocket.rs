//! WebSockets that reach a backend without `timeout tunnel`.

use std::collections::{HashMap, HashSet};

use config_parse::condition::{AclExpr, Condition, Test};
use diag::{Diagnostic, codes};

use crate::model::{Config, Proxy};

pub(super) fn config(config: &Config, findings: &mut Vec<Diagnostic>) {
    let mut said: HashSet<&str> = HashSet::new();
    let mut backends: HashMap<&str, &Proxy> = HashMap::new();
    for proxy in config.proxies.iter().filter(|proxy| proxy.kind.is_backend()) {
        backends.entry(&proxy.name.value).or_insert(proxy);
    }
    for proxy in &config.proxies {
        for rule in &proxy.switching {
            let (Some(condition), Some(name)) = (&rule.condition, rule.backend.value.as_text())
            else {
                continue;
            };
            if said.contains(name) || !asks_for_websocket(proxy, condition) {
                continue;
            }
            let Some(backend) = backends.get(name) else { continue };
            // Without `timeout server` there is nothing that ends the tunnel too early.
            if backend.timeouts.tunnel.is_some() || backend.timeouts.server.is_none() {
                continue;
            }
            said.insert(name);
            let message = format!("WebSockets reach `{name}`, which has no `timeout tunnel`");
            findings.push(
                Diagnostic::new(codes::W0706, backend.name.span, message)
                    .related(rule.span, "this rule leads there")
                    .label("a quiet one is closed after `timeout server` or `timeout client`")
                    .help("`timeout tunnel 1h`"),
            );
        }
    }
}

/// A term that is not negated looks for `Upgrade: websocket`.
fn asks_for_websocket(proxy: &Proxy, condition: &Condition) -> bool {
    condition.any.iter().flatten().filter(|term| !term.negated && !condition.unless).any(|term| {
        match &term.test {
            Test::Named(name) => {
                let mut lines = proxy.acls.iter().filter(|acl| acl.name.value == name.value);
                lines.any(|acl| acl.expr.as_ref().is_some_and(is_upgrade))
            }
            Test::Anonymous(expr) => is_upgrade(expr),
        }
    })
}

fn is_upgrade(acl: &AclExpr) -> bool {
    let header = |arg: &diag::Spanned<String>| arg.value.eq_ignore_ascii_case("upgrade");
    let args = acl.expr.fetch.args.iter().flatten();
    let websocket =
        |pattern: &diag::Spanned<String>| pattern.value.to_ascii_lowercase().contains("websocket");
    args.take(1).any(header) && acl.patterns.iter().any(websocket)
}
