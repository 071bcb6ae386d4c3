//! Conditions name ACLs that are declared above them (manual 7.2).

use std::collections::{HashMap, HashSet};

use config_parse::condition::{Condition, Test};
use diag::{Diagnostic, Span, Spanned, codes};

use crate::keyword;
use crate::model::{AclLine, Proxy, Rule};

/// ACLs that exist without a line (manual 7.4).
const PREDEFINED: &[&str] = &[
    "FALSE",
    "HTTP",
    "HTTP_1.0",
    "HTTP_1.1",
    "HTTP_2.0",
    "HTTP_3.0",
    "HTTP_CONTENT",
    "HTTP_URL_ABS",
    "HTTP_URL_SLASH",
    "HTTP_URL_STAR",
    "LOCALHOST",
    "METH_CONNECT",
    "METH_DELETE",
    "METH_GET",
    "METH_HEAD",
    "METH_OPTIONS",
    "METH_POST",
    "METH_PUT",
    "METH_TRACE",
    "RDP_COOKIE",
    "REQ_CONTENT",
    "TRUE",
    "WAIT_END",
];

pub(super) fn section(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    let mut said: HashSet<&str> = HashSet::new();
    let mut declared: HashMap<&str, &AclLine> = HashMap::new();
    for acl in &proxy.acls {
        declared.entry(&acl.name.value).or_insert(acl);
    }
    for (condition, line) in conditions(proxy) {
        for term in condition.any.iter().flatten() {
            let Test::Named(name) = &term.test else { continue };
            if said.contains(name.value.as_str()) {
                continue;
            }
            // What comes from `defaults` was looked up there already.
            let inherited = (name.span.file, name.span.start) < (proxy.span.file, proxy.span.start);
            if inherited && name.value.contains('/') {
                continue;
            }
            if let Some(finding) = unknown(&declared, name, line) {
                findings.push(finding);
                // One cause, one error: the other uses wait for the first to be mended.
                said.insert(&name.value);
            }
        }
    }
}

fn unknown(
    acls: &HashMap<&str, &AclLine>,
    name: &Spanned<String>,
    line: Span,
) -> Option<Diagnostic> {
    if PREDEFINED.contains(&name.value.as_str()) {
        return None;
    }
    let declared = acls.get(name.value.as_str());
    let above = |acl: Span| (acl.file, acl.start) < (line.file, line.start);
    let message = format!("no ACL above is named `{}`", name.value);
    let finding = Diagnostic::new(codes::E0402, name.span, message);
    if let Some(acl) = declared {
        return (!above(acl.span)).then(|| {
            finding
                .related(acl.span, "it is declared here, below")
                .help("move the `acl` line above its first use")
        });
    }
    let mut names: Vec<&str> = acls.keys().copied().collect();
    names.sort_unstable();
    let near = keyword::nearest(&name.value, names.into_iter().chain(PREDEFINED.iter().copied()));
    Some(match near {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding,
    })
}

/// Every condition with the line it stands on.
pub(super) fn conditions(proxy: &Proxy) -> impl Iterator<Item = (&Condition, Span)> {
    let rules = proxy.rules.lists().into_iter().flatten();
    let of_rule = |rule: &'_ Rule| rule.condition.is_some();
    rules
        .filter(move |rule| of_rule(rule))
        .filter_map(|rule| rule.condition.as_ref().map(|condition| (condition, rule.span)))
        .chain(
            proxy.switching.iter().filter_map(|rule| Some((rule.condition.as_ref()?, rule.span))),
        )
        .chain(
            proxy.use_server.iter().filter_map(|rule| Some((rule.condition.as_ref()?, rule.span))),
        )
        .chain(proxy.persist_rules.iter().map(|rule| (&rule.condition, rule.span)))
        .chain(
            proxy.looked_at.iter().filter_map(|line| Some((line.condition.as_ref()?, line.span))),
        )
        .chain(proxy.stats_rules.iter().filter_map(|rule| {
            let condition = rule.condition.as_ref()?;
            Some((condition, condition.span))
        }))
        .chain(proxy.stats_admin.iter().map(|condition| (condition, condition.span)))
        .chain(proxy.force_switch.iter().map(|condition| (condition, condition.span)))
        .chain(proxy.monitor_fail.iter().map(|condition| (condition, condition.span)))
}
