//! Health checks: a task for each checked server, driving the machines of the crate `health`.
//!
//! In: a generation and the worker that lends its thread. Out: changed states of servers, told to
//! their balancers and logged in HAProxy's words by [`crate::Backend`].
//! Start with [`Checks::start`]; what a check says is made in `script.rs`.

mod agent;
mod external;
mod probe;
mod script;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use config::model::Server as ServerLine;
use health::{CheckScript, CheckSettings, Spread, first_check_after};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::connection::limit;
use crate::generation::Generation;
use crate::io::{ConnectTo, Connector};
use crate::live::{Backend, check_settings};
use crate::log::{self, LogInputs};
use crate::proxy_protocol::SendProxy;
use crate::worker::Worker;

/// The running checks of one generation. They end when this is dropped.
#[derive(Debug)]
pub struct Checks {
    tasks: Vec<JoinHandle<()>>,
}

impl Checks {
    /// Starts the checks of every checked server on the worker's thread; all of them begin within
    /// the shortest interval, evenly spread.
    pub fn start<C: Connector>(
        worker: &Rc<Worker<C>>,
        generation: &Arc<Generation>,
        inputs: LogInputs,
    ) -> Checks {
        let subjects = subjects(generation);
        let shortest = subjects.iter().map(|subject| subject.settings.shortest()).min();
        let count = u32::try_from(subjects.len()).unwrap_or(u32::MAX);
        let tasks = subjects.into_iter().zip(0..).map(|(subject, position)| {
            let delay = first_check_after(shortest.unwrap_or_default(), None, position, count);
            tokio::task::spawn_local(run(Rc::clone(worker), subject, delay))
        });
        let agents = agent::agents(generation).into_iter();
        let agents = agents.map(|agent| tokio::task::spawn_local(agent.run(Rc::clone(worker))));
        // What belongs to a generation and to no stream runs on the same thread: log messages on their way.
        let senders = log::senders(generation, &worker.process).into_iter();
        let senders = senders.map(|sender| tokio::task::spawn_local(sender.run()));
        let names = crate::resolve::tasks(generation).into_iter();
        let names = names.map(|names| tokio::task::spawn_local(names));
        let inputs = inputs.start(&generation.program, &worker.process);
        Checks { tasks: tasks.chain(agents).chain(senders).chain(names).chain(inputs).collect() }
    }
}

impl Drop for Checks {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// A server that is checked.
struct Subject {
    generation: Arc<Generation>,
    backend: Arc<Backend>,
    server: u32,
    script: CheckScript,
    /// `option external-check`.
    program: Option<external::Program>,
    settings: CheckSettings,
    spread: Spread,
    /// `timeout connect`, and `timeout check` for the answer.
    connect: Option<Duration>,
    answer: Option<Duration>,
    /// `addr` and `port` of the line, where the check goes elsewhere.
    elsewhere: probe::Elsewhere,
    /// `http-check send-state`.
    tells_state: bool,
    /// The PROXY header that it begins with.
    send_proxy: Option<SendProxy>,
    /// `check-via-socks4`.
    via_socks4: bool,
}

fn subjects(generation: &Arc<Generation>) -> Vec<Subject> {
    let program = &generation.program;
    let spread = program.config().global.spread_checks.map_or(0, |percent| percent.value);
    let spread = Spread::percent(u8::try_from(spread).unwrap_or(u8::MAX));
    let mut subjects = Vec::new();
    for (backend, live) in program.backends().zip(&generation.live.backends) {
        let proxy = backend.proxy();
        for (line, server) in backend.servers().iter().zip(0..) {
            if !is_checked(line) {
                continue;
            }
            subjects.push(Subject {
                generation: Arc::clone(generation),
                backend: Arc::clone(live),
                server,
                script: script::of(backend, line, server),
                program: external::Program::of(backend, server, &program.config().global),
                settings: check_settings(line),
                spread,
                connect: limit(proxy.timeouts.connect),
                answer: limit(proxy.timeouts.check),
                elsewhere: probe::Elsewhere::of(line),
                tells_state: backend
                    .check_of(server)
                    .1
                    .iter()
                    .any(|step| step.kind == config::model::StepKind::SendState),
                send_proxy: SendProxy::of_checks(&line.settings),
                via_socks4: line.settings.socks4.as_ref().is_some_and(|socks| socks.checks),
            });
        }
    }
    subjects
}

fn is_checked(line: &ServerLine) -> bool {
    line.settings.check.is_some_and(|check| check.value)
}

/// Checks one server for ever.
async fn run<C: Connector>(worker: Rc<Worker<C>>, subject: Subject, delay: Duration) {
    let mut next = Instant::now() + delay;
    loop {
        let Some(known) = subject.backend.server(subject.server) else { return };
        tokio::select! {
            () = tokio::time::sleep_until(next) => {}
            () = known.state.hurry.notified() => {
                if let Some(soon) = subject.settings.fastinter {
                    next = next.min(Instant::now() + soon);
                }
                continue;
            }
        }
        if known.state.health().wants_checks() {
            let result = match &subject.program {
                Some(program) => program.run(known, subject.settings.inter).await,
                None => probe::probe(&worker, &subject).await,
            };
            subject.backend.observe(subject.server, &result);
        }
        let interval = subject.settings.interval(&known.state.health());
        let interval = subject.spread.apply(interval, worker.next_seed() as u32);
        // The pace counts from when a check began; one that took long skips its turns.
        let now = Instant::now();
        while next <= now {
            next += interval.max(Duration::from_millis(1));
        }
    }
}

impl Subject {
    /// What `http-check send-state` tells the server of itself (manual 4.2).
    fn state_told<C: Connector>(&self, worker: &Worker<C>) -> String {
        let Some(known) = self.backend.server(self.server) else { return String::new() };
        let status = known.state.health().status().into_owned();
        let status = if status == "no check" { "UP".to_owned() } else { status };
        let weights = (0..self.backend.servers.len())
            .filter(|at| self.backend.balancer.state(*at) == Some(balance::State::Up));
        let weights = weights.filter_map(|at| self.backend.server(at as u32));
        let all: u32 = weights.map(|server| server.state.weight()).sum();
        let address = known.state.address().and_then(|address| address.socket());
        let ip = address.map(|address| address.ip().to_string()).unwrap_or_default();
        format!(
            "{status}; address={ip}; port={}; name={}/{}; node={}; weight={}/{all}; scur={}/{}; qcur={}",
            address.map_or(0, |address| address.port()),
            known.state.backend(),
            known.state.name(),
            worker.process.settings().hostname,
            known.state.weight(),
            known.state.streams.now(),
            self.backend.state.streams.now(),
            known.state.queued.now(),
        )
    }

    /// Where its checks go.
    fn target(&self) -> Option<ConnectTo> {
        let known = self.backend.server(self.server)?;
        let elsewhere = self.elsewhere.amended(&known.state.aims());
        Some(elsewhere.apply(known.connect_to(None)?))
    }
}
