//! A program with its live state: what a reload replaces as a whole.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rules::Program;
use sample::{FrontendRef, Scope, VarId};

use crate::counters::{Gauge, PerThread};
use crate::facts::StartFacts;
use crate::live::{Backend, Counters, FrontendState, Live, Resolve};
use crate::log::ProxyLog;
use crate::process::Process;

/// One configuration that runs. A stream holds the generation it began with to its end.
#[derive(Debug)]
pub struct Generation {
    /// What is decided.
    pub program: Arc<Program>,
    /// What is counted.
    pub live: Live,
    /// Its number in the process.
    pub(crate) number: u32,
    /// The variables of the program that live as long as a client connection.
    pub(crate) session_vars: Box<[VarId]>,
}

impl Generation {
    /// Makes `program` ready to run beside `earlier`, whose states it shares by name.
    pub fn new(
        program: Arc<Program>,
        process: &Arc<Process>,
        resolve: &Resolve<'_>,
        earlier: Option<&Generation>,
    ) -> Arc<Generation> {
        let live = Live::new(&program, process, resolve, earlier.map(|old| &old.live));
        Self::of(program, process, live)
    }

    /// The same with a server more or less than `earlier`: what operators changed since stays as it is.
    pub fn amended(
        program: Arc<Program>,
        process: &Arc<Process>,
        resolve: &Resolve<'_>,
        earlier: &Generation,
    ) -> Arc<Generation> {
        let live = Live::amended(&program, process, resolve, &earlier.live);
        let generation = Self::of(program, process, live);
        generation.program.take_over(&earlier.program);
        generation
    }

    fn of(program: Arc<Program>, process: &Arc<Process>, live: Live) -> Arc<Generation> {
        let session_vars = session_vars(&program);
        program.set_process_vars(&StartFacts::now(process));
        let number = process.next_generation();
        let generation = Arc::new(Generation { program, live, number, session_vars });
        process.add_generation(&generation);
        generation
    }

    /// Takes over from `earlier`: loads of streams that still run there count here too.
    pub fn succeed(&self, earlier: &Generation) {
        self.live.succeed(&earlier.live);
    }

    pub(crate) fn frontend(&self, frontend: FrontendRef) -> &Arc<FrontendState> {
        &self.live.frontends[frontend.0 as usize]
    }

    pub(crate) fn frontend_log(&self, frontend: FrontendRef) -> &Arc<ProxyLog> {
        &self.live.frontend_logs[frontend.0 as usize]
    }

    pub(crate) fn backend(&self, backend: sample::BackendRef) -> &Arc<Backend> {
        &self.live.backends[backend.0 as usize]
    }
}

fn session_vars(program: &Program) -> Box<[VarId]> {
    (0..)
        .map(|index| VarId { scope: Scope::Sess, index })
        .take_while(|id| !program.var_name(*id).is_empty())
        .filter(|id| program.var_name(*id).starts_with("sess."))
        .collect()
}

/// A listening address as its connections see it. A reload keeps it and changes what it is bound
/// to, so that a client connection meets the new configuration with its next request.
#[derive(Debug)]
pub struct Listener {
    bound: ArcSwapOption<Bound>,
    /// Its counters.
    pub counters: PerThread<Counters>,
    /// Connections that came in through it now, and at most.
    pub connections: Gauge,
}

impl Bound {
    /// `bind ... accept-proxy`.
    pub(crate) fn accepts_proxy(&self) -> bool {
        self.line().is_some_and(|bind| bind.accept_proxy)
    }

    /// `bind ... maxconn`; 0 is no limit.
    pub fn maxconn(&self) -> u32 {
        self.line().and_then(|bind| bind.maxconn).unwrap_or(0)
    }

    /// The `bind` line.
    fn line(&self) -> Option<&config::model::Bind> {
        let program = &self.generation.program;
        let binds = &program.frontend(self.frontend).proxy().binds;
        binds.get(program.listeners().get(self.index as usize)?.bind)
    }
}

/// What a listener leads to.
#[derive(Debug)]
pub struct Bound {
    /// The configuration.
    pub generation: Arc<Generation>,
    /// Whose connections these are.
    pub frontend: FrontendRef,
    /// Its index in [`rules::Program::listeners`].
    pub index: u32,
}

impl Listener {
    /// A listener of `process` that leads nowhere yet.
    pub fn new(process: &Process) -> Arc<Listener> {
        Arc::new(Listener {
            bound: ArcSwapOption::empty(),
            counters: PerThread::new(process.settings().threads),
            connections: Gauge::default(),
        })
    }

    /// Leads to a frontend from now on; `None`: its line is gone, connections end after their
    /// request.
    pub fn bind(&self, bound: Option<Bound>) {
        self.bound.store(bound.map(Arc::new));
    }

    /// Waits until neither the process nor the frontend is at its `maxconn`. An accept loop calls it
    /// before each accept; with room, it is ready at once.
    pub async fn room(&self, process: &Process) {
        loop {
            let ended = process.room.notified();
            let full = self.bound().is_some_and(|bound| {
                process.is_full() || bound.generation.frontend(bound.frontend).is_full()
            });
            if !full {
                return;
            }
            ended.await;
        }
    }

    /// What it leads to.
    pub fn bound(&self) -> Option<Arc<Bound>> {
        self.bound.load_full()
    }
}
