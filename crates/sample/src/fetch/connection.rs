//! The client's connection, its listener and frontend, the backend and the server (manual 7.3.2, 7.3.3).

use std::net::SocketAddr;

use crate::arg::Args;
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Context, Fact, FactValue, Sample, Type, Value};

use super::{fact, int, text};

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.3",
    entries: &[
        FetchEntry::new("be_id", Type::Int, Places::BACKEND, be_id, "the backend's id"),
        FetchEntry::new("be_name", Type::Str, Places::BACKEND, be_name, "the backend's name"),
        FetchEntry::new(
            "bc_dst",
            Type::Addr,
            Places::RESPONSE_KEPT,
            bc_dst,
            "the server's address",
        ),
        FetchEntry::new("bc_dst_port", Type::Int, Places::RESPONSE_KEPT, bc_dst_port, "its port"),
        FetchEntry::new("bc_src", Type::Addr, Places::RESPONSE_KEPT, bc_src, "ours, towards it"),
        FetchEntry::new("bc_src_port", Type::Int, Places::RESPONSE_KEPT, bc_src_port, "its port"),
        FetchEntry::new("dst", Type::Addr, Places::CLIENT, dst, "the address it connected to"),
        FetchEntry::new("dst_is_local", Type::Bool, Places::CLIENT, dst_is_local, "is it ours?"),
        FetchEntry::new(
            "dst_port",
            Type::Int,
            Places::CLIENT,
            dst_port,
            "the port it connected to",
        ),
        FetchEntry::new("fc_dst", Type::Addr, Places::CLIENT, fc_dst, "dst of the connection"),
        FetchEntry::new("fc_dst_port", Type::Int, Places::CLIENT, fc_dst_port, "its port"),
        FetchEntry::new("fc_src", Type::Addr, Places::CLIENT, fc_src, "src of the connection"),
        FetchEntry::new("fc_src_port", Type::Int, Places::CLIENT, fc_src_port, "its port"),
        FetchEntry::new("fc_http_major", Type::Int, Places::CLIENT, http_major, "1 or 2"),
        FetchEntry::new("fe_defbe", Type::Str, Places::FRONTEND, fe_defbe, "its default backend"),
        FetchEntry::new("fe_id", Type::Int, Places::FRONTEND, fe_id, "the frontend's id"),
        FetchEntry::new("fe_name", Type::Str, Places::FRONTEND, fe_name, "the frontend's name"),
        FetchEntry::new("so_id", Type::Int, Places::FRONTEND, so_id, "the listener's id"),
        FetchEntry::new("so_name", Type::Str, Places::FRONTEND, so_name, "the listener's name"),
        FetchEntry::new("src", Type::Addr, Places::CLIENT, src, "the client's address"),
        FetchEntry::new("src_is_local", Type::Bool, Places::CLIENT, src_is_local, "is it ours?"),
        FetchEntry::new("src_port", Type::Int, Places::CLIENT, src_port, "the client's port"),
        FetchEntry::new("srv_id", Type::Int, Places::SERVER, srv_id, "the server's id"),
        FetchEntry::new("srv_name", Type::Str, Places::SERVER, srv_name, "the server's name"),
        // Nothing is encrypted before part 2: both are false and not refused, so that a file with
        // `http-request redirect scheme https unless { ssl_fc }` can be loaded.
        FetchEntry::new("ssl_bc", Type::Bool, Places::RESPONSE_KEPT, never, "TLS to the server"),
        FetchEntry::new("ssl_fc", Type::Bool, Places::SESSION, never, "TLS from the client"),
    ],
};

/// An address among the facts.
fn addr<'a>(ctx: &Context<'a>, asked: Fact) -> Result<SocketAddr, Sample<'a>> {
    match ctx.facts.read(asked) {
        Some(FactValue::Addr(addr)) => Ok(addr),
        Some(_) => Err(Sample::Missing),
        None => Err(Sample::Unknown(asked)),
    }
}

fn port<'a>(ctx: &Context<'a>, asked: Fact) -> Sample<'a> {
    match addr(ctx, asked) {
        // A port of 0 is none.
        Ok(addr) if addr.port() == 0 => Sample::Missing,
        Ok(addr) => int(i64::from(addr.port())),
        Err(open) => open,
    }
}

fn src<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::Src)
}

fn src_port<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    port(ctx, Fact::Src)
}

fn src_is_local<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::SrcIsLocal)
}

fn dst<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::Dst)
}

fn dst_port<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    port(ctx, Fact::Dst)
}

fn dst_is_local<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::DstIsLocal)
}

fn fc_src<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::ConnectionSrc)
}

fn fc_src_port<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    port(ctx, Fact::ConnectionSrc)
}

fn fc_dst<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::ConnectionDst)
}

fn fc_dst_port<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    port(ctx, Fact::ConnectionDst)
}

fn so_id<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::ListenerId)
}

fn so_name<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::ListenerName)
}

fn fe_id<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::FrontendId)
}

fn fe_defbe<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::FrontendDefault)
}

fn fe_name<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match ctx.log {
        Some(log) if !log.frontend.is_empty() => text(log.frontend.as_bytes()),
        _ => fact(ctx, Fact::FrontendName),
    }
}

fn be_id<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::BackendId)
}

fn be_name<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    // A line of a connection without a request has a `%b` and no backend: the fact knows.
    match (fact(ctx, Fact::BackendName), ctx.log) {
        (Sample::Unknown(_), Some(log)) if !log.backend.is_empty() => text(log.backend.as_bytes()),
        (sample, _) => sample,
    }
}

fn srv_id<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::ServerId)
}

fn srv_name<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match ctx.log {
        // `<NOSRV>` and `<STATS>` are no servers.
        Some(log) if log.server.starts_with('<') => Sample::Missing,
        Some(log) if !log.server.is_empty() => text(log.server.as_bytes()),
        _ => fact(ctx, Fact::ServerName),
    }
}

/// An address of the server's connection: a log line knows it from its record.
fn backend_side<'a>(logged: Option<SocketAddr>, ctx: &Context<'a>, which: Fact) -> Sample<'a> {
    match logged {
        Some(address) => Sample::Known(Value::Ip(address.ip())),
        None => fact(ctx, which),
    }
}

/// The port of one.
fn backend_port<'a>(logged: Option<SocketAddr>, ctx: &Context<'a>, which: Fact) -> Sample<'a> {
    match logged {
        Some(address) => Sample::Known(Value::Int(i64::from(address.port()))),
        None => port(ctx, which),
    }
}

fn bc_src<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    backend_side(ctx.log.and_then(|log| log.backend_source), ctx, Fact::ServerSideSrc)
}

fn bc_src_port<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    backend_port(ctx.log.and_then(|log| log.backend_source), ctx, Fact::ServerSideSrc)
}

fn bc_dst<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    backend_side(ctx.log.and_then(|log| log.server_addr), ctx, Fact::ServerSideDst)
}

fn bc_dst_port<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    backend_port(ctx.log.and_then(|log| log.server_addr), ctx, Fact::ServerSideDst)
}

fn http_major<'a>(_: &'a Args, _: &Context<'a>) -> Sample<'a> {
    int(1)
}

fn never<'a>(_: &'a Args, _: &Context<'a>) -> Sample<'a> {
    super::bool(false)
}
