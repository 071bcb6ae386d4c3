//! Carries a command out and makes its reply.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use admin::reply::{self, failed};
use admin::{
    CheckSetting, Command, Maxconn, NewPort, RateLimit, Reply, ServerHealth, ServerName,
    ServerState, Severity, Weight,
};
use forward::{Backend, Generation, ServerAddress};
use health::{AdminOrder, HealthOrder};

use crate::VERSION;
use crate::daemon::Daemon;

use super::{dynamic, errors, explain, internals, lists, process, resolvers, servers, tunnels};

/// Does what a command says.
pub(super) async fn carry_out(daemon: &Arc<Daemon>, command: Command) -> Reply {
    let generation = daemon.generation();
    match command {
        Command::ShowInfo(format) => reply::show_info(&process::info(daemon, now()), format),
        Command::ShowStat(filter, format) => reply::show_stat(
            &forward::stat_rows(&generation, &filter, now(), daemon.process.maxconn()),
            format,
        ),
        Command::ShowServersState(backend) => {
            reply::show_servers_state(&servers::states(&generation, backend.as_deref(), now()))
        }
        Command::ShowServersConn(backend) => {
            let rows = servers::connections(&generation, backend.as_deref());
            reply::show_servers_conn(&rows, daemon.workers.count())
        }
        Command::ShowBackend => {
            reply::show_backend(generation.program.backends().map(|backend| backend.name()))
        }
        Command::PublishBackend(name, published) => publish(&generation, &name, published),
        Command::ShowVersion => reply::show_version(VERSION),
        Command::ShowConfig => reply::show_config(&daemon.text().write()),
        Command::ShowEnv(name) => show_env(daemon, name.as_deref()),
        Command::Reload => match daemon.reload() {
            Ok(done) => Reply::Message(Severity::Info, format!("{done}\n")),
            Err(why) => failed(&format!("the reload failed and nothing changed:\n{why}")),
        },
        Command::SetServerState(server, state) => {
            let order = match state {
                ServerState::Ready => AdminOrder::Ready,
                ServerState::Drain => AdminOrder::Drain,
                ServerState::Maint => AdminOrder::Maint,
            };
            with_server(&generation, &server, |backend, at| backend.order(at, order))
        }
        Command::EnableServer(server) => {
            with_server(&generation, &server, |backend, at| backend.order(at, AdminOrder::Enable))
        }
        Command::DisableServer(server) => {
            with_server(&generation, &server, |backend, at| backend.order(at, AdminOrder::Maint))
        }
        Command::SetServerHealth(server, health) => set_health(&generation, &server, health),
        Command::EnableHealth(server) => {
            with_server(&generation, &server, |backend, at| pause_checks(backend, at, false))
        }
        Command::DisableHealth(server) => {
            with_server(&generation, &server, |backend, at| pause_checks(backend, at, true))
        }
        Command::ShowResolvers(section) => resolvers::show(&generation, section.as_deref()),
        Command::SetServerName(server, host) => resolvers::rename(&generation, &server, host),
        Command::SetServerAddress(server, ip, port) => set_address(&generation, &server, ip, &port),
        Command::SetCheck(server, setting) => set_check(&generation, &server, setting),
        Command::SetWeight(server, weight) => set_weight(&generation, &server, weight),
        Command::GetWeight(server) => get_weight(&generation, &server),
        Command::SetMaxconn(maxconn) => set_maxconn(daemon, &generation, maxconn),
        Command::DisableFrontend(name) | Command::ShutdownFrontend(name) => {
            daemon.pause(Some(&name));
            Reply::Done
        }
        Command::EnableFrontend(name) => {
            daemon.resume(&name).map_or_else(|why| failed(&why), |()| Reply::Done)
        }
        Command::ClearCounters { all } => {
            clear(&generation, all);
            Reply::Done
        }
        Command::ShutdownSessionsServer(server) => {
            with_server(&generation, &server, |backend, at| {
                if let Some(server) = backend.server(at) {
                    server.state.kill_streams();
                }
            })
        }
        Command::ShowSess(id) => tunnels::sessions(&daemon.process, id, now()),
        Command::ShowTunnels(backend) => tunnels::show(&daemon.process, backend.as_deref(), now()),
        Command::ShutdownSession(id) => tunnels::shutdown(&daemon.process, id),
        Command::Drain(target, over) => tunnels::drain(&daemon.process, &generation, &target, over),
        Command::Rebalance { backend, dry_run, over } => {
            tunnels::rebalance(&daemon.process, &generation, &backend, dry_run, over)
        }
        Command::ShowCliSockets => show_sockets(daemon),
        Command::ShowInternals(which) => internals::show(daemon, which, now()),
        Command::ShowErrors(asked) => errors::show(&generation, &daemon.process, &asked, now()),
        Command::SetVar { name, value, format } => {
            let facts = daemon.process.facts();
            let set = generation.program.set_process_var(&name, &value, format, &facts);
            internals::variable_set(&name, set)
        }
        Command::GetVar(name) => internals::variable(&generation.program, &name),
        Command::SetRateLimit(what, limit) => {
            match what {
                RateLimit::Connections => daemon.process.arrivals.limit_connections(limit),
                RateLimit::Sessions => daemon.process.arrivals.limit_sessions(limit),
                RateLimit::Absent => {}
            }
            Reply::Done
        }
        Command::Wait(time) => {
            tokio::time::sleep(time).await;
            Reply::Done
        }
        Command::ShowProc => reply::show_proc(&process::proc(daemon)),
        Command::ShowStartupLogs => Reply::Dump(daemon.report()),
        Command::AddServer(server, words) => dynamic::add(daemon, &server, &words),
        Command::AddServerHelp => dynamic::help(),
        Command::RemoveServer(server) => dynamic::remove(daemon, &server),
        Command::List(command) => lists::carry_out(&generation, &daemon.sources(), &command),
        Command::Explain(words) => explain::explain(daemon, &generation, &words),
    }
}

/// The runtime sockets of the process. They stay as they were at the start.
fn show_sockets(daemon: &Daemon) -> Reply {
    let sockets = daemon.stats_sockets();
    reply::show_cli_sockets(sockets.iter().map(|(address, level)| (address.as_str(), *level)))
}

/// Microseconds since the epoch.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The variables that the configuration is read with, and where the runtime sockets are.
fn show_env(daemon: &Daemon, name: Option<&str>) -> Reply {
    let mut all = daemon.origin.environment().vars;
    let sockets = daemon.stats_sockets().iter().map(|(address, _)| address.as_str());
    all.insert("HAPROXY_CLI".to_owned(), sockets.collect::<Vec<_>>().join(";"));
    let variables: Vec<(String, String)> =
        all.into_iter().filter(|(known, _)| name.is_none_or(|name| name == known)).collect();
    if name.is_some() && variables.is_empty() {
        return reply::variable_not_found();
    }
    reply::show_env(variables.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// A server of the running generation. The name was resolved in the same one, so it is there.
pub(super) fn find<'g>(
    generation: &'g Generation,
    name: &ServerName,
) -> Option<(&'g Arc<Backend>, u32)> {
    let known = generation.program.backend_named(&name.backend)?;
    let at = known.server_named(name.server.as_bytes())?;
    Some((generation.live.backends.get(known.reference().0 as usize)?, at))
}

fn with_server(
    generation: &Generation,
    name: &ServerName,
    act: impl FnOnce(&Arc<Backend>, u32),
) -> Reply {
    match find(generation, name) {
        Some((backend, at)) => {
            act(backend, at);
            Reply::Done
        }
        None => failed("No such server."),
    }
}

/// Whether rules may switch to a backend from now on.
fn publish(generation: &Generation, name: &str, published: bool) -> Reply {
    let known = generation.program.backend_named(name);
    let Some(known) = known else { return failed("No such backend.") };
    if known.proxy().disabled.is_some() {
        return reply::backend_is_disabled();
    }
    if let Some(backend) = generation.live.backends.get(known.reference().0 as usize) {
        backend.state.publish(published);
    }
    reply::backend_published(published)
}

fn pause_checks(backend: &Backend, at: u32, paused: bool) {
    if let Some(server) = backend.server(at) {
        server.state.health().pause_checks(paused);
    }
}

fn set_health(generation: &Generation, name: &ServerName, health: ServerHealth) -> Reply {
    let Some((backend, at)) = find(generation, name) else { return failed("No such server.") };
    let checked = backend.server(at).is_some_and(|server| server.state.health().is_checked());
    if !checked {
        return reply::health_not_configured();
    }
    let order = match health {
        ServerHealth::Up => HealthOrder::Up,
        ServerHealth::Stopping => HealthOrder::Stopping,
        ServerHealth::Down => HealthOrder::Down,
    };
    backend.order_health(at, order);
    Reply::Done
}

/// New connections go to the new address, those that are open stay; idle ones to the old one are not used again.
fn set_address(generation: &Generation, name: &ServerName, ip: IpAddr, port: &NewPort) -> Reply {
    let state = find(generation, name).and_then(|(backend, at)| backend.server(at));
    let Some(state) = state.map(|server| &server.state) else { return failed("No such server.") };
    let old = match state.address().as_deref() {
        Some(ServerAddress::Tcp(address)) => *address,
        // A name that was not resolved had no address; a path cannot become one.
        None => SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0),
        Some(ServerAddress::Unix(_)) => {
            return failed("a server on a unix socket cannot get an IP address.");
        }
    };
    let number = if let NewPort::Set(port) = port { *port } else { old.port() };
    state.set_address(Some(ServerAddress::Tcp(SocketAddr::new(ip, number))));
    reply::address_set(old, ip, port)
}

/// `set server b/s check-port` and its kin: the next check goes there.
fn set_check(generation: &Generation, name: &ServerName, setting: CheckSetting) -> Reply {
    let Some((backend, at)) = find(generation, name) else { return failed("No such server.") };
    let Some(server) = backend.server(at) else { return failed("No such server.") };
    let (checked, agent) = {
        let health = server.state.health();
        (health.is_checked(), health.has_agent())
    };
    match &setting {
        CheckSetting::CheckPort(_) | CheckSetting::CheckAddr(..) if !checked => {
            return reply::checks_not_enabled();
        }
        CheckSetting::AgentOn(false) if !agent => return Reply::Done,
        CheckSetting::AgentOn(true) if !agent => return reply::agent_not_configured(),
        CheckSetting::AgentPort(_) | CheckSetting::AgentAddr(..) if !agent => {
            return reply::agent_not_enabled();
        }
        CheckSetting::Agent(_) | CheckSetting::AgentSend(_) if !agent => {
            return failed("agent checks are not enabled on this server.");
        }
        _ => {}
    }
    if let CheckSetting::Agent(up) = setting {
        backend.order_agent(at, up);
        return Reply::Done;
    }
    let mut aims = server.state.aims();
    match setting {
        CheckSetting::CheckPort(port) => aims.check_port = Some(port),
        CheckSetting::CheckAddr(ip, port) => {
            aims.check_addr = Some(ip);
            aims.check_port = port.or(aims.check_port);
        }
        CheckSetting::AgentPort(port) => aims.agent_port = Some(port),
        CheckSetting::AgentAddr(ip, port) => {
            aims.agent_addr = Some(ip);
            aims.agent_port = port.or(aims.agent_port);
        }
        CheckSetting::AgentSend(text) => aims.agent_send = Some(text),
        CheckSetting::AgentOn(on) => aims.agent_paused = !on,
        CheckSetting::Agent(_) => {}
    }
    Reply::Done
}

/// The configured weight of a server.
fn initial_weight(generation: &Generation, name: &ServerName) -> u16 {
    let line = generation.program.backend_named(&name.backend).and_then(|backend| {
        let at = backend.server_named(name.server.as_bytes())?;
        backend.servers().get(at as usize)
    });
    line.and_then(|line| line.settings.weight)
        .map_or(1, |weight| u16::try_from(weight.value).unwrap_or(256))
}

fn set_weight(generation: &Generation, name: &ServerName, weight: Weight) -> Reply {
    let new = u32::from(weight.of(initial_weight(generation, name)));
    let Some((backend, at)) = find(generation, name) else { return failed("No such server.") };
    if !backend.set_weight(at, new) {
        return reply::static_weight();
    }
    Reply::Done
}

fn get_weight(generation: &Generation, name: &ServerName) -> Reply {
    let initial = initial_weight(generation, name);
    let current =
        find(generation, name).and_then(|(backend, at)| Some(backend.server(at)?.state.weight()));
    reply::weight_of(
        current.and_then(|weight| u16::try_from(weight).ok()).unwrap_or(initial),
        initial,
    )
}

fn set_maxconn(daemon: &Daemon, generation: &Generation, maxconn: Maxconn) -> Reply {
    match maxconn {
        Maxconn::Global(limit) => {
            let hard = daemon.process.settings().maxconn;
            if limit > hard {
                return reply::value_out_of_range();
            }
            daemon.process.set_maxconn(if limit == 0 { hard } else { limit });
            Reply::Done
        }
        Maxconn::Frontend(name, limit) => {
            let known = generation.live.frontends.iter().find(|frontend| frontend.name() == name);
            known.map_or_else(
                || failed("No such frontend."),
                |frontend| {
                    frontend.set_maxconn(limit);
                    Reply::Done
                },
            )
        }
        Maxconn::Server(name, limit) => with_server(generation, &name, |backend, server| {
            backend.set_maxconn(server, limit);
        }),
    }
}

/// `clear counters`: maxima, and with `all` everything that is not a state.
fn clear(generation: &Generation, all: bool) {
    for frontend in &generation.live.frontends {
        frontend.clear(all);
    }
    for backend in &generation.live.backends {
        backend.clear(all);
    }
}
