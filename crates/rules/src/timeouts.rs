//! The timeouts that bound a stream, with HAProxy's fallbacks, and where each was written.

use std::time::Duration;

use config::model::{Proxy, Setting, Timeouts};
use diag::Span;
use sample::Bound;

use crate::{Phase, Program, Stream, TimeoutInForce, limits};

/// Each timeout that bounds this stream now, with the line it came from.
///
/// Fallbacks: `http-request` is `client` when missing; `http-keep-alive` is `http-request`, then
/// `client`; `queue` and `tarpit` are `connect`. `tunnel`, `client-fin` and `server-fin` have none:
/// `client` and `server` go on to count there.
pub fn timeouts_in_force(program: &Program, stream: &Stream) -> Vec<TimeoutInForce> {
    let front = program.frontend(stream.frontend).proxy();
    let back = stream.backend.map(|backend| program.backend(backend).proxy());
    let (front_line, none) = (&front.timeouts, Timeouts::default());
    let back_line = back.map_or(&none, |back| &back.timeouts);
    let overrides = &stream.overrides;
    let ruled = |bound: Bound| match overrides.limits.of(bound) {
        Some(duration) => (Some(duration), overrides.limit_rules.of(bound)),
        None => parts(match bound {
            Bound::Client => front_line.client,
            Bound::Tarpit => limits::line(back.unwrap_or(front), bound),
            bound => back.and_then(|back| limits::line(back, bound)),
        }),
    };
    let client = ruled(Bound::Client);
    let request = front_line.http_request.map_or(client, |line| parts(Some(line)));
    let keep_alive =
        parts(front_line.http_keep_alive.or(front_line.http_request).or(front_line.client));
    [
        (Phase::Client, client),
        (Phase::HttpRequest, request),
        (Phase::HttpKeepAlive, keep_alive),
        (Phase::Queue, ruled(Bound::Queue)),
        (Phase::Connect, ruled(Bound::Connect)),
        (Phase::Server, ruled(Bound::Server)),
        (Phase::Tunnel, ruled(Bound::Tunnel)),
        (Phase::ClientFin, parts(front_line.client_fin)),
        (Phase::ServerFin, parts(back_line.server_fin)),
        (Phase::Tarpit, ruled(Bound::Tarpit)),
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

/// How long a tarpit holds the client: as a rule says, or that of the proxy whose rules run.
pub(crate) fn tarpit(program: &Program, stream: &Stream) -> Duration {
    let proxy = match stream.backend {
        Some(backend) => program.backend(backend).proxy(),
        None => program.frontend(stream.frontend).proxy(),
    };
    let line = limits::line(proxy, Bound::Tarpit).map(|line| line.value);
    stream.overrides.limits.tarpit.or(line).unwrap_or_default()
}

/// How long a request may take to arrive; for ever when nothing says.
pub(crate) fn http_request(frontend: &Proxy) -> Duration {
    let line = frontend.timeouts.http_request.or(frontend.timeouts.client);
    parts(line).0.unwrap_or(Duration::MAX)
}
