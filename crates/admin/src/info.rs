//! `show info`: the process as a whole (management, `show info`).

use std::fmt::Write as _;

use crate::csv::{push_json_field, push_plain};
use crate::field::columns;
use crate::{Column, FieldType, Format, Reply, Value};

columns! {
    /// Everything `show info` tells. What is `None` is not shown.
    struct Info;
    /// Every field of 2.6, in order. Quirk: `TotalSplicdedBytesOut` is spelt as HAProxy does.
    const INFO_COLUMNS;
    0 name "Name": str POS POS "product name",
    1 version "Version": str POS POS "product version",
    2 release_date "Release_date": str POS POS "date of the release",
    3 nbthread "Nbthread": u32 CGS CGS "threads",
    4 nbproc "Nbproc": u32 CGS CGS "processes, always 1",
    5 process_num "Process_num": u32 KGP KGP "process number, always 1",
    6 pid "Pid": u32 SGP SGP "process id",
    7 uptime "Uptime": str MDP MDP "time since the start in words",
    8 uptime_sec "Uptime_sec": u32 MDP MDP "seconds since the start",
    9 memmax_mb "Memmax_MB": u32 CLP CLP "memory limit in MB, 0 for none",
    10 pool_alloc_mb "PoolAlloc_MB": u32 MGP MGP "MB allocated in pools",
    11 pool_used_mb "PoolUsed_MB": u32 MGP MGP "MB used of the pools",
    12 pool_failed "PoolFailed": u32 MCP MCP "allocations that failed",
    13 ulimit_n "Ulimit-n": u32 CLP CLP "limit of file descriptors",
    14 maxsock "Maxsock": u32 CLP CLP "limit of sockets",
    15 maxconn "Maxconn": u32 CLP CLP "limit of connections",
    16 hard_maxconn "Hard_maxconn": u32 CLP CLP "limit of connections that the system imposes",
    17 curr_conns "CurrConns": u32 MGP MGP "connections now",
    18 cum_conns "CumConns": u32 MCP MCP "connections so far",
    19 cum_req "CumReq": u32 MCP MCP "requests so far",
    20 max_ssl_conns "MaxSslConns": u32 MMP MMP "limit of TLS connections",
    21 curr_ssl_conns "CurrSslConns": u32 MGP MGP "TLS connections now",
    22 cum_ssl_conns "CumSslConns": u32 MCP MCP "TLS connections so far",
    23 maxpipes "Maxpipes": u32 CLP CLP "limit of pipes",
    24 pipes_used "PipesUsed": u32 MGP MGP "pipes in use",
    25 pipes_free "PipesFree": u32 MGP MGP "pipes at rest",
    26 conn_rate "ConnRate": u32 MRP MRP "connections over the last second",
    27 conn_rate_limit "ConnRateLimit": u32 CLP CLP "limit of connections per second",
    28 max_conn_rate "MaxConnRate": u32 MMP MMP "most connections in a second",
    29 sess_rate "SessRate": u32 MRP MRP "sessions over the last second",
    30 sess_rate_limit "SessRateLimit": u32 CLP CLP "limit of sessions per second",
    31 max_sess_rate "MaxSessRate": u32 MRP MRP "most sessions in a second",
    32 ssl_rate "SslRate": u32 MRP MRP "TLS sessions over the last second",
    33 ssl_rate_limit "SslRateLimit": u32 CLP CLP "limit of TLS sessions per second",
    34 max_ssl_rate "MaxSslRate": u32 MMP MMP "most TLS sessions in a second",
    35 ssl_frontend_key_rate "SslFrontendKeyRate": u32 MGP MGP "TLS keys of frontends over the last second",
    36 ssl_frontend_max_key_rate "SslFrontendMaxKeyRate": u32 MMP MMP "most TLS keys of frontends in a second",
    37 ssl_frontend_session_reuse_pct "SslFrontendSessionReuse_pct": u32 MGP MGP "percentage of resumed TLS sessions",
    38 ssl_backend_key_rate "SslBackendKeyRate": u32 MRP MRP "TLS keys of backends over the last second",
    39 ssl_backend_max_key_rate "SslBackendMaxKeyRate": u32 MMP MMP "most TLS keys of backends in a second",
    40 ssl_cache_lookups "SslCacheLookups": u32 MCP MCP "lookups in the TLS session cache",
    41 ssl_cache_misses "SslCacheMisses": u32 MCP MCP "misses in the TLS session cache",
    42 compress_bps_in "CompressBpsIn": u32 MRP MRP "bytes per second into the compressor",
    43 compress_bps_out "CompressBpsOut": u32 MRP MRP "bytes per second out of the compressor",
    44 compress_bps_rate_lim "CompressBpsRateLim": u32 CLP CLP "limit of bytes per second out of the compressor",
    47 tasks "Tasks": u32 MGP MGP "tasks",
    48 run_queue "Run_queue": u32 MGP MGP "tasks ready to run",
    49 idle_pct "Idle_pct": u32 MaP MaP "percentage of the last second spent waiting",
    50 node "node": str COS COS "name of this node",
    52 stopping "Stopping": u32 MGP MGP "1 while the process stops",
    53 jobs "Jobs": u32 MGP MGP "jobs that keep the process running",
    54 unstoppable_jobs "Unstoppable Jobs": u32 MGP MGP "jobs that do not end by themselves",
    55 listeners "Listeners": u32 MGP MGP "listeners",
    56 active_peers "ActivePeers": u32 MGP MGP "peers connected and verified",
    57 connected_peers "ConnectedPeers": u32 MGP MGP "peers connected",
    58 dropped_logs "DroppedLogs": u32 MGP MGP "log lines that were dropped",
    59 busy_polling "BusyPolling": u32 MGP MGP "1 while polling without sleeping",
    60 failed_resolutions "FailedResolutions": u32 MGP MGP "names that did not resolve",
    61 total_bytes_out "TotalBytesOut": u64 MGP MGP "bytes sent so far",
    62 total_splicded_bytes_out "TotalSplicdedBytesOut": u64 MGP MGP "bytes sent by splicing so far",
    63 bytes_out_rate "BytesOutRate": u64 MRP MRP "bytes sent per second",
    64 debug_commands_issued "DebugCommandsIssued": u32 MGP MGP "debugging commands issued",
    65 cum_recv_logs "CumRecvLogs": u32 MCP MCP "log lines received for forwarding",
    66 build_info "Build info": str POS POS "build",
    67 memmax_bytes "Memmax_bytes": u32 CLP CLP "memory limit in bytes, 0 for none",
    68 pool_alloc_bytes "PoolAlloc_bytes": u64 MGP MGP "bytes allocated in pools",
    69 pool_used_bytes "PoolUsed_bytes": u64 MGP MGP "bytes used of the pools",
    70 start_time_sec "Start_time_sec": u32 MDP MDP "start time in seconds of the Unix epoch",
    71 tainted "Tainted": str SGP SGP "experimental features in use",
}

/// `Uptime`: days, hours, minutes and seconds, as in `0d 0h00m03s`.
#[must_use]
pub fn uptime(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60 % 60, seconds / 3600 % 24);
    format!("{}d {hours}h{minutes:02}m{:02}s", seconds / 86400, seconds % 60)
}

impl Info {
    /// Sets both fields about the time since the start.
    #[must_use]
    pub fn with_uptime(self, seconds: u64) -> Self {
        let uptime_sec = Some(u32::try_from(seconds).unwrap_or(u32::MAX));
        Self { uptime: Some(uptime(seconds)), uptime_sec, ..self }
    }
}

/// The answer to `show info`.
#[must_use]
pub fn show_info(info: &Info, format: Format) -> Reply {
    let mut out = String::new();
    let fields = info.fields().filter_map(|(column, value)| Some((column, value?)));
    match format {
        Format::Plain { descriptions } => {
            for (column, value) in fields {
                let _ = write!(out, "{}: ", column.name);
                push_plain(&mut out, value);
                end_line(&mut out, column, descriptions);
            }
        }
        Format::Typed { descriptions } => {
            for (column, value) in fields {
                let (position, name, tags) = (column.position, column.name, column.tags);
                let _ = write!(out, "{position}.{name}.1:{tags}:{}:", column.kind.name());
                push_plain(&mut out, value);
                end_line(&mut out, column, descriptions);
            }
        }
        Format::Json => {
            out.push('[');
            for (index, (column, value)) in fields.enumerate() {
                out.push_str(if index == 0 { "{" } else { ",{" });
                push_json_field(&mut out, column, column.tags, value);
            }
            out.push_str("]\n");
        }
    }
    Reply::Dump(out)
}

fn end_line(out: &mut String, column: &Column, descriptions: bool) {
    if descriptions {
        let _ = write!(out, ":\"{}\"", column.description);
    }
    out.push('\n');
}
