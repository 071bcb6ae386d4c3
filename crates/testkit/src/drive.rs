//! Drives a proxy for the bench: opens connections, then runs phases of load over them.
//!
//! A phase is a closed loop (each connection sends as soon as it has its answer) or has a fixed
//! rate. Between phases the connections stay open, so that opening them is not part of what a
//! phase costs. The program `bench-load` reads phases and prints outcomes as lines of json.

mod connection;
mod tally;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use self::connection::Connection;
pub use self::tally::Outcome;
use self::tally::Tally;

/// How long opening every connection may take, and how much longer than its time a phase may.
const PATIENCE: Duration = Duration::from_secs(15);

/// Which connections to open, and what to do with them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Where the proxy listens.
    pub address: SocketAddr,
    /// Client connections.
    pub connections: usize,
    /// What each of them does.
    pub work: Work,
}

/// What a connection does in a phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Work {
    /// Requests, one after the other.
    Requests {
        /// The path, which tells the origin the size of its answer.
        target: String,
        /// The `Host` of each request, in turn.
        hosts: Vec<String>,
        /// Bytes of the request body; 0 sends a GET, more a POST.
        body: usize,
        /// A new connection, with `Connection: close`, for each request.
        fresh: bool,
    },
    /// WebSocket messages with this many bytes of payload, each echoed before the next.
    Echo {
        /// Bytes of payload.
        payload: usize,
    },
    /// Connect, upgrade, leave.
    Upgrades,
    /// One answer without end; what arrives is counted in bytes.
    Stream,
    /// Nothing: the connections lie idle.
    Idle(Idle),
}

/// How an idle connection became what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Idle {
    /// It had one request answered, while no other was under way.
    Client,
    /// All had a request under way at once, so that each had a server connection.
    Pair,
    /// It was upgraded.
    Tunnel,
}

/// One stretch of load.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// How long, in seconds.
    pub seconds: f64,
    /// Exchanges a second over all connections; a closed loop without it.
    pub rate: Option<u32>,
}

/// The open connections of a plan.
#[derive(Debug)]
pub struct Drive {
    plan: Plan,
    connections: Vec<Connection>,
}

impl Drive {
    /// Opens every connection and makes one exchange over each.
    ///
    /// # Errors
    /// When a connection or its first exchange fails, or all of it takes longer than 15 seconds.
    pub async fn open(plan: Plan) -> std::io::Result<Drive> {
        let opened = tokio::time::timeout(PATIENCE, open_all(&plan)).await;
        let connections = opened.map_err(|_| std::io::Error::other("opening took too long"))??;
        Ok(Drive { plan, connections })
    }

    /// Runs a phase over the connections and counts what was answered. Runs inside a `LocalSet`.
    pub async fn run(&mut self, phase: Phase) -> Outcome {
        let begin = Instant::now();
        let time = Duration::from_secs_f64(phase.seconds.max(0.0));
        if let Work::Idle(_) = self.plan.work {
            tokio::time::sleep(time).await;
            return Tally::default().outcome(begin.elapsed());
        }
        let count = self.connections.len();
        let tasks: Vec<_> = std::mem::take(&mut self.connections)
            .into_iter()
            .enumerate()
            .map(|(number, connection)| {
                let pace = Pace::of(phase.rate, number, count, begin);
                let work = turns(connection, pace, begin + time);
                tokio::task::spawn_local(tokio::time::timeout(time + PATIENCE, work))
            })
            .collect();
        let mut sum = Tally::default();
        for task in tasks {
            match task.await {
                Ok(Ok((connection, tally))) => {
                    self.connections.push(connection);
                    sum.add(tally);
                }
                _ => sum.failed += 1,
            }
        }
        sum.outcome(begin.elapsed())
    }
}

async fn open_all(plan: &Plan) -> std::io::Result<Vec<Connection>> {
    let mut connections = Vec::with_capacity(plan.connections);
    for number in 0..plan.connections {
        connections.push(Connection::open(plan, number).await?);
    }
    if plan.work == Work::Idle(Idle::Pair) {
        for connection in &mut connections {
            connection.ask().await?;
        }
        for connection in &mut connections {
            connection.hear().await?;
        }
    }
    Ok(connections)
}

/// When a connection's next exchange is due.
struct Pace {
    next: Instant,
    /// Zero in a closed loop.
    pause: Duration,
}

impl Pace {
    fn of(rate: Option<u32>, number: usize, count: usize, begin: Instant) -> Pace {
        let Some(rate) = rate else { return Pace { next: begin, pause: Duration::ZERO } };
        let pause = Duration::from_secs_f64(count as f64 / f64::from(rate.max(1)));
        // Spread evenly, or all connections would send at once.
        Pace { next: begin + pause.mul_f64(number as f64 / count.max(1) as f64), pause }
    }

    /// Waits for the next exchange and gives the moment from which its latency counts.
    ///
    /// That is when it was due, if the answer before came too late for it: what waits in a client
    /// waits because of the proxy. A timer that fired late is ours, and then the sending counts.
    async fn wait(&mut self) -> Instant {
        let now = Instant::now();
        if self.pause.is_zero() {
            return now;
        }
        let due = self.next;
        self.next += self.pause;
        if due <= now {
            return due;
        }
        tokio::time::sleep_until(due.into()).await;
        Instant::now()
    }
}

async fn turns(mut connection: Connection, mut pace: Pace, end: Instant) -> (Connection, Tally) {
    let mut tally = Tally::default();
    loop {
        let due = pace.wait().await;
        if Instant::now() >= end {
            return (connection, tally);
        }
        match connection.exchange(end).await {
            Ok(bytes) => tally.good(due.elapsed(), bytes),
            Err(_) => {
                tally.failed += 1;
                // A proxy that is gone must not turn the load into a busy loop.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
}
