//! The timeouts that bound a stream, with HAProxy's fallbacks, and where each was written.

use std::time::Duration;

use config::model::{Proxy, Setting, Timeouts};
use diag::Span;

use crate::{Phase, Program, Stream, TimeoutInForce};

/// Each timeout that bounds this stream now, with the line it came from.
///
/// Fallbacks: `http-request` is `client` when missing; `http-keep-alive` is `http-request`, then
/// `client`; `queue` and `tarpit` are `connect`. `tunnel`, `client-fin` and `server-fin` have none:
/// `client` and `server` go on to count there.
pub fn timeouts_in_force(program: &Program, stream: &Stream) -> Vec<TimeoutInForce> {
    let front = &program.frontend(stream.frontend).proxy().timeouts;
    let back = stream.backend.map(|backend| &program.backend(backend).proxy().timeouts);
    let none = Timeouts::default();
    let back = back.unwrap_or(&none);
    let overrides = &stream.overrides;
    let ruled = |ruled: Option<Duration>, span: Option<Span>, line: Setting<Duration>| match ruled {
        Some(duration) => (Some(duration), span),
        None => parts(line),
    };
    let client = ruled(overrides.timeout_client, overrides.timeout_client_rule, front.client);
    let server = ruled(overrides.timeout_server, overrides.timeout_server_rule, back.server);
    let tunnel = ruled(overrides.timeout_tunnel, overrides.timeout_tunnel_rule, back.tunnel);
    let request = front.http_request.map_or(client, |line| parts(Some(line)));
    let keep_alive = parts(front.http_keep_alive.or(front.http_request).or(front.client));
    [
        (Phase::Client, client),
        (Phase::HttpRequest, request),
        (Phase::HttpKeepAlive, keep_alive),
        (Phase::Queue, parts(back.queue.or(back.connect))),
        (Phase::Connect, parts(back.connect)),
        (Phase::Server, server),
        (Phase::Tunnel, tunnel),
        (Phase::ClientFin, parts(front.client_fin)),
        (Phase::ServerFin, parts(back.server_fin)),
        (Phase::Tarpit, parts(tarpit_line(program, stream))),
    ]
    .into_iter()
    .map(|(phase, (duration, span))| TimeoutInForce { phase, duration, span })
    .collect()
}

/// A timeout of 0 is none, as in HAProxy.
fn parts(line: Setting<Duration>) -> (Option<Duration>, Option<Span>) {
    let duration = line.map(|line| line.value).filter(|duration| !duration.is_zero());
    (duration, line.map(|line| line.span))
}

fn tarpit_line(program: &Program, stream: &Stream) -> Setting<Duration> {
    let proxy = match stream.backend {
        Some(backend) => program.backend(backend).proxy(),
        None => program.frontend(stream.frontend).proxy(),
    };
    proxy.timeouts.tarpit.or(proxy.timeouts.connect)
}

/// How long a tarpit holds the client: that of the proxy whose rules run.
pub(crate) fn tarpit(program: &Program, stream: &Stream) -> Duration {
    tarpit_line(program, stream).map(|line| line.value).unwrap_or_default()
}

/// How long a request may take to arrive; for ever when nothing says.
pub(crate) fn http_request(frontend: &Proxy) -> Duration {
    let line = frontend.timeouts.http_request.or(frontend.timeouts.client);
    parts(line).0.unwrap_or(Duration::MAX)
}
