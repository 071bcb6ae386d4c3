//! A turn of two threads against one, at a load that leaves room.
//!
//! Load and origin share the cores with the proxy, so two threads cannot be driven to their limit
//! on a small machine. What can be said is how much each thread spends at the same load: capacity
//! is reached when the busiest thread is, so it grows by the one thread's time over the busiest's.

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
    let turn = |threads| {
        let started = contender.start(scenario.shape, scenario.floor, threads, stage)?;
        let mut client = open(&started, load, stage)?;
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
