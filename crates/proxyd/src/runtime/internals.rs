//! What HAProxy tells of its own machinery, and variables of the process. Where there is no such machinery the
//! answer says so.

use std::sync::Arc;

use admin::{Internals, Reply, Severity, reply};
use forward::FrontendState;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rules::{NotSet, Program};
use sample::Value;

use crate::daemon::Daemon;

/// `show activity`, `show fd`, `show pools`, `show threads`.
pub(super) fn show(daemon: &Daemon, which: Internals, micros: i64) -> Reply {
    let threads = daemon.workers.count();
    let pid = daemon.process.settings().pid;
    match which {
        Internals::Activity => Reply::Dump(activity(daemon, threads, micros)),
        Internals::Descriptors => {
            note(format!("proxyd keeps no table of file descriptors: /proc/{pid}/fd lists them."))
        }
        Internals::Pools => {
            note("proxyd has no memory pools: its memory is the allocator's.".into())
        }
        Internals::Threads => note(format!(
            "{threads} threads, each with an event loop and listeners of its own: /proc/{pid}/task lists them."
        )),
    }
}

fn note(text: String) -> Reply {
    Reply::Message(Severity::Info, format!("{text}\n"))
}

/// The lines that have a meaning here, as HAProxy writes them: the sum, then each thread.
fn activity(daemon: &Daemon, threads: usize, micros: i64) -> String {
    let generation = daemon.generation();
    let accepted = |thread: usize| -> u64 {
        let of = |it: &Arc<FrontendState>| {
            it.counters.all().nth(thread).map_or(0, |counters| counters.connections.read())
        };
        generation.live.frontends.iter().map(of).fold(0, u64::wrapping_add)
    };
    let line = |name: &str, each: Vec<u64>| {
        let all = each.iter().copied().fold(0, u64::wrapping_add);
        let listed: String = each.iter().map(|count| format!("{count} ")).collect();
        format!("{name}: {all} [ {listed}]\n")
    };
    let accepted = line("accepted", (0..threads).map(accepted).collect());
    let streams = line("streams", daemon.process.streams_by_thread());
    let tunnels = daemon.process.tunnels().iter().map(|thread| thread.len() as u64).collect();
    let tunnels = line("tunnels", tunnels);
    let (seconds, rest) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    format!(
        "thread_id: 1 (1..{threads})\ndate_now: {seconds}.{rest:06}\n{accepted}{streams}{tunnels}"
    )
}

/// `get var`: a variable that the configuration names and that is set.
pub(super) fn variable(program: &Program, name: &str) -> Reply {
    let Some(value) = program.process_var(name) else { return reply::variable_not_found() };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (kind, value) = match &value {
        Value::Bool(value) => ("bool", u8::from(*value).to_string()),
        Value::Int(value) => ("sint", value.to_string()),
        Value::Ip(ip) if ip.is_ipv4() => ("ipv4", ip.to_string()),
        Value::Ip(ip) => ("ipv6", ip.to_string()),
        Value::Str(value) => ("str", text(value)),
        Value::Bin(value) => ("bin", value.iter().map(|byte| format!("{byte:02x}")).collect()),
        Value::Meth(value) => ("meth", text(value)),
    };
    reply::variable_is(name, kind, &value)
}

/// What became of `set var`.
pub(super) fn variable_set(name: &str, set: Result<(), NotSet>) -> Reply {
    match set {
        Ok(()) => Reply::Done,
        Err(NotSet::Scope) => reply::variable_scope(name),
        Err(NotSet::Unused) => {
            reply::failed(&format!("nothing in the configuration uses the variable '{name}'."))
        }
        Err(NotSet::Value(why)) => reply::failed(&why),
    }
}

/// `27/Nov/2026:00:26:10.924`, in local time.
pub(super) fn log_time(micros: i64) -> String {
    let time = Timestamp::from_microsecond(micros).unwrap_or_default();
    let local = time.to_zoned(TimeZone::system());
    format!("{}.{:03}", local.strftime("%d/%b/%Y:%H:%M:%S"), local.millisecond())
}
