//! The running daemon: one generation at a time, the listeners it is bound to, and the reload between two.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use admin::ConfigText;
use config::model::Shards;
use diag::Sources;
use forward::{Bound, Generation, Listener, LogInputs, Process};
use rules::Program;

use crate::idle::Idle;
use crate::load::{self, Read};
use crate::names;
use crate::origin::Origin;
use crate::sockets::{Listening, Place, Wanted};
use crate::take_over;
use crate::workers::{SocketId, Workers};

/// Everything that the runtime socket and the signals act upon.
#[derive(Debug)]
pub(crate) struct Daemon {
    /// The process as the data plane sees it.
    pub(crate) process: Arc<Process>,
    /// The threads.
    pub(crate) workers: Workers,
    pub(crate) origin: Origin,
    /// When the process began.
    pub(crate) begun: Instant,
    state: Mutex<State>,
    /// Where the runtime sockets listen, and their levels. They stay over reloads.
    stats_sockets: OnceLock<Vec<(String, admin::Level)>>,
    idle: Mutex<Idle>,
}

/// What a reload replaces.
#[derive(Debug)]
struct State {
    generation: Arc<Generation>,
    text: ConfigText,
    /// The text with the servers that operators added or removed since.
    amended: Vec<(String, Vec<u8>)>,
    sources: Arc<Sources>,
    listening: Listen,
    next_id: u64,
    reloads: u64,
    failed: u64,
    last_failure: Option<String>,
    /// What the last start or reload said.
    report: String,
}

/// Listening sockets by what they are and by how many lines want the same.
type Listen = HashMap<(Wanted, usize), Held>;

#[derive(Debug)]
struct Held {
    id: SocketId,
    listener: Arc<Listener>,
    frontend: String,
    /// `disable frontend`: the sockets are closed until it is enabled.
    paused: bool,
}

/// A configuration with all its sockets open, ready to run.
#[derive(Debug)]
pub(crate) struct Opened {
    text: ConfigText,
    sources: Arc<Sources>,
    /// What each listener of the program wants, in the program's order.
    keys: Vec<(Wanted, usize)>,
    sockets: Sockets,
    /// Those of `log-forward` sections.
    inputs: LogInputs,
}

/// Open sockets by what they are; one end for each thread.
type Sockets = Vec<((Wanted, usize), Vec<Listening>)>;

/// What each listener of a program wants, with a number for lines that want the same.
fn wanted(program: &Program) -> Result<Vec<(Wanted, usize)>, String> {
    let global = &program.config().global;
    let mut seen: HashMap<Wanted, usize> = HashMap::new();
    let listeners = program.listeners().iter().map(|listener| {
        let proxy = program.frontend(listener.frontend).proxy();
        let bind = &proxy.binds[listener.bind];
        let backlog = proxy.backlog.map_or(1024, |backlog| backlog.value);
        let one = Wanted::of_bind((proxy, bind), &listener.address, backlog, global)?;
        let count = seen.entry(one.clone()).or_default();
        *count += 1;
        Ok((one, *count))
    });
    listeners.collect()
}

/// Opens the sockets of `keys`, one end for each thread; those that were `taken` over are used.
fn open(
    keys: impl IntoIterator<Item = (Wanted, usize)>,
    threads: usize,
    taken: &mut take_over::Sockets,
) -> Result<Sockets, String> {
    let open = |key: (Wanted, usize)| {
        let old = key.0.key().and_then(|name| taken.remove(&name)).unwrap_or_default();
        Ok((key.clone(), ends(&key.0, threads, old)?))
    };
    keys.into_iter().map(open).collect()
}

/// TCP sockets are opened once a thread (`shards`), so that the kernel spreads connections; others are shared. One end
/// for each thread that listens.
fn ends(wanted: &Wanted, threads: usize, taken: Vec<OwnedFd>) -> Result<Vec<Listening>, String> {
    let threads = listening_threads(wanted, threads).len();
    if threads == 0 {
        return Err(format!("{}: none of the threads that `thread` names exists", wanted.place));
    }
    let taken = taken.into_iter().map(|socket| wanted.adopt(socket));
    // Who waits in the queue of a socket is lost with it, so none is left, however many there are.
    let mut ends = taken.collect::<Result<Vec<_>, _>>()?;
    if ends.is_empty() {
        ends.push(wanted.open()?);
    }
    let separate = wanted.reuse_port
        && matches!((&ends[0], &wanted.place), (Listening::Tcp(_), Place::Tcp(_)));
    let shards = match wanted.shards {
        Some(Shards::Count(count)) => count as usize,
        Some(Shards::ByThread) | None => threads,
    };
    while separate && ends.len() < shards.min(threads) {
        match wanted.open() {
            Ok(end) => ends.push(end),
            Err(_) => break,
        }
    }
    let own = ends.len();
    while ends.len() < threads {
        ends.push(ends[ends.len() % own].share().map_err(|e| e.to_string())?);
    }
    Ok(ends)
}

/// The threads that listen, from 0.
fn listening_threads(wanted: &Wanted, threads: usize) -> Vec<usize> {
    let listens = |thread: &usize| {
        let number = u32::try_from(*thread + 1).unwrap_or(u32::MAX);
        wanted.threads.is_empty() || wanted.threads.iter().any(|set| set.has(number))
    };
    (0..threads).filter(listens).collect()
}

impl Opened {
    /// Opens every socket of a program: all or nothing.
    pub(crate) fn new(
        program: &Program,
        (text, sources): (ConfigText, Arc<Sources>),
        threads: usize,
        taken: &mut take_over::Sockets,
    ) -> Result<Opened, String> {
        let keys = wanted(program)?;
        let sockets = open(keys.iter().cloned(), threads, taken)?;
        let inputs = LogInputs::open(program)?;
        Ok(Opened { text, sources, keys, sockets, inputs })
    }

    /// Whether messages of other programs are taken (`log-forward`).
    pub(crate) fn takes_logs(&self) -> bool {
        !self.inputs.is_empty()
    }
}

impl Daemon {
    /// Begins to serve. Privileges are dropped already; sockets were opened before that.
    pub(crate) fn start(
        opened: Opened,
        process: Arc<Process>,
        generation: Arc<Generation>,
        workers: Workers,
        origin: Origin,
    ) -> Arc<Daemon> {
        let state = State {
            generation: Arc::clone(&generation),
            amended: opened.text.files.clone(),
            text: opened.text,
            sources: opened.sources,
            listening: Listen::new(),
            next_id: 0,
            reloads: 0,
            failed: 0,
            last_failure: None,
            report: String::new(),
        };
        let daemon = Daemon {
            process,
            workers,
            origin,
            begun: Instant::now(),
            state: Mutex::new(state),
            stats_sockets: OnceLock::new(),
            idle: Mutex::new(Idle::new()),
        };
        daemon.adopt(&mut daemon.lock(), &generation, &opened.keys, opened.sockets);
        daemon.workers.check(&generation, opened.inputs);
        Arc::new(daemon)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every step under the lock leaves the state whole, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much of the time since the question before (of the last second at least) its threads did nothing.
    pub(crate) fn idle_percent(&self, threads: usize) -> u32 {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).percent(threads)
    }

    /// Tells once where the runtime sockets are.
    pub(crate) fn note_sockets(&self, sockets: Vec<(String, admin::Level)>) {
        // Only the first time counts: they are opened once.
        let _ = self.stats_sockets.set(sockets);
    }

    /// Where the runtime sockets listen, and their levels.
    pub(crate) fn stats_sockets(&self) -> &[(String, admin::Level)] {
        self.stats_sockets.get().map_or(&[], Vec::as_slice)
    }

    /// What runs now.
    pub(crate) fn generation(&self) -> Arc<Generation> {
        Arc::clone(&self.lock().generation)
    }

    /// The text of what runs now.
    pub(crate) fn text(&self) -> ConfigText {
        self.lock().text.clone()
    }

    /// The files of what runs now, for places.
    pub(crate) fn sources(&self) -> Arc<Sources> {
        Arc::clone(&self.lock().sources)
    }

    /// Keeps what the start said.
    pub(crate) fn note_report(&self, report: String) {
        self.lock().report = report;
    }

    /// What the last start or reload said.
    pub(crate) fn report(&self) -> String {
        self.lock().report.clone()
    }

    /// Reloads that failed.
    pub(crate) fn failed_reloads(&self) -> u64 {
        self.lock().failed
    }

    /// Reloads so far, and why the last one failed if it did.
    pub(crate) fn reloads(&self) -> (u64, Option<String>) {
        let state = self.lock();
        (state.reloads, state.last_failure.clone())
    }

    /// How many sockets listen.
    pub(crate) fn listeners(&self) -> usize {
        self.lock().listening.values().filter(|held| !held.paused).count()
    }

    /// Reads the files again and swaps the new configuration in. If anything fails, nothing changes.
    ///
    /// # Errors
    /// Every finding of the new text, or the socket that cannot be opened.
    pub(crate) fn reload(&self) -> Result<String, String> {
        let done = self.try_reload();
        let mut state = self.lock();
        match &done {
            Ok(said) => {
                state.reloads += 1;
                state.last_failure = None;
                state.report.clone_from(said);
            }
            Err(why) => {
                state.failed += 1;
                state.last_failure = Some(why.clone());
                state.report.clone_from(why);
            }
        }
        done
    }

    fn try_reload(&self) -> Result<String, String> {
        let read = load::read(&self.origin)?;
        let report = read.report();
        let Read { program, text, sources, .. } = read;
        let Some(program) = program else { return Err(report) };
        let nameless = names::find(&program, &self.origin)?;
        let report = format!("{report}{}", nameless.concat());
        let keys = wanted(&program)?;
        let mut state = self.lock();
        let new = keys.iter().filter(|key| !state.listening.contains_key(*key)).cloned();
        let sockets = open(new, self.workers.count(), &mut take_over::Sockets::new())?;
        let inputs = LogInputs::open(&program)?;
        let old = Arc::clone(&state.generation);
        let resolve = |name: &str, family| self.origin.resolve(name, family);
        let generation = Generation::new(Arc::clone(&program), &self.process, &resolve, Some(&old));
        generation.succeed(&old);
        self.apply_limits(&generation);
        let kept = keys.len() - sockets.len();
        self.adopt(&mut state, &generation, &keys, sockets);
        let closed = self.let_go(&mut state, &keys);
        self.workers.check(&generation, inputs);
        state.generation = generation;
        state.amended.clone_from(&text.files);
        state.text = text;
        state.sources = Arc::new(sources);
        drop(state);
        self.workers.wake_idle();
        let opened = keys.len() - kept;
        Ok(format!(
            "{report}configuration loaded: {kept} listeners kept, {opened} opened, {closed} closed"
        ))
    }

    /// Swaps in the configuration with another text that differs in a server. What operators changed since the last
    /// reload stays, and so do listeners.
    ///
    /// # Errors
    /// The findings of the new text; nothing changed.
    pub(crate) fn amend(
        &self,
        edit: impl FnOnce(&Program, &mut Vec<(String, Vec<u8>)>) -> Result<(), String>,
        may: impl FnOnce(&Generation) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut state = self.lock();
        let old = Arc::clone(&state.generation);
        let mut files = state.amended.clone();
        edit(&old.program, &mut files)?;
        let read = load::compile(&self.origin, files.clone());
        let Some(program) = read.program else {
            let first = read.findings.iter().find(|finding| finding.is_error());
            return Err(first.map_or_else(String::new, |finding| finding.message.clone()));
        };
        may(&old)?;
        let keys = wanted(&program)?;
        let inputs = LogInputs::open(&program)?;
        let resolve = |name: &str, family| self.origin.resolve(name, family);
        let generation = Generation::amended(program, &self.process, &resolve, &old);
        generation.succeed(&old);
        self.adopt(&mut state, &generation, &keys, Vec::new());
        self.workers.check(&generation, inputs);
        state.generation = generation;
        state.amended = files;
        state.sources = Arc::new(read.sources);
        Ok(())
    }

    /// `-N` for frontends without `maxconn`.
    pub(crate) fn apply_limits(&self, generation: &Generation) {
        apply_frontend_maxconn(self.origin.frontend_maxconn, generation);
    }

    /// Binds every listener to the generation: those that are open already, and the new `sockets`.
    fn adopt(
        &self,
        state: &mut State,
        generation: &Arc<Generation>,
        keys: &[(Wanted, usize)],
        sockets: Sockets,
    ) {
        let program = &generation.program;
        let mut sockets: HashMap<_, _> = sockets.into_iter().collect();
        for (index, (key, listener)) in keys.iter().zip(program.listeners()).enumerate() {
            let bound = Bound {
                generation: Arc::clone(generation),
                frontend: listener.frontend,
                index: u32::try_from(index).unwrap_or(u32::MAX),
            };
            let frontend = program.frontend(listener.frontend).name().to_owned();
            if let Some(held) = state.listening.get_mut(key) {
                held.listener.bind(Some(bound));
                held.frontend = frontend;
                continue;
            }
            let Some(ends) = sockets.remove(key) else { continue };
            let id = SocketId(state.next_id);
            state.next_id += 1;
            let listener = Listener::new(&self.process);
            listener.bind(Some(bound));
            self.workers.listen(id, &listener, &self.threads_of(&key.0), ends);
            state.listening.insert(key.clone(), Held { id, listener, frontend, paused: false });
        }
    }

    fn threads_of(&self, wanted: &Wanted) -> Vec<usize> {
        listening_threads(wanted, self.workers.count())
    }

    /// Closes the sockets that no line wants any more; how many.
    fn let_go(&self, state: &mut State, keys: &[(Wanted, usize)]) -> usize {
        let gone: Vec<_> =
            state.listening.keys().filter(|key| !keys.contains(key)).cloned().collect();
        for key in &gone {
            if let Some(held) = state.listening.remove(key) {
                self.workers.close(held.id);
                held.listener.bind(None);
            }
        }
        gone.len()
    }

    /// Closes the sockets of a frontend, or of all. They can be opened again while it only pauses.
    pub(crate) fn pause(&self, frontend: Option<&str>) {
        let mut state = self.lock();
        for held in state.listening.values_mut() {
            if frontend.is_none_or(|name| name == held.frontend) && !held.paused {
                held.paused = true;
                self.workers.close(held.id);
            }
        }
    }

    /// Opens the sockets of a paused frontend again.
    ///
    /// # Errors
    /// The socket that cannot be opened; the others stay open.
    pub(crate) fn resume(&self, frontend: &str) -> Result<(), String> {
        let mut state = self.lock();
        for (key, held) in &mut state.listening {
            if held.frontend == frontend && held.paused {
                let ends = ends(&key.0, self.workers.count(), Vec::new())?;
                self.workers.listen(held.id, &held.listener, &self.threads_of(&key.0), ends);
                held.paused = false;
            }
        }
        Ok(())
    }

    /// A handle on every socket that listens, for a process that takes over (`-x`).
    pub(crate) async fn listening_sockets(&self) -> take_over::Sockets {
        let names: HashMap<SocketId, String> = {
            let state = self.lock();
            let open = state.listening.iter().filter(|(_, held)| !held.paused);
            open.filter_map(|(key, held)| Some((held.id, key.0.key()?))).collect()
        };
        let mut sockets = take_over::Sockets::new();
        for (id, socket) in self.workers.share().await {
            if let Some(name) = names.get(&id) {
                sockets.entry(name.clone()).or_default().push(socket);
            }
        }
        sockets.values_mut().for_each(take_over::distinct);
        sockets
    }

    /// Ends the threads.
    pub(crate) fn end(&self) {
        self.workers.end();
    }

    /// Begins the soft stop: nothing new is accepted, what runs goes on.
    pub(crate) fn stop(&self) {
        self.process.stop();
        self.pause(None);
        self.workers.wake_idle();
    }
}

/// `-N` for frontends without `maxconn`.
pub(crate) fn apply_frontend_maxconn(maxconn: Option<u32>, generation: &Generation) {
    let Some(maxconn) = maxconn else { return };
    for (frontend, live) in generation.program.frontends().zip(&generation.live.frontends) {
        if frontend.proxy().maxconn.is_none() {
            live.set_maxconn(maxconn);
        }
    }
}
