//! The backends that WebSockets reach, and what a tunnel needs there.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use config_parse::condition::{AclExpr, Condition, MatchMethod};
use diag::{Diagnostic, Edit, Safety, Span, codes};

use super::criterion::{self, Part};
use crate::model::{Balance, Config, Proxy};
use crate::target::Target;

/// Clients and servers of WebSockets ping every 20 to 60 seconds as they come.
const PING: Duration = Duration::from_secs(60);

/// A backend and the rule by which upgrades come to it.
struct Reached<'c> {
    frontend: &'c Proxy,
    backend: &'c Proxy,
    rule: Span,
}

pub(super) fn config(config: &Config, target: Target, findings: &mut Vec<Diagnostic>) {
    let reached = reached(config);
    for one in &reached {
        no_tunnel_timeout(one, findings);
        short_tunnel(one, findings);
        turns(one, findings);
        full(config, one, findings);
    }
    half_closed(config, findings);
    if let Some(one) = reached.first().filter(|_| !target.is_proxyd()) {
        endless_reload(config, one, findings);
    }
}

/// Each backend that a rule about upgrades leads to, once.
fn reached(config: &Config) -> Vec<Reached<'_>> {
    let mut backends: HashMap<&str, &Proxy> = HashMap::new();
    for proxy in config.proxies.iter().filter(|proxy| proxy.kind.is_backend()) {
        backends.entry(&proxy.name.value).or_insert(proxy);
    }
    let mut said: HashSet<&str> = HashSet::new();
    let mut reached = Vec::new();
    for frontend in &config.proxies {
        let mut known: HashMap<Span, bool> = HashMap::new();
        for rule in &frontend.switching {
            let (Some(condition), Some(name)) = (&rule.condition, rule.backend.value.as_text())
            else {
                continue;
            };
            if said.contains(name) || !asks_for_websocket(frontend, condition, &mut known) {
                continue;
            }
            if let Some(backend) = backends.get(name) {
                said.insert(name);
                reached.push(Reached { frontend, backend, rule: rule.span });
            }
        }
    }
    reached
}

/// A term that is not negated looks for an upgrade, or for a name that only WebSockets have.
fn asks_for_websocket(
    proxy: &Proxy,
    condition: &Condition,
    known: &mut HashMap<Span, bool>,
) -> bool {
    if condition.unless {
        return false;
    }
    let mut terms = condition.any.iter().flatten().filter(|term| !term.negated);
    terms.any(|term| {
        let lines = criterion::lines_of(proxy, &term.test);
        lines.into_iter().any(|line| *known.entry(line.span).or_insert_with(|| is_upgrade(line)))
    })
}

fn is_upgrade(line: &AclExpr) -> bool {
    let criterion = criterion::of(line);
    let mut patterns = line.patterns.iter().map(|pattern| pattern.value.to_ascii_lowercase());
    match &criterion.part {
        Part::Header(name) if name == "upgrade" => {
            patterns.any(|pattern| pattern.contains("websocket"))
        }
        Part::Header(name) => name.starts_with("sec-websocket-"),
        Part::Host => patterns.any(|pattern| {
            let first = pattern.split('.').next().unwrap_or_default();
            matches!(first, "ws" | "wss" | "websocket" | "websockets")
        }),
        Part::Path { .. } if criterion.method != MatchMethod::Reg => patterns.any(|pattern| {
            let mut steps = pattern.split('/');
            steps.any(|step| {
                matches!(step, "ws" | "wss" | "websocket" | "websockets" | "socket.io" | "sockjs")
            })
        }),
        _ => false,
    }
}

fn no_tunnel_timeout(one: &Reached<'_>, findings: &mut Vec<Diagnostic>) {
    let backend = one.backend;
    // Without `timeout server` there is nothing that ends the tunnel too early.
    if backend.timeouts.tunnel.is_some() || backend.timeouts.server.is_none() {
        return;
    }
    let end = Span::new(backend.span.file, backend.span.end, backend.span.end);
    let message =
        format!("WebSockets reach `{}`, which has no `timeout tunnel`", backend.name.value);
    findings.push(
        Diagnostic::new(codes::W0706, backend.name.span, message)
            .related(one.rule, "this rule leads there")
            .label("a quiet one is closed after `timeout server` or `timeout client`")
            .help("`timeout tunnel 1h`")
            .fix(Safety::Unsafe, vec![Edit { span: end, text: "\n    timeout tunnel 1h".into() }]),
    );
}

/// A tunnel that is given less time than its client leaves between two pings, or than a request gets.
fn short_tunnel(one: &Reached<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(tunnel) = one.backend.timeouts.tunnel.filter(|time| !time.value.is_zero()) else {
        return;
    };
    let client = one.frontend.timeouts.client.map(|time| ("client", time));
    let server = one.backend.timeouts.server.map(|time| ("server", time));
    let longest = client.into_iter().chain(server).max_by_key(|(_, time)| time.value);
    let seconds = tunnel.value.as_secs();
    if let Some((side, time)) = longest.filter(|(_, time)| time.value > tunnel.value) {
        let message = format!("`timeout tunnel` is shorter than `timeout {side}`");
        findings.push(
            Diagnostic::new(codes::W0715, tunnel.span, message)
                .related(time.span, "a quiet request is given more time than a quiet WebSocket")
                .help("`timeout tunnel 1h`"),
        );
    } else if tunnel.value <= PING {
        let message = format!("a WebSocket that is quiet for {seconds} s is closed");
        findings.push(
            Diagnostic::new(codes::W0715, tunnel.span, message)
                .label("many clients ping once in 20 to 60 seconds, some never")
                .help("`timeout tunnel 1h`"),
        );
    }
}

/// Turns count arrivals; tunnels that stay make the loads drift apart.
fn turns(one: &Reached<'_>, findings: &mut Vec<Diagnostic>) {
    let backend = one.backend;
    let balance = backend.balance.as_ref();
    let in_turn = balance
        .is_none_or(|balance| matches!(balance.value, Balance::RoundRobin | Balance::StaticRr));
    if !in_turn || backend.servers.len() < 2 {
        return;
    }
    let what =
        balance.map_or("no `balance` line, which means `roundrobin`", |_| "`balance` in turn");
    let message = format!("`{}` has {what}, and WebSockets stay for long", backend.name.value);
    let finding = Diagnostic::new(
        codes::W0716,
        balance.map_or(backend.name.span, |balance| balance.span),
        message,
    )
    .related(one.rule, "this rule leads there")
    .label("a server that comes back stays nearly empty: the others keep what they hold")
    .help("`balance leastconn`");
    let edit = match balance {
        Some(_) => None,
        None => {
            let end = Span::new(backend.span.file, backend.span.end, backend.span.end);
            Some(Edit { span: end, text: "\n    balance leastconn".into() })
        }
    };
    findings.push(match edit {
        Some(edit) => finding.fix(Safety::Unsafe, vec![edit]),
        None => finding,
    });
}

/// A tunnel holds its place until it ends: the queue behind full servers does not move.
fn full(config: &Config, one: &Reached<'_>, findings: &mut Vec<Diagnostic>) {
    let servers = one.backend.servers.iter().filter(|server| server.settings.backup.is_none());
    let limits: Option<Vec<u64>> = servers
        .map(|server| server.settings.maxconn.map(|max| u64::from(max.value)))
        .map(|max| max.filter(|max| *max > 0))
        .collect();
    let Some(limits) = limits.filter(|limits| !limits.is_empty()) else { return };
    let sum: u64 = limits.iter().sum();
    let allowed = one.frontend.maxconn.or(config.global.maxconn).map(|max| u64::from(max.value));
    if allowed.is_some_and(|allowed| allowed <= sum) {
        return;
    }
    let Some(place) = one.backend.servers.iter().find_map(|server| server.settings.maxconn) else {
        return;
    };
    let queue = one.backend.timeouts.queue.or(one.backend.timeouts.connect);
    let wait =
        queue.map_or(String::from("without end"), |time| format!("{} s", time.value.as_secs()));
    let name = &one.backend.name.value;
    let message = format!(
        "the servers of `{name}` hold {sum} WebSockets together, and no request beside them"
    );
    findings.push(
        Diagnostic::new(codes::W0707, place.span, message)
            .related(one.rule, "this rule leads there")
            .label(format!("whoever comes then waits {wait} and gets a 503"))
            .help("size `maxconn` for the tunnels that are open at once, or give WebSockets a backend of their own"),
    );
}

/// `timeout tunnel` also rules a tunnel of which one end has gone, unless the `-fin` timeouts are set.
fn half_closed(config: &Config, findings: &mut Vec<Diagnostic>) {
    let mut frontends = config.proxies.iter().filter(|proxy| proxy.kind.is_frontend()).peekable();
    // A file of backends alone has its frontends elsewhere.
    let alone = frontends.peek().is_none();
    if alone || frontends.any(|proxy| proxy.timeouts.client_fin.is_some()) {
        return;
    }
    let open = |proxy: &&Proxy| proxy.kind.is_backend() && proxy.timeouts.server_fin.is_none();
    let tunnels = config.proxies.iter().filter(open).filter_map(|proxy| proxy.timeouts.tunnel);
    let Some(tunnel) = tunnels.min_by_key(|tunnel| (tunnel.span.file, tunnel.span.start)) else {
        return;
    };
    let message =
        "tunnels that lose one side have neither `timeout client-fin` nor `timeout server-fin`";
    findings.push(
        Diagnostic::new(codes::W0712, tunnel.span, message)
            .label("a tunnel that only one side has left stays as long as this")
            .help("`timeout client-fin 30s` and `timeout server-fin 30s`"),
    );
}

/// A reload waits for its tunnels, and nothing else ends them.
fn endless_reload(config: &Config, one: &Reached<'_>, findings: &mut Vec<Diagnostic>) {
    if config.global.hard_stop_after.is_some() {
        return;
    }
    let message = "a reload leaves the old process running until its last WebSocket ends";
    findings.push(
        Diagnostic::new(codes::W0718, one.rule, message)
            .label("WebSockets go here")
            .help("`hard-stop-after 30m` in `global` bounds how long old processes stay"),
    );
}
