//! The steps of a stream's life.

use balance::Balancer;
use http1::{RequestHead, ResponseHead};
use sample::{BackendRef, Buffered, Facts, LogRecord};

use crate::{
    Admission, Choice, Final, Program, ReplyKind, Stream, TimeoutInForce, Trace, Verdict,
};

/// Runs `tcp-request connection` (then `tcp-request session`) on a connection that was accepted.
/// Only [`sample::Fact`]s and what they lead to can be asked for here.
pub fn admit<T: Trace>(
    _program: &Program,
    _stream: &mut Stream,
    _facts: &dyn Facts,
    _trace: &mut T,
) -> Admission {
    Admission::Accept
}

/// Decides where a connection in `mode tcp` goes: `tcp-request content` of the frontend,
/// `use_backend`, `default_backend`, `tcp-request content` of the backend.
///
/// After [`Verdict::Wait`] it is called again with the same stream and more bytes, or with
/// `payload.complete` when the time is over; it goes on where it stopped.
pub fn inspect<T: Trace>(
    _program: &Program,
    _stream: &mut Stream,
    _payload: Buffered<'_>,
    _facts: &dyn Facts,
    _trace: &mut T,
) -> Verdict {
    Verdict::NoBackend
}

/// Runs `tcp-response content` on the first bytes of a server in `mode tcp`.
/// [`Verdict::Forward`] lets them through.
pub fn inspect_response<T: Trace>(
    _program: &Program,
    _stream: &mut Stream,
    _payload: Buffered<'_>,
    _facts: &dyn Facts,
    _trace: &mut T,
) -> Verdict {
    Verdict::NoBackend
}

/// Decides what becomes of a request and edits its head on the way: all rules of the frontend, the
/// choice of the backend, all rules of the backend.
///
/// After [`Verdict::Wait`] it is called again with the same stream and head and more of the body;
/// it goes on where it stopped, so no rule runs twice.
pub fn route<T: Trace>(
    _program: &Program,
    _stream: &mut Stream,
    _head: &mut RequestHead,
    _body: Buffered<'_>,
    _facts: &dyn Facts,
    _trace: &mut T,
) -> Verdict {
    Verdict::NoBackend
}

/// Chooses the server: `force-persist`, `use-server`, the persistence cookie, then `balance`.
///
/// `head` is `None` in `mode tcp`. `exclude` is the server that just failed (`option redispatch`):
/// persistence is then ignored and another server is preferred.
#[expect(clippy::too_many_arguments, reason = "each is a different thing that a choice depends on")]
pub fn choose<T: Trace>(
    _program: &Program,
    _stream: &mut Stream,
    _head: Option<&RequestHead>,
    _body: Buffered<'_>,
    _balancer: &Balancer,
    _facts: &dyn Facts,
    _exclude: Option<u32>,
    _trace: &mut T,
) -> Choice {
    Choice::NoServer
}

/// Makes the request ready for a server: `option forwardfor` and `originalto`, `unique-id-header`,
/// the persistence cookie taken out or its prefix cut off. `Connection` and framing fields are the
/// caller's. Call it on a copy of the head for each try when `option redispatch` is on.
pub fn prepare<T: Trace>(
    _program: &Program,
    stream: &mut Stream,
    server: u32,
    _head: &mut RequestHead,
    _facts: &dyn Facts,
    _trace: &mut T,
) {
    stream.server = Some(server);
}

/// Runs the response rules, backend first, and edits the head: `http-response`, the persistence
/// cookie, captures, `option checkcache`, `http-after-response`.
///
/// [`Verdict::Forward`] sends the response on; [`Verdict::Reply`] sends another one, which has
/// not been through [`reply`] yet.
pub fn respond<T: Trace>(
    _program: &Program,
    stream: &mut Stream,
    _request: &RequestHead,
    _response: &mut ResponseHead,
    _body: Buffered<'_>,
    _facts: &dyn Facts,
    _trace: &mut T,
) -> Verdict {
    Verdict::Forward(stream.backend.unwrap_or(BackendRef(0)))
}

/// Runs `http-after-response` on a response that was made here, before it is written.
/// A raw page without rules stays raw.
pub fn reply<T: Trace>(
    _program: &Program,
    _stream: &mut Stream,
    _request: Option<&RequestHead>,
    _response: &mut Final,
    _facts: &dyn Facts,
    _trace: &mut T,
) {
}

/// The page for a status: `errorfile`, `errorloc` of the backend, then of the frontend, then built in.
pub fn error_page(_program: &Program, _stream: &Stream, status: u16) -> Final {
    Final {
        kind: ReplyKind::Error,
        head: ResponseHead::with_status(status),
        body: Vec::new(),
        raw: None,
        rule: None,
        delay: None,
    }
}

/// Appends the log line of a stream, without line end, in the format of its frontend:
/// `error-log-format` when it failed, else `log-format`, `option httplog`, `tcplog`.
pub fn log_line(
    _program: &Program,
    _stream: &Stream,
    _record: &LogRecord,
    _request: Option<&RequestHead>,
    _response: Option<&ResponseHead>,
    _facts: &dyn Facts,
    _out: &mut Vec<u8>,
) {
}

/// What a [`Balancer`] of this backend is made from, the same for the daemon and for `lbctl`.
/// Addresses of servers are literal ones; a name is `None` until the caller resolves it.
pub fn server_table(
    _program: &Program,
    _backend: BackendRef,
) -> (balance::Spec, Vec<balance::ServerSpec>) {
    (balance::Spec::default(), Vec::new())
}

/// Each timeout that bounds this stream now, with the line it came from.
pub fn timeouts_in_force(_program: &Program, _stream: &Stream) -> Vec<TimeoutInForce> {
    Vec::new()
}
