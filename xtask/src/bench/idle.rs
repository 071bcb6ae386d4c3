//! A turn of lying idle: what a connection weighs, and whether anything wakes up for it.

use std::time::Duration;

use testkit::drive::{Phase, Plan};

use super::accounting::{self, Usage};
use super::client::Client;
use super::contender::Contender;
use super::report::Sample;
use super::scenario::{Load, Scenario};
use super::stage::Stage;
use crate::shell::{self, Failure};

/// Connections that come and go before the first reading, so that lazily made things are not counted.
const WARM: usize = 20;

/// How long connections have been idle before they are weighed: what was freed goes back to the system a little later.
const REST: Duration = Duration::from_secs(4);

/// One turn of a contender.
pub(crate) fn measure(
    scenario: &Scenario,
    load: &Load,
    contender: &Contender,
    stage: &Stage,
    seconds: f64,
) -> Result<Sample, Failure> {
    let started = contender.start(scenario.shape, scenario.floor, 1, stage)?;
    let pid = started.pid();
    let plan = |connections| Plan {
        address: ([127, 0, 0, 1], started.port).into(),
        connections,
        work: load.work.clone(),
    };
    drop(Client::open(&stage.bins, &plan(WARM))?);
    let sockets = accounting::sockets(pid);
    // The clients are gone at once, the proxy hears of it a little later.
    shell::wait_until(Duration::from_millis(300), || accounting::sockets(pid) + WARM <= sockets);
    let (memory, sockets) = (accounting::memory(pid), accounting::sockets(pid));
    let mut client = Client::open(&stage.bins, &plan(load.connections))?;
    std::thread::sleep(REST);
    let before = Usage::of(pid);
    let more = accounting::memory(pid).saturating_sub(memory);
    let opened = accounting::sockets(pid).saturating_sub(sockets);
    client.run(Phase { seconds, rate: None })?;
    let used = Usage::of(pid).since(&before);
    let each = |all: f64| all / load.connections as f64;
    Ok(Sample::from([
        ("bytes_each".to_owned(), each(more as f64)),
        ("sockets_each".to_owned(), each(opened as f64)),
        ("wakeups_per_second".to_owned(), used.wakeups as f64 / seconds),
        ("step_bytes".to_owned(), each(step(pid))),
        ("peak_kb".to_owned(), accounting::peak_kb(pid) as f64),
    ]))
}

/// The smallest difference in memory that can be seen: a process with huge pages grows by whole ones.
fn step(pid: u32) -> f64 {
    const PAGE: f64 = 4096.0;
    const HUGE_PAGE: f64 = 2.0 * 1024.0 * 1024.0;
    if accounting::huge_kb(pid) > 0 { HUGE_PAGE } else { PAGE }
}
