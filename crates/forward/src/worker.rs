//! One thread's half of the data plane: what its connections share without a lock.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use tokio::sync::Notify;

use crate::connection::Connection;
use crate::generation::Listener;
use crate::idle::IdlePool;
use crate::io::{Connector, SystemConnector};
use crate::log::LogRing;
use crate::process::Process;
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
    idle_clients: Sleepers,
    /// Streams that wait for a server.
    busy: Sleepers,
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
            idle_clients: Sleepers::default(),
            busy: Sleepers::default(),
            seed: Cell::new(seed),
        });
        worker.process.add_tunnels(&worker.tunnels);
        worker.process.add_idle_pool(Arc::clone(&worker.pool) as _);
        tokio::task::spawn_local(Rc::clone(&worker.logs).run());
        tokio::task::spawn_local(sweep(Rc::downgrade(&worker)));
        let told = Arc::new(Notify::new());
        worker.process.add_busy(&told);
        tokio::task::spawn_local(wake_busy(Rc::downgrade(&worker), told));
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
    pub fn wake_idle(&self) {
        self.idle_clients.wake_all();
    }

    /// Idle connections to servers that this thread keeps.
    pub fn idle_server_connections(&self) -> usize {
        self.pool.len()
    }

    pub(crate) fn sleepers(&self) -> &Sleepers {
        &self.idle_clients
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

/// Closes idle server connections from time to time, as long as the worker lives.
async fn sweep<C: Connector>(worker: std::rc::Weak<Worker<C>>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(worker) = worker.upgrade() else { return };
        worker.pool.sweep();
    }
}

/// Wakes the streams that wait for a server, each time that some were ended.
async fn wake_busy<C: Connector>(worker: std::rc::Weak<Worker<C>>, told: Arc<Notify>) {
    loop {
        told.notified().await;
        let Some(worker) = worker.upgrade() else { return };
        worker.busy.wake_all();
    }
}

/// A stream's place among those that wait for a server; given back when it is dropped.
pub(crate) struct BusyPlace<C: Connector> {
    worker: Rc<Worker<C>>,
    place: Option<u32>,
}

impl<C: Connector> BusyPlace<C> {
    pub(crate) fn new(worker: &Rc<Worker<C>>) -> BusyPlace<C> {
        BusyPlace { worker: Rc::clone(worker), place: None }
    }

    /// The stream waits: it is woken when streams of its server are ended.
    pub(crate) fn wait(&mut self, waker: &Waker) {
        if self.place.is_none() {
            self.place = Some(self.worker.busy.enter(waker));
        }
    }
}

impl<C: Connector> Drop for BusyPlace<C> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.worker.busy.leave(place);
        }
    }
}

/// The wakers of connections that wait for nothing but their client.
#[derive(Debug, Default)]
pub(crate) struct Sleepers {
    wakers: RefCell<Vec<Option<Waker>>>,
    free: RefCell<Vec<u32>>,
}

impl Sleepers {
    /// Notes a sleeper; the place is to be given back when it wakes.
    pub(crate) fn enter(&self, waker: &Waker) -> u32 {
        let mut wakers = self.wakers.borrow_mut();
        if let Some(place) = self.free.borrow_mut().pop() {
            wakers[place as usize] = Some(waker.clone());
            return place;
        }
        wakers.push(Some(waker.clone()));
        (wakers.len() - 1) as u32
    }

    pub(crate) fn leave(&self, place: u32) {
        if let Some(waker) = self.wakers.borrow_mut().get_mut(place as usize) {
            *waker = None;
            self.free.borrow_mut().push(place);
        }
    }

    fn wake_all(&self) {
        // A waker may run code that comes back here: wake outside the borrow.
        let wakers: Vec<Waker> = self.wakers.borrow().iter().flatten().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }
}
