//! The threads of the data plane: each has a runtime, a worker, and its own end of every listener.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use forward::{
    Checks, Generation, Listener, LogInputs, Permit, Process, Socket, SystemConnector, Worker,
};
use socket2::SockRef;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use crate::sockets::Listening;

/// Names a listening socket for its whole life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SocketId(pub(crate) u64);

/// What a thread is told to do.
#[derive(Debug)]
pub(crate) enum Order {
    /// Accept connections from this socket.
    Listen { id: SocketId, listener: Arc<Listener>, socket: Listening },
    /// Stop accepting from this socket and close it.
    Close(SocketId),
    /// Send a handle on every socket that this thread accepts from.
    Share(UnboundedSender<(SocketId, OwnedFd)>),
    /// Let idle client connections look whether they are still wanted.
    WakeIdle,
    /// Check the servers of this generation and take its log messages, and no longer those of the one before.
    Check(Arc<Generation>, LogInputs),
    /// End the thread.
    End,
}

/// The threads.
#[derive(Debug)]
pub(crate) struct Workers {
    orders: Vec<UnboundedSender<Order>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Closes that were ordered and not yet done.
    closing: Arc<AtomicUsize>,
}

impl Workers {
    /// Starts `count` threads.
    pub(crate) fn start(count: usize, process: &Arc<Process>) -> io::Result<Workers> {
        let mut workers =
            Workers { orders: Vec::new(), threads: Mutex::default(), closing: Arc::default() };
        for index in 0..count.max(1) {
            let (orders, received) = unbounded_channel();
            let process = Arc::clone(process);
            let closing = Arc::clone(&workers.closing);
            let (tell, started) = std::sync::mpsc::channel();
            let thread =
                std::thread::Builder::new().name(format!("proxyd/{index}")).spawn(move || {
                    // A runtime of this thread alone: its tasks have no other scheduler between.
                    let runtime = Builder::new_current_thread()
                        .enable_all()
                        .build_local(LocalOptions::default());
                    match runtime {
                        Ok(runtime) => {
                            let _ = tell.send(Ok(()));
                            runtime.block_on(run(index, process, received, closing));
                        }
                        Err(why) => drop(tell.send(Err(why))),
                    }
                })?;
            started.recv().map_err(io::Error::other)??;
            workers.orders.push(orders);
            workers.threads.get_mut().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(workers)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.orders.len()
    }

    /// Gives the threads that listen their end of a socket, or their share of the ends.
    pub(crate) fn listen(
        &self,
        id: SocketId,
        listener: &Arc<Listener>,
        threads: &[usize],
        ends: Vec<Listening>,
    ) {
        for (thread, socket) in threads.iter().cycle().zip(ends) {
            let Some(orders) = self.orders.get(*thread) else { continue };
            send(orders, Order::Listen { id, listener: Arc::clone(listener), socket });
        }
    }

    /// Closes a listening socket on every thread, once those who wait for it are accepted.
    pub(crate) fn close(&self, id: SocketId) {
        self.closing.fetch_add(self.orders.len(), Ordering::Relaxed);
        self.orders.iter().for_each(|orders| send(orders, Order::Close(id)));
    }

    /// A handle on every socket that a thread accepts from.
    pub(crate) async fn share(&self) -> Vec<(SocketId, OwnedFd)> {
        let (sender, mut received) = unbounded_channel();
        self.orders.iter().for_each(|orders| send(orders, Order::Share(sender.clone())));
        drop(sender);
        let mut sockets = Vec::new();
        while let Some(socket) = received.recv().await {
            sockets.push(socket);
        }
        sockets
    }

    /// Whether a socket that is to be closed may still give connections.
    pub(crate) fn are_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire) > 0
    }

    /// Wakes idle client connections on every thread.
    pub(crate) fn wake_idle(&self) {
        self.orders.iter().for_each(|orders| send(orders, Order::WakeIdle));
    }

    /// Lets the first thread check the servers of a generation instead of those before.
    pub(crate) fn check(&self, generation: &Arc<Generation>, inputs: LogInputs) {
        if let Some(orders) = self.orders.first() {
            send(orders, Order::Check(Arc::clone(generation), inputs));
        }
    }

    /// Ends the threads and waits for them.
    pub(crate) fn end(&self) {
        self.orders.iter().for_each(|orders| send(orders, Order::End));
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

/// A thread only ends when it is told to, so an order that cannot be delivered comes after the end.
fn send(orders: &UnboundedSender<Order>, order: Order) {
    let _ = orders.send(order);
}

async fn run(
    index: usize,
    process: Arc<Process>,
    mut orders: UnboundedReceiver<Order>,
    closing: Arc<AtomicUsize>,
) {
    let worker = Worker::start(index, Arc::clone(&process), SystemConnector);
    let mut accepting: HashMap<SocketId, Vec<Accepting>> = HashMap::new();
    let mut checks = None;
    while let Some(order) = orders.recv().await {
        match order {
            Order::Listen { id, listener, socket } => {
                let Ok(acceptor) = Acceptor::new(socket) else { continue };
                let acceptor = Rc::new(acceptor);
                let (worker, process) = (Rc::clone(&worker), Arc::clone(&process));
                let task = accept(worker, process, Arc::clone(&listener), Rc::clone(&acceptor));
                let task = tokio::task::spawn_local(task).abort_handle();
                let one = Accepting { task, acceptor, listener };
                accepting.entry(id).or_default().push(one);
            }
            Order::Close(id) => {
                for last in accepting.remove(&id).unwrap_or_default() {
                    last.close(&worker);
                }
                closing.fetch_sub(1, Ordering::Release);
            }
            Order::Share(to) => {
                for (id, one) in
                    accepting.iter().flat_map(|(id, all)| all.iter().map(|it| (*id, it)))
                {
                    // Nobody waits for it any more, or there are no descriptors: it stays ours.
                    let _ = one.acceptor.share().map(|socket| to.send((id, socket)));
                }
            }
            Order::WakeIdle => worker.wake_idle(),
            // The checks of the generation before end when theirs are dropped.
            Order::Check(generation, inputs) => {
                checks = Some(Checks::start(&worker, &generation, inputs));
            }
            Order::End => break,
        }
    }
    drop(checks);
    worker.logs.flush();
}

/// A socket that this thread accepts from.
struct Accepting {
    task: AbortHandle,
    acceptor: Rc<Acceptor>,
    listener: Arc<Listener>,
}

impl Accepting {
    /// Takes whoever waits in the kernel's queue, whom the close of the socket would reset, and closes it.
    fn close(self, worker: &Rc<Worker>) {
        self.task.abort();
        // The reactor may not know of them yet, so the kernel is asked.
        while let Ok((client, peer, local)) = self.acceptor.accept_waiting() {
            worker.serve(client, peer, local, &self.listener);
        }
    }
}

/// How long a listener rests when the process has no file descriptors or a limit is reached.
const REST: Duration = Duration::from_millis(5);

async fn accept(
    worker: Rc<Worker>,
    process: Arc<Process>,
    listener: Arc<Listener>,
    acceptor: Rc<Acceptor>,
) {
    loop {
        let mut permit = process.arrivals.permit(&listener);
        while permit == Permit::Wait || is_full(&process, &listener) {
            tokio::time::sleep(REST).await;
            permit = process.arrivals.permit(&listener);
        }
        match acceptor.accept().await {
            Ok((client, peer, local)) => {
                worker.serve(client, peer, local, &listener);
                if permit == Permit::Counted {
                    // The connection counts itself when its task runs.
                    tokio::task::yield_now().await;
                }
            }
            // The client gave up before we looked.
            Err(e) if e.kind() == io::ErrorKind::ConnectionAborted => {}
            // Out of descriptors or memory: the kernel keeps the new, we keep the old.
            Err(_) => tokio::time::sleep(REST).await,
        }
    }
}

/// Whether a limit says that the kernel must keep new connections waiting.
fn is_full(process: &Process, listener: &Listener) -> bool {
    let frontend = || {
        listener.bound().is_some_and(|bound| {
            let most = bound.maxconn();
            if most != 0 && listener.connections.now() >= most {
                return true;
            }
            bound
                .generation
                .live
                .frontends
                .get(bound.frontend.0 as usize)
                .is_some_and(|frontend| frontend.is_full())
        })
    };
    process.is_full() || frontend()
}

enum Acceptor {
    /// With the address that all its connections have on our side, where that is known.
    Tcp(tokio::net::TcpListener, Option<SocketAddr>),
    Unix(tokio::net::UnixListener),
}

type Accepted = (Socket, Option<SocketAddr>, Option<SocketAddr>);

impl Acceptor {
    fn new(socket: Listening) -> io::Result<Acceptor> {
        match socket {
            Listening::Tcp(socket) => {
                let options = SockRef::from(&socket);
                // Otherwise answers would wait for acknowledgements. What is accepted inherits it.
                options.set_tcp_nodelay(true)?;
                let local = socket.local_addr()?;
                let transparent = match local {
                    SocketAddr::V4(_) => options.ip_transparent_v4(),
                    SocketAddr::V6(_) => options.ip_transparent_v6(),
                };
                let known = !local.ip().is_unspecified() && !transparent.unwrap_or(true);
                let socket = tokio::net::TcpListener::from_std(socket)?;
                Ok(Acceptor::Tcp(socket, known.then_some(local)))
            }
            Listening::Unix(socket) => {
                Ok(Acceptor::Unix(tokio::net::UnixListener::from_std(socket)?))
            }
        }
    }

    /// A second handle on the socket.
    fn share(&self) -> io::Result<OwnedFd> {
        match self {
            Acceptor::Tcp(socket, _) => socket.as_fd().try_clone_to_owned(),
            Acceptor::Unix(socket) => socket.as_fd().try_clone_to_owned(),
        }
    }

    async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Acceptor::Tcp(socket, local) => {
                let (client, peer) = socket.accept().await?;
                Ok(accepted(client, peer, *local))
            }
            Acceptor::Unix(socket) => {
                let (client, _) = socket.accept().await?;
                Ok((Socket::Unix(client), None, None))
            }
        }
    }

    /// A connection that is there already.
    ///
    /// # Errors
    /// `WouldBlock` when there is none.
    fn accept_waiting(&self) -> io::Result<Accepted> {
        match self {
            Acceptor::Tcp(socket, local) => {
                let socket = std::net::TcpListener::from(socket.as_fd().try_clone_to_owned()?);
                let (client, peer) = socket.accept()?;
                client.set_nonblocking(true)?;
                Ok(accepted(tokio::net::TcpStream::from_std(client)?, peer, *local))
            }
            Acceptor::Unix(socket) => {
                let socket =
                    std::os::unix::net::UnixListener::from(socket.as_fd().try_clone_to_owned()?);
                let (client, _) = socket.accept()?;
                client.set_nonblocking(true)?;
                Ok((Socket::Unix(tokio::net::UnixStream::from_std(client)?), None, None))
            }
        }
    }
}

fn accepted(
    client: tokio::net::TcpStream,
    peer: SocketAddr,
    local: Option<SocketAddr>,
) -> Accepted {
    let local = local.or_else(|| client.local_addr().ok());
    (Socket::Tcp(client), Some(peer), local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_sends_at_once_and_knows_its_address() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            for (bound, known) in [("127.0.0.1:0", true), ("0.0.0.0:0", false), ("[::]:0", false)] {
                let Ok(socket) = std::net::TcpListener::bind(bound) else { continue };
                socket.set_nonblocking(true).expect("a socket");
                let port = socket.local_addr().expect("a bound socket").port();
                let acceptor = Acceptor::new(Listening::Tcp(socket)).expect("a listener");
                assert!(matches!(acceptor, Acceptor::Tcp(_, local) if local.is_some() == known));
                let client =
                    tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("one");
                let (accepted, peer, local) = acceptor.accept().await.expect("a connection");
                let Socket::Tcp(accepted) = accepted else { panic!("no connection of TCP") };
                assert!(accepted.nodelay().expect("an option"));
                assert_eq!(local, accepted.local_addr().ok());
                assert_eq!(peer, accepted.peer_addr().ok());
                drop(client);
            }
        });
    }
}
