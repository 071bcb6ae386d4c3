//! `show stat`: the counters of every proxy, listener and server (management 9.1).

use std::fmt::Write as _;

use crate::csv::{push_csv, push_json_field, push_plain};
use crate::field::columns;
use crate::{Column, FieldType, Format, Reply, Value};

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// A frontend as a whole.
    Frontend,
    /// A backend as a whole.
    Backend,
    /// A server.
    Server,
    /// A `bind` line with `option socket-stats`.
    Listener,
}

impl ObjectKind {
    /// The number in the `type` column.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Frontend => 0,
            Self::Backend => 1,
            Self::Server => 2,
            Self::Listener => 3,
        }
    }

    /// The bit in the `<type>` argument of `show stat`: one per number.
    #[must_use]
    pub fn bit(self) -> i64 {
        1 << self.number()
    }

    fn letter(self) -> char {
        match self {
            Self::Frontend => 'F',
            Self::Backend => 'B',
            Self::Server => 'S',
            Self::Listener => 'L',
        }
    }

    fn json_name(self) -> &'static str {
        match self {
            Self::Frontend => "Frontend",
            Self::Backend => "Backend",
            Self::Server => "Server",
            Self::Listener => "Listener",
        }
    }
}

columns! {
    /// One row of `show stat`. A column that does not apply to the object stays `None`.
    struct StatRow;
    /// Every column of 2.6, in order.
    const STAT_COLUMNS;
    0 pxname "pxname": str KNS KNS "proxy name",
    1 svname "svname": str KNS KNS "FRONTEND, BACKEND, or the name of the listener or server",
    2 qcur "qcur": u32 MGP MGP "streams waiting in the queue now",
    3 qmax "qmax": u32 MMP MMP "most streams that ever waited in the queue",
    4 scur "scur": u32 MGP MGP "sessions now",
    5 smax "smax": u32 MMP MMP "most sessions at once",
    6 slim "slim": u32 CLP CLP "limit of sessions: maxconn, or fullconn for a backend",
    7 stot "stot": u64 MCP MCP "sessions so far",
    8 bin "bin": u64 MCP MCP "request bytes so far",
    9 bout "bout": u64 MCP MCP "response bytes so far",
    10 dreq "dreq": u64 MCP MCP "requests denied by rules",
    11 dresp "dresp": u64 MCP MCP "responses denied by rules",
    12 ereq "ereq": u64 MCP MCP "requests that were not understood",
    13 econ "econ": u64 MCP MCP "failed connection attempts to servers",
    14 eresp "eresp": u64 MCP MCP "responses that were not understood",
    15 wretr "wretr": u64 MCP MCP "repeated connection attempts",
    16 wredis "wredis": u64 MCP MCP "streams sent to another server after a failure",
    17 status "status": str SGP SGP "state: OPEN, UP, DOWN, MAINT and so on",
    18 weight "weight": u32 MaP MaP "weight in effect, or the sum of the active servers' weights",
    19 act "act": u32 SGP MGP "1 for an active server, or how many are UP",
    20 bck "bck": u32 SGP MGP "1 for a backup server, or how many are UP",
    21 chkfail "chkfail": u64 MCP MCP "failed checks while UP",
    22 chkdown "chkdown": u64 MCP MCP "times it went DOWN",
    23 lastchg "lastchg": u32 MAP MAP "seconds since the last change of state",
    24 downtime "downtime": u32 MCP MCP "seconds spent DOWN",
    25 qlimit "qlimit": u32 CGS CGS "limit of the server's queue (maxqueue)",
    26 pid "pid": u32 KGP KGP "process number, always 1",
    27 iid "iid": u32 KGS KGS "proxy id",
    28 sid "sid": u32 KGS KGS "server or listener id, 0 for the proxy itself",
    29 throttle "throttle": u32 MaP MaP "share of the weight in effect during slow start, in percent",
    30 lbtot "lbtot": u64 MCP MCP "streams balanced to it",
    31 tracked "tracked": str CNS CNS "server whose state is followed (track)",
    32 kind_number "type": u32 CGS CGS "0 frontend, 1 backend, 2 server, 3 listener",
    33 rate "rate": u32 MRP MGP "sessions over the last second",
    34 rate_lim "rate_lim": u32 CLP CLP "limit of new sessions per second",
    35 rate_max "rate_max": u32 MMP MGP "most sessions in a second",
    36 check_status "check_status": str MOP MOP "code of the last health check's result, with a star while one runs",
    37 check_code "check_code": u32 MOP MOP "status code of the last health check",
    38 check_duration "check_duration": u64 MDP MDP "milliseconds the last health check took",
    39 hrsp_1xx "hrsp_1xx": u64 MCP MCP "1xx responses",
    40 hrsp_2xx "hrsp_2xx": u64 MCP MCP "2xx responses",
    41 hrsp_3xx "hrsp_3xx": u64 MCP MCP "3xx responses",
    42 hrsp_4xx "hrsp_4xx": u64 MCP MCP "4xx responses",
    43 hrsp_5xx "hrsp_5xx": u64 MCP MCP "5xx responses",
    44 hrsp_other "hrsp_other": u64 MCP MCP "other responses",
    45 hanafail "hanafail": u64 MCP MCP "failures seen by observing traffic",
    46 req_rate "req_rate": u32 MRP MRP "HTTP requests over the last second",
    47 req_rate_max "req_rate_max": u32 MMP MMP "most HTTP requests in a second",
    48 req_tot "req_tot": u64 MCP MCP "HTTP requests so far",
    49 cli_abrt "cli_abrt": u64 MCP MCP "transfers aborted by the client",
    50 srv_abrt "srv_abrt": u64 MCP MCP "transfers aborted by the server",
    51 comp_in "comp_in": u64 MCP MCP "bytes given to the compressor",
    52 comp_out "comp_out": u64 MCP MCP "bytes from the compressor",
    53 comp_byp "comp_byp": u64 MCP MCP "bytes that skipped the compressor",
    54 comp_rsp "comp_rsp": u64 MCP MCP "compressed responses",
    55 lastsess "lastsess": s32 MAP MAP "seconds since the last session, -1 before the first",
    56 last_chk "last_chk": str MOP MOP "what the last health check found",
    57 last_agt "last_agt": str MOP MOP "what the last agent check found",
    58 qtime "qtime": u32 MaP MaP "mean queue time of the last 1024 streams in milliseconds",
    59 ctime "ctime": u32 MaP MaP "mean connect time of the last 1024 streams in milliseconds",
    60 rtime "rtime": u32 MaP MaP "mean response time of the last 1024 streams in milliseconds",
    61 ttime "ttime": u32 MaP MaP "mean total time of the last 1024 streams in milliseconds",
    62 agent_status "agent_status": str MOP MOP "code of the last agent check's result",
    63 agent_code "agent_code": u32 MOP MOP "status code of the last agent check",
    64 agent_duration "agent_duration": u64 MDP MDP "milliseconds the last agent check took",
    65 check_desc "check_desc": str MOP MOP "words for check_status",
    66 agent_desc "agent_desc": str MOP MOP "words for agent_status",
    67 check_rise "check_rise": u32 CGS CGS "rise",
    68 check_fall "check_fall": u32 CGS CGS "fall",
    69 check_health "check_health": u32 CGS CGS "health counter, UP from rise on",
    70 agent_rise "agent_rise": u32 CGS CGS "rise of the agent check",
    71 agent_fall "agent_fall": u32 CGS CGS "fall of the agent check",
    72 agent_health "agent_health": u32 CGS CGS "counter of the agent check",
    73 addr "addr": str CGS CGS "address and port",
    74 cookie "cookie": str CNS CNS "cookie value of the server, or cookie name of the backend",
    75 mode "mode": str CGS CGS "mode",
    76 algo "algo": str CGS CGS "balance algorithm",
    77 conn_rate "conn_rate": u32 MRP MRP "connections over the last second",
    78 conn_rate_max "conn_rate_max": u32 MMP MMP "most connections in a second",
    79 conn_tot "conn_tot": u64 MCP MCP "connections so far",
    80 intercepted "intercepted": u64 MCP MCP "requests answered by the proxy itself",
    81 dcon "dcon": u64 MCP MCP "connections denied by rules",
    82 dses "dses": u64 MCP MCP "sessions denied by rules",
    83 wrew "wrew": u64 MCP MCP "header rewrites that failed",
    84 connect "connect": u64 MCP MCP "connection attempts to servers",
    85 reuse "reuse": u64 MCP MCP "connections reused",
    86 cache_lookups "cache_lookups": u64 MCP MCP "cache lookups",
    87 cache_hits "cache_hits": u64 MCP MCP "cache hits",
    88 srv_icur "srv_icur": u32 MGP MGP "idle connections kept",
    89 src_ilim "src_ilim": u32 CLP CLP "limit of idle connections kept",
    90 qtime_max "qtime_max": u32 MMP MMP "longest queue time in milliseconds",
    91 ctime_max "ctime_max": u32 MMP MMP "longest connect time in milliseconds",
    92 rtime_max "rtime_max": u32 MMP MMP "longest response time in milliseconds",
    93 ttime_max "ttime_max": u32 MMP MMP "longest total time in milliseconds",
    94 eint "eint": u64 MCP MCP "internal errors",
    95 idle_conn_cur "idle_conn_cur": u32 MGP MGP "idle connections not safe for reuse",
    96 safe_conn_cur "safe_conn_cur": u32 MGP MGP "idle connections safe for reuse",
    97 used_conn_cur "used_conn_cur": u32 MGP MGP "connections in use",
    98 need_conn_est "need_conn_est": u32 MGP MGP "connections estimated to be needed",
    99 uweight "uweight": u32 MaP MaP "weight as set",
    100 agg_server_status "agg_server_status": u32 MGP MGP "servers by state, aggregated",
    101 agg_server_check_status "agg_server_check_status": u32 MGP MGP "servers by state and check, aggregated",
    102 agg_check_status "agg_check_status": u32 MGP MGP "checks by result, aggregated",
    103 ssl_sess "ssl_sess": u64 MCP MCP "TLS sessions",
    104 ssl_reused_sess "ssl_reused_sess": u64 MCP MCP "resumed TLS sessions",
    105 ssl_failed_handshake "ssl_failed_handshake": u64 MCP MCP "failed TLS handshakes",
    106 h2_headers_rcvd "h2_headers_rcvd": u64 MCP MCP "HTTP/2 HEADERS frames received",
    107 h2_data_rcvd "h2_data_rcvd": u64 MCP MCP "HTTP/2 DATA frames received",
    108 h2_settings_rcvd "h2_settings_rcvd": u64 MCP MCP "HTTP/2 SETTINGS frames received",
    109 h2_rst_stream_rcvd "h2_rst_stream_rcvd": u64 MCP MCP "HTTP/2 RST_STREAM frames received",
    110 h2_goaway_rcvd "h2_goaway_rcvd": u64 MCP MCP "HTTP/2 GOAWAY frames received",
    111 h2_detected_conn_protocol_errors "h2_detected_conn_protocol_errors": u64 MCP MCP "HTTP/2 connection errors detected",
    112 h2_detected_strm_protocol_errors "h2_detected_strm_protocol_errors": u64 MCP MCP "HTTP/2 stream errors detected",
    113 h2_rst_stream_resp "h2_rst_stream_resp": u64 MCP MCP "HTTP/2 RST_STREAM frames sent for errors",
    114 h2_goaway_resp "h2_goaway_resp": u64 MCP MCP "HTTP/2 GOAWAY frames sent for errors",
    115 h2_open_connections "h2_open_connections": u64 MGP MGP "HTTP/2 connections now",
    116 h2_backend_open_streams "h2_backend_open_streams": u64 MGP MGP "HTTP/2 streams now",
    117 h2_total_connections "h2_total_connections": u64 MCP MCP "HTTP/2 connections so far",
    118 h2_backend_total_streams "h2_backend_total_streams": u64 MCP MCP "HTTP/2 streams so far",
    119 h1_open_connections "h1_open_connections": u64 MGP MGP "HTTP/1 connections now",
    120 h1_open_streams "h1_open_streams": u64 MGP MGP "HTTP/1 streams now",
    121 h1_total_connections "h1_total_connections": u64 MCP MCP "HTTP/1 connections so far",
    122 h1_total_streams "h1_total_streams": u64 MCP MCP "HTTP/1 streams so far",
    123 h1_bytes_in "h1_bytes_in": u64 MCP MCP "HTTP/1 bytes received",
    124 h1_bytes_out "h1_bytes_out": u64 MCP MCP "HTTP/1 bytes sent",
    125 h1_spliced_bytes_in "h1_spliced_bytes_in": u64 MCP MCP "HTTP/1 bytes received by splicing",
    126 h1_spliced_bytes_out "h1_spliced_bytes_out": u64 MCP MCP "HTTP/1 bytes sent by splicing",
}

/// Before this column, CSV has one that is always `-`: the generic counters end there.
const FIRST_MODULE_COLUMN: &str = "ssl_sess";

impl StatRow {
    /// A row with what every row must have: names, ids, process number and kind.
    #[must_use]
    pub fn new(kind: ObjectKind, proxy: (&str, u32), object: (&str, u32)) -> Self {
        Self {
            pxname: Some(proxy.0.to_owned()),
            svname: Some(object.0.to_owned()),
            pid: Some(1),
            iid: Some(proxy.1),
            sid: Some(object.1),
            kind_number: Some(kind.number()),
            ..Self::default()
        }
    }

    fn kind(&self) -> ObjectKind {
        match self.kind_number {
            Some(1) => ObjectKind::Backend,
            Some(2) => ObjectKind::Server,
            Some(3) => ObjectKind::Listener,
            _ => ObjectKind::Frontend,
        }
    }

    fn shown(&self) -> impl Iterator<Item = (&'static Column, &'static str, Value<'_>)> {
        let backend = self.kind() == ObjectKind::Backend;
        self.fields().filter_map(move |(column, value)| {
            let tags = if backend { column.backend_tags } else { column.tags };
            Some((column, tags, value?))
        })
    }
}

/// The answer to `show stat`. Rows are given in the order of the configuration, already filtered
/// (see [`crate::StatFilter::wants`]).
#[must_use]
pub fn show_stat<'a>(rows: impl IntoIterator<Item = &'a StatRow>, format: Format) -> Reply {
    let mut out = String::new();
    match format {
        Format::Plain { .. } => {
            push_header(&mut out);
            rows.into_iter().for_each(|row| push_csv_row(&mut out, row));
        }
        Format::Typed { descriptions } => {
            rows.into_iter().for_each(|row| push_typed_row(&mut out, row, descriptions));
        }
        Format::Json => push_json_rows(&mut out, rows),
    }
    Reply::Dump(out)
}

fn push_header(out: &mut String) {
    out.push_str("# ");
    for column in STAT_COLUMNS {
        if column.name == FIRST_MODULE_COLUMN {
            out.push_str("-,");
        }
        out.push_str(column.name);
        out.push(',');
    }
    out.push('\n');
}

fn push_csv_row(out: &mut String, row: &StatRow) {
    for (column, value) in row.fields() {
        if column.name == FIRST_MODULE_COLUMN {
            out.push_str("-,");
        }
        if let Some(value) = value {
            push_csv(out, value);
        }
        out.push(',');
    }
    out.push('\n');
}

fn push_typed_row(out: &mut String, row: &StatRow, descriptions: bool) {
    let letter = row.kind().letter();
    let (iid, sid) = (row.iid.unwrap_or(0), row.sid.unwrap_or(0));
    for (column, tags, value) in row.shown() {
        let _ = write!(
            out,
            "{letter}.{iid}.{sid}.{}.{}.1:{tags}:{}:",
            column.position,
            column.name,
            column.kind.name(),
        );
        push_plain(out, value);
        if descriptions {
            let _ = write!(out, ":\"{}\"", column.description);
        }
        out.push('\n');
    }
}

fn push_json_rows<'a>(out: &mut String, rows: impl IntoIterator<Item = &'a StatRow>) {
    out.push('[');
    for (index, row) in rows.into_iter().enumerate() {
        out.push_str(if index == 0 { "[" } else { ",[" });
        let (iid, sid) = (row.iid.unwrap_or(0), row.sid.unwrap_or(0));
        for (index, (column, tags, value)) in row.shown().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let kind = row.kind().json_name();
            let _ = write!(out, "{comma}{{\"objType\":\"{kind}\",\"proxyId\":{iid},\"id\":{sid},");
            push_json_field(out, column, tags, value);
        }
        out.push(']');
    }
    out.push_str("]\n");
}
