//! A turn of two threads against one, at a load that leaves room.
//!
//! Load and origin share the cores with the proxy, so two threads cannot be driven to their limit
//! on a small machine. What can be said: at the same load for each thread, how much of a request's
//! time the busiest thread spends. A proxy is at its limit when its busiest thread is, so capacity
//! grows by the one thread's time for a request over the busiest's.

use super::contender::Contender;
use super::load::{loaded, open};
use super::report::Sample;
use super::scenario::{Load, Scenario};
use super::stage::Stage;
use crate::shell::Failure;

/// One turn of a contender: with one thread, then with two.
pub(crate) fn measure(
    scenario: &Scenario,
    load: &Load,
    contender: &Contender,
    stage: &Stage,
    seconds: f64,
) -> Result<Sample, Failure> {
    let turn = |threads: u32| {
        let started = contender.start(scenario.shape, scenario.floor, threads, stage)?;
        let load = Load {
            connections: load.connections * threads as usize,
            rate: load.rate.map(|rate| rate * threads),
            ..load.clone()
        };
        let mut client = open(&started, &load, stage)?;
        let (outcome, used) = loaded(&started, &mut client, load.rate, seconds)?;
        let each = |ns: u64| ns as f64 / 1000.0 / outcome.count as f64;
        Ok::<_, Failure>((each(used.cpu_ns), each(used.busiest_ns)))
    };
    let (one, _) = turn(1)?;
    let (two, busiest) = turn(2)?;
    Ok(Sample::from([
        ("cpu_us_one".to_owned(), one),
        ("cpu_us_two".to_owned(), two),
        ("busiest_percent".to_owned(), 100.0 * busiest / two),
        ("scaling".to_owned(), one / busiest),
    ]))
}
