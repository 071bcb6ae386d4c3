//! Doors left open: the statistics page, the runtime socket, servers whose certificate nobody looks at.

use std::net::IpAddr;

use config_parse::address::{Address, AddressKind, Host};
use config_parse::condition::{Condition, Test};
use diag::{Diagnostic, codes};

use crate::model::{Action, Config, Global, Level, Proxy, Secret};

/// The runtime sockets.
pub(super) fn global(global: &Global, findings: &mut Vec<Diagnostic>) {
    for socket in &global.stats_sockets {
        let all = socket.mode.is_some_and(|mode| mode & 0o002 != 0);
        let open = match &socket.address.kind {
            AddressKind::Unix(_) if all => "every user of this machine",
            AddressKind::Inet { .. } if !is_local(&socket.address) => {
                "everyone who reaches this port"
            }
            _ => continue,
        };
        if socket.level == Level::User {
            continue;
        }
        let may = if socket.level == Level::Admin {
            "stop servers and change what runs"
        } else {
            "read and reset everything"
        };
        findings.push(
            Diagnostic::new(codes::W0803, socket.span, format!("{open} may {may}"))
                .help("`mode 660` and a `group` for those who shall; `level user` to look only"),
        );
    }
}

fn is_local(address: &Address) -> bool {
    match &address.kind {
        AddressKind::Inet { host: Host::Ip(IpAddr::V4(ip)), .. } => ip.is_loopback(),
        AddressKind::Inet { host: Host::Ip(IpAddr::V6(ip)), .. } => ip.is_loopback(),
        AddressKind::Inet { host: Host::Name(name), .. } => name == "localhost",
        AddressKind::Inet { .. } => false,
        _ => true,
    }
}

pub(super) fn proxy(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    page(proxy, findings);
    unverified(proxy, findings);
}

/// The statistics page without a password.
fn page(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    let says =
        |word: &str| proxy.stats.iter().find(|line| line.value.iter().take(2).any(|w| w == word));
    let first = says("enable").or_else(|| says("uri"));
    let Some(first) = first else { return };
    let asks = |action: &Action| {
        matches!(
            action,
            Action::Auth { .. } | Action::Deny(_) | Action::Reject | Action::SilentDrop
        )
    };
    let rules = &proxy.rules;
    let lists = [&rules.http_request, &rules.tcp_request_connection, &rules.tcp_request_content];
    let guarded = says("auth").is_some()
        || !proxy.stats_rules.is_empty()
        || lists.into_iter().flatten().any(|rule| asks(&rule.action.value));
    let local = !proxy.binds.is_empty()
        && proxy.binds.iter().flat_map(|bind| &bind.addresses).all(is_local);
    if guarded || local {
        return;
    }
    if let Some(admin) = proxy.stats_admin.iter().find(|admin| is_open(admin)) {
        findings.push(
            Diagnostic::new(
                codes::W0802,
                admin.span,
                "whoever sees the statistics page may stop servers",
            )
            .related(first.span, "the page asks for no password")
            .help("`stats auth NAME:PASSWORD`, or `stats admin if LOCALHOST`"),
        );
        return;
    }
    findings.push(
        Diagnostic::new(codes::W0801, first.span, "the statistics page asks for no password")
            .label("it names every server, its address and its load")
            .help("`stats auth NAME:PASSWORD`, `stats http-request deny unless { src 10.0.0.0/8 }`, or listen on 127.0.0.1"),
    );
}

/// Whether a condition holds for everyone.
fn is_open(condition: &Condition) -> bool {
    let named = |test: &Test| matches!(test, Test::Named(name) if name.value == "TRUE");
    let always = |all: &Vec<_>| {
        all.iter().all(|term: &config_parse::condition::Term| !term.negated && named(&term.test))
    };
    !condition.unless && condition.any.iter().any(always)
}

/// `verify none`: whoever answers is taken for the server.
fn unverified(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    let bare = |tls: &crate::model::Tls| {
        let on = tls.on.is_some_and(|on| on.value);
        tls.verify.filter(|verify| on && !verify.value)
    };
    let verify = proxy.servers.iter().find_map(|server| bare(server.settings.tls.as_deref()?));
    if let Some(verify) = verify {
        let message =
            format!("nobody looks at the certificates of the servers of `{}`", proxy.name.value);
        findings.push(
            Diagnostic::new(codes::W0804, verify.span, message)
                .label("whoever answers at the address is taken for the server")
                .help("`verify required ca-file FILE`, and `verifyhost NAME` for its name"),
        );
    }
}

/// Passwords in clear text.
pub(super) fn userlists(config: &Config, findings: &mut Vec<Diagnostic>) {
    for list in &config.userlists {
        let plain = list.users.iter().find(|user| matches!(user.secret, Secret::Plain(_)));
        if let Some(user) = plain {
            let message =
                format!("the password of `{}` stands here in clear text", user.name.value);
            findings.push(
                Diagnostic::new(codes::N0809, user.name.span, message)
                    .help("`password` takes a crypt(3) hash, as `mkpasswd -m sha-256` makes it"),
            );
        }
    }
}
