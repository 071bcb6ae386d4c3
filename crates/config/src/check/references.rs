//! Backends and servers that rules name.

use std::collections::{HashMap, HashSet};

use diag::{Diagnostic, Span, codes};

use crate::keyword;
use crate::model::{
    Action, CaptureSlot, Config, Direction, LogAddress, LogTarget, Mode, Proxy, Rule, Target,
};

pub(super) fn config(config: &Config, findings: &mut Vec<Diagnostic>) {
    let mut known: HashMap<&str, &Proxy> = HashMap::new();
    for proxy in config.proxies.iter().filter(|proxy| proxy.kind.is_backend()) {
        known.entry(&proxy.name.value).or_insert(proxy);
    }
    for proxy in &config.proxies {
        for rule in &proxy.switching {
            // A name that is made at run time is looked up at run time.
            let Some(name) = rule.backend.value.as_text() else { continue };
            match known.get(name) {
                Some(found) if std::ptr::eq(*found, proxy) => {
                    let message = format!("`{name}` cannot send to itself with `use_backend`");
                    let finding = Diagnostic::new(codes::E0412, rule.backend.span, message);
                    findings.push(finding.help("leave the line out, or name another backend"));
                }
                Some(found) => same_mode(proxy, found, name, rule.backend.span, findings),
                None => findings.push(no_backend(config, name, rule.backend.span)),
            }
        }
        if let Some(name) = &proxy.default_backend {
            match known.get(name.value.as_str()) {
                Some(found) if std::ptr::eq(*found, proxy) => {
                    let message = format!("`{}` cannot be its own `default_backend`", name.value);
                    let finding = Diagnostic::new(codes::E0412, name.span, message);
                    findings.push(finding.help("leave the line out, or name another backend"));
                }
                Some(found) => same_mode(proxy, found, &name.value, name.span, findings),
                None => findings.push(no_backend(config, &name.value, name.span)),
            }
        }
        servers(proxy, findings);
        passed_by(proxy, findings);
        capture_slots(proxy, findings);
    }
    members(config, findings);
    log_backends(config, &known, findings);
}

/// `log backend@NAME` needs a backend in `mode log`.
fn log_backends(config: &Config, known: &HashMap<&str, &Proxy>, findings: &mut Vec<Diagnostic>) {
    let lines = config.proxies.iter().flat_map(|proxy| &proxy.log);
    let forwards = config.log_forwards.iter().flat_map(|forward| &forward.log);
    let mut told = HashSet::new();
    for line in config.global.log.iter().chain(lines).chain(forwards) {
        let LogTarget::Target(Target { to: LogAddress::Backend(name), .. }) = line else {
            continue;
        };
        // A line of `defaults` is there once for each proxy.
        if !told.insert(name.span) {
            continue;
        }
        match known.get(name.value.as_str()) {
            None => findings.push(no_backend(config, &name.value, name.span)),
            Some(found) if found.mode() != Mode::Log => {
                let message = format!("`{}` is not in `mode log`", name.value);
                let finding = Diagnostic::new(codes::E0412, name.span, message);
                findings.push(finding.related(found.name.span, "the backend is here"));
            }
            Some(_) => {}
        }
    }
}

/// `capture ... id N` names a slot that the frontend declares, from 0.
fn capture_slots(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    if !proxy.kind.is_frontend() {
        return;
    }
    let declared =
        |direction| proxy.declare_capture.iter().filter(|slot| slot.value.0 == direction).count();
    let rules = &proxy.rules;
    let sides = [
        (&rules.http_request, Direction::Request, proxy.capture_request.len()),
        (&rules.tcp_request_content, Direction::Request, proxy.capture_request.len()),
        (&rules.http_response, Direction::Response, proxy.capture_response.len()),
        (&rules.http_after_response, Direction::Response, proxy.capture_response.len()),
    ];
    for (rules, direction, headers) in sides {
        let slot = |rule: &Rule| match rule.action.value {
            Action::Capture { slot, .. } => Some(slot),
            _ => None,
        };
        let own = rules.iter().filter(|rule| matches!(slot(rule), Some(CaptureSlot::Len(_))));
        let count = own.count() + headers + declared(direction);
        for rule in rules {
            let Some(CaptureSlot::Id(id)) = slot(rule) else { continue };
            if usize::try_from(id).is_ok_and(|id| id >= count) {
                let message = format!("no capture slot has the id {id}: {count} are declared");
                let finding = Diagnostic::new(codes::E0419, rule.span, message);
                findings.push(finding.help("`declare capture request len N`"));
            }
        }
    }
}

/// Groups of userlists name users of their list.
fn members(config: &Config, findings: &mut Vec<Diagnostic>) {
    for list in &config.userlists {
        let known: HashSet<&str> = list.users.iter().map(|user| user.name.value.as_str()).collect();
        for (group, users) in &list.groups {
            for user in users.iter().filter(|user| !known.contains(user.as_str())) {
                let message = format!("no user of `{}` is named `{user}`", list.name.value);
                findings.push(Diagnostic::new(codes::E0418, group.span, message));
            }
        }
        let known: HashSet<&str> =
            list.groups.iter().map(|(group, _)| group.value.as_str()).collect();
        for user in &list.users {
            for group in user.groups.iter().filter(|group| !known.contains(group.as_str())) {
                let message = format!("no group of `{}` is named `{group}`", list.name.value);
                findings.push(Diagnostic::new(codes::E0418, user.name.span, message));
            }
        }
    }
}

/// TCP becomes HTTP when an HTTP backend is chosen; the other way there is none.
fn same_mode(proxy: &Proxy, found: &Proxy, name: &str, at: Span, findings: &mut Vec<Diagnostic>) {
    if proxy.mode() == Mode::Http && found.mode() == Mode::Tcp {
        let message = format!("`{name}` is of another mode than this proxy");
        let shown = found.mode.map_or(found.span, |mode| mode.span);
        let mut finding =
            Diagnostic::new(codes::E0412, at, message).related(shown, "the backend speaks tcp");
        if let Some(mode) = proxy.mode {
            finding = finding.related(mode.span, "this proxy speaks http");
        }
        findings.push(finding.help("write `mode http` in both, or in `defaults`"));
    }
}

fn no_backend(config: &Config, name: &str, at: Span) -> Diagnostic {
    let message = format!("no backend is named `{name}`");
    let finding = Diagnostic::new(codes::E0401, at, message).label("used here");
    if let Some(frontend) = config.frontend(name) {
        return finding.related(frontend.name.span, "this one has no servers: it is a frontend");
    }
    let backends = config.proxies.iter().filter(|proxy| proxy.kind.is_backend());
    let names = backends.map(|proxy| proxy.name.value.as_str());
    match keyword::nearest(name, names) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding,
    }
}

fn servers(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    if proxy.use_server.is_empty() {
        return;
    }
    let known: HashSet<&str> = proxy.servers.iter().map(|s| s.name.value.as_str()).collect();
    for rule in &proxy.use_server {
        let Some(name) = rule.server.value.as_text() else { continue };
        if !known.contains(name) {
            no_server(proxy, name, rule.server.span, findings);
        }
    }
}

fn no_server(proxy: &Proxy, name: &str, span: Span, findings: &mut Vec<Diagnostic>) {
    let section = &proxy.name.value;
    let message = format!("no server of `{section}` is named `{name}`");
    let finding = Diagnostic::new(codes::E0406, span, message).label("used here");
    let names = proxy.servers.iter().map(|server| server.name.value.as_str());
    findings.push(match keyword::nearest(name, names) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding,
    });
}

/// A `listen` section that always goes elsewhere never uses its own servers.
fn passed_by(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    let (Some(default), Some(server)) = (&proxy.default_backend, proxy.servers.first()) else {
        return;
    };
    if proxy.kind.is_frontend() {
        let message = "the servers of this section are never used";
        findings.push(
            Diagnostic::new(codes::W0416, server.name.span, message)
                .related(default.span, "`default_backend` goes before them"),
        );
    }
}
