//! `defaults` sections: what a proxy takes from them (manual 4).

use config_parse::condition::{Condition, Test};
use diag::{Diagnostic, Span, Spanned, codes};

use super::{Directive, Draft};
use crate::keyword;
use crate::model::{AclLine, Options, Proxy, ProxyKind, RuleSet, Timeouts};

/// A `defaults` section and who stands on it.
#[derive(Debug, Clone)]
pub(crate) struct Defaults {
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) span: Span,
    pub(crate) draft: Draft,
    /// The first proxy that names it in `from`.
    explicit: Option<Span>,
    /// The first proxy that stands on it because it is the last one above.
    implicit: Option<Span>,
    /// The first proxies on it that take connections, and that have servers.
    frontend: Option<Span>,
    backend: Option<Span>,
}

impl Defaults {
    pub(crate) fn new(span: Span) -> Self {
        let name = Spanned::new(String::new(), span);
        let draft = Draft::new(Proxy::new(name, ProxyKind::Listen, span));
        Self {
            name: None,
            span,
            draft,
            explicit: None,
            implicit: None,
            frontend: None,
            backend: None,
        }
    }

    /// Makes a copy of another section a section of its own: settings stay, rules and users do not.
    pub(crate) fn renew(&mut self, name: Option<Spanned<String>>, span: Span) {
        let mut draft = std::mem::replace(&mut self.draft, Defaults::new(span).draft);
        draft.proxy.rules = RuleSet::default();
        draft.proxy.acls = Vec::new();
        draft.declared = crate::model::Declared::default();
        draft.proxy.looked_at = Vec::new();
        draft.check_inherited = draft.proxy.check.is_some() || !draft.proxy.check_steps.is_empty();
        draft.request_lost = None;
        *self = Self { name, draft, ..Self::new(span) };
        let shown = self.name.clone();
        self.draft.proxy.name = shown.unwrap_or_else(|| Spanned::new(String::new(), span));
        self.draft.proxy.span = span;
    }

    /// A proxy that stands on this section.
    pub(crate) fn start(
        &mut self,
        name: Spanned<String>,
        kind: ProxyKind,
        span: Span,
        explicit: bool,
    ) -> Draft {
        let user = if explicit { &mut self.explicit } else { &mut self.implicit };
        user.get_or_insert(name.span);
        if kind.is_frontend() {
            self.frontend.get_or_insert(name.span);
        }
        if kind.is_backend() {
            self.backend.get_or_insert(name.span);
        }
        let mut draft = self.draft.clone();
        let prefix = format!("{}/", draft.proxy.name.value);
        own_acls(&mut draft.proxy, &prefix);
        draft.check_inherited = draft.proxy.check.is_some() || !draft.proxy.check_steps.is_empty();
        draft.request_lost = None;
        // The names that `defaults` mention were looked up there.
        draft.declared = crate::model::Declared::default();
        draft.proxy.looked_at = Vec::new();
        draft.proxy.name = name;
        draft.proxy.kind = kind;
        draft.proxy.span = span;
        prune(&mut draft.proxy);
        draft.proxy.defaults = Some(match &self.name {
            Some(name) => name.clone(),
            None => Spanned::new(String::new(), self.span),
        });
        draft
    }

    /// A proxy on it that cannot have some of its rules.
    fn unfit(&self) -> Option<(Span, &'static str)> {
        let rules = &self.draft.proxy.rules;
        if !rules.tcp_response_content.is_empty()
            && let Some(frontend) = self.frontend
        {
            return Some((frontend, "`tcp-response content` rules belong to proxies with servers"));
        }
        let admits =
            !rules.tcp_request_connection.is_empty() || !rules.tcp_request_session.is_empty();
        let backend = self.backend.filter(|_| admits)?;
        Some((backend, "`tcp-request connection` and `session` rules belong to frontends"))
    }

    pub(crate) fn has_rules(&self) -> bool {
        let rules = &self.draft.proxy.rules;
        // An inspect delay is no rule.
        RuleSet { request_inspect_delay: None, response_inspect_delay: None, ..rules.clone() }
            != RuleSet::default()
    }
}

/// The ACLs of a `defaults` section are seen by its own rules only (manual 4.2 `acl`): both get the
/// section's name in front, with a `/`, which no name in a file can have.
fn own_acls(proxy: &mut Proxy, prefix: &str) {
    let declared: Vec<String> = proxy.acls.iter().map(|acl| acl.name.value.clone()).collect();
    for AclLine { name, .. } in &mut proxy.acls {
        name.value.insert_str(0, prefix);
    }
    for condition in conditions_mut(&mut proxy.rules) {
        for term in condition.any.iter_mut().flatten() {
            if let Test::Named(name) = &mut term.test
                && declared.contains(&name.value)
            {
                name.value.insert_str(0, prefix);
            }
        }
    }
}

fn conditions_mut(rules: &mut RuleSet) -> impl Iterator<Item = &mut Condition> {
    let lists = [
        &mut rules.tcp_request_connection,
        &mut rules.tcp_request_session,
        &mut rules.tcp_request_content,
        &mut rules.tcp_response_content,
        &mut rules.http_request,
        &mut rules.http_response,
        &mut rules.http_after_response,
        &mut rules.redirect,
    ];
    lists.into_iter().flatten().filter_map(|rule| rule.condition.as_mut())
}

/// The section of this name; two of them, or none, are errors.
pub(crate) fn find(
    all: &mut [Defaults],
    name: &Spanned<String>,
    line: &mut Directive<'_>,
) -> Option<usize> {
    let named = |section: &Defaults| section.name.as_ref().is_some_and(|n| n.value == name.value);
    let hits: Vec<usize> = (0..all.len()).filter(|i| all.get(*i).is_some_and(named)).collect();
    match hits.as_slice() {
        [only] => Some(*only),
        [] => {
            let names = all.iter().filter_map(|section| section.name.as_ref());
            let near = keyword::nearest(&name.value, names.map(|name| name.value.as_str()));
            let message = format!("no `defaults` section above is named `{}`", name.value);
            let finding = Diagnostic::new(codes::E0405, name.span, message);
            line.report(match near {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding,
            });
            None
        }
        several => {
            let message = format!("several `defaults` sections are named `{}`", name.value);
            let mut finding = Diagnostic::new(codes::E0411, name.span, message);
            // Three places show what is meant.
            for section in several.iter().take(3).filter_map(|index| all.get(*index)) {
                finding = finding.related(section.span, "one is here");
            }
            line.report(finding);
            several.last().copied()
        }
    }
}

/// How a `defaults` section is used, as far as it matters.
pub(crate) struct Use {
    /// Named and last above: the user who names it, and the one who does not.
    pub(crate) both_ways: Option<(Span, Span)>,
    /// Its rules would run in a frontend and in a backend: both.
    pub(crate) both_sides: Option<(Span, Span)>,
    /// A proxy that cannot have some of its rules, and which those are.
    pub(crate) unfit: Option<(Span, &'static str)>,
    pub(crate) span: Span,
}

pub(crate) fn uses(all: &[Defaults]) -> Vec<Use> {
    let sides = |section: &Defaults| {
        section.has_rules().then_some(section.frontend.zip(section.backend)).flatten()
    };
    all.iter()
        .map(|section| Use {
            both_ways: section.explicit.zip(section.implicit),
            both_sides: sides(section),
            unfit: section.unfit(),
            span: section.span,
        })
        .collect()
}

/// Forgets what belongs to the other side: a frontend has no `balance`, a backend no `maxconn`.
pub(crate) fn prune(proxy: &mut Proxy) {
    match proxy.kind {
        ProxyKind::Listen => {}
        ProxyKind::Frontend => prune_backend(proxy),
        ProxyKind::Backend => prune_frontend(proxy),
    }
}

fn prune_backend(proxy: &mut Proxy) {
    let timeouts = proxy.timeouts;
    proxy.timeouts = Timeouts {
        connect: None,
        server: None,
        server_fin: None,
        tunnel: None,
        queue: None,
        check: None,
        ..timeouts
    };
    proxy.options = Options {
        accept_unsafe_http_response: None,
        allbackups: None,
        checkcache: None,
        h1_case_adjust_bogus_server: None,
        http_pretend_keepalive: None,
        log_health_checks: None,
        persist: None,
        prefer_last_server: None,
        srvtcpka: None,
        tcp_smart_connect: None,
        transparent: None,
        ..proxy.options
    };
    proxy.fullconn = None;
    proxy.balance = None;
    proxy.hash_type = None;
    proxy.hash_balance_factor = None;
    proxy.hash_affinity = None;
    proxy.cookie = None;
    proxy.dynamic_cookie_key = None;
    proxy.retries = None;
    proxy.retry_on = None;
    proxy.redispatch = None;
    proxy.http_reuse = None;
    proxy.check = None;
    proxy.check_steps.clear();
    proxy.persist_rules.clear();
    proxy.use_server.clear();
    proxy.dispatch = None;
    proxy.persist_rdp_cookie = None;
    proxy.source = None;
    proxy.http_send_name_header = None;
}

fn prune_frontend(proxy: &mut Proxy) {
    let timeouts = proxy.timeouts;
    proxy.timeouts = Timeouts { client: None, client_fin: None, client_hs: None, ..timeouts };
    proxy.options = Options {
        accept_unsafe_http_request: None,
        clitcpka: None,
        contstats: None,
        dontlog_normal: None,
        dontlognull: None,
        h1_case_adjust_bogus_client: None,
        http_ignore_probes: None,
        http_use_proxy_header: None,
        idle_close_on_response: None,
        log_separate_errors: None,
        logasap: None,
        socket_stats: None,
        tcp_smart_accept: None,
        ..proxy.options
    };
    proxy.binds.clear();
    proxy.maxconn = None;
    proxy.backlog = None;
    proxy.rate_limit_sessions = None;
    proxy.switching.clear();
    proxy.force_switch.clear();
    proxy.default_backend = None;
    proxy.log_format = None;
    proxy.log_steps = None;
    proxy.error_log_format = None;
    proxy.log_format_sd = None;
    proxy.capture_request.clear();
    proxy.capture_response.clear();
    proxy.capture_cookie = None;
    proxy.declare_capture.clear();
    proxy.monitor_uri = None;
    proxy.monitor_fail.clear();
    proxy.unique_id_header = None;
}
