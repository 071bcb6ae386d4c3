//! What lines say together: names that must exist, settings that need each other.
//!
//! A section's own names are checked when it ends ([`section`]), what leads from one section to another
//! when all are read ([`config`]). Types of samples and patterns are checked by `rules`, not here.

mod acls;
mod duplicates;
mod external;
mod insight;
mod modes;
mod names;
mod protocols;
mod references;
mod servers;
mod timeouts;
mod tls;
mod unused;
mod upgrade;

use diag::{Class, Diagnostic, Span, codes};

use crate::keyword::unused_steps;
use crate::lower::Draft;
use crate::lower::Use;
use crate::model::{Config, Noun, Proxy};
use crate::target::Target;

/// One section, `defaults` included, at its end.
pub(crate) fn section(draft: &Draft, findings: &mut Vec<Diagnostic>) {
    acls::section(&draft.proxy, findings);
    unused_steps(draft, findings);
    fcgi(draft, findings);
}

/// HAProxy 2.6 refuses a configuration that listens nowhere; later versions do not.
fn listens_nowhere(config: &Config, findings: &mut Vec<Diagnostic>) {
    let listens = |proxy: &Proxy| !proxy.binds.is_empty() && proxy.disabled.is_none();
    let other = |noun: &Noun| matches!(noun, Noun::Peers | Noun::LogForward);
    let somewhere = config.proxies.iter().any(listens)
        || !config.global.stats_sockets.is_empty()
        || config.declared.sections.iter().any(|(noun, _)| other(noun));
    if !somewhere {
        let at = config.proxies.first().map_or(Span::default(), |proxy| proxy.name.span);
        let finding = Diagnostic::new(codes::E0422, at, "nothing of this configuration listens");
        findings.push(finding.help("write a `bind` line"));
    }
}

/// A server that speaks FastCGI needs to know which application.
fn fcgi(draft: &Draft, findings: &mut Vec<Diagnostic>) {
    if draft.fcgi_app {
        return;
    }
    for server in &draft.proxy.servers {
        let proto = server.settings.tls.as_deref().and_then(|tls| tls.proto.as_ref());
        if let Some(proto) = proto.filter(|proto| proto.value == "fcgi") {
            let message = "a server that speaks FastCGI needs a `use-fcgi-app` line";
            findings.push(Diagnostic::new(codes::E0314, proto.span, message));
            return;
        }
    }
}

pub(crate) use duplicates::defaults as defaults_names;
pub use insight::named_hosts;

/// All sections together.
pub(crate) fn config(config: &Config, target: Target, findings: &mut Vec<Diagnostic>) {
    duplicates::sections(config, target, findings);
    duplicates::ids(config, findings);
    references::config(config, findings);
    names::config(config, target, findings);
    // HAProxy comes to this only when nothing else is wrong.
    if target.is_2_6() && !findings.iter().any(Diagnostic::is_error) {
        listens_nowhere(config, findings);
    }
    if !target.is_proxyd() {
        tls::defaults(config, target, findings);
    }
    for proxy in &config.proxies {
        servers::proxy(config, proxy, target, findings);
        if target.is_proxyd() {
            servers::datagrams(proxy, findings);
        }
        servers::direct(proxy, findings);
        external::proxy(config, proxy, findings);
        if !target.is_proxyd() {
            tls::proxy(config, proxy, findings);
            tls::http3(config, proxy, target, findings);
            protocols::proxy(config, proxy, findings);
        }
        modes::proxy(proxy, findings);
        timeouts::proxy(proxy, findings);
    }
    // What an error names wrongly, or has taken away, would seem unused.
    if !findings.iter().any(Diagnostic::is_error) {
        unused::config(config, findings);
    }
    upgrade::config(config, findings);
    // What cannot be read may be the half that is missed. Names and what is not built take nothing away.
    let unread = |finding: &Diagnostic| finding.is_error() && finding.class == Class::Syntax;
    if !findings.iter().any(unread) {
        insight::config(config, target, findings);
    }
}

/// Who stands on which `defaults`.
pub(crate) fn defaults_use(uses: &[Use], findings: &mut Vec<Diagnostic>) {
    for section in uses {
        if let Some((explicit, implicit)) = section.both_ways {
            let message =
                "a `defaults` section is named by one proxy and the last one above for another";
            findings.push(
                Diagnostic::new(codes::W0417, section.span, message)
                    .related(explicit, "this proxy names it")
                    .related(implicit, "this one stands on it because it is the last above"),
            );
        }
        if let Some((frontend, backend)) = section.both_sides {
            let message = "rules in `defaults` cannot run in frontends and in backends";
            let mut finding = Diagnostic::new(codes::E0412, section.span, message)
                .related(frontend, "this proxy takes connections");
            if backend != frontend {
                finding = finding.related(backend, "this one has servers");
            }
            findings.push(finding.help("give frontends and backends a `defaults` section each"));
        } else if let Some((proxy, message)) = section.unfit {
            let finding = Diagnostic::new(codes::E0412, section.span, message);
            let finding = finding.related(proxy, "this proxy stands on the section");
            findings.push(finding.help("give frontends and backends a `defaults` section each"));
        }
    }
}
