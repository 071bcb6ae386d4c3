//! TLS settings that need each other.

use diag::{Diagnostic, Span, Spanned, codes};

use crate::keyword::{knows_a_cipher, knows_a_ciphersuite, knows_curves};
use crate::model::{Config, Mode, Proxy, Tls};
use crate::target::Target;

pub(super) fn proxy(config: &Config, proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    for bind in &proxy.binds {
        let Some(tls) = bind.tls.as_deref() else { continue };
        let Some(on) = tls.on.filter(|on| on.value) else { continue };
        if !tls.certificate {
            let message = "`ssl` needs a certificate: the line has no `crt`";
            findings.push(Diagnostic::new(codes::E0314, on.span, message).help("write `crt FILE`"));
        }
        if let Some(verify) = tls.verify.filter(|verify| verify.value && !tls.authorities) {
            findings.push(no_authorities(verify.span));
        }
        names(tls, findings);
    }
    let unverified = config.global.ssl_server_verify_none;
    for server in &proxy.servers {
        let Some(tls) = server.settings.tls.as_deref() else { continue };
        let on = tls.on.filter(|on| on.value).or(tls.check.filter(|check| check.value));
        let Some(on) = on else { continue };
        let verify = tls.verify.map_or(!unverified, |verify| verify.value);
        if verify && !tls.authorities {
            findings.push(no_authorities(tls.verify.map_or(on.span, |verify| verify.span)));
        }
        names(tls, findings);
    }
}

/// The ciphers of `global` count where something speaks TLS; later versions have such a client of their own.
pub(super) fn defaults(config: &Config, target: Target, findings: &mut Vec<Diagnostic>) {
    let on = |tls: Option<&Tls>| tls.and_then(|tls| tls.on).is_some_and(|on| on.value);
    let proxies = &config.proxies;
    let mut binds = proxies.iter().flat_map(|proxy| &proxy.binds);
    let listens = binds.any(|bind| on(bind.tls.as_deref()));
    let mut servers = proxies.iter().flat_map(|proxy| &proxy.servers);
    let connects = target.is_from(3, 0) || servers.any(|server| on(server.settings.tls.as_deref()));
    for (of_servers, list) in &config.global.ssl_default_ciphers {
        let used = if *of_servers { connects } else { listens };
        if used && !knows_a_cipher(&list.value) {
            let message = format!("no cipher is named in `{}`", list.value);
            findings.push(Diagnostic::new(codes::E0301, list.span, message));
        }
    }
    for (of_servers, list) in &config.global.ssl_default_ciphersuites {
        let used = if *of_servers { connects } else { listens };
        if used && !knows_a_ciphersuite(&list.value) {
            let message = format!("no cipher of TLS 1.3 is named in `{}`", list.value);
            findings.push(Diagnostic::new(codes::E0301, list.span, message));
        }
    }
}

/// HTTP/3 over TCP (QMux) is experimental in 3.5; earlier versions take the name as any other protocol.
pub(super) fn http3(
    config: &Config,
    proxy: &Proxy,
    target: Target,
    findings: &mut Vec<Diagnostic>,
) {
    let allowed = |switch: &Spanned<_>| switch.value == "expose-experimental-directives";
    if !target.is_from(3, 5)
        || proxy.mode() != Mode::Http
        || config.global.switches.iter().any(allowed)
    {
        return;
    }
    let binds = proxy.binds.iter().map(|bind| bind.tls.as_deref());
    let servers = proxy.servers.iter().map(|server| server.settings.tls.as_deref());
    let lists = binds.chain(servers).filter_map(|tls| tls?.alpn.as_ref());
    for list in lists.filter(|list| list.value.split(',').any(|name| name == "h3")) {
        let message = "`h3` over TCP is experimental";
        let help = "leave `h3` out, or write `expose-experimental-directives` in `global`";
        findings.push(Diagnostic::new(codes::E0214, list.span, message).help(help));
    }
}

fn no_authorities(at: Span) -> Diagnostic {
    let message = "certificates cannot be verified: the line has no `ca-file`";
    Diagnostic::new(codes::E0314, at, message).help("write `ca-file FILE`, or `verify none`")
}

fn names(tls: &Tls, findings: &mut Vec<Diagnostic>) {
    if let Some(list) = tls.ciphers.as_ref().filter(|list| !knows_a_cipher(&list.value)) {
        let message = format!("no cipher is named in `{}`", list.value);
        findings.push(Diagnostic::new(codes::E0301, list.span, message));
    }
    if let Some(list) = tls.ciphersuites.as_ref().filter(|list| !knows_a_ciphersuite(&list.value)) {
        let message = format!("no cipher of TLS 1.3 is named in `{}`", list.value);
        findings.push(Diagnostic::new(codes::E0301, list.span, message));
    }
    if let Some(list) = tls.curves.as_ref().filter(|list| !knows_curves(&list.value)) {
        let message = format!("`{}` is not a list of curves", list.value);
        findings.push(Diagnostic::new(codes::E0301, list.span, message));
    }
}
