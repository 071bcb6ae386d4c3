//! `show stat`: rows filled from live counters, in HAProxy's order: a proxy's frontend, its servers, its backend.

use admin::{ObjectKind, StatFilter, StatRow};
use config::model::{Balance, Mode, Proxy};

use health::Health;
use rules::{Backend, Frontend};

use crate::{Counters, Generation, PerThread, ServerAddress};

/// Rows of everything that the filter wants, as `show stat` and the statistics page show them.
///
/// `micros` is now, microseconds since the epoch; `maxconn` the limit of the process.
pub fn stat_rows(
    generation: &Generation,
    filter: &StatFilter,
    micros: i64,
    maxconn: u32,
) -> Vec<StatRow> {
    let program = &generation.program;
    let mut rows = Vec::new();
    for proxy in &program.config().proxies {
        let name = proxy.name.value.as_str();
        if let Some(frontend) = program.frontend_named(name).filter(|_| proxy.kind.is_frontend())
            && filter.wants((name, frontend.id()), ObjectKind::Frontend, 0)
        {
            rows.push(frontend_row(generation, frontend, micros, maxconn));
        }
        if let Some(backend) = program.backend_named(name).filter(|_| proxy.kind.is_backend()) {
            rows.extend(server_rows(generation, backend, filter, micros));
            if filter.wants((name, backend.id()), ObjectKind::Backend, 0) {
                rows.push(backend_row(generation, backend, micros));
            }
        }
    }
    rows
}

fn seconds_since(then: i64, micros: i64) -> u32 {
    u32::try_from((micros - then).max(0) / 1_000_000).unwrap_or(u32::MAX)
}

fn to_u32(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn mode_word(proxy: &Proxy) -> &'static str {
    match proxy.mode.map_or(Mode::default(), |mode| mode.value) {
        Mode::Http => "http",
        _ => "tcp",
    }
}

/// What every row has of its counters; `http` rows also count responses.
fn common(row: &mut StatRow, counters: &PerThread<Counters>, http: bool, micros: i64) {
    row.pid = Some(1);
    row.stot = Some(counters.sum(|c| &c.sessions));
    row.bin = Some(counters.sum(|c| &c.bytes_in));
    row.bout = Some(counters.sum(|c| &c.bytes_out));
    row.dresp = Some(counters.sum(|c| &c.denied_responses));
    row.rate = Some(counters.rate(micros, |c| &c.session_rate));
    row.rate_max = Some(counters.rate_max(|c| &c.session_rate));
    row.wrew = Some(counters.sum(|c| &c.failed_rewrites));
    if http {
        row.hrsp_1xx = Some(counters.sum(|c| &c.responses_1xx));
        row.hrsp_2xx = Some(counters.sum(|c| &c.responses_2xx));
        row.hrsp_3xx = Some(counters.sum(|c| &c.responses_3xx));
        row.hrsp_4xx = Some(counters.sum(|c| &c.responses_4xx));
        row.hrsp_5xx = Some(counters.sum(|c| &c.responses_5xx));
        row.hrsp_other = Some(counters.sum(|c| &c.responses_other));
    }
}

fn frontend_row(
    generation: &Generation,
    frontend: Frontend<'_>,
    micros: i64,
    maxconn: u32,
) -> StatRow {
    let live = &generation.live.frontends[frontend.reference().0 as usize];
    let http = frontend.mode() == Mode::Http;
    let counters = &live.counters;
    let mut row =
        StatRow::new(ObjectKind::Frontend, (frontend.name(), frontend.id()), ("FRONTEND", 0));
    common(&mut row, counters, http, micros);
    row.scur = Some(live.connections.now());
    row.smax = Some(live.connections.max());
    row.slim = Some(if live.maxconn() == 0 { maxconn } else { live.maxconn() });
    row.dreq = Some(counters.sum(|c| &c.denied_requests));
    row.ereq = Some(counters.sum(|c| &c.request_errors));
    row.status = Some("OPEN".into());
    row.rate_lim = Some(frontend.proxy().rate_limit_sessions.map_or(0, |limit| limit.value));
    row.mode = Some(mode_word(frontend.proxy()).into());
    row.conn_rate = Some(counters.rate(micros, |c| &c.connection_rate));
    row.conn_rate_max = Some(counters.rate_max(|c| &c.connection_rate));
    row.conn_tot = Some(counters.sum(|c| &c.connections));
    row.dcon = Some(counters.sum(|c| &c.denied_connections));
    row.dses = Some(counters.sum(|c| &c.denied_sessions));
    if http {
        row.req_rate = Some(counters.rate(micros, |c| &c.request_rate));
        row.req_rate_max = Some(counters.rate_max(|c| &c.request_rate));
        row.req_tot = Some(counters.sum(|c| &c.requests));
        row.intercepted = Some(counters.sum(|c| &c.intercepted));
        row.comp_in = Some(0);
        row.comp_out = Some(0);
        row.comp_byp = Some(0);
        row.comp_rsp = Some(0);
    }
    row
}

/// What a server and a backend count alike.
fn back_side(row: &mut StatRow, counters: &PerThread<Counters>, http: bool) {
    row.econ = Some(counters.sum(|c| &c.connect_errors));
    row.eresp = Some(counters.sum(|c| &c.response_errors));
    row.wretr = Some(counters.sum(|c| &c.retries));
    row.wredis = Some(counters.sum(|c| &c.redispatches));
    row.lbtot = Some(counters.sum(|c| &c.chosen));
    row.cli_abrt = Some(counters.sum(|c| &c.client_aborts));
    row.srv_abrt = Some(counters.sum(|c| &c.server_aborts));
    row.connect = Some(counters.sum(|c| &c.opened));
    row.reuse = Some(counters.sum(|c| &c.reused));
    let [queue, connect, response, total] = counters.average_times().map(to_u32);
    row.qtime = Some(queue);
    row.ctime = Some(connect);
    row.rtime = Some(response);
    row.ttime = Some(total);
    if http {
        row.req_tot = Some(counters.sum(|c| &c.requests));
    }
}

fn server_rows(
    generation: &Generation,
    backend: Backend<'_>,
    filter: &StatFilter,
    micros: i64,
) -> Vec<StatRow> {
    let live = &generation.live.backends[backend.reference().0 as usize];
    let proxy = (backend.name(), backend.id());
    let mut rows = Vec::new();
    for (at, server) in live.servers.iter().enumerate() {
        let number = u32::try_from(at).unwrap_or(u32::MAX);
        let id = backend.server_id(number);
        let health = server.state.health().clone();
        let up = health.serves() || !health.is_checked();
        let hidden = (filter.only_up && !up) || (filter.no_maint && health.admin().is_maint());
        if hidden || !filter.wants(proxy, ObjectKind::Server, id) {
            continue;
        }
        let http = backend.mode() == Mode::Http;
        let state = &server.state;
        let line = &backend.servers()[at];
        let mut row = StatRow::new(ObjectKind::Server, proxy, (state.name(), id));
        common(&mut row, &state.counters, http, micros);
        back_side(&mut row, &state.counters, http);
        row.qcur = Some(state.queued.now());
        row.qmax = Some(state.queued.max());
        row.scur = Some(state.streams.now());
        row.smax = Some(state.streams.max());
        row.slim = Some(server.maxconn()).filter(|maxconn| *maxconn != 0);
        row.qlimit = Some(server.maxqueue).filter(|maxqueue| *maxqueue != 0);
        row.status = Some(health.status().into_owned());
        row.weight = Some(live.balancer.weight(at).map_or(0, |weight| weight.get().div_ceil(16)));
        row.uweight = Some(state.weight());
        row.act = Some(u32::from(!server.backup));
        row.bck = Some(u32::from(server.backup));
        row.lastchg = Some(seconds_since(state.changed_micros(), micros));
        row.addr = state.address().map(|address| address_text(&address));
        row.cookie = line.settings.cookie.as_ref().map(|cookie| cookie.value.clone());
        row.mode = Some(mode_word(backend.proxy()).into());
        checks(&mut row, &health, state.down_seconds());
        row.hanafail = health.is_checked().then(|| state.counters.sum(|c| &c.analysed_failures));
        rows.push(row);
    }
    rows
}

/// The columns of health checks, empty for a server without.
fn checks(row: &mut StatRow, health: &Health, down_seconds: u64) {
    if !health.is_checked() {
        return;
    }
    row.chkfail = Some(health.failed_checks());
    row.chkdown = Some(health.down_transitions());
    row.downtime = Some(to_u32(down_seconds));
    row.check_status = Some(health.check_status().code().to_owned());
    row.check_desc = Some(health.check_status().description().to_owned());
    row.check_rise = Some(health.rise());
    row.check_fall = Some(health.fall());
    row.check_health = Some(health.counter());
    if let Some(last) = health.last() {
        row.check_code = last.code.map(u32::from);
        row.check_duration = u64::try_from(last.duration.as_millis()).ok();
        row.last_chk = Some(last.info.clone());
    }
}

fn backend_row(generation: &Generation, backend: Backend<'_>, micros: i64) -> StatRow {
    let live = &generation.live.backends[backend.reference().0 as usize];
    let http = backend.mode() == Mode::Http;
    let state = &live.state;
    let mut row = StatRow::new(ObjectKind::Backend, (backend.name(), backend.id()), ("BACKEND", 0));
    common(&mut row, &state.counters, http, micros);
    back_side(&mut row, &state.counters, http);
    let usable = |backup: bool| {
        let counts = live
            .servers
            .iter()
            .filter(|server| server.backup == backup && server.state.health().takes_new());
        to_u32(counts.count() as u64)
    };
    let (active, backup) = (usable(false), usable(true));
    row.qcur = Some(state.queued.now());
    row.qmax = Some(state.queued.max());
    row.scur = Some(state.streams.now());
    row.smax = Some(state.streams.max());
    row.slim = Some(live.fullconn);
    row.dreq = Some(state.counters.sum(|c| &c.denied_requests));
    row.status =
        Some(if active + backup > 0 || live.servers.is_empty() { "UP" } else { "DOWN" }.into());
    row.weight = Some(total_weight(live, active > 0));
    row.act = Some(active);
    row.bck = Some(backup);
    row.lastchg = Some(
        live.servers
            .iter()
            .map(|s| seconds_since(s.state.changed_micros(), micros))
            .min()
            .unwrap_or(0),
    );
    row.cookie = backend.proxy().cookie.as_ref().map(|cookie| cookie.value.name.clone());
    row.mode = Some(mode_word(backend.proxy()).into());
    row.algo = Some(algorithm(backend.proxy()).into());
    if http {
        row.comp_in = Some(0);
        row.comp_out = Some(0);
        row.comp_byp = Some(0);
        row.comp_rsp = Some(0);
    }
    row
}

/// The weight of the servers that balance now: the active ones, or the backups while there is none.
fn total_weight(live: &crate::Backend, active: bool) -> u32 {
    let weights = live.servers.iter().enumerate().filter(|(_, server)| server.backup != active);
    let weights = weights.filter(|(_, server)| server.state.health().takes_new());
    weights
        .map(|(at, _)| live.balancer.weight(at).map_or(0, |weight| weight.get().div_ceil(16)))
        .sum()
}

fn algorithm(proxy: &Proxy) -> &'static str {
    match proxy.balance.as_ref().map(|balance| &balance.value) {
        None | Some(Balance::RoundRobin) => "roundrobin",
        Some(Balance::StaticRr) => "static-rr",
        Some(Balance::LeastConn) => "leastconn",
        Some(Balance::First) => "first",
        Some(Balance::Random { .. }) => "random",
        Some(Balance::Source) => "source",
        Some(Balance::Uri { .. }) => "uri",
        Some(Balance::UrlParam { .. }) => "url_param",
        Some(Balance::Hdr { .. }) => "hdr",
        Some(Balance::RdpCookie { .. }) => "rdp-cookie",
        Some(Balance::Hash(_)) => "hash",
        Some(Balance::LogHash(_)) => "log-hash",
        Some(Balance::Sticky) => "sticky",
    }
}

/// `127.0.0.1:80`, `[::1]:80`, `unix`.
fn address_text(address: &ServerAddress) -> String {
    match address {
        ServerAddress::Tcp(address) => address.to_string(),
        ServerAddress::Unix(_) => "unix".into(),
    }
}
