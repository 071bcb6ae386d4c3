//! The balance step in words: who was passed over and why, and who was picked.

use balance::{Balancer, NoServer, Pick, PickInput, Step, WhyNot};

use config::model::Balance;

use crate::choose;
use crate::moment::Moment;
use crate::program::Backend;
use crate::{Event, Trace};

/// Picks a server; a trace that listens hears how.
pub(crate) fn pick<T: Trace>(
    backend: Backend<'_>,
    balancer: &Balancer,
    input: &PickInput<'_>,
    m: &Moment<'_>,
    trace: &mut T,
) -> Result<Pick, NoServer> {
    if !T::ON {
        return balancer.pick(input, &mut balance::NoTrace);
    }
    let mut recorder = balance::Recorder::default();
    let picked = balancer.pick(input, &mut recorder);
    m.flush(trace);
    trace.event(|| told(backend, input, &recorder.steps, &picked, m));
    picked
}

fn told(
    backend: Backend<'_>,
    input: &PickInput<'_>,
    steps: &[Step],
    picked: &Result<Pick, NoServer>,
    m: &Moment<'_>,
) -> Event {
    let name = |at: usize| {
        backend.servers().get(at).map_or_else(|| at.to_string(), |server| server.name.value.clone())
    };
    let passed = steps.iter().filter_map(|step| match step {
        Step::Passed { server, why } => Some((name(*server), why_not(why))),
        _ => None,
    });
    let hash = steps.iter().find_map(|step| match step {
        Step::Hash(hash) => Some(*hash),
        _ => None,
    });
    let balance = backend.proxy().balance.as_ref();
    Event::Balance {
        algorithm: choose::algorithm(balance.map(|balance| &balance.value)),
        key: input.key.as_ref().map(choose::shown),
        hash,
        passed: passed.collect(),
        pick: picked.as_ref().ok().map(|pick| name(pick.server)),
        reason: reason(backend, steps, picked, &name),
        span: choose::balance_span(m.program, backend.reference()),
    }
}

fn reason(
    backend: Backend<'_>,
    steps: &[Step],
    picked: &Result<Pick, NoServer>,
    name: &dyn Fn(usize) -> String,
) -> String {
    let mut words: Vec<String> = steps
        .iter()
        .filter_map(|step| {
            Some(match step {
                Step::Backups { count: 1 } => String::from("a backup server serves"),
                Step::Backups { count } => format!("{count} backup servers serve"),
                Step::NoKey => String::from("no key, so in turn"),
                Step::Slot { slot, of } => format!("slot {slot} of {of}"),
                Step::Point { position, server } => {
                    format!("point {position:#010x} of {}", name(*server))
                }
                Step::Drawn { server } => format!("drew {}", name(*server)),
                Step::Least { server, load } => format!("{} has {load} streams", name(*server)),
                Step::ExcludedAnyway => String::from("no other server has room"),
                Step::Hash(_) | Step::Passed { .. } | Step::Chosen { .. } => return None,
            })
        })
        .collect();
    match picked {
        Err(error) => words.push(error.to_string()),
        Ok(pick) if words.is_empty() => words.extend(by_algorithm(backend, pick.server)),
        Ok(_) => {}
    }
    words.join(", ")
}

/// Why an algorithm that compares nothing but servers came to this one.
fn by_algorithm(backend: Backend<'_>, server: usize) -> Option<String> {
    let weight = backend.servers().get(server)?.settings.weight.map_or(1, |weight| weight.value);
    let of_weight = if weight == 1 { String::new() } else { format!(", with the weight {weight}") };
    Some(match backend.proxy().balance.as_ref().map(|balance| &balance.value) {
        None | Some(Balance::RoundRobin | Balance::StaticRr) => format!("its turn{of_weight}"),
        Some(Balance::LeastConn) => format!("fewest streams for its weight{of_weight}"),
        Some(Balance::First) => String::from("the first with a free slot"),
        Some(_) => return None,
    })
}

fn why_not(why: &WhyNot) -> String {
    match why {
        WhyNot::State(state) => format!("{state:?}").to_lowercase(),
        WhyNot::NoWeight => String::from("weight 0"),
        WhyNot::BackupNotNeeded => String::from("backup, not needed"),
        WhyNot::LaterBackup => String::from("not the first backup"),
        WhyNot::Full { served, queued, maxconn } => {
            format!("full: {served} of {maxconn} served, {queued} queued")
        }
        WhyNot::Overloaded { served, share } => {
            format!("serves {served}, its share is {share}")
        }
        WhyNot::Busier => String::from("another drawn server is less busy"),
        WhyNot::Excluded => String::from("it just failed"),
    }
}
