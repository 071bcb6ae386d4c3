//! A turn under load: CPU time per unit while the load runs as fast as it can, latency at a calm rate.

use std::time::Duration;

use testkit::drive::{Outcome, Phase, Plan, Work};

use super::accounting::{self, Usage, Used};
use super::client::Client;
use super::contender::{Contender, Started};
use super::report::Sample;
use super::scenario::{Load, Scenario, Unit};
use super::stage::Stage;
use crate::shell::Failure;

/// Before anything is measured: pools fill, caches warm, lazily made things are made.
const WARM: f64 = 0.5;

/// One turn of a contender.
pub(crate) fn measure(
    scenario: &Scenario,
    load: &Load,
    contender: &Contender,
    stage: &Stage,
    seconds: f64,
) -> Result<Sample, Failure> {
    let started = contender.start(scenario.shape, scenario.floor, 1, stage)?;
    let mut client = open(&started, load, stage)?;
    let lines = stage.syslog.lines();
    let (outcome, used) = loaded(&started, &mut client, load.rate, seconds)?;
    let units = units(load.unit, &outcome);
    let mut sample = Sample::from([
        ("cpu_us".to_owned(), used.cpu_ns as f64 / 1000.0 / units),
        ("user_percent".to_owned(), used.user_percent),
        ("per_second".to_owned(), units / outcome.seconds),
        ("units".to_owned(), units),
    ]);
    let lines = stage.syslog.lines() - lines;
    // A tunnel is logged when it ends: it has no line for a message.
    if matches!(load.work, Work::Requests { .. } | Work::Upgrades) {
        sample.insert("logged_percent".into(), 100.0 * lines as f64 / outcome.count as f64);
    }
    if let Some(rate) = load.calm {
        let calm = client.run(Phase { seconds: (seconds / 2.0).max(0.5), rate: Some(rate) })?;
        sample.insert("p50_us".into(), calm.p50_us);
        sample.insert("p99_us".into(), calm.p99_us);
        sample.insert("p999_us".into(), calm.p999_us);
    }
    sample.insert("peak_kb".into(), accounting::peak_kb(started.pid()) as f64);
    Ok(sample)
}

/// Opens the connections of a load and lets them warm up.
pub(crate) fn open(started: &Started, load: &Load, stage: &Stage) -> Result<Client, Failure> {
    let plan = Plan {
        address: ([127, 0, 0, 1], started.port).into(),
        connections: load.connections,
        work: load.work.clone(),
    };
    let mut client = Client::open(&stage.bins, &plan)?;
    client.run(Phase { seconds: WARM, rate: load.rate })?;
    Ok(client)
}

/// Runs the load and reads what it cost.
pub(crate) fn loaded(
    started: &Started,
    client: &mut Client,
    rate: Option<u32>,
    seconds: f64,
) -> Result<(Outcome, Used), Failure> {
    settle();
    let before = Usage::of(started.pid());
    let outcome = client.run(Phase { seconds, rate })?;
    settle();
    let used = Usage::of(started.pid()).since(&before);
    if outcome.count == 0 {
        return Err("nothing was answered".into());
    }
    Ok((outcome, used))
}

/// The kernel adds up a thread's time when it goes to sleep; what is left to do is done within this.
fn settle() {
    std::thread::sleep(Duration::from_millis(50));
}

fn units(unit: Unit, outcome: &Outcome) -> f64 {
    match unit {
        Unit::Request | Unit::RoundTrip | Unit::Upgrade => outcome.count as f64,
        Unit::Megabyte => outcome.bytes as f64 / 1e6,
    }
}
