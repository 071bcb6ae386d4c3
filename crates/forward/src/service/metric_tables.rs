//! What the exporter tells of each kind of object, in the order in which it is written.
//!
//! What belongs to parts that are not there (TLS, pipes, compression, caches, peers) is 0: dashboards look for it.

use super::metrics::Read::{
    Average, Build, Counter, Http, HttpCounter, Most, Now, One, Responses, States,
};
use super::metrics::{Metric, Object, Read, Subject, Value, check_states, is_up, server_states};
use crate::live::{Backend, FrontendState, Server};

const ZERO: Option<Value> = Some(Value::Int(0));
const ONE: Option<Value> = Some(Value::Int(1));

const fn gauge(name: &'static str, help: &'static str, read: Read) -> Metric {
    Metric { name, counts: false, help, read }
}

const fn counter(name: &'static str, help: &'static str, read: Read) -> Metric {
    Metric { name, counts: true, help, read }
}

/// Of the process.
pub(super) const PROCESS: &[Metric] = &[
    gauge(
        "nbthread",
        "threads that carry traffic",
        One(|s| Value::of(s.process.settings().threads)),
    ),
    gauge("nbproc", "worker processes", One(|_| ONE)),
    gauge("relative_process_id", "the number of this worker process", One(|_| ONE)),
    gauge(
        "uptime_seconds",
        "seconds since the process began",
        One(|s| Value::of((s.micros - s.process.begun_micros()).max(0) / 1_000_000)),
    ),
    counter("pool_failures_total", "allocations that failed", One(|_| ZERO)),
    gauge(
        "max_connections",
        "connections at most (`maxconn`)",
        One(|s| Value::of(s.process.maxconn())),
    ),
    gauge(
        "hard_max_connections",
        "connections at most, as it was at the start",
        One(|s| Value::of(s.process.settings().maxconn)),
    ),
    gauge(
        "current_connections",
        "connections of clients now",
        One(|s| Value::of(s.process.connections.now())),
    ),
    counter(
        "connections_total",
        "connections of clients",
        One(|s| s.all_frontends(|c| &c.connections)),
    ),
    counter("requests_total", "streams", One(|s| Value::of(s.process.streams()))),
    gauge("max_ssl_connections", "TLS connections at most", One(|_| ZERO)),
    gauge("current_ssl_connections", "TLS connections now", One(|_| ZERO)),
    counter("ssl_connections_total", "TLS connections", One(|_| ZERO)),
    gauge("max_pipes", "pipes at most", One(|_| ZERO)),
    counter("pipes_used_total", "pipes in use", One(|_| ZERO)),
    counter("pipes_free_total", "pipes that wait", One(|_| ZERO)),
    gauge(
        "current_connection_rate",
        "connections in the last second",
        One(|s| s.all_rates(|c| &c.connection_rate)[0]),
    ),
    gauge("limit_connection_rate", "connections a second at most", One(|_| ZERO)),
    gauge(
        "max_connection_rate",
        "the most connections in one second",
        One(|s| s.all_rates(|c| &c.connection_rate)[1]),
    ),
    gauge(
        "current_session_rate",
        "sessions in the last second",
        One(|s| s.all_rates(|c| &c.session_rate)[0]),
    ),
    gauge("limit_session_rate", "sessions a second at most", One(|_| ZERO)),
    gauge(
        "max_session_rate",
        "the most sessions in one second",
        One(|s| s.all_rates(|c| &c.session_rate)[1]),
    ),
    gauge("current_ssl_rate", "TLS connections in the last second", One(|_| ZERO)),
    gauge("limit_ssl_rate", "TLS connections a second at most", One(|_| ZERO)),
    gauge("max_ssl_rate", "the most TLS connections in one second", One(|_| ZERO)),
    counter("http_comp_bytes_in_total", "bytes given to compression", One(|_| ZERO)),
    counter("http_comp_bytes_out_total", "bytes that compression made of them", One(|_| ZERO)),
    gauge("limit_http_comp", "bytes a second that compression may make", One(|_| ZERO)),
    gauge(
        "stopping",
        "1 while the process stops",
        One(|s| Value::of(u8::from(s.process.is_stopping()))),
    ),
    gauge(
        "jobs",
        "what keeps the process alive",
        One(|s| {
            Value::of(s.process.connections.now() as usize + s.generation.program.listeners().len())
        }),
    ),
    gauge("unstoppable_jobs", "what cannot be stopped of it", One(|_| ZERO)),
    gauge(
        "listeners",
        "addresses that are listened on",
        One(|s| Value::of(s.generation.program.listeners().len())),
    ),
    gauge("active_peers", "peers that are known", One(|_| ZERO)),
    gauge("connected_peers", "peers that are connected", One(|_| ZERO)),
    counter(
        "dropped_logs_total",
        "log lines that no target took",
        One(|s| Value::of(s.process.dropped_logs())),
    ),
    gauge("busy_polling_enabled", "1 with busy polling", One(|_| ZERO)),
    counter("failed_resolutions", "names that could not be resolved", One(|_| ZERO)),
    counter("bytes_out_total", "bytes to clients", One(|s| s.all_frontends(|c| &c.bytes_out))),
    counter("spliced_bytes_out_total", "bytes to clients that the kernel moved", One(|_| ZERO)),
    counter("recv_logs_total", "log messages received", One(|_| ZERO)),
    gauge("build_info", "the version", Build),
    gauge("max_memory_bytes", "bytes of memory at most", One(|_| ZERO)),
    gauge(
        "start_time_seconds",
        "when the process began, in seconds since the epoch",
        One(|s| Value::of(s.process.begun_micros() / 1_000_000)),
    ),
];

/// Of a frontend.
pub(super) const FRONTEND: &[Metric] = &[
    gauge(
        "current_sessions",
        "connections now",
        One(|s| frontend(s, |state| state.connections.now())),
    ),
    gauge(
        "max_sessions",
        "the most connections at a time",
        One(|s| frontend(s, |state| state.connections.max())),
    ),
    gauge("limit_sessions", "connections at most", One(frontend_limit)),
    counter("sessions_total", "sessions", Counter(|c| &c.sessions)),
    gauge("current_session_rate", "sessions in the last second", Now(|c| &c.session_rate)),
    gauge("limit_session_rate", "sessions a second at most", One(rate_limit)),
    gauge("max_session_rate", "the most sessions in one second", Most(|c| &c.session_rate)),
    counter("bytes_in_total", "bytes from clients", Counter(|c| &c.bytes_in)),
    counter("bytes_out_total", "bytes to clients", Counter(|c| &c.bytes_out)),
    counter("requests_denied_total", "requests that rules denied", Counter(|c| &c.denied_requests)),
    counter(
        "responses_denied_total",
        "responses that rules denied",
        Counter(|c| &c.denied_responses),
    ),
    counter(
        "request_errors_total",
        "requests that were none, or never complete",
        Counter(|c| &c.request_errors),
    ),
    gauge("status", "1 for the state it is in", States(|_| vec![("DOWN", 0), ("UP", 1)])),
    counter("http_responses_total", "responses by the class of their status", Responses),
    gauge(
        "http_requests_rate_max",
        "the most requests in one second",
        Http(|s| {
            s.counters().and_then(|counters| Value::of(counters.rate_max(|c| &c.request_rate)))
        }),
    ),
    counter("http_requests_total", "requests", HttpCounter(|c| &c.requests)),
    counter("http_comp_bytes_in_total", "bytes given to compression", Http(|_| ZERO)),
    counter("http_comp_bytes_out_total", "bytes that compression made of them", Http(|_| ZERO)),
    counter("http_comp_bytes_bypassed_total", "bytes that compression let pass", Http(|_| ZERO)),
    counter("http_comp_responses_total", "responses that were compressed", Http(|_| ZERO)),
    gauge(
        "connections_rate_max",
        "the most connections in one second",
        Most(|c| &c.connection_rate),
    ),
    counter("connections_total", "connections", Counter(|c| &c.connections)),
    counter(
        "intercepted_requests_total",
        "requests that were answered here",
        HttpCounter(|c| &c.intercepted),
    ),
    counter(
        "denied_connections_total",
        "connections that rules denied",
        Counter(|c| &c.denied_connections),
    ),
    counter("denied_sessions_total", "sessions that rules denied", Counter(|c| &c.denied_sessions)),
    counter(
        "failed_header_rewriting_total",
        "rewrites that failed",
        Counter(|c| &c.failed_rewrites),
    ),
    counter("http_cache_lookups_total", "requests that looked into a cache", Http(|_| ZERO)),
    counter("http_cache_hits_total", "requests that a cache answered", Http(|_| ZERO)),
    counter("internal_errors_total", "faults of the process", One(|_| ZERO)),
];

/// Of a backend.
pub(super) const BACKEND: &[Metric] = &[
    gauge(
        "current_queue",
        "streams that wait in the queue now",
        One(|s| backend(s, |b| b.state.queued.now())),
    ),
    gauge(
        "max_queue",
        "the most that waited at a time",
        One(|s| backend(s, |b| b.state.queued.max())),
    ),
    gauge("current_sessions", "streams now", One(|s| backend(s, |b| b.state.streams.now()))),
    gauge(
        "max_sessions",
        "the most streams at a time",
        One(|s| backend(s, |b| b.state.streams.max())),
    ),
    gauge(
        "limit_sessions",
        "the load at which servers reach their `maxconn`",
        One(|s| backend(s, |b| b.fullconn)),
    ),
    counter("sessions_total", "streams", Counter(|c| &c.sessions)),
    gauge("current_session_rate", "streams in the last second", Now(|c| &c.session_rate)),
    gauge("max_session_rate", "the most streams in one second", Most(|c| &c.session_rate)),
    counter("bytes_in_total", "bytes from clients", Counter(|c| &c.bytes_in)),
    counter("bytes_out_total", "bytes to clients", Counter(|c| &c.bytes_out)),
    counter("requests_denied_total", "requests that rules denied", Counter(|c| &c.denied_requests)),
    counter(
        "responses_denied_total",
        "responses that rules denied",
        Counter(|c| &c.denied_responses),
    ),
    counter(
        "connection_errors_total",
        "connections to servers that failed",
        Counter(|c| &c.connect_errors),
    ),
    counter(
        "response_errors_total",
        "responses that were none, or never complete",
        Counter(|c| &c.response_errors),
    ),
    counter("retry_warnings_total", "connections that were tried again", Counter(|c| &c.retries)),
    counter(
        "redispatch_warnings_total",
        "streams that went to another server",
        Counter(|c| &c.redispatches),
    ),
    gauge("status", "1 for the state it is in", States(backend_status)),
    gauge(
        "weight",
        "the sum of the weights of the servers in use",
        One(|s| backend(s, |b| weights(b, false))),
    ),
    gauge(
        "uweight",
        "the same of the weights as they were set",
        One(|s| backend(s, |b| weights(b, true))),
    ),
    gauge(
        "active_servers",
        "servers in use that are no backups",
        One(|s| backend(s, |b| usable(b, false))),
    ),
    gauge(
        "backup_servers",
        "backup servers that could be used",
        One(|s| backend(s, |b| usable(b, true))),
    ),
    counter("check_up_down_total", "times that the last server went down", One(|_| ZERO)),
    gauge(
        "check_last_change_seconds",
        "seconds since a server changed its state",
        One(last_change),
    ),
    counter("loadbalanced_total", "times that the balancer chose a server", Counter(|c| &c.chosen)),
    counter("http_responses_total", "responses by the class of their status", Responses),
    counter("http_requests_total", "requests", HttpCounter(|c| &c.requests)),
    counter(
        "client_aborts_total",
        "transfers that the client gave up",
        Counter(|c| &c.client_aborts),
    ),
    counter(
        "server_aborts_total",
        "transfers that the server gave up",
        Counter(|c| &c.server_aborts),
    ),
    counter("http_comp_bytes_in_total", "bytes given to compression", Http(|_| ZERO)),
    counter("http_comp_bytes_out_total", "bytes that compression made of them", Http(|_| ZERO)),
    counter("http_comp_bytes_bypassed_total", "bytes that compression let pass", Http(|_| ZERO)),
    counter("http_comp_responses_total", "responses that were compressed", Http(|_| ZERO)),
    gauge(
        "queue_time_average_seconds",
        "the average wait in a queue, of the last 1024 streams",
        Average(0),
    ),
    gauge(
        "connect_time_average_seconds",
        "the average time to connect, of the last 1024 streams",
        Average(1),
    ),
    gauge(
        "response_time_average_seconds",
        "the average wait for a response, of the last 1024 streams",
        Average(2),
    ),
    gauge("total_time_average_seconds", "the average time of the last 1024 streams", Average(3)),
    counter(
        "failed_header_rewriting_total",
        "rewrites that failed",
        Counter(|c| &c.failed_rewrites),
    ),
    counter(
        "connection_attempts_total",
        "connections that were opened to servers",
        Counter(|c| &c.opened),
    ),
    counter(
        "connection_reuses_total",
        "streams that took an idle connection",
        Counter(|c| &c.reused),
    ),
    counter("http_cache_lookups_total", "requests that looked into a cache", Http(|_| ZERO)),
    counter("http_cache_hits_total", "requests that a cache answered", Http(|_| ZERO)),
    counter("internal_errors_total", "faults of the process", One(|_| ZERO)),
    gauge("agg_server_status", "how many servers are in each state", States(server_count)),
    gauge(
        "agg_server_check_status",
        "how many servers are in each state, under its old name",
        States(server_count),
    ),
    gauge("agg_check_status", "how many servers had each result of a check", States(check_count)),
];

/// Of a server.
pub(super) const SERVER: &[Metric] = &[
    gauge(
        "current_queue",
        "streams that wait for it now",
        One(|s| server(s, |m| m.state.queued.now())),
    ),
    gauge(
        "max_queue",
        "the most that waited at a time",
        One(|s| server(s, |m| m.state.queued.max())),
    ),
    gauge("current_sessions", "streams now", One(|s| server(s, |m| m.state.streams.now()))),
    gauge(
        "max_sessions",
        "the most streams at a time",
        One(|s| server(s, |m| m.state.streams.max())),
    ),
    gauge(
        "limit_sessions",
        "streams at most (`maxconn`)",
        One(|s| server_limit(s, |m| m.maxconn())),
    ),
    gauge(
        "queue_limit",
        "streams that may wait at most (`maxqueue`)",
        One(|s| server_limit(s, |m| m.maxqueue)),
    ),
    counter("sessions_total", "streams", Counter(|c| &c.sessions)),
    gauge("current_session_rate", "streams in the last second", Now(|c| &c.session_rate)),
    gauge("max_session_rate", "the most streams in one second", Most(|c| &c.session_rate)),
    counter("bytes_in_total", "bytes from clients", Counter(|c| &c.bytes_in)),
    counter("bytes_out_total", "bytes to clients", Counter(|c| &c.bytes_out)),
    counter(
        "responses_denied_total",
        "responses that rules denied",
        Counter(|c| &c.denied_responses),
    ),
    counter("connection_errors_total", "connections that failed", Counter(|c| &c.connect_errors)),
    counter(
        "response_errors_total",
        "responses that were none, or never complete",
        Counter(|c| &c.response_errors),
    ),
    counter("retry_warnings_total", "connections that were tried again", Counter(|c| &c.retries)),
    counter(
        "redispatch_warnings_total",
        "streams that went to another server",
        Counter(|c| &c.redispatches),
    ),
    gauge("status", "1 for the state it is in", States(server_status)),
    gauge("weight", "its weight now", One(server_weight)),
    gauge("uweight", "its weight as it was set", One(|s| server(s, |m| m.state.weight()))),
    gauge(
        "active",
        "1 for a server that is no backup",
        One(|s| server(s, |m| u32::from(!m.backup))),
    ),
    gauge("backup", "1 for a backup server", One(|s| server(s, |m| u32::from(m.backup)))),
    counter(
        "check_failures_total",
        "checks that failed",
        One(|s| server(s, |m| m.state.health().failed_checks())),
    ),
    counter(
        "check_up_down_total",
        "times that it went down",
        One(|s| server(s, |m| m.state.health().down_transitions())),
    ),
    gauge("check_last_change_seconds", "seconds since it changed its state", One(last_change)),
    counter(
        "downtime_seconds_total",
        "seconds that it was down",
        One(|s| server(s, |m| m.state.down_seconds())),
    ),
    counter("loadbalanced_total", "times that the balancer chose it", Counter(|c| &c.chosen)),
    gauge("check_status", "1 for the result of its last check", States(check_status)),
    gauge("check_code", "the code of the answer to its last check", One(check_code)),
    gauge("check_duration_seconds", "how long its last check took", One(check_duration)),
    counter("http_responses_total", "responses by the class of their status", Responses),
    counter("http_requests_total", "requests", HttpCounter(|c| &c.requests)),
    counter(
        "client_aborts_total",
        "transfers that the client gave up",
        Counter(|c| &c.client_aborts),
    ),
    counter(
        "server_aborts_total",
        "transfers that the server gave up",
        Counter(|c| &c.server_aborts),
    ),
    gauge(
        "queue_time_average_seconds",
        "the average wait in a queue, of the last 1024 streams",
        Average(0),
    ),
    gauge(
        "connect_time_average_seconds",
        "the average time to connect, of the last 1024 streams",
        Average(1),
    ),
    gauge(
        "response_time_average_seconds",
        "the average wait for a response, of the last 1024 streams",
        Average(2),
    ),
    gauge("total_time_average_seconds", "the average time of the last 1024 streams", Average(3)),
    counter(
        "failed_header_rewriting_total",
        "rewrites that failed",
        Counter(|c| &c.failed_rewrites),
    ),
    counter(
        "connection_attempts_total",
        "connections that were opened to it",
        Counter(|c| &c.opened),
    ),
    counter(
        "connection_reuses_total",
        "streams that took an idle connection",
        Counter(|c| &c.reused),
    ),
    gauge("idle_connections_limit", "idle connections at most (`pool-max-conn`)", One(idle_limit)),
    gauge(
        "used_connections_current",
        "connections in use now",
        One(|s| server(s, |m| m.state.streams.now())),
    ),
    gauge(
        "need_connections_current",
        "the most connections that were in use at a time",
        One(|s| server(s, |m| m.state.streams.max())),
    ),
    counter("internal_errors_total", "faults of the process", One(|_| ZERO)),
];

fn frontend(subject: &Subject<'_>, read: fn(&FrontendState) -> u32) -> Option<Value> {
    match &subject.object {
        Object::Frontend(state, _) => Value::of(read(state)),
        _ => None,
    }
}

fn frontend_limit(subject: &Subject<'_>) -> Option<Value> {
    let Object::Frontend(state, _) = &subject.object else { return None };
    let own = state.maxconn();
    Value::of(if own == 0 { subject.process.maxconn() } else { own })
}

fn rate_limit(subject: &Subject<'_>) -> Option<Value> {
    match &subject.object {
        Object::Frontend(_, limit) => Value::of(*limit),
        _ => None,
    }
}

fn backend(subject: &Subject<'_>, read: fn(&Backend) -> u32) -> Option<Value> {
    match &subject.object {
        Object::Backend(backend) => Value::of(read(backend)),
        _ => None,
    }
}

fn server<N: TryInto<i64>>(subject: &Subject<'_>, read: fn(&Server) -> N) -> Option<Value> {
    match &subject.object {
        Object::Server(_, server, _) => Value::of(read(server)),
        _ => None,
    }
}

/// A limit that 0 switches off.
fn server_limit(subject: &Subject<'_>, read: fn(&Server) -> u32) -> Option<Value> {
    match server(subject, read)? {
        Value::Int(0) => Some(Value::None),
        limit => Some(limit),
    }
}

fn idle_limit(subject: &Subject<'_>) -> Option<Value> {
    let Object::Server(_, server, _) = &subject.object else { return None };
    Some(u32::try_from(server.pool_max).map_or(Value::None, |most| Value::Int(most.into())))
}

fn server_weight(subject: &Subject<'_>) -> Option<Value> {
    let Object::Server(backend, _, at) = &subject.object else { return None };
    Value::of(effective_weight(backend, *at))
}

fn effective_weight(backend: &Backend, at: usize) -> u32 {
    backend.balancer.weight(at).map_or(0, |weight| weight.get().div_ceil(16))
}

/// The weights of the servers that balance now: the active ones, or the backups while there is none.
fn weights(backend: &Backend, as_set: bool) -> u32 {
    let backups = usable(backend, false) == 0;
    let servers = backend.servers.iter().enumerate();
    servers
        .filter(|(_, server)| server.backup == backups && server.state.health().takes_new())
        .map(
            |(at, server)| {
                if as_set { server.state.weight() } else { effective_weight(backend, at) }
            },
        )
        .sum()
}

fn usable(backend: &Backend, backup: bool) -> u32 {
    let servers = backend.servers.iter().filter(|server| server.backup == backup);
    let usable = servers.filter(|server| server.state.health().takes_new());
    u32::try_from(usable.count()).unwrap_or(u32::MAX)
}

/// Seconds since the object, or a server of it, changed its state.
fn last_change(subject: &Subject<'_>) -> Option<Value> {
    let changed = match &subject.object {
        Object::Server(_, server, _) => server.state.changed_micros(),
        Object::Backend(backend) => {
            let all = backend.servers.iter().map(|server| server.state.changed_micros());
            all.max().unwrap_or(subject.process.begun_micros())
        }
        _ => return None,
    };
    Value::of((subject.micros - changed).max(0) / 1_000_000)
}

fn backend_status(subject: &Subject<'_>) -> Vec<(&'static str, u64)> {
    let Object::Backend(backend) = &subject.object else { return Vec::new() };
    let up = is_up(backend);
    vec![("DOWN", u64::from(!up)), ("UP", u64::from(up))]
}

fn server_status(subject: &Subject<'_>) -> Vec<(&'static str, u64)> {
    let Object::Server(_, server, _) = &subject.object else { return Vec::new() };
    server_states(server).map(|(state, is)| (state, u64::from(is))).to_vec()
}

/// How many servers of a backend are in each state; a backend without servers tells none.
fn server_count(subject: &Subject<'_>) -> Vec<(&'static str, u64)> {
    let Object::Backend(backend) = &subject.object else { return Vec::new() };
    let mut counts: Vec<(&'static str, u64)> = Vec::new();
    for server in &backend.servers {
        for (at, (state, is)) in server_states(server).into_iter().enumerate() {
            match counts.get_mut(at) {
                Some((_, count)) => *count += u64::from(is),
                None => counts.push((state, u64::from(is))),
            }
        }
    }
    counts
}

fn check_count(subject: &Subject<'_>) -> Vec<(&'static str, u64)> {
    let Object::Backend(backend) = &subject.object else { return Vec::new() };
    if backend.servers.is_empty() {
        return Vec::new();
    }
    let checked: Vec<_> = backend
        .servers
        .iter()
        .filter(|server| server.state.health().is_checked())
        .map(|server| server.state.health().check_status())
        .collect();
    let count = |status| checked.iter().filter(|known| **known == status).count() as u64;
    check_states().map(|status| (status.code(), count(status))).collect()
}

fn check_status(subject: &Subject<'_>) -> Vec<(&'static str, u64)> {
    let Object::Server(_, server, _) = &subject.object else { return Vec::new() };
    let health = server.state.health();
    if !health.is_checked() {
        return Vec::new();
    }
    let now = health.check_status();
    check_states().map(|status| (status.code(), u64::from(status == now))).collect()
}

fn check_code(subject: &Subject<'_>) -> Option<Value> {
    let Object::Server(_, server, _) = &subject.object else { return None };
    let health = server.state.health();
    let code = health.last().and_then(|last| last.code);
    health.is_checked().then(|| Value::Int(code.map_or(0, i64::from)))
}

fn check_duration(subject: &Subject<'_>) -> Option<Value> {
    let Object::Server(_, server, _) = &subject.object else { return None };
    let health = server.state.health();
    let millis = health.last().map_or(0, |last| last.duration.as_millis());
    health.is_checked().then(|| Value::Millis(u64::try_from(millis).unwrap_or(u64::MAX)))
}
