//! `show servers state` and `show servers conn`.

use admin::{ServerConnRow, ServerStateRow};
use config_parse::address::{AddressKind, Host, Ports};
use forward::{Generation, ServerAddress};
use rules::Backend;

/// A row for each server of a backend, or of all.
pub(super) fn states(
    generation: &Generation,
    backend: Option<&str>,
    micros: i64,
) -> Vec<ServerStateRow> {
    each(generation, backend, |backend, at| state(generation, backend, at, micros))
}

/// A row for each server of a backend, or of all.
pub(super) fn connections(generation: &Generation, backend: Option<&str>) -> Vec<ServerConnRow> {
    each(generation, backend, |backend, at| connection(generation, backend, at))
}

fn each<T>(
    generation: &Generation,
    name: Option<&str>,
    row: impl Fn(Backend<'_>, usize) -> T,
) -> Vec<T> {
    let backends = generation.program.backends();
    let wanted = backends.filter(|backend| name.is_none_or(|name| backend.name() == name));
    wanted
        .flat_map(|backend| (0..backend.servers().len()).map(move |at| (backend, at)))
        .map(|(b, at)| row(b, at))
        .collect()
}

fn state(generation: &Generation, backend: Backend<'_>, at: usize, micros: i64) -> ServerStateRow {
    let live = &generation.live.backends[backend.reference().0 as usize];
    let state = &live.servers[at].state;
    let line = &backend.servers()[at];
    let health = state.health().clone();
    let aims = state.aims().clone();
    let agent = line.settings.agent.as_ref();
    let (addr, port) = address(state.address().as_deref());
    let addr_is_known = addr.is_some();
    let named = state.named().host.clone();
    let name = match &line.address.kind {
        AddressKind::Inet { host: Host::Name(name), .. } => Some(name),
        _ => None,
    };
    ServerStateRow {
        be_id: backend.id(),
        be_name: backend.name().to_owned(),
        srv_id: backend.server_id(u32::try_from(at).unwrap_or(u32::MAX)),
        srv_name: state.name().to_owned(),
        srv_addr: addr,
        srv_op_state: health.operational() as u8,
        srv_admin_state: health.admin().bits(),
        srv_uweight: u16::try_from(state.weight()).unwrap_or(256),
        srv_iweight: line
            .settings
            .weight
            .map_or(1, |weight| u16::try_from(weight.value).unwrap_or(256)),
        srv_time_since_last_change: u64::try_from(
            (micros - state.changed_micros()).max(0) / 1_000_000,
        )
        .unwrap_or(0),
        srv_check_status: health.check_status().number(),
        srv_check_result: health.check_status().outcome() as u8,
        srv_check_health: health.counter(),
        srv_check_state: health.check_state_bits(false),
        bk_f_forced_id: backend.proxy().id.is_some(),
        srv_f_forced_id: line.settings.id.is_some(),
        srv_fqdn: named.or_else(|| name.filter(|name| !name.starts_with('_')).cloned()),
        srvrecord: name.filter(|name| name.starts_with('_')).cloned(),
        srv_port: if addr_is_known { port } else { own_port(line) },
        srv_check_port: aims
            .check_port
            .unwrap_or_else(|| line.settings.check_port.map_or(0, |port| port.value)),
        srv_check_addr: aims.check_addr.map(|ip| ip.to_string()),
        srv_agent_addr: aims.agent_addr.map(|ip| ip.to_string()),
        srv_agent_port: aims.agent_port.or_else(|| agent?.port.map(|port| port.value)).unwrap_or(0),
        ..ServerStateRow::default()
    }
}

/// The port of a line, 0 when it has none.
fn own_port(line: &config::model::Server) -> u16 {
    match &line.address.kind {
        AddressKind::Inet { ports: Ports::One(port), .. } => *port,
        _ => 0,
    }
}

fn connection(generation: &Generation, backend: Backend<'_>, at: usize) -> ServerConnRow {
    let live = &generation.live.backends[backend.reference().0 as usize];
    let server = &live.servers[at];
    let (addr, port) = address(server.state.address().as_deref());
    let purge = backend.servers()[at]
        .settings
        .pool_purge_delay
        .as_ref()
        .map_or(5000, |delay| delay.value.as_millis());
    ServerConnRow {
        backend: (backend.name().to_owned(), backend.id()),
        server: (
            server.state.name().to_owned(),
            backend.server_id(u32::try_from(at).unwrap_or(u32::MAX)),
        ),
        addr,
        port,
        purge_delay: u64::try_from(purge).unwrap_or(u64::MAX),
        used_cur: server.state.streams.now().into(),
        used_max: server.state.streams.max().into(),
        idle_lim: server.pool_max.into(),
        ..ServerConnRow::default()
    }
}

fn address(address: Option<&ServerAddress>) -> (Option<String>, u16) {
    match address {
        Some(ServerAddress::Tcp(address)) => (Some(address.ip().to_string()), address.port()),
        _ => (None, 0),
    }
}
