//! Client connections that have been idle for a while, without a task.
//!
//! A task, its timer and its place in the reactor weigh a kilobyte, and most keep-alive connections do nothing for most of
//! their life. One that stays quiet for [`PARK_AFTER`] leaves its task: what has to be known of it goes into a box, its
//! socket to a poll set of the thread that asks for the first byte only, its deadline into an order.
//!
//! When a byte comes or the deadline has passed, or when the connection may not be wanted any more, it gets a task again.
//! That task finds out by itself what happened, so that there is one place where an idle connection ends. Only one whose
//! client sends again would notice the way through here; therefore one that is used every second stays out.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

use crate::connection::Parked;
use crate::io::Connector;
use crate::timer::Timer;
use crate::worker::Worker;

/// How long a connection is idle before it is parked.
pub(crate) const PARK_AFTER: Duration = Duration::from_secs(2);

/// Events that are read at a time.
const EVENTS: usize = 64;

const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// The parked connections of one thread.
#[derive(Default)]
pub(crate) struct Parking {
    lot: RefCell<Lot>,
}

#[derive(Default)]
struct Lot {
    /// Made when the first connection comes.
    poll: Option<Rc<AsyncFd<OwnedFd>>>,
    places: Vec<Option<Box<Parked>>>,
    free: Vec<u32>,
    /// Deadlines, with the places that they are for.
    due: BTreeSet<(Instant, u32)>,
    /// Wakes the attendant, while there is one.
    attendant: Option<Waker>,
    attended: bool,
}

impl Parking {
    /// Parks a connection until something happens or `due` has come.
    ///
    /// # Errors
    /// When the system has no room for it; the connection is closed.
    pub(crate) fn park<C: Connector>(worker: &Rc<Worker<C>>, parked: Parked) -> io::Result<()> {
        let mut lot = worker.parking.lot.borrow_mut();
        let poll = lot.poll()?;
        let at = lot.free.pop().unwrap_or_else(|| {
            lot.places.push(None);
            lot.places.len() as u32 - 1
        });
        let wanted = epoll::EventFlags::IN | epoll::EventFlags::RDHUP;
        if let Err(error) =
            epoll::add(&*poll, &parked.io, epoll::EventData::new_u64(at.into()), wanted)
        {
            lot.free.push(at);
            return Err(error.into());
        }
        if let Some(due) = parked.due {
            lot.due.insert((due, at));
            if lot.due.first().is_some_and(|first| *first == (due, at))
                && let Some(attendant) = &lot.attendant
            {
                attendant.wake_by_ref();
            }
        }
        lot.places[at as usize] = Some(Box::new(parked));
        if !std::mem::replace(&mut lot.attended, true) {
            tokio::task::spawn_local(attend(Rc::clone(worker), poll));
        }
        Ok(())
    }

    /// Gives a task to each connection that `is_wanted` no longer wants.
    pub(crate) fn review<C: Connector>(
        worker: &Rc<Worker<C>>,
        is_wanted: impl Fn(&Parked) -> bool,
    ) {
        let places: Vec<u32> = {
            let lot = worker.parking.lot.borrow();
            let taken =
                (0..).zip(&lot.places).filter_map(|(at, place)| Some((at, place.as_ref()?)));
            taken.filter(|(_, parked)| !is_wanted(parked)).map(|(at, _)| at).collect()
        };
        for at in places {
            leave(worker, at);
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        let lot = self.lot.borrow();
        lot.places.len() - lot.free.len()
    }

    /// Whether there are any. The attendant asks: without any it ends, and with some `waker` wakes it.
    fn remains(&self, waker: &Waker) -> bool {
        let mut lot = self.lot.borrow_mut();
        lot.attended = !lot.places.is_empty();
        lot.attendant = lot.attended.then(|| waker.clone());
        lot.attended
    }
}

impl Lot {
    #[expect(
        deprecated,
        reason = "an owned descriptor keeps what the unsafe way asks its caller for"
    )]
    fn poll(&mut self) -> io::Result<Rc<AsyncFd<OwnedFd>>> {
        if let Some(poll) = &self.poll {
            return Ok(Rc::clone(poll));
        }
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let poll = Rc::new(AsyncFd::with_interest(poll, Interest::READABLE)?);
        self.poll = Some(Rc::clone(&poll));
        Ok(poll)
    }

    fn take(&mut self, at: u32) -> Option<Box<Parked>> {
        let parked = self.places.get_mut(at as usize)?.take()?;
        self.free.push(at);
        if let Some(due) = parked.due {
            self.due.remove(&(due, at));
        }
        if let Some(poll) = &self.poll {
            // It is not in only if the system lost it.
            let _ = epoll::delete(&**poll, &parked.io);
        }
        if self.free.len() == self.places.len() {
            (self.places, self.free) = (Vec::new(), Vec::new());
        }
        Some(parked)
    }
}

/// Gives a task to a parked connection.
fn leave<C: Connector>(worker: &Rc<Worker<C>>, at: u32) {
    let parked = worker.parking.lot.borrow_mut().take(at);
    if let Some(parked) = parked {
        parked.leave(worker);
    }
}

/// Waits for bytes and deadlines, as long as there are parked connections.
async fn attend<C: Connector>(worker: Rc<Worker<C>>, poll: Rc<AsyncFd<OwnedFd>>) {
    let mut timer = Timer::default();
    let mut events = Vec::with_capacity(EVENTS);
    poll_fn(|cx| {
        loop {
            let due = worker.parking.lot.borrow().due.first().copied();
            timer.set(due.map(|(due, _)| due));
            if let Some((_, at)) = due.filter(|_| timer.poll(cx).is_ready()) {
                leave(&worker, at);
                continue;
            }
            if !worker.parking.remains(cx.waker()) {
                return Poll::Ready(());
            }
            match poll.poll_read_ready(cx) {
                Poll::Ready(Ok(mut ready)) => {
                    events.clear();
                    let read = epoll::wait(&*poll, spare_capacity(&mut events), Some(&AT_ONCE));
                    if read.is_err() || events.len() < EVENTS {
                        ready.clear_ready();
                    }
                    for event in &events {
                        leave(&worker, event.data.u64() as u32);
                    }
                }
                // The runtime ends.
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await;
}
