//! From a configuration to a program, with every finding on the way.

mod case;
mod checks;
mod dynamic_cookie;
mod looked_at;
mod names;
mod proxy;
mod reply;
mod rules;
mod section;

use std::collections::HashSet;
use std::sync::Arc;

use config::Target;
use config::model::{Config, MOST_LISTENERS, Proxy};
use config_parse::address::{Address, AddressKind, Ports};
use config_parse::env::Environment;
use diag::Diagnostic;
use sample::lists::Lists;
use sample::{BackendRef, FrontendRef, NoFacts, VarNames};

use crate::program::{BackendPart, FrontendPart, GlobalValue};
use crate::{Listener, Program, log_profile, process_vars, prove};
use names::Table;
use section::Shared;

/// Compiles a configuration. `files` gives the contents of an error file, a pattern file or a
/// `return file`, or says why it cannot.
///
/// The program is missing when a finding, here or in an earlier stage, left a part of it without
/// meaning; every finding is there in either case. Names of ACLs, backends and servers that do not
/// exist were reported by `config` and are not repeated.
pub fn compile(
    config: Config,
    files: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> (Option<Arc<Program>>, Vec<Diagnostic>) {
    compile_in(config, files, &Environment::default())
}

/// As [`compile`], with the environment that `env(...)` fetches read.
pub fn compile_in(
    config: Config,
    files: &dyn Fn(&str) -> Result<Vec<u8>, String>,
    env: &Environment,
) -> (Option<Arc<Program>>, Vec<Diagnostic>) {
    compile_for(config, files, env, Target::Proxyd)
}

/// As [`compile_in`], for another reader than `proxyd`: what only `proxyd` refuses is a warning.
///
/// The values of what is not built are unknown in such a program: it is there to be looked at, not to run.
pub fn compile_for(
    mut config: Config,
    files: &dyn Fn(&str) -> Result<Vec<u8>, String>,
    env: &Environment,
    target: Target,
) -> (Option<Arc<Program>>, Vec<Diagnostic>) {
    dynamic_cookie::give(&mut config);
    let folder = config.folder();
    let below = |name: &str| files(&folder.join(name).to_string_lossy());
    let table = Table::new(&config);
    let mut shared = Shared {
        table: &table,
        http_errors: &config.http_errors,
        healthchecks: &config.healthchecks,
        log_profiles: &config.log_profiles,
        asks_server_socket: false,
        vars: VarNames::default(),
        draws: 0,
        lists: Lists::default(),
        files: &below,
        env,
        target,
        findings: Vec::new(),
        failed: false,
    };
    let ids = proxy_ids(&config);
    let captures = proxy::most_captures(&config);
    let mut program = Program::default();
    let backends = config.proxies.iter().filter(|section| section.kind.is_backend()).count();
    program.backends.reserve(backends);
    for (at, section) in config.proxies.iter().enumerate() {
        let id = ids.get(at).copied().unwrap_or_default();
        let backend =
            section.kind.is_backend().then_some(BackendRef(program.backends.len() as u32));
        if section.kind.is_frontend() {
            let reference = FrontendRef(program.frontends.len() as u32);
            let part = proxy::frontend(section, reference, backend, &mut shared);
            program.listeners.extend(listeners(section, reference));
            let log_groups = log_profile::groups(&config, section);
            let part = FrontendPart { log_groups, ..part };
            program.frontends.push(FrontendPart { proxy: at, id, own_backend: backend, ..part });
        }
        if let Some(reference) = backend {
            let known = shared.findings.len();
            let part = proxy::backend(section, reference, captures, &mut shared);
            // Both halves of a `listen` section have the same lines: they are reported once.
            shared.forget_repeated(known);
            let server_ids = server_ids(section);
            let name = section.name.value.as_bytes();
            program.backend_names.entry(name.into()).or_insert(reference);
            program.backends.push(BackendPart { proxy: at, id, server_ids, ..part });
        }
    }
    let set_at_start = section::global_vars(&config.global, &mut shared);
    let Shared { vars, draws, lists, mut findings, failed, asks_server_socket, .. } = shared;
    drop(table);
    findings.append(&mut prove::findings(&config));
    let (case_adjust, wrong) = case::map(&config.global, files);
    let failed = failed || wrong.is_some();
    findings.extend(wrong);
    let process_vars = process_vars::of(&vars);
    let program = Program {
        vars,
        process_vars,
        set_at_start,
        draws,
        asks_server_socket,
        lists,
        case_adjust: Arc::new(case_adjust),
        config,
        ..program
    };
    // Whoever runs it sets them again with facts of the process.
    program.set_process_vars(&NoFacts);
    ((!failed).then(|| Arc::new(program)), findings)
}

/// A value for a variable of the process of a program that runs (`set var`).
///
/// # Errors
/// What is wrong with it.
pub(crate) fn process_value(
    program: &Program,
    text: &str,
    format: bool,
) -> Result<GlobalValue, String> {
    let config = &program.config;
    let table = Table::new(config);
    let mut shared = Shared {
        table: &table,
        http_errors: &config.http_errors,
        healthchecks: &config.healthchecks,
        log_profiles: &config.log_profiles,
        asks_server_socket: false,
        vars: program.vars.clone(),
        draws: program.draws,
        lists: Lists::default(),
        files: &|path| Err(format!("`{path}` is not read at run time")),
        env: &Environment::default(),
        target: Target::Proxyd,
        findings: Vec::new(),
        failed: false,
    };
    let value = section::process_value(text, format, &mut shared);
    let said = || shared.findings.first().map(|finding| finding.message.clone());
    value.ok_or_else(|| said().unwrap_or_default())
}

/// HAProxy's numbers of proxies. Quirk: a `stats` line of `global` makes a proxy that has the first.
fn proxy_ids(config: &Config) -> Vec<u32> {
    let global = &config.global;
    let hidden = !global.stats_sockets.is_empty()
        || global.stats_timeout.is_some()
        || global.stats_maxconn.is_some();
    let named = config.proxies.iter().map(|proxy| proxy.id.map(|id| id.value));
    ids(if hidden { 2 } else { 1 }, named)
}

/// The numbers of a backend's servers.
fn server_ids(proxy: &Proxy) -> Vec<u32> {
    ids(1, proxy.servers.iter().map(|server| server.settings.id.map(|id| id.value)))
}

/// Given numbers stay; the others take the next free one.
///
/// Quirk: the count goes on for those that have a number of their own, so gaps stay behind them.
fn ids(first: u32, named: impl Iterator<Item = Option<u32>> + Clone) -> Vec<u32> {
    let taken: HashSet<u32> = named.clone().flatten().collect();
    let mut next = first;
    named
        .map(|id| {
            if id.is_none() {
                while taken.contains(&next) {
                    next = next.saturating_add(1);
                }
            }
            let id = id.unwrap_or(next);
            next = next.saturating_add(1);
            id
        })
        .collect()
}

/// One listener for each address and port.
fn listeners(proxy: &Proxy, frontend: FrontendRef) -> Vec<Listener> {
    let mut found = Vec::new();
    for (at, bind) in proxy.binds.iter().enumerate() {
        for address in bind.addresses.iter().flat_map(single) {
            // `config` said so (E0709).
            if found.len() >= MOST_LISTENERS {
                return found;
            }
            found.push(Listener {
                frontend,
                bind: at,
                address,
                id: bind.id.unwrap_or_default(),
                name: bind.name.clone(),
                span: bind.span,
            });
        }
    }
    let named = found.iter().map(|one| (one.id != 0).then_some(one.id));
    let ids = ids(1, named);
    for (listener, id) in found.iter_mut().zip(ids) {
        listener.id = id;
    }
    found
}

/// A port range as single ports.
fn single(address: &Address) -> Vec<Address> {
    let AddressKind::Inet { family, host, ports: Ports::Range(first, last), datagram } =
        &address.kind
    else {
        return vec![address.clone()];
    };
    let one = |port| Address {
        kind: AddressKind::Inet {
            family: *family,
            host: host.clone(),
            ports: Ports::One(port),
            datagram: *datagram,
        },
        ..address.clone()
    };
    (*first..=*last).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::ids;

    #[test]
    fn numbers_are_those_that_haproxy_gives() {
        let servers = [None, Some(1), None, Some(5), None, None];
        assert_eq!(ids(1, servers.into_iter()), [2, 1, 4, 5, 6, 7]);
        let proxies = [None, None, Some(2), None];
        assert_eq!(ids(2, proxies.into_iter()), [3, 4, 2, 6]);
        assert_eq!(ids(1, [None, Some(1), None].into_iter()), [2, 1, 4]);
    }
}
