//! One thread's half of the data plane: what its connections share without a lock.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::Connection;
use crate::generation::Listener;
use crate::idle::IdlePool;
use crate::io::{Connector, Io, SystemConnector};
use crate::log::LogRing;
use crate::parking::Parking;
use crate::process::Process;
use crate::streams::Streams;
use crate::tunnels::Tunnels;
use crate::work::Work;

/// How many sets of buffers a quiet thread keeps.
const SPARE: usize = 64;

/// How often idle server connections are looked through (`pool-purge-delay`'s default).
const SWEEP: Duration = Duration::from_secs(5);

/// A thread of the data plane. Lives on a current-thread runtime inside a `LocalSet`.
pub struct Worker<C: Connector = SystemConnector> {
    pub(crate) index: usize,
    pub(crate) process: Arc<Process>,
    pub(crate) connector: C,
    /// Its log lines.
    pub logs: Rc<LogRing>,
    pub(crate) pool: Arc<IdlePool<C::Io>>,
    pub(crate) head_limits: http1::Limits,
    /// The tunnels that run here.
    pub tunnels: Arc<Tunnels>,
    #[expect(clippy::vec_box, reason = "connections hold a box: their futures must stay small")]
    spare: RefCell<Vec<Box<Work>>>,
    /// The client connections that run here.
    pub(crate) streams: Arc<Streams>,
    /// Client connections that are idle for long.
    pub(crate) parking: Parking,
    seed: Cell<u64>,
}

impl<C: Connector> Worker<C> {
    /// A worker with its number among `threads`, from 0. Starts its tasks, so it must be called
    /// inside the `LocalSet` that will run it.
    pub fn start(index: usize, process: Arc<Process>, connector: C) -> Rc<Worker<C>> {
        let settings = process.settings();
        let head_limits = http1::Limits {
            head_bytes: settings.bufsize.saturating_sub(settings.maxrewrite),
            fields: settings.maxhdr,
            lax: false,
        };
        let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), index);
        let worker = Rc::new(Worker {
            index,
            process,
            connector,
            logs: Rc::default(),
            pool: Arc::new(IdlePool::new()),
            head_limits,
            tunnels: Arc::default(),
            spare: RefCell::default(),
            streams: Arc::default(),
            parking: Parking::default(),
            seed: Cell::new(seed),
        });
        worker.process.add_tunnels(&worker.tunnels);
        worker.process.add_streams(&worker.streams);
        worker.process.add_idle_pool(Arc::clone(&worker.pool) as _);
        tokio::task::spawn_local(Rc::clone(&worker.logs).run());
        tokio::task::spawn_local(sweep(Arc::clone(&worker.pool)));
        worker
    }

    /// Takes charge of a connection that a listener accepted: it runs as a task of this thread.
    pub fn serve(
        self: &Rc<Self>,
        client: C::Io,
        peer: Option<SocketAddr>,
        local: Option<SocketAddr>,
        listener: &Arc<Listener>,
    ) {
        if let Some(connection) = Connection::new(self, client, peer, local, listener) {
            connection.spawn();
        }
    }

    /// Its number, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Wakes every idle client connection, so that it can see that the process is stopping or its
    /// listener is gone.
    pub fn wake_idle(self: &Rc<Self>) {
        self.streams.wake_all();
        Parking::review(self, |parked| parked.is_wanted(&self.process));
    }

    /// Idle connections to servers that this thread keeps.
    pub fn idle_server_connections(&self) -> usize {
        self.pool.len()
    }

    /// Client connections that have been idle for long and have no task.
    pub fn parked_connections(&self) -> usize {
        self.parking.len()
    }

    /// A set of buffers, its contents undefined but empty.
    pub(crate) fn take_work(&self) -> Box<Work> {
        self.spare
            .borrow_mut()
            .pop()
            .unwrap_or_else(|| Box::new(Work::new(self.process.settings().bufsize)))
    }

    pub(crate) fn give_work(&self, mut work: Box<Work>) {
        let mut spare = self.spare.borrow_mut();
        if spare.len() < SPARE {
            work.clear();
            spare.push(work);
        }
    }

    /// The seed of one stream's draws.
    pub(crate) fn next_seed(&self) -> u64 {
        let seed = self.seed.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.seed.set(seed);
        seed
    }
}

/// Closes idle server connections from time to time, while there are some.
async fn sweep<T: Io>(pool: Arc<IdlePool<T>>) {
    loop {
        pool.filled().await;
        tokio::time::sleep(SWEEP).await;
        pool.sweep();
    }
}
