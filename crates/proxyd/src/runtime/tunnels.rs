//! Tunnels as operators see and end them: listed, ended one by one, drained over a time, moved to other servers.
//!
//! A drain ends each tunnel in order (WebSockets with a Close frame between two frames), paced evenly, so that
//! clients do not all come back in the same moment.

use std::net::SocketAddr;
use std::time::Duration;

use admin::reply::{self, failed};
use admin::{DrainTarget, Reply, ServerName, SessionRow, Severity, TunnelRow};
use forward::{Generation, Process, StreamInfo, TunnelInfo};
use health::AdminOrder;

/// Every tunnel of every thread, in the order in which the streams began.
fn all(process: &Process) -> Vec<TunnelInfo> {
    let mut all: Vec<_> = process.tunnels().iter().flat_map(|thread| thread.list()).collect();
    all.sort_by_key(|tunnel| tunnel.id);
    all
}

/// What `show sess` prints and `shutdown session` takes; 0 would be none.
fn shown_id(tunnel: &TunnelInfo) -> u64 {
    tunnel.id + 1
}

fn age(accepted_micros: i64, now: i64) -> Duration {
    Duration::from_micros(u64::try_from(now - accepted_micros).unwrap_or(0))
}

fn client(client: Option<SocketAddr>) -> String {
    client.map_or_else(|| "unix".to_owned(), |address| address.to_string())
}

fn server_name(tunnel: &TunnelInfo) -> Option<String> {
    tunnel.server.as_ref().map(|server| server.name().to_owned())
}

/// `show tunnels [backend]`.
pub(super) fn show(process: &Process, backend: Option<&str>, now: i64) -> Reply {
    let all = all(process);
    let wanted = all.iter().filter(|it| backend.is_none_or(|name| it.backend_name() == Some(name)));
    let rows: Vec<TunnelRow> = wanted.map(|tunnel| row(tunnel, now)).collect();
    reply::show_tunnels(&rows)
}

fn row(tunnel: &TunnelInfo, now: i64) -> TunnelRow {
    let moved = tunnel.control.counters();
    TunnelRow {
        id: shown_id(tunnel),
        src: client(tunnel.client),
        frontend: tunnel.frontend_name().to_owned(),
        backend: tunnel.backend_name().unwrap_or("<NONE>").to_owned(),
        server: server_name(tunnel).unwrap_or_else(|| "<none>".to_owned()),
        protocol: tunnel.protocol().to_owned(),
        age: age(tunnel.accepted_micros, now),
        bytes_in: moved.bytes_up,
        bytes_out: moved.bytes_down,
        draining: tunnel.control.is_ending(),
    }
}

/// `show sess [id]`: every stream, the oldest first.
pub(super) fn sessions(process: &Process, id: Option<u64>, now: i64) -> Reply {
    let tunnels = all(process);
    let streams = process.running_streams();
    let mut rows: Vec<SessionRow> = tunnels.iter().map(|tunnel| session(tunnel, now)).collect();
    rows.extend(streams.iter().map(|stream| running(stream, now)));
    rows.retain(|row| id.is_none_or(|id| row.id == id));
    rows.sort_by_key(|row| row.id);
    // One may have become a tunnel between the two looks.
    rows.dedup_by_key(|row| row.id);
    if id.is_some() && rows.is_empty() {
        return reply::no_such_session();
    }
    reply::show_sess(&rows)
}

fn proto(client: Option<SocketAddr>) -> String {
    let proto = match client {
        Some(address) if address.is_ipv4() => "tcpv4",
        Some(_) => "tcpv6",
        None => "unix_stream",
    };
    proto.to_owned()
}

fn running(stream: &StreamInfo, now: i64) -> SessionRow {
    SessionRow {
        id: stream.id + 1,
        proto: proto(stream.client),
        src: client(stream.client),
        frontend: stream.frontend_name().to_owned(),
        backend: stream.backend_name().map(str::to_owned),
        server: stream.server_name().map(str::to_owned),
        age: age(stream.accepted_micros, now),
        calls: stream.calls.into(),
    }
}

fn session(tunnel: &TunnelInfo, now: i64) -> SessionRow {
    SessionRow {
        id: shown_id(tunnel),
        proto: proto(tunnel.client),
        src: client(tunnel.client),
        frontend: tunnel.frontend_name().to_owned(),
        backend: tunnel.backend_name().map(str::to_owned),
        server: server_name(tunnel),
        age: age(tunnel.accepted_micros, now),
        calls: 1,
    }
}

/// `shutdown session`: at once, as HAProxy does.
pub(super) fn shutdown(process: &Process, id: u64) -> Reply {
    if let Some(stream) = process.running_streams().iter().find(|stream| stream.id + 1 == id) {
        stream.end();
        return Reply::Done;
    }
    match all(process).iter().find(|tunnel| shown_id(tunnel) == id) {
        Some(tunnel) => {
            tunnel.end();
            Reply::Done
        }
        None => reply::no_such_session(),
    }
}

/// `drain`: ends the tunnels of a target in order, evenly over a time.
///
/// A server also stops to take new streams, or its clients would come straight back.
pub(super) fn drain(
    process: &Process,
    generation: &Generation,
    target: &DrainTarget,
    over: Duration,
) -> Reply {
    if let DrainTarget::Server(name) = target
        && !order_drain(generation, name)
    {
        return failed("No such server.");
    }
    let mut tunnels = all(process);
    tunnels.retain(|tunnel| is_of(tunnel, target) && !tunnel.control.is_ending());
    let count = tunnels.len();
    pace(tunnels, over);
    told(&format!("draining {count} {}{}", noun(count), words_of(over)))
}

fn order_drain(generation: &Generation, name: &ServerName) -> bool {
    let Some(backend) = generation.program.backend_named(&name.backend) else { return false };
    let Some(at) = backend.server_named(name.server.as_bytes()) else { return false };
    let Some(live) = generation.live.backends.get(backend.reference().0 as usize) else {
        return false;
    };
    live.order(at, AdminOrder::Drain);
    true
}

fn is_of(tunnel: &TunnelInfo, target: &DrainTarget) -> bool {
    match target {
        DrainTarget::All => true,
        DrainTarget::Frontend(name) => tunnel.frontend_name() == name,
        DrainTarget::Backend(name) => tunnel.backend_name() == Some(name),
        DrainTarget::Server(name) => is_on(tunnel, &name.backend, &name.server),
    }
}

fn is_on(tunnel: &TunnelInfo, backend: &str, server: &str) -> bool {
    tunnel.backend_name() == Some(backend)
        && tunnel.server.as_ref().is_some_and(|known| known.name() == server)
}

/// Tells each tunnel to end, evenly over a time, without keeping the operator waiting.
fn pace(tunnels: Vec<TunnelInfo>, over: Duration) {
    let Ok(count) = u32::try_from(tunnels.len()) else { return };
    if count == 0 {
        return;
    }
    let step = over / count;
    tokio::task::spawn_local(async move {
        for tunnel in tunnels {
            tunnel.control.drain();
            if !step.is_zero() {
                tokio::time::sleep(step).await;
            }
        }
    });
}

/// `rebalance`: what each server has beyond its share of a backend's tunnels is ended in order, the oldest first, so
/// that the clients come back to servers that have less.
pub(super) fn rebalance(
    process: &Process,
    generation: &Generation,
    backend: &str,
    dry_run: bool,
    over: Duration,
) -> Reply {
    let Some(known) = generation.program.backend_named(backend) else {
        return failed("No such backend.");
    };
    let Some(live) = generation.live.backends.get(known.reference().0 as usize) else {
        return failed("No such backend.");
    };
    let tunnels: Vec<TunnelInfo> =
        all(process).into_iter().filter(|tunnel| !tunnel.control.is_ending()).collect();
    let loads: Vec<Load> = live
        .servers
        .iter()
        .map(|server| Load {
            name: server.state.name().to_owned(),
            weight: if server.state.health().takes_new() { server.state.weight() } else { 0 },
            tunnels: tunnels
                .iter()
                .filter(|tunnel| is_on(tunnel, backend, server.state.name()))
                .cloned()
                .collect(),
        })
        .collect();
    let counts: Vec<(u32, usize)> =
        loads.iter().map(|load| (load.weight, load.tunnels.len())).collect();
    let shares = shares(&counts);
    let mut text = String::from("# server weight tunnels share close\n");
    let mut moved = Vec::new();
    for (load, share) in loads.into_iter().zip(shares) {
        let close = load.tunnels.len().saturating_sub(share);
        let line = [
            load.name,
            load.weight.to_string(),
            load.tunnels.len().to_string(),
            share.to_string(),
            close.to_string(),
        ];
        text.push_str(&line.join(" "));
        text.push('\n');
        moved.extend(load.tunnels.into_iter().take(close));
    }
    let count = moved.len();
    if dry_run {
        return told(&format!("{text}would close {count} {}", noun(count)));
    }
    pace(moved, over);
    told(&format!("{text}closing {count} {}{}", noun(count), words_of(over)))
}

struct Load {
    name: String,
    /// 0 for a server that takes nothing new.
    weight: u32,
    tunnels: Vec<TunnelInfo>,
}

/// How many tunnels each server may keep, by weight and number of tunnels: its share, rounded up. Where no server
/// takes new streams everyone keeps what it has.
fn shares(servers: &[(u32, usize)]) -> Vec<usize> {
    let weights: u128 = servers.iter().map(|(weight, _)| u128::from(*weight)).sum();
    let total: u128 = servers.iter().map(|(_, tunnels)| *tunnels as u128).sum();
    let share = |(weight, tunnels): &(u32, usize)| {
        if weights == 0 {
            return *tunnels;
        }
        usize::try_from((total * u128::from(*weight)).div_ceil(weights)).unwrap_or(usize::MAX)
    };
    servers.iter().map(share).collect()
}

fn told(text: &str) -> Reply {
    Reply::Message(Severity::Info, format!("{text}\n"))
}

fn noun(count: usize) -> &'static str {
    if count == 1 { "tunnel" } else { "tunnels" }
}

fn words_of(over: Duration) -> String {
    if over.is_zero() { String::new() } else { format!(" over {over:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_the_weights_and_leave_room_for_all_tunnels() {
        for (servers, wanted) in [
            (vec![(1, 100), (1, 0)], vec![50, 50]),
            (vec![(1, 3), (1, 0)], vec![2, 2]),
            (vec![(3, 0), (1, 8)], vec![6, 2]),
            (vec![(1, 4), (0, 6)], vec![10, 0]),
            (vec![(0, 4), (0, 6)], vec![4, 6]),
            (vec![], vec![]),
        ] {
            assert_eq!(shares(&servers), wanted, "{servers:?}");
        }
    }
}
