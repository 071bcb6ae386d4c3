//! `show info`: the process as a whole.

use admin::{Info, Proc};

use crate::VERSION;
use crate::daemon::Daemon;

/// Everything of `show info` that a process without TLS, pipes and pools has; those are told as 0, because
/// exporters look for them.
pub(super) fn info(daemon: &Daemon, micros: i64) -> Info {
    let generation = daemon.generation();
    let process = &daemon.process;
    let settings = process.settings();
    let uptime = daemon.begun.elapsed().as_secs();
    let frontends = &generation.live.frontends;
    let sum = |counter: fn(&forward::Counters) -> &forward::Counter| -> u64 {
        frontends.iter().map(|frontend| frontend.counters.sum(counter)).fold(0, u64::wrapping_add)
    };
    let rate = |rate: fn(&forward::Counters) -> &forward::Rate| -> u32 {
        frontends
            .iter()
            .map(|frontend| frontend.counters.rate(micros, rate))
            .fold(0, u32::saturating_add)
    };
    let most = |rate: fn(&forward::Counters) -> &forward::Rate| -> u32 {
        frontends.iter().map(|frontend| frontend.counters.rate_max(rate)).max().unwrap_or(0)
    };
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    // Counters of HAProxy are 32 bits wide here and wrap.
    let wrap = |number: u64| number as u32;
    let descriptors = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE);
    let descriptors = descriptors.map_or(0, |(soft, _)| u32::try_from(soft).unwrap_or(u32::MAX));
    let (reloads, _) = daemon.reloads();
    let start = micros / 1_000_000 - i64::try_from(uptime).unwrap_or(0);
    Info {
        name: Some("Weir".into()),
        version: Some(VERSION.into()),
        release_date: Some("-".into()),
        nbthread: Some(number(settings.threads)),
        nbproc: Some(1),
        process_num: Some(1),
        pid: Some(settings.pid),
        memmax_mb: Some(daemon.origin.memory.unwrap_or(0)),
        memmax_bytes: Some(daemon.origin.memory.unwrap_or(0).saturating_mul(1 << 20)),
        pool_alloc_mb: Some(0),
        pool_used_mb: Some(0),
        pool_failed: Some(0),
        ulimit_n: Some(descriptors),
        maxsock: Some(descriptors),
        maxconn: Some(process.maxconn()),
        hard_maxconn: Some(settings.maxconn),
        curr_conns: Some(process.connections.now()),
        cum_conns: Some(wrap(sum(|c| &c.connections))),
        cum_req: Some(wrap(process.streams())),
        max_ssl_conns: Some(0),
        curr_ssl_conns: Some(0),
        cum_ssl_conns: Some(0),
        maxpipes: Some(0),
        pipes_used: Some(0),
        pipes_free: Some(0),
        conn_rate: Some(rate(|c| &c.connection_rate)),
        conn_rate_limit: Some(process.arrivals.connections()),
        max_conn_rate: Some(most(|c| &c.connection_rate)),
        sess_rate: Some(rate(|c| &c.session_rate)),
        sess_rate_limit: Some(process.arrivals.sessions()),
        max_sess_rate: Some(most(|c| &c.session_rate)),
        ssl_rate: Some(0),
        ssl_rate_limit: Some(0),
        max_ssl_rate: Some(0),
        node: Some(settings.hostname.clone()),
        // A task for each connection and each listening socket; nothing counts those that could run at once.
        tasks: Some(process.connections.now().saturating_add(number(daemon.listeners()))),
        run_queue: Some(0),
        idle_pct: Some(daemon.idle_percent(settings.threads)),
        stopping: Some(u32::from(process.is_stopping())),
        jobs: Some(process.connections.now().saturating_add(number(daemon.listeners()))),
        unstoppable_jobs: Some(0),
        listeners: Some(number(daemon.listeners())),
        active_peers: Some(0),
        connected_peers: Some(0),
        dropped_logs: Some(wrap(process.dropped_logs())),
        busy_polling: Some(0),
        total_bytes_out: Some(sum(|c| &c.bytes_out)),
        total_splicded_bytes_out: Some(0),
        debug_commands_issued: Some(0),
        cum_recv_logs: Some(0),
        build_info: Some(format!("{VERSION} reloads={reloads}")),
        start_time_sec: u32::try_from(start).ok(),
        tainted: Some("0".into()),
        ..Info::default()
    }
    .with_uptime(uptime)
}

/// `show proc`: one process is its own master and worker.
pub(super) fn proc(daemon: &Daemon) -> Proc {
    let (reloads, _) = daemon.reloads();
    Proc {
        pid: daemon.process.settings().pid,
        reloads,
        failed: daemon.failed_reloads(),
        uptime: daemon.begun.elapsed(),
        version: VERSION.into(),
    }
}
