//! `bench-load` as the bench sees it: connections that stay open, and phases run over them.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use testkit::drive::{Outcome, Phase, Plan};

use crate::shell::{Failure, Running};

/// How much longer than its time a phase may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A load with its connections open; they close when it is dropped.
#[derive(Debug)]
pub(crate) struct Client {
    input: ChildStdin,
    lines: Receiver<String>,
    _running: Running,
}

impl Client {
    /// Starts the load and waits until every connection had its first exchange.
    pub(crate) fn open(bins: &Path, plan: &Plan) -> Result<Client, Failure> {
        let plan = serde_json::to_string(plan).map_err(|e| e.to_string())?;
        let child = Command::new(bins.join("bench-load"))
            .arg(plan)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("bench-load: {e}"))?;
        let mut running = Running { child };
        let pipes = (running.child.stdin.take(), running.child.stdout.take());
        let (Some(input), Some(output)) = pipes else {
            return Err("bench-load has no pipes".into());
        };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // Ends with the program: then there are no more lines, or nobody wants them.
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|l| sender.send(l))
        });
        let client = Client { input, lines, _running: running };
        match client.line(Duration::ZERO)?.as_str() {
            "ready" => Ok(client),
            why => Err(format!("the load could not begin: {why}")),
        }
    }

    /// Runs a phase to its end. Most of its exchanges must succeed, or there is nothing to measure.
    pub(crate) fn run(&mut self, phase: Phase) -> Result<Outcome, Failure> {
        let line = serde_json::to_string(&phase).map_err(|e| e.to_string())?;
        writeln!(self.input, "{line}").map_err(|e| format!("bench-load: {e}"))?;
        let line = self.line(Duration::from_secs_f64(phase.seconds))?;
        let outcome: Outcome = serde_json::from_str(&line).map_err(|_| line)?;
        if outcome.failed * 1000 > outcome.count {
            return Err(format!("{} of {} failed", outcome.failed, outcome.count + outcome.failed));
        }
        Ok(outcome)
    }

    fn line(&self, time: Duration) -> Result<String, Failure> {
        self.lines.recv_timeout(time + PATIENCE).map_err(|_| "bench-load said nothing".into())
    }
}
