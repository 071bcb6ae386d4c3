//! Builds the live state of a program, taking over what an earlier one knew by name.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use balance::{Balancer, Limits};
use config::model::{Nameserver, Resolvers, Server as ServerLine, Setting};
use config_parse::address::{Address, AddressKind, Family, Host, Ports};
use diag::Span;
use health::{CheckSettings, Health};
use rules::Program;

use crate::io::ServerAddress;
use crate::log::ProxyLog;
use crate::process::Process;
use crate::proxy_protocol::SendProxy;
use crate::resolve::Resolver;

use super::backend::balance_state;
use super::direct::Direct;
use super::{Backend, BackendState, CheckAims, FrontendState, Named, Server, ServerState};

/// Resolves the host name of a server line; `None` when it cannot.
pub type Resolve<'a> = dyn Fn(&str, Family) -> Option<IpAddr> + 'a;

/// The live state of one program.
#[derive(Debug)]
pub struct Live {
    /// Frontends in the order of the program.
    pub frontends: Vec<Arc<FrontendState>>,
    /// Where each frontend logs.
    pub frontend_logs: Vec<Arc<ProxyLog>>,
    /// Backends in the order of the program.
    pub backends: Vec<Arc<Backend>>,
    /// `resolvers` sections.
    pub resolvers: Vec<Arc<Resolver>>,
}

impl Live {
    /// The live state of `program`. Objects whose name `earlier` knows are the same objects.
    pub fn new(
        program: &Program,
        process: &Arc<Process>,
        resolve: &Resolve<'_>,
        earlier: Option<&Live>,
    ) -> Live {
        Live::build(program, process, resolve, &Known::of(earlier))
    }

    /// The same with a server more or less: addresses and limits that operators gave since stay.
    pub fn amended(
        program: &Program,
        process: &Arc<Process>,
        resolve: &Resolve<'_>,
        earlier: &Live,
    ) -> Live {
        let known = Known { keeps_orders: true, ..Known::of(Some(earlier)) };
        Live::build(program, process, resolve, &known)
    }

    fn build(
        program: &Program,
        process: &Arc<Process>,
        resolve: &Resolve<'_>,
        known: &Known<'_>,
    ) -> Live {
        let threads = process.settings().threads;
        let frontends = program.frontends().map(|frontend| {
            let earlier = known.frontends.get(frontend.name());
            let state = earlier.map_or_else(
                || Arc::new(FrontendState::new(frontend.name(), threads)),
                |state| Arc::clone(state),
            );
            if known.keeps_orders && earlier.is_some() {
                return state;
            }
            state.set_maxconn(frontend.proxy().maxconn.map_or(0, |maxconn| maxconn.value));
            state
        });
        let frontend_logs = program
            .frontends()
            .map(|frontend| Arc::new(ProxyLog::new(process, program.config(), frontend.proxy())));
        let backends = program
            .backends()
            .map(|backend| build_backend(program, backend, process, resolve, known));
        let live = Live {
            frontends: frontends.collect(),
            frontend_logs: frontend_logs.collect(),
            backends: backends.collect(),
            resolvers: resolvers(program, process),
        };
        super::track::link(program, &live.backends);
        live
    }

    /// Lets the streams that still run on `earlier` count here too. Called once, when this state
    /// takes over.
    pub fn succeed(&self, earlier: &Live) {
        let old = Known::of(Some(earlier));
        for backend in &self.backends {
            if let Some(before) = old.backends.get(backend.state.name()) {
                before.balancer.hand_over(&backend.balancer);
            }
        }
    }
}

impl Live {
    /// The `resolvers` section of this name.
    pub fn resolver(&self, name: &str) -> Option<&Arc<Resolver>> {
        self.resolvers.iter().find(|section| section.name() == name)
    }
}

/// The sections of a program, and the one that is there without being written down.
fn resolvers(program: &Program, process: &Process) -> Vec<Arc<Resolver>> {
    let system = &process.settings().nameservers;
    let config = program.config();
    let mut all = config.resolvers.clone();
    if config.resolvers("default").is_none() && !system.is_empty() {
        let mut section = Resolvers::new(diag::Spanned::new("default".into(), Span::default()));
        section.nameservers.push(Nameserver::System(Span::default()));
        all.push(section);
    }
    all.iter().map(|section| Arc::new(Resolver::new(section, system))).collect()
}

/// What an earlier generation has, by name.
#[derive(Default)]
struct Known<'a> {
    /// What operators ordered counts more than the configuration.
    keeps_orders: bool,
    frontends: HashMap<&'a str, &'a Arc<FrontendState>>,
    backends: HashMap<&'a str, &'a Arc<Backend>>,
}

impl<'a> Known<'a> {
    fn of(earlier: Option<&'a Live>) -> Known<'a> {
        let Some(live) = earlier else { return Known::default() };
        Known {
            keeps_orders: false,
            frontends: live.frontends.iter().map(|state| (state.name(), state)).collect(),
            backends: live.backends.iter().map(|backend| (backend.state.name(), backend)).collect(),
        }
    }
}

fn build_backend(
    program: &Program,
    backend: rules::Backend<'_>,
    process: &Arc<Process>,
    resolve: &Resolve<'_>,
    known: &Known<'_>,
) -> Arc<Backend> {
    let earlier = known.backends.get(backend.name());
    let threads = process.settings().threads;
    let proxy = backend.proxy();
    let (spec, mut table) = rules::server_table(program, backend.reference());
    let servers: Vec<Server> = backend
        .servers()
        .iter()
        .map(|line| build_server(backend, line, resolve, process, (earlier, known.keeps_orders)))
        .collect();
    for (row, server) in table.iter_mut().zip(&servers) {
        row.state = balance_state(&server.state.health());
        row.weight = server.state.weight();
        row.address = server.state.address().and_then(|address| address.socket());
    }
    let balancer = match earlier {
        Some(old) => Balancer::inherit(spec, table, &old.balancer),
        None => Balancer::new(spec, table),
    };
    for (at, server) in servers.iter().enumerate() {
        balancer.set_state(at, balance_state(&server.state.health()));
        let limits = Limits { maxconn: server.maxconn(), maxqueue: server.maxqueue };
        balancer.set_limits(at, limits);
    }
    let built = Arc::new(Backend {
        reference: backend.reference(),
        state: earlier.map_or_else(
            || Arc::new(BackendState::new(backend.name(), threads, proxy.unpublished.is_none())),
            |old| Arc::clone(&old.state),
        ),
        balancer: Arc::new(balancer),
        direct: Direct::of(proxy, resolve),
        limits_move: servers.iter().any(|server| server.minconn < server.maxconn()),
        fullconn: fullconn(program, proxy.fullconn),
        log: Arc::new(ProxyLog::new(process, program.config(), proxy)),
        section: if proxy.kind == config::model::ProxyKind::Listen { "proxy" } else { "backend" },
        logs_checks: proxy.options.log_health_checks.is_some_and(|on| on.value),
        queue: Mutex::default(),
        servers,
    });
    built.register();
    built
}

/// `fullconn`; when it is missing, 10 % of the sum of the `maxconn` of all frontends, as a rough
/// form of what the manual says (of those that may lead to the backend).
fn fullconn(program: &Program, setting: Setting<u32>) -> u32 {
    setting.map(|given| given.value).unwrap_or_else(|| {
        let all = program.frontends().map(|f| f.proxy().maxconn.map_or(0, |m| m.value));
        all.fold(0, u32::saturating_add) / 10
    })
}

fn build_server(
    backend: rules::Backend<'_>,
    line: &ServerLine,
    resolve: &Resolve<'_>,
    process: &Arc<Process>,
    (earlier, keeps_orders): (Option<&&Arc<Backend>>, bool),
) -> Server {
    let settings = &line.settings;
    let number = |setting: Setting<u32>| setting.map_or(0, |value| value.value);
    let on = |setting: Setting<bool>| setting.is_some_and(|value| value.value);
    let address = initial_address(line, resolve);
    let health = initial_health(line, address.is_some());
    let name = line.name.value.as_str();
    let weight = settings.weight.map_or(1, |weight| weight.value);
    let known =
        earlier.and_then(|old| old.servers.iter().find(|server| server.state.name() == name));
    let ordered = known.filter(|_| keeps_orders);
    let state = match known.map(|server| Arc::clone(&server.state)) {
        Some(state) if keeps_orders => state,
        Some(state) => {
            let resumed = health.resume(&state.health());
            *state.health() = resumed;
            state
        }
        None => Arc::new(ServerState::new(backend.name(), name, health, weight, process)),
    };
    if ordered.is_none() {
        *state.aims() = CheckAims::default();
        // What was resolved while it ran is newer than what the system says.
        if settings.resolvers.is_none() || known.is_none() {
            *state.named() = Named::default();
            state.set_address(address);
        }
    }
    let maxconn = ordered.map_or_else(|| number(settings.maxconn), Server::maxconn);
    Server {
        state,
        maxconn: AtomicU32::new(maxconn),
        minconn: settings.minconn.as_ref().map_or(u32::MAX, |minconn| minconn.value),
        initial_weight: weight,
        maxqueue: number(settings.maxqueue.as_deref().copied()),
        backup: on(settings.backup),
        slowstart: settings
            .slowstart
            .as_ref()
            .map(|slow| slow.value)
            .filter(|slow| !slow.is_zero()),
        pool_max: settings.pool_max_conn.as_ref().map_or(-1, |max| max.value),
        max_reuse: settings.max_reuse.as_ref().map_or(-1, |max| max.value),
        send_proxy: SendProxy::of(settings),
        watch: super::watch::Watch::of(settings),
        ports: ports(&line.address),
        source: settings.source.as_ref().and_then(|source| source_address(&source.value, resolve)),
        socks4: settings
            .socks4
            .as_ref()
            .and_then(|socks| socks.proxy.as_ref())
            .and_then(|proxy| server_address(&proxy.value, resolve)?.socket()),
        keepalive: on(backend.proxy().options.srvtcpka),
        user_timeout: settings.tcp_ut.as_ref().map(|limit| limit.value),
        kills_streams_when_down: settings
            .on_marked_down
            .as_ref()
            .is_some_and(|action| action.value == "shutdown-sessions"),
        ends_backups_when_up: settings.on_marked_up.is_some(),
        followers: Mutex::default(),
    }
}

fn initial_health(line: &ServerLine, has_address: bool) -> Health {
    let settings = &line.settings;
    let on = |setting: Setting<bool>| setting.is_some_and(|value| value.value);
    let health = if on(settings.check) {
        let begins = settings.init_state.as_ref().map_or("up", |state| state.value.as_str());
        Health::checked(&check_settings(line)).begin_at(begins)
    } else {
        Health::unchecked().counting(&check_settings(line))
    };
    let agent = settings.agent.as_ref().is_some_and(|agent| agent.on);
    let health = if agent { health.with_agent() } else { health };
    let resolved_later = !has_address && settings.resolvers.is_some();
    let health = if on(settings.disabled) || !has_address && !resolved_later {
        health.disabled()
    } else {
        health
    };
    if resolved_later { health.unresolved() } else { health }
}

/// `inter`, `fastinter`, `downinter`, `rise`, `fall` of a server line.
pub(crate) fn check_settings(line: &ServerLine) -> CheckSettings {
    let settings = &line.settings;
    let time = |setting: Setting<Duration>| setting.map(|value| value.value);
    let default = CheckSettings::default();
    CheckSettings {
        inter: time(settings.inter).unwrap_or(default.inter),
        fastinter: time(settings.fastinter.as_deref().copied()),
        downinter: time(settings.downinter.as_deref().copied()),
        rise: settings.rise.map_or(default.rise, |rise| rise.value),
        fall: settings.fall.map_or(default.fall, |fall| fall.value),
    }
}

/// Where a server is at the start: by `init-addr` when its line has a name. `last` asks a state file, which is read
/// later.
fn initial_address(line: &ServerLine, resolve: &Resolve<'_>) -> Option<ServerAddress> {
    let methods = line.settings.init_addr.as_ref().map_or("last,libc", |given| &given.value);
    let one = |method: &str| match (method, method.parse::<IpAddr>()) {
        (_, Ok(ip)) => server_address(&line.address, &|_, _| Some(ip)),
        ("libc", _) => server_address(&line.address, resolve),
        _ => None,
    };
    let named = |kind: &AddressKind| matches!(kind, AddressKind::Inet { host: Host::Name(_), .. });
    if !named(&line.address.kind) {
        return server_address(&line.address, resolve);
    }
    methods.split(',').take_while(|method| *method != "none").find_map(one)
}

/// Where a server line points, its port 0 when it has none of its own.
pub(crate) fn server_address(address: &Address, resolve: &Resolve<'_>) -> Option<ServerAddress> {
    match &address.kind {
        AddressKind::Inet { family, host, ports, .. } => {
            let ip = match host {
                Host::Ip(ip) => *ip,
                Host::Any if *family == Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
                Host::Any => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                Host::Name(name) => resolve(name, *family)?,
            };
            let port = match ports {
                Ports::One(port) | Ports::Range(port, _) => *port,
                Ports::Unset | Ports::Offset(_) => 0,
            };
            Some(ServerAddress::Tcp(SocketAddr::new(ip, port)))
        }
        AddressKind::Unix(path) => Some(ServerAddress::Unix(path.into())),
        AddressKind::Abns(_) | AddressKind::Abnsz(_) => {
            let name = address.kind.abstract_name()?;
            Some(ServerAddress::Unix(format!("\0{name}").into()))
        }
        AddressKind::UnixDatagram(_) | AddressKind::Fd(_) | AddressKind::Other(_) => None,
    }
}

pub(super) fn source_address(address: &Address, resolve: &Resolve<'_>) -> Option<SocketAddr> {
    match &address.kind {
        AddressKind::Inet { host: Host::Any, family, .. } => {
            let any = match family {
                Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
                Family::V4 | Family::Any => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            };
            Some(SocketAddr::new(any, 0))
        }
        _ => server_address(address, resolve)?.socket(),
    }
}

fn ports(address: &Address) -> Ports {
    match &address.kind {
        AddressKind::Inet { ports, .. } => *ports,
        _ => Ports::One(0),
    }
}
