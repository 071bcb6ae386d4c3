//! Counters and states of frontends, backends and servers (manual 7.3.2).

use crate::arg::{Arg, ArgKind, Args};
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{BackendRef, Context, Fact, FrontendRef, Sample, ServerRef, Type};

use super::{fact, int, int_fact};

const FRONTEND: &[ArgKind] = &[ArgKind::Frontend];
const BACKEND: &[ArgKind] = &[ArgKind::Backend];
const SERVER: &[ArgKind] = &[ArgKind::Server];
const RUNNING: Places = Places::RUNNING;

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.2",
    entries: &[
        FetchEntry::new("act_conn", Type::Int, Places::ALL, act_conn, "connections of the process"),
        FetchEntry::new("avg_queue", Type::Int, RUNNING, avg_queue, "streams waiting, per server")
            .args(1, BACKEND),
        FetchEntry::new("be_conn", Type::Int, RUNNING, be_conn, "streams of a backend")
            .args(1, BACKEND),
        FetchEntry::new("be_conn_free", Type::Int, RUNNING, be_conn_free, "room at its servers")
            .args(1, BACKEND),
        FetchEntry::new("be_sess_rate", Type::Int, RUNNING, be_sess_rate, "new streams a second")
            .args(1, BACKEND),
        FetchEntry::new("connslots", Type::Int, RUNNING, connslots, "room at and before servers")
            .args(1, BACKEND),
        FetchEntry::new("fe_conn", Type::Int, RUNNING, fe_conn, "connections of a frontend")
            .args(1, FRONTEND),
        FetchEntry::new("fe_req_rate", Type::Int, RUNNING, fe_req_rate, "requests a second")
            .args(1, FRONTEND),
        FetchEntry::new("fe_sess_rate", Type::Int, RUNNING, fe_sess_rate, "connections a second")
            .args(1, FRONTEND),
        FetchEntry::new("nbsrv", Type::Int, RUNNING, nbsrv, "servers that can be used")
            .args(1, BACKEND),
        FetchEntry::new("queue", Type::Int, RUNNING, queue, "streams waiting in all queues")
            .args(1, BACKEND),
        FetchEntry::new("srv_conn", Type::Int, RUNNING, srv_conn, "streams of a server")
            .args(1, SERVER),
        FetchEntry::new("srv_conn_free", Type::Int, RUNNING, srv_conn_free, "room at a server")
            .args(1, SERVER),
        FetchEntry::new("srv_is_up", Type::Bool, RUNNING, srv_is_up, "whether a server is up")
            .args(1, SERVER),
        FetchEntry::new("srv_iweight", Type::Int, RUNNING, srv_iweight, "its weight in the file")
            .args(1, SERVER),
        FetchEntry::new("srv_queue", Type::Int, RUNNING, srv_queue, "streams waiting for a server")
            .args(1, SERVER),
        FetchEntry::new("srv_sess_rate", Type::Int, RUNNING, srv_sess_rate, "new streams a second")
            .args(1, SERVER),
        FetchEntry::new("srv_uweight", Type::Int, RUNNING, srv_uweight, "its weight as set")
            .args(1, SERVER),
        FetchEntry::new("srv_weight", Type::Int, RUNNING, srv_weight, "its weight in effect")
            .args(1, SERVER),
    ],
};

fn frontend<'a>(args: &Args, ctx: &Context<'a>, ask: fn(FrontendRef) -> Fact) -> Sample<'a> {
    match args.at(0) {
        Arg::Frontend(id) => fact(ctx, ask(*id)),
        _ => Sample::Missing,
    }
}

fn backend<'a>(args: &Args, ctx: &Context<'a>, ask: fn(BackendRef) -> Fact) -> Sample<'a> {
    match args.at(0) {
        Arg::Backend(id) => fact(ctx, ask(*id)),
        _ => Sample::Missing,
    }
}

fn server<'a>(args: &Args, ctx: &Context<'a>, ask: fn(ServerRef) -> Fact) -> Sample<'a> {
    match args.at(0) {
        Arg::Server(id) => fact(ctx, ask(*id)),
        _ => Sample::Missing,
    }
}

fn act_conn<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::ProcessConnections)
}

fn fe_conn<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    frontend(args, ctx, Fact::FrontendConnections)
}

fn fe_sess_rate<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    frontend(args, ctx, Fact::FrontendRate)
}

fn fe_req_rate<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    frontend(args, ctx, Fact::FrontendRequestRate)
}

fn be_conn<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    backend(args, ctx, Fact::BackendConnections)
}

fn be_conn_free<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    backend(args, ctx, Fact::BackendFree)
}

fn be_sess_rate<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    backend(args, ctx, Fact::BackendRate)
}

fn connslots<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    backend(args, ctx, Fact::BackendSlots)
}

fn nbsrv<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    backend(args, ctx, Fact::UsableServers)
}

fn queue<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    backend(args, ctx, Fact::BackendQueue)
}

/// Rounded up; without a server the whole queue.
fn avg_queue<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let Some(id) = args.backend(0) else { return Sample::Missing };
    let waiting = match int_fact(ctx, Fact::BackendQueue(id)) {
        Ok(waiting) => waiting,
        Err(open) => return open,
    };
    match int_fact(ctx, Fact::UsableServers(id)) {
        Ok(servers) if servers > 0 => int(waiting.saturating_add(servers - 1) / servers),
        Ok(_) => int(waiting.saturating_mul(2)),
        Err(open) => open,
    }
}

fn srv_conn<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    server(args, ctx, Fact::ServerConnections)
}

fn srv_conn_free<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    server(args, ctx, Fact::ServerFree)
}

fn srv_is_up<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    server(args, ctx, Fact::ServerUp)
}

fn srv_iweight<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    server(args, ctx, Fact::ServerInitialWeight)
}

fn srv_queue<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    server(args, ctx, Fact::ServerQueue)
}

fn srv_sess_rate<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    server(args, ctx, Fact::ServerRate)
}

fn srv_uweight<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    server(args, ctx, Fact::ServerUserWeight)
}

fn srv_weight<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    server(args, ctx, Fact::ServerWeight)
}
