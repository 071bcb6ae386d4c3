//! The tunnel's one future: polls both directions, keeps the deadline, obeys its control.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::control::{Control, Order};
use crate::direction::{Broken, Direction, Moved, Phase};
use crate::ended::{Cause, Ended, Side};
use crate::timeouts::{Limits, Timeouts};

/// How long a drained side may take to end its stream when no `-fin` timeout says so; the timeouts
/// of a working tunnel are far too long for that.
const DRAIN_LINGER: Duration = Duration::from_secs(5);

/// What is known when a tunnel begins.
#[derive(Debug, Default)]
pub struct Opening {
    /// Bytes read from the client beyond its request; they go to the server first.
    pub to_server: Vec<u8>,
    /// Bytes read from the server beyond its response; they go to the client first.
    pub to_client: Vec<u8>,
    /// Both directions speak WebSocket frames from the first of these bytes on.
    pub websocket: bool,
}

/// Relays until both directions are over, one side breaks, or the control says so.
///
/// Dropping the future drops both streams; the counters of the control stay.
/// A side's silence is measured from its last byte in either direction. A side that times out is
/// taken as ended: the other one is told, and goes on until it ends or times out itself.
pub fn relay<C, S>(
    client: C,
    server: S,
    opening: Opening,
    timeouts: Timeouts,
    control: Control,
) -> impl Future<Output = Ended>
where
    C: AsyncRead + AsyncWrite + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut tunnel = Tunnel {
        client,
        server,
        up: Direction::new(Side::Client, opening.to_server, opening.websocket),
        down: Direction::new(Side::Server, opening.to_client, opening.websocket),
        limits: Limits::of(&timeouts),
        control,
        client_active: Instant::now(),
        server_active: Instant::now(),
        waker: None,
        cause: None,
        first_end: None,
    };
    async move {
        let mut deadline = pin!(None);
        poll_fn(|cx| tunnel.poll(cx, deadline.as_mut())).await
    }
}

struct Tunnel<C, S> {
    client: C,
    server: S,
    up: Direction,
    down: Direction,
    limits: Limits,
    control: Control,
    client_active: Instant,
    server_active: Instant,
    /// The task that the control and the deadline wake.
    waker: Option<Waker>,
    /// What ended the tunnel, when that is known before it is over.
    cause: Option<Cause>,
    first_end: Option<Side>,
}

impl<C, S> Tunnel<C, S>
where
    C: AsyncRead + AsyncWrite + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn poll(&mut self, cx: &mut Context<'_>, mut deadline: Pin<&mut Option<Sleep>>) -> Poll<Ended> {
        let new_task = self.waker.as_ref().is_none_or(|waker| !waker.will_wake(cx.waker()));
        if new_task {
            self.control.register(cx.waker());
            self.waker = Some(cx.waker().clone());
        }
        let mut watch = new_task;
        loop {
            if let Some(cause) = self.obey() {
                return Poll::Ready(self.end(cause));
            }
            if let Err(Broken(side)) = self.poll_both(cx) {
                return Poll::Ready(self.end(Cause::Aborted(side)));
            }
            if self.up.is_over() && self.down.is_over() {
                return Poll::Ready(self.end(Cause::Closed));
            }
            if self.poll_deadline(cx, deadline.as_mut(), watch).is_pending() {
                return Poll::Pending;
            }
            // A side timed out: its end is to be passed on.
            watch = true;
        }
    }

    fn obey(&mut self) -> Option<Cause> {
        match self.control.order() {
            Order::GoOn => None,
            Order::End(why) => Some(Cause::Killed(why)),
            Order::Drain => {
                if self.cause.is_none() {
                    self.cause = Some(Cause::Drained);
                    self.up.drain();
                    self.down.drain();
                    self.client_active = Instant::now();
                    self.server_active = self.client_active;
                }
                None
            }
        }
    }

    fn poll_both(&mut self, cx: &mut Context<'_>) -> Result<(), Broken> {
        let (mut up, mut down) = (Moved::default(), Moved::default());
        let Tunnel { client, server, .. } = self;
        let sent = self.up.poll(cx, client, server, &mut up);
        if let Poll::Ready(Err(broken)) = sent {
            return Err(broken);
        }
        let answered = self.down.poll(cx, server, client, &mut down);
        if self.first_end.is_none() && self.cause.is_none() {
            self.first_end = match (self.up.reading, self.down.reading) {
                (false, _) => Some(Side::Client),
                (_, false) => Some(Side::Server),
                _ => None,
            };
        }
        self.note(up, down);
        match answered {
            Poll::Ready(Err(broken)) => Err(broken),
            _ => Ok(()),
        }
    }

    /// Remembers when each side last moved a byte, and how many went.
    fn note(&mut self, up: Moved, down: Moved) {
        let client = up.read || down.written;
        let server = down.read || up.written;
        if !client && !server {
            return;
        }
        let now = Instant::now();
        if client {
            self.client_active = now;
        }
        if server {
            self.server_active = now;
        }
        self.control.count(self.up.bytes, self.down.bytes);
    }

    /// When each side's silence becomes too long; `None` where nothing is awaited from a side.
    fn deadlines(&self) -> (Option<Instant>, Option<Instant>) {
        let drained = self.cause == Some(Cause::Drained);
        let linger =
            |end: &Direction| (drained && end.phase == Phase::Shut).then_some(DRAIN_LINGER);
        let awaited = |reads: &Direction, writes: &Direction| reads.reading || writes.is_blocked();
        let times = &self.limits;
        let client = linger(&self.down).map(|most| times.client_fin().unwrap_or(most));
        let client = client.or_else(|| times.client(self.down.phase == Phase::Shut));
        let server = linger(&self.up).map(|most| times.server_fin().unwrap_or(most));
        let server = server.or_else(|| times.server(self.up.phase == Phase::Shut));
        (
            client
                .filter(|_| awaited(&self.up, &self.down))
                .and_then(|silence| self.client_active.checked_add(silence)),
            server
                .filter(|_| awaited(&self.down, &self.up))
                .and_then(|silence| self.server_active.checked_add(silence)),
        )
    }

    /// Ready when a side was timed out; otherwise something wakes us at the next deadline or before.
    fn poll_deadline(
        &mut self,
        cx: &mut Context<'_>,
        mut timer: Pin<&mut Option<Sleep>>,
        mut watch: bool,
    ) -> Poll<()> {
        let (client, server) = self.deadlines();
        let Some(next) = client.into_iter().chain(server).min() else { return Poll::Pending };
        if timer.is_none() {
            timer.set(Some(sleep_until(next)));
            watch = true;
        }
        let Some(mut timer) = timer.as_pin_mut() else { return Poll::Pending };
        // Activity moves a deadline away: then the timer is left to fire early. Only a nearer one
        // (a half-close, a drain) resets it.
        if next < timer.deadline() {
            timer.as_mut().reset(next);
            watch = true;
        }
        while watch || timer.is_elapsed() {
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            if next <= now {
                self.time_out(client.filter(|it| *it <= now), server.filter(|it| *it <= now));
                return Poll::Ready(());
            }
            timer.as_mut().reset(next);
            watch = true;
        }
        Poll::Pending
    }

    /// Takes silent sides as ended, the client first, as HAProxy does when both are.
    fn time_out(&mut self, client: Option<Instant>, server: Option<Instant>) {
        if client.is_some() {
            self.cause.get_or_insert(Cause::TimedOut(Side::Client));
            self.up.end_reading();
            if self.down.is_blocked() {
                self.down.give_up();
            }
        }
        if server.is_some() {
            self.cause.get_or_insert(Cause::TimedOut(Side::Server));
            self.down.end_reading();
            if self.up.is_blocked() {
                self.up.give_up();
            }
        }
    }

    fn end(&mut self, cause: Cause) -> Ended {
        let cause = match (self.cause, cause) {
            (Some(first), Cause::Closed | Cause::Aborted(_)) => first,
            _ => cause,
        };
        self.control.count(self.up.bytes, self.down.bytes);
        Ended {
            cause,
            first_end: self.first_end,
            bytes_up: self.up.bytes,
            bytes_down: self.down.bytes,
        }
    }
}
