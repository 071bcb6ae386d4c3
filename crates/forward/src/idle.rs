//! Connections to servers that wait for their next request: one pool a thread, keyed by server.
//!
//! An idle connection has no task. Whether its server closed it meanwhile is seen when it is taken
//! (the reactor has noted it by then) and by a sweep, which also closes what nobody needed for
//! `pool-purge-delay` (manual 5.2).

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use tokio::io::ReadBuf;

use crate::io::{Io, ServerAddress};
use crate::live::ServerState;

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

/// The idle connections of one thread.
#[derive(Debug)]
pub(crate) struct IdlePool<T> {
    servers: RefCell<HashMap<*const ServerState, Idle<T>>>,
}

#[derive(Debug)]
struct Idle<T> {
    /// Keeps the address that is the key from being used for another server.
    _server: Arc<ServerState>,
    /// The last one given back is the first one taken: the others get old and are closed.
    connections: Vec<ServerConnection<T>>,
    /// The fewest that lay here since the last sweep: so many were not needed.
    least: usize,
}

impl<T: Io> IdlePool<T> {
    pub(crate) fn new() -> IdlePool<T> {
        IdlePool { servers: RefCell::default() }
    }

    /// Takes a connection to a server that still leads to `address`.
    pub(crate) fn take(
        &self,
        server: &Arc<ServerState>,
        address: &ServerAddress,
        header: Option<&[u8]>,
        wanted: Wanted,
    ) -> Option<ServerConnection<T>> {
        let mut servers = self.servers.borrow_mut();
        let idle = servers.get_mut(&Arc::as_ptr(server))?;
        let fits = |connection: &ServerConnection<T>| {
            (wanted == Wanted::Any || connection.requests > 1)
                && connection.header.as_deref() == header
        };
        let found = loop {
            let at = idle.connections.iter().rposition(fits);
            let Some(at) = at else { break None };
            let mut connection = idle.connections.swap_remove(at);
            if connection.address == *address && connection.is_quiet() {
                break Some(connection);
            }
        };
        idle.least = idle.least.min(idle.connections.len());
        found
    }

    /// Gives a connection back. `max` is `pool-max-conn`, negative for any number; more than ever
    /// were in use at once are not kept, as in HAProxy.
    pub(crate) fn give(
        &self,
        server: &Arc<ServerState>,
        connection: ServerConnection<T>,
        max: i32,
    ) {
        let mut servers = self.servers.borrow_mut();
        let idle = servers.entry(Arc::as_ptr(server)).or_insert_with(|| Idle {
            _server: Arc::clone(server),
            connections: Vec::new(),
            least: 0,
        });
        let needed = server.streams.max().max(1) as usize;
        let most = usize::try_from(max).map_or(needed, |max| max.min(needed));
        if idle.connections.len() >= most {
            // Those that their server closed meanwhile take no place.
            idle.connections.retain_mut(ServerConnection::is_quiet);
        }
        if idle.connections.len() >= most {
            return;
        }
        idle.connections.push(connection);
    }

    /// Closes what servers closed, and half of what was not needed since the last sweep.
    pub(crate) fn sweep(&self) {
        self.servers.borrow_mut().retain(|_, idle| {
            idle.connections.retain_mut(ServerConnection::is_quiet);
            let unneeded = idle.least.min(idle.connections.len()).div_ceil(2);
            idle.connections.drain(..unneeded);
            idle.least = idle.connections.len();
            !idle.connections.is_empty()
        });
    }

    /// How many connections wait.
    pub(crate) fn len(&self) -> usize {
        self.servers.borrow().values().map(|idle| idle.connections.len()).sum()
    }
}
