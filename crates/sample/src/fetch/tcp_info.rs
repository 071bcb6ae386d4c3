//! What the kernel measured of the connections of a stream (manual 7.3.3).

use crate::arg::{ArgKind, Args};
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Context, Fact, FactValue, Sample, TcpField, Type};

use super::int;

const UNIT: &[ArgKind] = &[ArgKind::Str];

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.3",
    entries: &[
        FetchEntry::new("bc_rtt", Type::Int, Places::CLIENT, bc_rtt, "the round trip")
            .args(0, UNIT),
        FetchEntry::new("bc_rttvar", Type::Int, Places::CLIENT, bc_rttvar, "its variance")
            .args(0, UNIT),
        FetchEntry::new("fc_rtt", Type::Int, Places::CLIENT, fc_rtt, "the round trip")
            .args(0, UNIT),
        FetchEntry::new("fc_rttvar", Type::Int, Places::CLIENT, fc_rttvar, "its variance")
            .args(0, UNIT),
        FetchEntry::new("fc_unacked", Type::Int, Places::CLIENT, unacked, "segments on their way"),
        FetchEntry::new("fc_sacked", Type::Int, Places::CLIENT, sacked, "segments out of order"),
        FetchEntry::new("fc_lost", Type::Int, Places::CLIENT, lost, "segments taken for lost"),
        FetchEntry::new("fc_retrans", Type::Int, Places::CLIENT, retrans, "retransmissions"),
        FetchEntry::new("fc_fackets", Type::Int, Places::CLIENT, fackets, "segments passed over"),
        FetchEntry::new("fc_reordering", Type::Int, Places::CLIENT, reordering, "the disorder"),
    ],
};

fn read<'a>(ctx: &Context<'a>, to_server: bool, field: TcpField, divisor: i64) -> Sample<'a> {
    let asked = Fact::TcpInfo { to_server, field };
    match ctx.facts.read(asked) {
        Some(FactValue::Int(number)) => int(number / divisor),
        Some(_) => Sample::Missing,
        None => Sample::Unknown(asked),
    }
}

/// Microseconds in the unit that is asked for: milliseconds, or `us`.
fn unit(args: &Args) -> i64 {
    if args.str(0) == Some(b"us") { 1 } else { 1000 }
}

fn bc_rtt<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    read(ctx, true, TcpField::Rtt, unit(args))
}

fn bc_rttvar<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    read(ctx, true, TcpField::RttVar, unit(args))
}

fn fc_rtt<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    read(ctx, false, TcpField::Rtt, unit(args))
}

fn fc_rttvar<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    read(ctx, false, TcpField::RttVar, unit(args))
}

fn unacked<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    read(ctx, false, TcpField::Unacked, 1)
}

fn sacked<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    read(ctx, false, TcpField::Sacked, 1)
}

fn lost<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    read(ctx, false, TcpField::Lost, 1)
}

fn retrans<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    read(ctx, false, TcpField::Retransmits, 1)
}

fn fackets<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    read(ctx, false, TcpField::Fackets, 1)
}

fn reordering<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    read(ctx, false, TcpField::Reordering, 1)
}
