//! `show servers state` and `show servers conn`: what the daemon knows of each server.

use std::fmt::Write as _;

use crate::Reply;

/// A line of `show servers state`, format version 1 (management, `show servers state`). The
/// numbers of states are those of the `health` crate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerStateRow {
    /// Id of the backend.
    pub be_id: u32,
    /// Its name.
    pub be_name: String,
    /// Id of the server.
    pub srv_id: u32,
    /// Its name.
    pub srv_name: String,
    /// Its IP address without port; `None` for other kinds of address.
    pub srv_addr: Option<String>,
    /// Operational state.
    pub srv_op_state: u8,
    /// Administrative state, a sum of flags.
    pub srv_admin_state: u8,
    /// Weight as set.
    pub srv_uweight: u16,
    /// Weight as configured.
    pub srv_iweight: u16,
    /// Seconds since the last change of state.
    pub srv_time_since_last_change: u64,
    /// Number of the last check's status.
    pub srv_check_status: u8,
    /// Number of its outcome.
    pub srv_check_result: u8,
    /// The health counter.
    pub srv_check_health: u32,
    /// Flags of the check.
    pub srv_check_state: u8,
    /// Flags of the agent check.
    pub srv_agent_state: u8,
    /// The backend's id comes from the configuration.
    pub bk_f_forced_id: bool,
    /// The server's id comes from the configuration.
    pub srv_f_forced_id: bool,
    /// The name its address is resolved from.
    pub srv_fqdn: Option<String>,
    /// Its port, 0 for none.
    pub srv_port: u16,
    /// The SRV record it comes from.
    pub srvrecord: Option<String>,
    /// Whether it is spoken to over TLS.
    pub srv_use_ssl: bool,
    /// Port of its checks, 0 for its own.
    pub srv_check_port: u16,
    /// Address of its checks.
    pub srv_check_addr: Option<String>,
    /// Address of its agent.
    pub srv_agent_addr: Option<String>,
    /// Port of its agent, 0 for none.
    pub srv_agent_port: u16,
}

/// A line of `show servers conn`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerConnRow {
    /// Name and id of the backend.
    pub backend: (String, u32),
    /// Name and id of the server.
    pub server: (String, u32),
    /// Its IP address; `None` for other kinds of address.
    pub addr: Option<String>,
    /// Its port, 0 for none.
    pub port: u16,
    /// Milliseconds between purges of idle connections (`pool-purge-delay`).
    pub purge_delay: u64,
    /// Connections in use.
    pub used_cur: u64,
    /// Most connections in use.
    pub used_max: u64,
    /// Connections estimated to be needed.
    pub need_est: u64,
    /// Idle connections that only their last client may use.
    pub unsafe_nb: u64,
    /// Idle connections that anyone may use.
    pub safe_nb: u64,
    /// Limit of idle connections, -1 for none (`pool-max-conn`).
    pub idle_lim: i64,
    /// Idle connections.
    pub idle_cur: u64,
    /// The same by thread.
    pub idle_per_thr: Vec<u64>,
}

const STATE_HEADER: &str = "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state \
    srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result \
    srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn \
    srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port";

/// The answer to `show servers state`: rows in the order of the configuration.
#[must_use]
pub fn show_servers_state<'a>(rows: impl IntoIterator<Item = &'a ServerStateRow>) -> Reply {
    let mut out = format!("1\n{STATE_HEADER}\n");
    rows.into_iter().for_each(|row| push_state(&mut out, row));
    Reply::Dump(out)
}

fn push_state(out: &mut String, row: &ServerStateRow) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}",
        row.be_id,
        row.be_name,
        row.srv_id,
        row.srv_name,
        or_dash(row.srv_addr.as_deref()),
        row.srv_op_state,
        row.srv_admin_state,
        row.srv_uweight,
        row.srv_iweight,
        row.srv_time_since_last_change,
        row.srv_check_status,
        row.srv_check_result,
        row.srv_check_health,
        row.srv_check_state,
        row.srv_agent_state,
        u8::from(row.bk_f_forced_id),
        u8::from(row.srv_f_forced_id),
        or_dash(row.srv_fqdn.as_deref()),
        row.srv_port,
        or_dash(row.srvrecord.as_deref()),
        u8::from(row.srv_use_ssl),
        row.srv_check_port,
        or_dash(row.srv_check_addr.as_deref()),
        or_dash(row.srv_agent_addr.as_deref()),
        row.srv_agent_port,
    );
}

/// The answer to `show servers conn`; `threads` is the number of values in `idle_per_thr`.
#[must_use]
pub fn show_servers_conn<'a>(
    rows: impl IntoIterator<Item = &'a ServerConnRow>,
    threads: usize,
) -> Reply {
    let mut out = format!(
        "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb \
         safe_nb idle_lim idle_cur idle_per_thr[{threads}]\n"
    );
    for row in rows {
        let _ = write!(
            out,
            "{}/{} {}/{} {} {} - {} {} {} {} {} {} {} {}",
            row.backend.0,
            row.server.0,
            row.backend.1,
            row.server.1,
            or_dash(row.addr.as_deref()),
            row.port,
            row.purge_delay,
            row.used_cur,
            row.used_max,
            row.need_est,
            row.unsafe_nb,
            row.safe_nb,
            row.idle_lim,
            row.idle_cur,
        );
        for idle in &row.idle_per_thr {
            let _ = write!(out, " {idle}");
        }
        out.push('\n');
    }
    Reply::Dump(out)
}

fn or_dash(text: Option<&str>) -> &str {
    text.filter(|text| !text.is_empty()).unwrap_or("-")
}
