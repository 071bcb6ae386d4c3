//! The servers of one proxy, and what proxies need to be of use.

use std::collections::{HashMap, HashSet};

use config_parse::address::{AddressKind, Host, Ports};
use diag::{Diagnostic, Edit, Safety, codes};

use crate::lower::can_resolve;
use crate::model::{
    Balance, CheckKind, Config, HttpCheckStep, MOST_LISTENERS, Mode, Proxy, Server, StepKind,
};
use crate::target::Target;

/// A server that takes datagrams belongs to `mode log`; HAProxy finds that out when it connects.
pub(super) fn datagrams(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    if proxy.mode() == Mode::Log {
        return;
    }
    for server in &proxy.servers {
        if matches!(server.address.kind, AddressKind::Inet { datagram: true, .. }) {
            let message = "datagrams are taken by servers of `mode log` only";
            findings.push(Diagnostic::new(codes::E0305, server.address.span, message));
        }
    }
}

pub(super) fn proxy(
    config: &Config,
    proxy: &Proxy,
    target: Target,
    findings: &mut Vec<Diagnostic>,
) {
    same_names(proxy, findings);
    same_cookies(proxy, findings);
    for server in &proxy.servers {
        resolvable(server, findings);
        check_port(config, proxy, server, target, findings);
        track(config, proxy, server, findings);
        agent_port(server, findings);
    }
    cookies_without_cookie(proxy, findings);
    listeners(proxy, findings);
    if proxy.kind.is_frontend() && proxy.binds.is_empty() && proxy.disabled.is_none() {
        let message = format!("`{}` has no `bind` line and takes no connections", proxy.name.value);
        findings.push(Diagnostic::new(codes::W0415, proxy.name.span, message));
    }
}

/// Ranges of ports multiply: more sockets than any process can have are a slip of the hand.
fn listeners(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    let mut count = 0_usize;
    for bind in &proxy.binds {
        for address in &bind.addresses {
            count += match &address.kind {
                AddressKind::Inet { ports: Ports::Range(first, last), .. } => {
                    usize::from(last.saturating_sub(*first)) + 1
                }
                _ => 1,
            };
        }
        if count > MOST_LISTENERS {
            let message =
                format!("`{}` listens on more than {MOST_LISTENERS} ports", proxy.name.value);
            findings.push(Diagnostic::new(codes::E0709, bind.span, message));
            return;
        }
    }
}

/// Two servers of one name: `E0403`, with a second name that is free.
///
/// HAProxy wants names to be distinct because the runtime socket and stick tables go by them. Cookie
/// values stay as they are, so the sessions of clients stay where they were.
fn same_names(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    let mut first: HashMap<&str, &Server> = HashMap::new();
    let mut fresh = FreshNames { taken: HashSet::new(), next: HashMap::new() };
    for server in &proxy.servers {
        let name = server.name.value.as_str();
        let Some(earlier) = first.get(name) else {
            first.insert(name, server);
            continue;
        };
        let fresh = fresh.name(name, proxy);
        let message = format!("two servers of `{}` are named `{name}`", proxy.name.value);
        findings.push(
            Diagnostic::new(codes::E0403, server.name.span, message)
                .label("the second")
                .related(earlier.name.span, "the first is here")
                .help(format!("name this one `{fresh}`"))
                .fix(Safety::Safe, vec![Edit { span: server.name.span, text: fresh }]),
        );
    }
}

/// Names that no server of a proxy has.
struct FreshNames<'p> {
    /// Empty until the first is asked for: most proxies never need one.
    taken: HashSet<String>,
    /// Where to go on for each name.
    next: HashMap<&'p str, u32>,
}

impl<'p> FreshNames<'p> {
    fn name(&mut self, name: &'p str, proxy: &Proxy) -> String {
        if self.taken.is_empty() {
            self.taken.extend(proxy.servers.iter().map(|server| server.name.value.clone()));
        }
        let next = self.next.entry(name).or_insert(2);
        loop {
            let fresh = format!("{name}_{next}");
            *next = next.saturating_add(1);
            if self.taken.insert(fresh.clone()) {
                return fresh;
            }
        }
    }
}

/// `dispatch` and `option transparent` beside `balance`.
pub(super) fn direct(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    let Some(balance) = &proxy.balance else { return };
    if let Some(option) = proxy.options.transparent.filter(|option| option.value) {
        let message =
            format!("`{}` cannot both balance and go where clients asked to go", proxy.name.value);
        findings.push(
            Diagnostic::new(codes::E0310, option.span, message)
                .related(balance.span, "it balances because of this line")
                .help("leave one of the two out"),
        );
    }
    if let Some(dispatch) = &proxy.dispatch {
        let message = format!("`dispatch` has no effect: `{}` balances", proxy.name.value);
        findings.push(
            Diagnostic::new(codes::W0211, dispatch.span, message)
                .related(balance.span, "it balances because of this line"),
        );
    }
}

fn same_cookies(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, &Server> = HashMap::new();
    for server in &proxy.servers {
        let Some(cookie) = &server.settings.cookie else { continue };
        if let Some(earlier) = seen.get(cookie.value.as_str()) {
            let at = earlier.settings.cookie.as_ref().map_or(earlier.span, |cookie| cookie.span);
            let message = format!("two servers share the cookie value `{}`", cookie.value);
            findings.push(
                Diagnostic::new(codes::W0413, cookie.span, message)
                    .related(at, "its clients go to this server")
                    .help("give each server a value of its own when cookies shall lead to it"),
            );
        } else {
            seen.insert(&cookie.value, server);
        }
    }
}

/// A server's name must be resolved at the start, unless the line says otherwise.
fn resolvable(server: &Server, findings: &mut Vec<Diagnostic>) {
    let AddressKind::Inet { host: Host::Name(name), .. } = &server.address.kind else { return };
    let methods = server.settings.init_addr.as_ref().map_or("libc", |methods| &methods.value);
    let other_way = methods.split(',').any(|method| !matches!(method, "libc" | "last"));
    // A name of a service (`_http._tcp.example.org`) is asked of `resolvers` only.
    if name.starts_with('_') {
        if !other_way && server.settings.resolvers.is_none() {
            let message = format!("`{name}` is the name of a service, and nothing resolves it");
            let finding = Diagnostic::new(codes::E0305, server.address.span, message);
            findings.push(finding.help("write `resolvers` and the name of such a section"));
        }
        return;
    }
    if !other_way && !can_resolve(name) {
        let message = format!("`{name}` is neither an address nor a name");
        findings.push(Diagnostic::new(codes::E0305, server.address.span, message));
    }
}

/// Whether the checks of a server bring their ports along: each `connect` of a script names one.
fn brings_ports(config: &Config, proxy: &Proxy, server: &Server, target: Target) -> bool {
    let (kind, steps) = match &server.settings.healthcheck {
        Some(name) => match config.healthcheck(&name.value) {
            Some(own) => (own.kind.as_ref(), &own.steps),
            None => return true,
        },
        None => (proxy.check.as_ref(), &proxy.check_steps),
    };
    match kind.map(|kind| &kind.value) {
        // Newer versions leave it to the program.
        Some(CheckKind::External) => return !target.is_2_6(),
        Some(CheckKind::TcpScript) => {}
        // Quirk: the port of `http-check connect` counts in `healthcheck` sections only.
        Some(CheckKind::Http { .. }) if server.settings.healthcheck.is_some() => {}
        _ => return false,
    }
    let has_port = |step: &HttpCheckStep| match &step.kind {
        StepKind::Connect(connect) => {
            let at = connect.addr.as_ref().map(|address| &address.kind);
            connect.port.is_some_and(|port| port > 0)
                || matches!(at, Some(AddressKind::Inet { ports: Ports::One(1..), .. }))
        }
        _ => true,
    };
    let prepares = |step: &&HttpCheckStep| {
        matches!(
            step.kind,
            StepKind::Comment
                | StepKind::SetVar { .. }
                | StepKind::SetVarFmt { .. }
                | StepKind::UnsetVar { .. }
        )
    };
    let first = steps.iter().find(|step| !prepares(step));
    first.is_some_and(|step| matches!(step.kind, StepKind::Connect(_)))
        && steps.iter().all(has_port)
}

/// A check needs a port: the server's or its own.
fn check_port(
    config: &Config,
    proxy: &Proxy,
    server: &Server,
    target: Target,
    findings: &mut Vec<Diagnostic>,
) {
    let settings = &server.settings;
    let Some(check) = settings.check.filter(|check| check.value) else { return };
    let portless = matches!(
        server.address.kind,
        AddressKind::Inet { ports: Ports::Unset | Ports::Offset(_) | Ports::One(0), .. }
    );
    // A service name (`_xmpp._tcp.example.org`) brings its port along.
    let service = matches!(
        &server.address.kind,
        // Quirk: HAProxy takes a number alone for an address that has a port.
        AddressKind::Inet { host: Host::Name(name), .. }
            if name.starts_with('_') || name.bytes().all(|byte| byte.is_ascii_digit())
    );
    // Quirk: one without an address of its own is taken for whatever the client connects to.
    let anywhere = match &server.address.kind {
        AddressKind::Inet { host, .. } => match host {
            Host::Any => true,
            Host::Ip(ip) => ip.is_unspecified(),
            Host::Name(_) => false,
        },
        _ => false,
    };
    let checked = anywhere
        || match &settings.check_addr {
            Some(address) => {
                matches!(&address.value.kind, AddressKind::Inet { ports: Ports::One(1..), .. })
            }
            None => false,
        };
    if portless
        && !service
        && !checked
        && settings.check_port.is_none_or(|port| port.value == 0)
        && !brings_ports(config, proxy, server, target)
    {
        let message = format!("`{}` has no port that could be checked", server.name.value);
        findings.push(
            Diagnostic::new(codes::E0313, check.span, message)
                .related(server.address.span, "this address has none")
                .help("write `port` and a number behind `check`"),
        );
    }
}

/// `track` needs a server that is checked itself.
fn track(config: &Config, proxy: &Proxy, server: &Server, findings: &mut Vec<Diagnostic>) {
    let Some(track) = &server.settings.track else { return };
    let (section, name) = match track.value.split_once('/') {
        Some((section, name)) => (config.backend(section), name),
        None => (Some(proxy), track.value.as_str()),
    };
    let Some(section) = section else {
        let message = format!("no backend of this name has a server to track: `{}`", track.value);
        findings.push(Diagnostic::new(codes::E0401, track.span, message));
        return;
    };
    let Some(tracked) = section.server(name) else {
        let message = format!("no server of `{}` is named `{name}`", section.name.value);
        findings.push(Diagnostic::new(codes::E0406, track.span, message));
        return;
    };
    let settings = &tracked.settings;
    let checked = settings.check.is_some_and(|check| check.value)
        || settings.agent.as_ref().is_some_and(|agent| agent.on)
        || settings.track.is_some();
    if !checked {
        let message = format!("`{}` cannot be tracked: its health is not checked", track.value);
        findings.push(
            Diagnostic::new(codes::E0412, track.span, message)
                .related(tracked.name.span, "this server has no `check`"),
        );
    }
}

fn agent_port(server: &Server, findings: &mut Vec<Diagnostic>) {
    let Some(agent) = server.settings.agent.as_ref().filter(|agent| agent.on) else { return };
    if agent.port.is_none() {
        let message = format!("`{}` has an agent without a port", server.name.value);
        findings.push(
            Diagnostic::new(codes::E0313, server.name.span, message).help("write `agent-port`"),
        );
    }
}

/// Cookie values without a `cookie` line do nothing.
fn cookies_without_cookie(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    if proxy.cookie.is_some() || proxy.mode() != Mode::Http {
        return;
    }
    let valued = proxy.servers.iter().find_map(|server| server.settings.cookie.as_ref());
    if let Some(cookie) = valued {
        let message =
            format!("the cookie values of `{}` are used by no `cookie` line", proxy.name.value);
        findings.push(
            Diagnostic::new(codes::W0711, cookie.span, message).help(
                "write `cookie NAME insert indirect nocache` to keep clients on their server",
            ),
        );
    }
}

/// Whether the algorithm reads HTTP.
pub(super) fn reads_http(balance: &Balance) -> bool {
    matches!(balance, Balance::Uri { .. } | Balance::UrlParam { .. } | Balance::Hdr { .. })
}
