//! The connection and the process (manual 7.3.2, 7.3.3).

use std::net::SocketAddr;

use crate::arg::Args;
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Context, Fact, FactValue, Sample, Type, Value};

use super::int;

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.3",
    entries: &[
        FetchEntry::new("src", Type::Addr, Places::CLIENT, src, "the client's address"),
        FetchEntry::new("src_port", Type::Int, Places::CLIENT, src_port, "the client's port"),
        FetchEntry::new("dst", Type::Addr, Places::CLIENT, dst, "the address it connected to"),
        FetchEntry::new(
            "dst_port",
            Type::Int,
            Places::CLIENT,
            dst_port,
            "the port it connected to",
        ),
    ],
};

/// An address among the facts.
fn addr<'a>(ctx: &Context<'a>, fact: Fact) -> Result<SocketAddr, Sample<'a>> {
    match ctx.facts.read(fact) {
        Some(FactValue::Addr(addr)) => Ok(addr),
        Some(_) => Err(Sample::Missing),
        None => Err(Sample::Unknown(fact)),
    }
}

fn ip<'a>(ctx: &Context<'a>, fact: Fact) -> Sample<'a> {
    addr(ctx, fact).map_or_else(|open| open, |addr| Sample::Known(Value::Ip(addr.ip())))
}

fn port<'a>(ctx: &Context<'a>, fact: Fact) -> Sample<'a> {
    addr(ctx, fact).map_or_else(|open| open, |addr| int(i64::from(addr.port())))
}

fn src<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    ip(ctx, Fact::Src)
}

fn src_port<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    port(ctx, Fact::Src)
}

fn dst<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    ip(ctx, Fact::Dst)
}

fn dst_port<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    port(ctx, Fact::Dst)
}
