//! The main thread: signals, the runtime socket, and the end.

use std::sync::Arc;
use std::time::Duration;

use config::model::Global;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::LocalSet;
use tokio::time::Instant;

use crate::daemon::Daemon;
use crate::runtime::{self, StatsSocket};
use crate::words::{Grave, say};
use crate::{memory, notify};

/// How often the soft stop looks whether the last connection has gone.
const LOOK: Duration = Duration::from_millis(20);

/// The numbers of the signals that end a process at once.
const INT: u8 = 2;
const TERM: u8 = 15;

/// The main thread's runtime, with every signal caught.
pub(crate) struct Supervisor {
    runtime: Runtime,
    signals: Signals,
}

impl Supervisor {
    /// Catches signals from now on. Done before anything can be seen from outside, or the first `HUP` of an eager
    /// script would end the process.
    pub(crate) fn new() -> Result<Supervisor, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| format!("starting the main thread: {e}"))?;
        let signals = runtime.block_on(async { Signals::new() });
        let signals = signals.map_err(|e| format!("listening to signals: {e}"))?;
        Ok(Supervisor { runtime, signals })
    }

    /// Runs until told to end; gives the number of the signal that ended it at once.
    pub(crate) fn run(
        mut self,
        daemon: &Arc<Daemon>,
        stats: Vec<StatsSocket>,
        global: &Global,
    ) -> Option<u8> {
        let hard = global.hard_stop_after.map(|limit| limit.value);
        let ended = LocalSet::new().block_on(&self.runtime, async {
            runtime::serve_all(daemon, stats, global);
            if let Some(megabytes) = daemon.origin.memory {
                tokio::task::spawn_local(memory::watch(Arc::clone(&daemon.process), megabytes));
            }
            let ended = self.signals.until_stop(daemon).await;
            notify::tell("STOPPING=1");
            self.signals.until_gone(daemon, hard).await;
            ended
        });
        daemon.end();
        ended
    }
}

struct Signals {
    hup: Signal,
    usr1: Signal,
    usr2: Signal,
    term: Signal,
    int: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            hup: signal(SignalKind::hangup())?,
            usr1: signal(SignalKind::user_defined1())?,
            usr2: signal(SignalKind::user_defined2())?,
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
        })
    }

    /// Reloads as often as asked; returns when asked to stop. `TERM` stops at once, `USR1` softly.
    async fn until_stop(&mut self, daemon: &Daemon) -> Option<u8> {
        loop {
            tokio::select! {
                _ = self.hup.recv() => reload(daemon),
                _ = self.usr2.recv() => reload(daemon),
                _ = self.usr1.recv() => {
                    daemon.stop();
                    return None;
                }
                _ = self.term.recv() => return Some(TERM),
                _ = self.int.recv() => return Some(INT),
            }
        }
    }

    /// Waits for the last connection of a soft stop, for `hard-stop-after`, or for a harder signal.
    async fn until_gone(&mut self, daemon: &Daemon, hard: Option<Duration>) {
        let limit = hard.map(|limit| Instant::now() + limit);
        // A close that was not done yet may still bring connections.
        let busy = || daemon.workers.are_closing() || daemon.process.connections.now() > 0;
        while daemon.process.is_stopping() && busy() {
            if limit.is_some_and(|limit| Instant::now() >= limit) {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = self.term.recv() => return,
                _ = self.int.recv() => return,
                // A second soft stop and a late reload change nothing.
                _ = self.usr1.recv() => {}
                _ = self.usr2.recv() => {}
                _ = self.hup.recv() => {}
            }
        }
    }
}

/// Reloads and says how it went, to the terminal and to the service manager.
fn reload(daemon: &Daemon) {
    notify::tell("RELOADING=1");
    match daemon.reload() {
        Ok(done) => say(Grave::Notice, &done),
        Err(why) => say(Grave::Alert, &format!("the reload failed and nothing changed:\n{why}")),
    }
    notify::tell("READY=1");
}
