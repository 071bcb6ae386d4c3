//! The scenarios, as data: what the contenders are configured for, what the load does, what is reported.

use serde::{Deserialize, Serialize};
use testkit::drive::{Idle, Work};

use super::contender::Kind;

/// The fixed rate at which latency is measured, in requests a second: far below what any contender can take.
const CALM: u32 = 4000;

/// One thing to measure.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// What `--only` takes.
    pub(crate) name: &'static str,
    /// One line for a reader.
    pub(crate) about: &'static str,
    /// What the contenders are configured for.
    pub(crate) shape: Shape,
    /// The floor proxy that can do the same, if one can.
    pub(crate) floor: Option<Floor>,
    /// What is done and measured.
    pub(crate) measure: Measure,
    /// What proxyd must reach.
    pub(crate) bars: Vec<Bar>,
}

/// A kind of configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One host, one server; host ACL, forwardfor, access log.
    Host,
    /// 200 rules to 64 backends of 16 servers each; the rest as in `Host`.
    Rules,
    /// `mode tcp` to one server, with a log.
    Tcp,
}

/// A floor proxy of `testkit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Floor {
    /// `floor-http`
    Http,
    /// `floor-tunnel`
    Tunnel,
}

/// What is done and measured.
#[derive(Debug)]
pub(crate) enum Measure {
    /// CPU time per unit of a load; latency too where it has a calm rate.
    Load(Load),
    /// Memory and wake-ups of idle connections.
    Idle(Load),
    /// A paced load with one thread, and twice the load with two.
    Scaling(Load),
    /// Check, start and reload of the configuration of 130,000 lines.
    Large,
}

/// What the load does.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// Client connections.
    pub(crate) connections: usize,
    /// What each does.
    pub(crate) work: Work,
    /// What is divided by.
    pub(crate) unit: Unit,
    /// Exchanges a second while CPU is measured; a closed loop without it.
    pub(crate) rate: Option<u32>,
    /// Exchanges a second while latency is measured; not measured without it.
    pub(crate) calm: Option<u32>,
}

/// What CPU time is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A whole request and its answer.
    Request,
    /// A message there and back.
    RoundTrip,
    /// A handshake with its connection.
    Upgrade,
    /// A megabyte (10^6 bytes) received.
    Megabyte,
}

/// A figure of a sample.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Metric {
    /// Its name in the json.
    pub(crate) key: &'static str,
    /// Its heading, with the unit.
    pub(crate) label: &'static str,
}

/// What a figure of proxyd must reach.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bar {
    /// The figure.
    pub(crate) metric: &'static str,
    /// How far it may go.
    pub(crate) limit: Limit,
}

/// How far a figure may go.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Limit {
    /// At most so many times the figure of this contender.
    Times(f64, Kind),
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
}

const fn metric(key: &'static str, label: &'static str) -> Metric {
    Metric { key, label }
}

const LOAD: &[Metric] = &[
    metric("cpu_us", "CPU us"),
    metric("user_percent", "user %"),
    metric("per_second", "a second"),
    metric("logged_percent", "log lines %"),
    metric("p50_us", "p50 us"),
    metric("p99_us", "p99 us"),
    metric("p999_us", "p99.9 us"),
    metric("peak_kb", "peak KB"),
];
const IDLE: &[Metric] = &[
    metric("bytes_each", "bytes each"),
    metric("step_bytes", "seen in steps of"),
    metric("sockets_each", "sockets each"),
    metric("wakeups_per_second", "wake-ups a second"),
    metric("peak_kb", "peak KB"),
];
const SCALING: &[Metric] = &[
    metric("scaling", "capacity, two threads to one"),
    metric("cpu_us_one", "CPU us, one thread"),
    metric("cpu_us_two", "CPU us, two threads"),
    metric("busiest_percent", "busiest thread %"),
];
const LARGE: &[Metric] = &[
    metric("check_ms", "check ms"),
    metric("start_ms", "start ms"),
    metric("reload_ms", "reload ms"),
    metric("memory_mb", "memory MB"),
];

impl Scenario {
    /// Who takes part, in the order of their turns.
    pub(crate) fn contenders(&self) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|k| *k != Kind::Floor || self.floor.is_some()).collect()
    }

    /// The figures of each sample, the one that matters most first.
    pub(crate) fn metrics(&self) -> &'static [Metric] {
        match self.measure {
            Measure::Load(_) => LOAD,
            Measure::Idle(_) => IDLE,
            Measure::Scaling(_) => SCALING,
            Measure::Large => LARGE,
        }
    }

    /// The unit in words, where there is one.
    pub(crate) fn unit(&self) -> &'static str {
        match &self.measure {
            Measure::Load(load) | Measure::Scaling(load) => match load.unit {
                Unit::Request => "request",
                Unit::RoundTrip => "round trip",
                Unit::Upgrade => "handshake",
                Unit::Megabyte => "MB",
            },
            Measure::Idle(_) => "connection",
            Measure::Large => "configuration",
        }
    }

    fn bar(mut self, metric: &'static str, limit: Limit) -> Scenario {
        self.bars.push(Bar { metric, limit });
        self
    }
}

/// Every scenario, in the order they run.
pub(crate) fn all() -> Vec<Scenario> {
    let mut all = requests();
    all.extend(tunnels());
    all.extend(idle());
    all.push(
        scenario(
            "threads",
            "8,000 requests a second over 128 connections with one thread, twice that with two",
            Shape::Host,
            Some(Floor::Http),
            Measure::Scaling(Load { rate: Some(8000), ..get(128, "/100", Unit::Request) }),
        )
        .bar("scaling", Limit::AtLeast(1.8)),
    );
    all.push(scenario(
        "large-config",
        "check, start and reload of 130,000 lines: 5,000 backends, 75,000 servers",
        Shape::Host,
        None,
        Measure::Large,
    ));
    all
}

fn requests() -> Vec<Scenario> {
    let http = |name, about, floor: bool, load| {
        let floor = floor.then_some(Floor::Http);
        scenario(name, about, Shape::Host, floor, Measure::Load(load))
    };
    let calm = Some(CALM);
    vec![
        http(
            "h1-100",
            "keep-alive requests, answers of 100 bytes, 64 connections",
            true,
            Load { calm, ..get(64, "/100", Unit::Request) },
        )
        .bar("cpu_us", Limit::Times(0.75, Kind::Haproxy))
        .bar("cpu_us", Limit::Times(0.95, Kind::Nginx))
        .bar("cpu_us", Limit::Times(1.25, Kind::Floor))
        .bar("p99_us", Limit::Times(1.0, Kind::Haproxy)),
        http(
            "h1-16k",
            "keep-alive requests, answers of 16 KiB, 64 connections",
            true,
            Load { calm, ..get(64, "/16384", Unit::Request) },
        ),
        http(
            "h1-1m",
            "keep-alive requests, answers of 1 MiB, 16 connections",
            true,
            get(16, "/1048576", Unit::Megabyte),
        )
        .bar("cpu_us", Limit::Times(0.9, Kind::Haproxy)),
        http(
            "h1-new",
            "a new connection for each request, 100 bytes, 64 at once",
            true,
            post(64, "/100", 0, true),
        )
        .bar("cpu_us", Limit::Times(0.85, Kind::Haproxy)),
        http(
            "h1-1000",
            "keep-alive requests, answers of 100 bytes, 1,000 connections",
            true,
            Load { calm, ..get(1000, "/100", Unit::Request) },
        ),
        scenario(
            "h1-rules",
            "200 rules, 64 backends of 16 servers, every host in turn, 64 connections",
            Shape::Rules,
            None,
            Measure::Load(Load { calm, ..rules() }),
        )
        .bar("cpu_us", Limit::Times(0.6, Kind::Haproxy)),
        http(
            "h1-post",
            "requests with bodies of 64 KiB, 64 connections",
            false,
            post(64, "/100", 65_536, false),
        ),
        http(
            "h1-chunked",
            "chunked answers of 16 KiB in 4 chunks, 64 connections",
            false,
            get(64, "/chunked/16384", Unit::Request),
        ),
    ]
}

fn tunnels() -> Vec<Scenario> {
    let ws = |name, about, load| {
        scenario(name, about, Shape::Host, Some(Floor::Tunnel), Measure::Load(load))
    };
    vec![
        ws("ws-128", "WebSocket echo of 128 bytes over 64 tunnels", echo(64, 128, None))
            .bar("cpu_us", Limit::Times(0.75, Kind::Haproxy))
            .bar("cpu_us", Limit::Times(1.0, Kind::Nginx)),
        ws("ws-16k", "WebSocket echo of 16 KiB over 64 tunnels", echo(64, 16_384, None))
            .bar("cpu_us", Limit::Times(0.65, Kind::Haproxy)),
        ws(
            "ws-2000",
            "2,000 tunnels with one message of 128 bytes a second each",
            echo(2000, 128, Some(2000)),
        ),
        ws(
            "ws-upgrade",
            "handshakes: connect, upgrade, leave, 64 at once",
            Load { work: Work::Upgrades, ..load(64, Work::Upgrades, Unit::Upgrade) },
        ),
        scenario(
            "tcp-stream",
            "mode tcp, two endless downloads",
            Shape::Tcp,
            Some(Floor::Tunnel),
            Measure::Load(load(2, Work::Stream, Unit::Megabyte)),
        ),
    ]
}

fn idle() -> Vec<Scenario> {
    let idle = |name, about, floor, connections, kind| {
        let load = load(connections, Work::Idle(kind), Unit::Request);
        scenario(name, about, Shape::Host, Some(floor), Measure::Idle(load))
    };
    vec![
        idle(
            "idle-client",
            "4,000 idle keep-alive client connections, one request each before",
            Floor::Http,
            4000,
            Idle::Client,
        )
        .bar("bytes_each", Limit::Times(0.5, Kind::Haproxy)),
        idle(
            "idle-pair",
            "2,000 client connections that each had a server connection at the same time",
            Floor::Http,
            2000,
            Idle::Pair,
        ),
        idle("idle-tunnel", "8,000 idle tunnels", Floor::Tunnel, 8000, Idle::Tunnel)
            .bar("bytes_each", Limit::AtMost(1536.0))
            .bar("wakeups_per_second", Limit::AtMost(0.0)),
    ]
}

fn scenario(
    name: &'static str,
    about: &'static str,
    shape: Shape,
    floor: Option<Floor>,
    measure: Measure,
) -> Scenario {
    Scenario { name, about, shape, floor, measure, bars: Vec::new() }
}

fn load(connections: usize, work: Work, unit: Unit) -> Load {
    Load { connections, work, unit, rate: None, calm: None }
}

fn get(connections: usize, target: &str, unit: Unit) -> Load {
    Load { unit, ..post(connections, target, 0, false) }
}

fn post(connections: usize, target: &str, body: usize, fresh: bool) -> Load {
    let hosts = vec!["app.example".to_owned()];
    let work = Work::Requests { target: target.to_owned(), hosts, body, fresh };
    load(connections, work, Unit::Request)
}

fn rules() -> Load {
    let hosts = (0..super::config::RULES).map(super::config::rule_host).collect();
    let work = Work::Requests { target: "/100".to_owned(), hosts, body: 0, fresh: false };
    load(64, work, Unit::Request)
}

fn echo(connections: usize, payload: usize, rate: Option<u32>) -> Load {
    Load { rate, ..load(connections, Work::Echo { payload }, Unit::RoundTrip) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_has_a_name_of_its_own_and_bars_on_its_own_metrics() {
        let all = all();
        for (at, scenario) in all.iter().enumerate() {
            assert!(all[..at].iter().all(|other| other.name != scenario.name), "{}", scenario.name);
            for bar in &scenario.bars {
                assert!(scenario.metrics().iter().any(|m| m.key == bar.metric), "{bar:?}");
                if let Limit::Times(_, peer) = bar.limit {
                    assert!(scenario.contenders().contains(&peer), "{bar:?}");
                }
            }
        }
    }
}
