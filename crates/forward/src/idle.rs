//! Connections to servers that wait for their next request: one pool a thread, keyed by server. A thread that
//! has none takes one of another (`tune.idle-pool.shared`).
//!
//! An idle connection has no task. Whether its server closed it meanwhile is seen when it is taken
//! (the reactor has noted it by then) and by a sweep, which also closes what nobody needed for
//! `pool-purge-delay` (manual 5.2).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use tokio::io::ReadBuf;
use tokio::sync::Notify;

use crate::io::{Io, ServerAddress};
use crate::live::ServerState;
use crate::process::Process;

/// A connection to a server.
#[derive(Debug)]
pub(crate) struct ServerConnection<T> {
    pub(crate) io: T,
    /// Where it leads: a server whose address changed is not reached by its old connections.
    pub(crate) address: ServerAddress,
    /// The address on our side (`%bi`), where a log format may ask for it.
    pub(crate) local: Option<SocketAddr>,
    /// The PROXY header that it began with: it carries only streams that would send the same.
    pub(crate) header: Option<Box<[u8]>>,
    /// Requests that it carried so far.
    pub(crate) requests: u32,
}

impl<T: Io> ServerConnection<T> {
    /// The connection, unless its server closed it.
    pub(crate) fn if_quiet(mut self) -> Option<Self> {
        self.is_quiet().then_some(self)
    }

    /// Whether the server has neither closed it nor sent anything unasked. Asks the kernel only
    /// when the reactor saw something happen.
    fn is_quiet(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        let mut byte = [0; 1];
        let mut space = ReadBuf::new(&mut byte);
        Pin::new(&mut self.io).poll_read(&mut cx, &mut space).is_pending()
    }
}

/// Who may take a connection of the pool (manual 4.2, `http-reuse`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Any: the client can repeat the request, or the mode is `always`.
    Any,
    /// Only one that was reused before, which proves that the server keeps connections open.
    Proven,
}

/// The idle connections of one thread. Others may take some when they have none of their own.
#[derive(Debug)]
pub(crate) struct IdlePool<T> {
    inside: Mutex<Inside<T>>,
    /// Told when a connection comes that the sweep waits for.
    filled: Notify,
}

#[derive(Debug)]
struct Inside<T> {
    servers: HashMap<usize, Idle<T>>,
    /// The sweep found nothing and waits for the first connection: a thread with nothing to do sleeps.
    sweep_waits: bool,
}

#[derive(Debug)]
struct Idle<T> {
    /// Keeps the address that is the key from being used for another server.
    server: Arc<ServerState>,
    /// The last one given back is the first one taken: the others get old and are closed.
    connections: Vec<ServerConnection<T>>,
    /// The fewest that lay here since the last sweep: so many were not needed.
    least: usize,
}

/// What a stream wants of the pools.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Want<'a> {
    pub(crate) server: &'a Arc<ServerState>,
    /// Where the connection has to lead.
    pub(crate) address: &'a ServerAddress,
    /// The PROXY header that it has to have begun with.
    pub(crate) header: Option<&'a [u8]>,
    pub(crate) whose: Wanted,
}

impl<T: Io> IdlePool<T> {
    pub(crate) fn new() -> IdlePool<T> {
        let inside = Inside { servers: HashMap::new(), sweep_waits: true };
        IdlePool { inside: Mutex::new(inside), filled: Notify::new() }
    }

    fn inside(&self) -> MutexGuard<'_, Inside<T>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection to a server that still leads to its address.
    pub(crate) fn take(&self, want: Want<'_>) -> Option<ServerConnection<T>> {
        let mut inside = self.inside();
        let idle = inside.servers.get_mut(&key(want.server))?;
        let fits = |connection: &ServerConnection<T>| {
            (want.whose == Wanted::Any || connection.requests > 1)
                && connection.header.as_deref() == want.header
        };
        let found = loop {
            let at = idle.connections.iter().rposition(fits);
            let Some(at) = at else { break None };
            let mut connection = idle.connections.swap_remove(at);
            idle.server.idle.leave();
            if connection.address == *want.address && connection.is_quiet() {
                break Some(connection);
            }
        };
        idle.least = idle.least.min(idle.connections.len());
        found
    }

    /// Gives a connection back. `max` is `pool-max-conn`, negative for any number; more than ever
    /// were in use at once are not kept, as in HAProxy. Both count the connections of all threads.
    pub(crate) fn give(
        &self,
        process: &Process,
        server: &Arc<ServerState>,
        connection: ServerConnection<T>,
        max: i32,
    ) {
        let needed = server.streams.max().max(1);
        let most = u32::try_from(max).map_or(needed, |max| max.min(needed));
        if server.idle.now() >= most {
            // Those that their server closed meanwhile take no place. No lock is held here.
            for pool in process.idle_pools() {
                if let Some(pool) = pool.downcast_ref::<IdlePool<T>>() {
                    pool.close_ended(server);
                }
            }
        }
        if server.idle.now() >= most {
            return;
        }
        let mut inside = self.inside();
        let idle = inside.servers.entry(key(server)).or_insert_with(|| Idle {
            server: Arc::clone(server),
            connections: Vec::new(),
            least: 0,
        });
        server.idle.enter();
        idle.connections.push(connection);
        if std::mem::take(&mut inside.sweep_waits) {
            self.filled.notify_one();
        }
    }

    fn close_ended(&self, server: &Arc<ServerState>) {
        if let Some(idle) = self.inside().servers.get_mut(&key(server)) {
            idle.close_ended();
        }
    }

    /// Closes what servers closed, and half of what was not needed since the last sweep.
    pub(crate) fn sweep(&self) {
        let mut inside = self.inside();
        inside.servers.retain(|_, idle| {
            idle.close_ended();
            let unneeded = idle.least.min(idle.connections.len()).div_ceil(2);
            for _ in idle.connections.drain(..unneeded) {
                idle.server.idle.leave();
            }
            idle.least = idle.connections.len();
            !idle.connections.is_empty()
        });
        inside.sweep_waits = inside.servers.is_empty();
    }

    /// Waits until there is something to sweep.
    pub(crate) async fn filled(&self) {
        let waits = self.inside().sweep_waits;
        if waits {
            self.filled.notified().await;
        }
    }

    /// How many connections wait.
    pub(crate) fn len(&self) -> usize {
        self.inside().servers.values().map(|idle| idle.connections.len()).sum()
    }
}

impl<T: Io> Idle<T> {
    /// Closes the connections that their server closed.
    fn close_ended(&mut self) {
        let server = &self.server;
        self.connections.retain_mut(|connection| {
            let quiet = connection.is_quiet();
            if !quiet {
                server.idle.leave();
            }
            quiet
        });
    }
}

impl<T> Drop for IdlePool<T> {
    fn drop(&mut self) {
        let inside = self.inside.get_mut().unwrap_or_else(PoisonError::into_inner);
        for idle in inside.servers.values() {
            idle.connections.iter().for_each(|_| idle.server.idle.leave());
        }
    }
}

fn key(server: &Arc<ServerState>) -> usize {
    Arc::as_ptr(server).addr()
}

/// A connection from the pool of another thread, moved to this one's reactor.
pub(crate) fn from_others<T: Io>(
    process: &Process,
    own: &IdlePool<T>,
    want: Want<'_>,
) -> Option<ServerConnection<T>> {
    // Without any in the process nobody is asked.
    if !process.settings().share_idle || want.server.idle.now() == 0 {
        return None;
    }
    for pool in process.idle_pools() {
        let Some(pool) = pool.downcast_ref::<IdlePool<T>>() else { continue };
        if std::ptr::eq(pool, own) {
            continue;
        }
        let Some(connection) = pool.take(want) else { continue };
        if let Ok(io) = connection.io.rehome() {
            return Some(ServerConnection { io, ..connection });
        }
    }
    None
}
