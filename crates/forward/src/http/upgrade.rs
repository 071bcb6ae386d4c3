//! From a stream to a tunnel: after a 101, and after a `CONNECT` that succeeded.
//!
//! Bytes that the client sent after its request have waited for this moment. The tunnel is a task
//! of its own, so the large future of the HTTP phase is freed.

use std::sync::Arc;

use rules::Stream;
use tunnel::{Opening, Timeouts};

use crate::connection::{Connection, frontend_timeouts, limit};
use crate::idle::ServerConnection;
use crate::io::Connector;
use crate::ledger::Ledger;
use crate::live::Backend;
use crate::termination::Failure;
use crate::tunnels::{self, RequestLine, Tunnel};

use super::stream::{HttpStream, Next};

/// The response that switches protocols was prepared.
pub(crate) struct Switch {
    pub(crate) websocket: bool,
}

/// All a tunnel needs beside the client's connection.
pub(crate) struct TunnelStart<T> {
    server: T,
    opening: Opening,
    timeouts: Timeouts,
    ledger: Ledger,
    request_line: RequestLine,
}

impl<C: Connector> HttpStream<'_, C> {
    /// Sends the switching response and hands everything over.
    pub(super) async fn switch(
        &mut self,
        backend: &Arc<Backend>,
        server: ServerConnection<C::Io>,
        switch: Switch,
    ) -> Result<Next<C::Io>, Failure> {
        let work = &mut *self.work;
        super::wire::put_response(
            &work.response,
            self.ledger.client_case(),
            work.to_client.append(),
        );
        let opening = Opening {
            to_server: work.client.filled().to_vec(),
            to_client: work.server.filled().to_vec(),
            websocket: switch.websocket,
        };
        work.client.clear();
        self.flush().await;
        let timeouts = tunnel_timeouts(&self.ledger, backend);
        let index = self.connection.worker.index;
        backend.state.counters.of(index).tunnels.add(1);
        let spare = Ledger::open(self.connection, Arc::clone(&self.ledger.bound));
        let ledger = std::mem::replace(&mut self.ledger, spare);
        let request_line = self.work.record.request_line.take();
        let server = server.io;
        Ok(Next::Tunnel(Box::new(TunnelStart { server, opening, timeouts, ledger, request_line })))
    }
}

/// The timeouts of a tunnel: those of the frontend for the client, of the backend for the rest.
pub(crate) fn tunnel_timeouts(ledger: &Ledger, backend: &Backend) -> Timeouts {
    let generation = &ledger.bound.generation;
    let front = frontend_timeouts(generation, &ledger.bound);
    let back = &generation.program.backend(backend.reference).proxy().timeouts;
    let Stream { overrides, .. } = &ledger.state;
    Timeouts {
        client: overrides.limits.client.or(limit(front.client)),
        server: overrides.limits.server.or(limit(back.server)),
        tunnel: overrides.limits.tunnel.or(limit(back.tunnel)),
        client_fin: limit(front.client_fin),
        server_fin: limit(back.server_fin),
    }
}

/// Starts the tunnel's own task.
pub(crate) fn begin_tunnel<C: Connector>(connection: Connection<C>, start: TunnelStart<C::Io>) {
    let TunnelStart { server, opening, timeouts, ledger, request_line } = start;
    let tunnel = Tunnel { client: connection.client, server, opening, timeouts };
    let worker = &connection.worker;
    tunnels::spawn(worker, tunnel, connection.seat, ledger, request_line);
}
