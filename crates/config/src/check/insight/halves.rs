//! Settings that do nothing without another one: checks, cookies, spare servers.

use std::collections::{HashMap, HashSet};

use diag::{Diagnostic, Edit, Safety, Span, codes};

use crate::model::{Config, Mode, Proxy, Server};

pub(super) fn config(config: &Config, findings: &mut Vec<Diagnostic>) {
    let backends = || {
        config.proxies.iter().filter(|proxy| {
            proxy.disabled.is_none()
                && !proxy.servers.is_empty()
                && matches!(proxy.mode(), Mode::Http | Mode::Tcp)
        })
    };
    let mut heard = Heard::default();
    for server in backends().flat_map(|proxy| &proxy.servers).filter(|server| is_checked(server)) {
        heard.spans.extend(check_words(server));
    }
    for proxy in backends() {
        if proxy.servers.iter().any(is_checked) {
            heard.spans.extend(proxy.check.as_ref().map(|check| check.span));
        }
        if proxy.servers.iter().any(|server| server.settings.cookie.is_some()) {
            heard.spans.extend(proxy.cookie.as_ref().map(|cookie| cookie.span));
        }
    }
    for proxy in backends() {
        let said = unchecked(proxy, &heard, findings);
        if !said {
            never_checked(proxy, findings);
        }
        cookie_without_values(proxy, &heard, findings);
        nobody_in_front(proxy, findings);
    }
}

/// Settings that some proxy or server does make use of: others may inherit them for nothing.
#[derive(Default)]
struct Heard {
    spans: HashSet<Span>,
}

pub(super) fn is_checked(server: &Server) -> bool {
    let settings = &server.settings;
    settings.check.is_some_and(|check| check.value)
        || settings.agent.as_ref().is_some_and(|agent| agent.on)
        || settings.track.is_some()
}

/// Places of a server's settings that only a check reads.
fn check_words(server: &Server) -> impl Iterator<Item = Span> {
    let set = &server.settings;
    let agent = set.agent.as_deref();
    let words = [
        set.inter.map(|it| it.span),
        set.fastinter.as_ref().map(|it| it.span),
        set.downinter.as_ref().map(|it| it.span),
        set.rise.map(|it| it.span),
        set.fall.map(|it| it.span),
        set.check_port.map(|it| it.span),
        set.check_addr.as_ref().map(|it| it.span),
        set.observe.as_ref().map(|it| it.span),
        set.on_marked_down.as_ref().map(|it| it.span),
        set.on_marked_up.as_ref().map(|it| it.span),
        set.check_send_proxy.as_ref().map(|it| it.span),
        agent.and_then(|agent| agent.port).map(|it| it.span),
        agent.and_then(|agent| agent.inter).map(|it| it.span),
    ];
    words.into_iter().flatten()
}

/// `inter`, `observe` and the like on servers that nothing checks; `option httpchk` above them.
fn unchecked(proxy: &Proxy, heard: &Heard, findings: &mut Vec<Diagnostic>) -> bool {
    let bare: Vec<&Server> = proxy.servers.iter().filter(|server| !is_checked(server)).collect();
    let idle = bare.iter().find_map(|server| {
        let word = check_words(server).find(|span| !heard.spans.contains(span))?;
        Some((word, "this is for health checks, and the server is not checked"))
    });
    let method = proxy.check.as_ref().map(|check| check.span);
    let method =
        method.filter(|span| bare.len() == proxy.servers.len() && !heard.spans.contains(span));
    let method = method.map(|span| (span, "this is for health checks, and no server is checked"));
    let Some((place, message)) = idle.or(method) else { return false };
    let edits = bare.iter().map(|server| {
        let end = server.span.end;
        Edit { span: Span::new(server.span.file, end, end), text: " check".into() }
    });
    findings.push(
        Diagnostic::new(codes::W0723, place, message)
            .related(
                bare.first().map_or(proxy.span, |server| server.name.span),
                "`check` is missing here",
            )
            .help("write `check` on the `server` lines, or once in `default-server`")
            .fix(Safety::Unsafe, edits.collect()),
    );
    true
}

/// Several servers, and nothing notices when one is gone.
fn never_checked(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    if proxy.servers.len() < 2 || proxy.servers.iter().any(is_checked) {
        return;
    }
    let message = format!("no server of `{}` is checked", proxy.name.value);
    findings.push(
        Diagnostic::new(codes::N0728, proxy.name.span, message)
            .label("one that is down still gets its share of the requests")
            .help("write `check` on the `server` lines"),
    );
}

fn cookie_without_values(proxy: &Proxy, heard: &Heard, findings: &mut Vec<Diagnostic>) {
    let Some(cookie) = &proxy.cookie else { return };
    let valued = proxy.servers.iter().any(|server| server.settings.cookie.is_some());
    let idle = valued || cookie.value.dynamic || proxy.mode() != Mode::Http;
    if idle || proxy.servers.len() < 2 || heard.spans.contains(&cookie.span) {
        return;
    }
    let message = format!("no server of `{}` has a cookie value", proxy.name.value);
    let mut taken: HashMap<&str, ()> = HashMap::new();
    let distinct =
        proxy.servers.iter().all(|server| taken.insert(&server.name.value, ()).is_none());
    let edits = proxy.servers.iter().map(|server| {
        let end = server.span.end;
        let text = format!(" cookie {}", server.name.value);
        Edit { span: Span::new(server.span.file, end, end), text }
    });
    let finding = Diagnostic::new(codes::W0724, cookie.span, message)
        .label("clients are not kept on their server")
        .help(
            "write `cookie VALUE` on each `server` line, or `dynamic` and a `dynamic-cookie-key`",
        );
    findings.push(if distinct { finding.fix(Safety::Unsafe, edits.collect()) } else { finding });
}

/// Only spares, or only servers that take nothing.
fn nobody_in_front(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    let is_spare = |server: &Server| server.settings.backup.is_some_and(|backup| backup.value);
    let spares = proxy.servers.iter().filter(|server| is_spare(server)).count();
    let all = proxy.options.allbackups.is_some_and(|on| on.value);
    if spares == proxy.servers.len() && spares > 1 && !all {
        let message =
            format!("every server of `{}` is a backup: only the first one works", proxy.name.value);
        findings
            .push(Diagnostic::new(codes::W0725, proxy.name.span, message).help(
                "leave `backup` out where a server shall work, or write `option allbackups`",
            ));
    }
    let rests = |server: &Server| {
        let settings = &server.settings;
        settings.weight.is_some_and(|weight| weight.value == 0)
            || settings.disabled.is_some_and(|disabled| disabled.value)
    };
    if proxy.servers.iter().all(rests) {
        let message = format!("no server of `{}` takes new requests", proxy.name.value);
        findings.push(
            Diagnostic::new(codes::W0726, proxy.name.span, message)
                .label("each is disabled or has the weight 0"),
        );
    }
}
