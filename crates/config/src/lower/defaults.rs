//! `defaults` sections: what a proxy takes from them (manual 4).

use config_parse::condition::{Condition, Test};
use diag::{Diagnostic, Span, Spanned, codes};

use super::{Directive, Draft};
use crate::keyword;
use crate::model::{AclLine, Proxy, ProxyKind, RuleSet, Shared};

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
    /// What a frontend, a backend and a `listen` section start from, once one was asked for.
    begun: [Option<Draft>; 3],
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
            begun: [const { None }; 3],
        }
    }

    /// Makes a copy of another section a section of its own: settings stay, rules and users do not.
    pub(crate) fn renew(&mut self, name: Option<Spanned<String>>, span: Span) {
        let mut draft = std::mem::replace(&mut self.draft, Defaults::new(span).draft);
        draft.proxy.rules = Shared::default();
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
        let begun = match self.begun.get(kind as usize) {
            Some(Some(begun)) => begun.clone(),
            _ => self.begin(kind),
        };
        if let Some(kept @ None) = self.begun.get_mut(kind as usize) {
            *kept = Some(begun.clone());
        }
        let proxy = Proxy { name, span, ..begun.proxy };
        Draft { proxy, ..begun }
    }

    /// What proxies of a kind start from: made once, so that they share what they do not change.
    fn begin(&self, kind: ProxyKind) -> Draft {
        let mut draft = self.draft.clone();
        let prefix = format!("{}/", draft.proxy.name.value);
        own_acls(&mut draft.proxy, &prefix);
        draft.check_inherited = draft.proxy.check.is_some() || !draft.proxy.check_steps.is_empty();
        draft.request_lost = None;
        // The names that `defaults` mention were looked up there.
        draft.declared = crate::model::Declared::default();
        draft.proxy.looked_at = Vec::new();
        draft.proxy.kind = kind;
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
        RuleSet { request_inspect_delay: None, response_inspect_delay: None, ..(**rules).clone() }
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

/// Forgets settings and lists. Those that are not there are left alone: a change would copy what is shared.
macro_rules! forget {
    ($from:expr => $($setting:ident)*; $($list:ident)*) => {
        $(if $from.$setting.is_some() { $from.$setting = None; })*
        $(if !$from.$list.is_empty() { $from.$list.clear(); })*
    };
}

fn prune_backend(proxy: &mut Proxy) {
    forget!(proxy.timeouts => connect server server_fin tunnel queue check;);
    forget!(proxy.options =>
        accept_unsafe_http_response allbackups checkcache h1_case_adjust_bogus_server
        http_pretend_keepalive log_health_checks persist prefer_last_server srvtcpka
        tcp_smart_connect transparent;
    );
    forget!(proxy =>
        fullconn balance hash_type hash_balance_factor hash_affinity cookie dynamic_cookie_key
        retries retry_on redispatch http_reuse check dispatch persist_rdp_cookie source
        http_send_name_header;
        check_steps persist_rules use_server
    );
}

fn prune_frontend(proxy: &mut Proxy) {
    forget!(proxy.timeouts => client client_fin client_hs;);
    forget!(proxy.options =>
        accept_unsafe_http_request clitcpka contstats dontlog_normal dontlognull
        h1_case_adjust_bogus_client http_ignore_probes http_use_proxy_header
        idle_close_on_response log_separate_errors logasap socket_stats tcp_smart_accept;
    );
    forget!(proxy =>
        maxconn backlog rate_limit_sessions default_backend log_format log_steps
        error_log_format log_format_sd capture_cookie monitor_uri unique_id_header;
        binds switching force_switch capture_request capture_response declare_capture
        monitor_fail
    );
}
