//! What the stream's record tells: timers, byte counts, how it ended (manual 7.3.4, 8.2.3).
//!
//! Without a record (in most rules) they are missing; log lines have one.

use std::time::Duration;

use crate::arg::Args;
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Context, LogRecord, Sample, Type, Value};

use super::{bool, int, or_missing, owned};

const KEPT: Places = Places::RESPONSE_KEPT;
const COUNTS: Places = Places::SERVER_COUNTS;

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.4",
    entries: &[
        FetchEntry::new("bc.timer.connect", Type::Int, KEPT, connect, "%Tc, milliseconds"),
        FetchEntry::new("bc_be_queue", Type::Int, KEPT, be_queue, "%bq"),
        FetchEntry::new("bc_srv_queue", Type::Int, KEPT, srv_queue, "%sq"),
        FetchEntry::new("bytes_in", Type::Int, Places::TRANSACTION, uploaded, "from the client"),
        FetchEntry::new("bytes_out", Type::Int, COUNTS, sent, "to the client"),
        FetchEntry::new("fc.timer.handshake", Type::Int, Places::CLIENT, handshake, "%Th"),
        FetchEntry::new("fc.timer.total", Type::Int, Places::FRONTEND, total, "%Tt"),
        FetchEntry::new("req.bytes_in", Type::Int, Places::TRANSACTION, uploaded, "%U"),
        FetchEntry::new("req.timer.hdr", Type::Int, Places::REQUEST, header, "%TR"),
        FetchEntry::new("req.timer.idle", Type::Int, Places::REQUEST, idle, "%Ti"),
        FetchEntry::new("req.timer.queue", Type::Int, KEPT, queued, "%Tw"),
        FetchEntry::new("req.timer.tq", Type::Int, Places::REQUEST, until_request, "%Tq"),
        FetchEntry::new("res.bytes_in", Type::Int, COUNTS, sent, "%B"),
        FetchEntry::new("res.timer.data", Type::Int, COUNTS, data, "%Td"),
        FetchEntry::new("res.timer.hdr", Type::Int, Places::RESPONSE, answer, "%Tr"),
        FetchEntry::new("txn.conn_retries", Type::Int, KEPT, retries, "%rc"),
        FetchEntry::new(
            "txn.redispatched",
            Type::Bool,
            KEPT,
            redispatched,
            "another server was asked",
        ),
        FetchEntry::new("txn.sess_term_state", Type::Str, Places::RUNNING, termination, "%ts"),
        FetchEntry::new("txn.status", Type::Int, KEPT, status, "%ST"),
        FetchEntry::new("txn.timer.total", Type::Int, Places::TRANSACTION, active, "%Ta"),
        FetchEntry::new("txn.timer.user", Type::Int, Places::TRANSACTION, user, "%Tu"),
    ],
};

/// A number of the record; `None` and no record at all are missing.
fn number<'a>(ctx: &Context<'a>, read: impl Fn(&LogRecord) -> Option<i64>) -> Sample<'a> {
    or_missing(ctx.log.and_then(read).map(Value::Int))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn connect<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| log.connect.map(millis))
}

fn be_queue<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| Some(i64::from(log.backend_queue)))
}

fn srv_queue<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| Some(i64::from(log.srv_queue)))
}

fn uploaded<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| Some(log.bytes_uploaded as i64))
}

fn sent<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| Some(log.bytes_read as i64))
}

fn handshake<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| log.handshake.map(millis))
}

fn total<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| Some(millis(log.total)))
}

fn header<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| log.request.map(millis))
}

fn idle<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| log.idle.map(millis))
}

fn queued<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| log.queue.map(millis))
}

fn until_request<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| {
        let before = log.handshake.unwrap_or_default() + log.idle.unwrap_or_default();
        log.request.map(|request| millis(before + request))
    })
}

fn data<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| log.data.map(millis))
}

fn answer<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| log.response.map(millis))
}

fn active<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| Some(millis(log.active)))
}

fn user<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| Some(millis(log.user)))
}

fn retries<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    number(ctx, |log| Some(i64::from(log.retries)))
}

fn redispatched<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    ctx.log.map_or(Sample::Missing, |log| bool(log.redispatched))
}

fn status<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match ctx.response {
        Some(head) => int(i64::from(head.status)),
        None => number(ctx, |log| log.status.map(i64::from)),
    }
}

fn termination<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    ctx.log.map_or(Sample::Missing, |log| {
        let [cause, phase, ..] = log.termination;
        owned(vec![printable(cause), printable(phase)])
    })
}

/// A flag that was never set is `-`.
fn printable(flag: u8) -> u8 {
    if flag == 0 { b'-' } else { flag }
}
