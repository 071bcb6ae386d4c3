//! The process, its clock and its dice (manual 7.3.2).

use crate::arg::{Arg, ArgKind, Args};
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Context, Fact, Sample, Type};

use super::{fact, int, int_fact, owned};

const DATE: &[ArgKind] = &[ArgKind::Int, ArgKind::Str];
const UNIT: &[ArgKind] = &[ArgKind::Str];

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.2",
    entries: &[
        FetchEntry::new("accept_date", Type::Int, Places::CLIENT, accept_date, "of the connection")
            .args(0, UNIT),
        FetchEntry::new("date", Type::Int, Places::ALL, date, "seconds since 1970").args(0, DATE),
        FetchEntry::new("date_us", Type::Int, Places::ALL, date_us, "microseconds of the second"),
        FetchEntry::new("hostname", Type::Str, Places::ALL, hostname, "the machine's name"),
        FetchEntry::new("nbproc", Type::Int, Places::ALL, one, "1: processes"),
        FetchEntry::new("pid", Type::Int, Places::ALL, pid, "the process id"),
        FetchEntry::new("proc", Type::Int, Places::ALL, one, "1: the process's number"),
        FetchEntry::new("rand", Type::Int, Places::ALL, rand, "a random number below a limit")
            .args(0, &[ArgKind::Int])
            .draws(1),
        FetchEntry::new(
            "request_date",
            Type::Int,
            Places::TRANSACTION,
            request_date,
            "of the first byte",
        )
        .args(0, UNIT),
        FetchEntry::new(
            "stopping",
            Type::Bool,
            Places::RUNNING,
            stopping,
            "whether it is stopping",
        ),
        FetchEntry::new("thread", Type::Int, Places::ALL, thread, "the thread's number, from 0"),
        FetchEntry::new("txn.id32", Type::Int, Places::RUNNING, id32, "the stream's number"),
        FetchEntry::new("unique-id", Type::Str, Places::ALL, unique_id, "the stream's unique id"),
        FetchEntry::new("uptime", Type::Int, Places::ALL, uptime, "seconds since the start"),
        FetchEntry::new("uuid", Type::Str, Places::ALL, uuid, "a random UUID (RFC 9562)")
            .args(0, &[ArgKind::Int])
            .draws(4),
    ],
};

/// Refuses units that are none.
pub(super) fn check_unit(name: &str, args: &Args) -> Result<(), String> {
    let unit = args.str(if name == "date" { 1 } else { 0 });
    match unit {
        None | Some(b"" | b"s" | b"ms" | b"us") => Ok(()),
        Some(other) => {
            Err(format!("`{}` is no unit: `s`, `ms` or `us`", String::from_utf8_lossy(other)))
        }
    }
}

/// How many of a unit make a second.
fn per_second(unit: Option<&[u8]>) -> i64 {
    match unit {
        Some(b"ms") => 1000,
        Some(b"us") => 1_000_000,
        _ => 1,
    }
}

/// The offset is in the unit; without one, in seconds.
fn date<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let now = match int_fact(ctx, Fact::Now) {
        Ok(now) => now,
        Err(open) => return open,
    };
    let in_unit = now.div_euclid(1_000_000 / per_second(args.str(1)));
    int(in_unit.saturating_add(args.int(0).unwrap_or(0)))
}

fn date_us<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match int_fact(ctx, Fact::Now) {
        Ok(now) => int(now.rem_euclid(1_000_000)),
        Err(open) => open,
    }
}

fn since_epoch<'a>(micros: Option<i64>, args: &Args) -> Sample<'a> {
    match micros {
        Some(micros) => int(micros.div_euclid(1_000_000 / per_second(args.str(0)))),
        None => Sample::Missing,
    }
}

fn accept_date<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    since_epoch(ctx.log.map(|log| log.accept_micros), args)
}

fn request_date<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    since_epoch(ctx.log.map(|log| log.request_micros), args)
}

fn hostname<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::Hostname)
}

fn one<'a>(_: &'a Args, _: &Context<'a>) -> Sample<'a> {
    int(1)
}

fn pid<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::Pid)
}

fn stopping<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::Stopping)
}

fn thread<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::Thread)
}

fn id32<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match int_fact(ctx, Fact::StreamId) {
        Ok(number) => int(number & 0xffff_ffff),
        Err(open) => open,
    }
}

fn unique_id<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match ctx.log.and_then(|log| log.unique_id.as_ref()) {
        Some(id) => super::text(id),
        None => fact(ctx, Fact::UniqueId),
    }
}

fn uptime<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::Uptime)
}

/// The first draw that belongs to this call: compiling put it last.
fn draw<'a>(args: &Args, ctx: &Context<'a>, nth: u32) -> Result<u32, Sample<'a>> {
    let Some(Arg::Draw(first)) = args.0.last() else { return Err(Sample::Missing) };
    int_fact(ctx, Fact::Draw(first.saturating_add(nth))).map(|bits| bits as u32)
}

/// 32 bits, or a number from 0 to below the limit.
fn rand<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match (draw(args, ctx, 0), args.int(0)) {
        (Ok(bits), Some(limit)) => {
            let limit = u64::from(u32::try_from(limit).unwrap_or(u32::MAX));
            int(((u64::from(bits) * limit) >> 32) as i64)
        }
        (Ok(bits), None) => int(i64::from(bits)),
        (Err(open), _) => open,
    }
}

fn uuid<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let mut bits = [0_u32; 4];
    for (nth, word) in bits.iter_mut().enumerate() {
        match draw(args, ctx, nth as u32) {
            Ok(drawn) => *word = drawn,
            Err(open) => return open,
        }
    }
    let [a, b, c, d] = bits;
    owned(format!(
        "{a:08x}-{:04x}-{:04x}-{:04x}-{:04x}{d:08x}",
        b >> 16,
        (b & 0xfff) | 0x4000,
        ((c >> 16) & 0x3fff) | 0x8000,
        c & 0xffff,
    ))
}
