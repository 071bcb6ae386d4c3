//! Receives the PROXY header of a client connection before anything else is done with it.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use rules::Stream;
use tokio::time::Instant;

use super::read::{self, Read};
use super::{Proxied, Refused};
use crate::connection::{Connection, frontend_timeouts, limit};
use crate::generation::Bound;
use crate::io::{Connector, Io as _};
use crate::ledger::{Ledger, on};
use crate::work::Work;

impl<C: Connector> Connection<C> {
    /// Reads the header, takes over what it says and goes on; or ends the connection and says why.
    pub(crate) async fn receive_proxy(mut self, bound: Arc<Bound>, mut stream: Box<Stream>) {
        let worker = Rc::clone(&self.worker);
        let mut work = worker.take_work();
        match self.read_header(&bound, &mut stream, &mut work).await {
            Ok(()) => self.begin(&bound, *stream, Some(work)),
            Err(refused) => {
                self.refuse_header(refused, bound, &mut work);
                worker.give_work(work);
            }
        }
    }

    async fn read_header(
        &mut self,
        bound: &Bound,
        stream: &mut Stream,
        work: &mut Work,
    ) -> Result<(), Refused> {
        let timeouts = frontend_timeouts(&bound.generation, bound);
        let most = limit(timeouts.client_hs).or(limit(timeouts.client));
        self.timer.set(most.and_then(|most| self.accepted.checked_add(most)));
        loop {
            match read::header(work.client.filled()) {
                Ok(Read::Partial) => {}
                Ok(Read::Header { length, addresses, tlvs }) => {
                    let handshake = self.accepted.elapsed();
                    let connection = (self.peer, self.local);
                    let tlvs = tlvs.into();
                    self.proxied = Some(Rc::new(Proxied { tlvs, handshake, connection }));
                    stream.overrides.proxied = addresses.is_some();
                    if let Some((from, to)) = addresses {
                        (self.peer, self.local) = (Some(from), Some(to));
                    }
                    work.client.consume(length);
                    self.idle_since = Instant::now();
                    return Ok(());
                }
                Err((refused, source)) => {
                    self.peer = source.or(self.peer);
                    return Err(refused);
                }
            }
            if work.client.is_full() {
                return Err(Refused::Truncated);
            }
            let Connection { client, timer, .. } = self;
            let read = poll_fn(|cx| {
                if let Poll::Ready(read) = work.client.poll_fill(cx, client) {
                    return Poll::Ready(Ok(read));
                }
                timer.poll(cx).map(|()| Err(Refused::TimedOut))
            })
            .await?;
            match read {
                Ok(1..) => {}
                Ok(0) if work.client.is_empty() => return Err(Refused::Empty),
                Ok(0) => return Err(Refused::Truncated),
                Err(_) => return Err(Refused::Aborted),
            }
        }
    }

    /// The log line of a connection that never was a session.
    fn refuse_header(&mut self, refused: Refused, bound: Arc<Bound>, work: &mut Work) {
        let mut ledger = Ledger::open(self, bound);
        ledger.times.begun.instant = self.accepted;
        ledger.times.begun.micros = self.accepted_micros;
        let proxy = ledger.bound.generation.program.frontend(ledger.bound.frontend).proxy();
        ledger.unlogged = refused.is_null() && on(proxy.options.dontlognull);
        ledger.refuse_header(refused, &self.worker.process, &self.worker.logs, &mut work.record);
        self.client.reset_on_close();
    }
}
