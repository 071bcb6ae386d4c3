//! The log line of a stream.

use config::model::Mode;
use http1::{RequestHead, ResponseHead};
use sample::{Buffered, Context, Facts, LogRecord, Protocol, Sample, as_text};

use crate::moment::{World, context};
use crate::{LogFormats, NoTrace, Program, Stream, unique_id};

/// Appends the log line of a stream, without line end, in the format of its frontend: `log-format`,
/// `option httplog` (also `clf`), `tcplog`; without any of them the words that HAProxy has for it.
///
/// Termination state, times and counts are the record's; captures, variables and the unique id
/// are the stream's.
#[expect(clippy::too_many_arguments, reason = "each is a different thing that a line tells of")]
pub fn log_line(
    program: &Program,
    stream: &Stream,
    record: &LogRecord,
    formats: LogFormats<'_>,
    request: Option<&RequestHead>,
    response: Option<&ResponseHead>,
    facts: &dyn Facts,
    out: &mut Vec<u8>,
) {
    let front = program.frontend(stream.frontend);
    match formats.text().or(front.part().log.as_ref()) {
        Some(format) => with_context((program, stream), record, request, response, facts, |ctx| {
            format.write(ctx, out);
        }),
        None => plain(record, front.mode(), out),
    }
}

/// Appends the `error-log-format` of a connection that failed before it was a stream; `false`
/// when the frontend has none.
pub fn error_log_line(
    program: &Program,
    stream: &Stream,
    record: &LogRecord,
    formats: LogFormats<'_>,
    facts: &dyn Facts,
    out: &mut Vec<u8>,
) -> bool {
    let own = program.frontend(stream.frontend).part().error_log.as_ref();
    let Some(format) = formats.text().or(own) else { return false };
    with_context((program, stream), record, None, None, facts, |ctx| format.write(ctx, out));
    true
}

/// Appends the line of a connection that failed before it was a session: its `error-log-format`, or the client, the
/// time, the listener and what went wrong.
#[expect(clippy::too_many_arguments, reason = "each is a different thing that a line tells of")]
pub fn handshake_line(
    program: &Program,
    stream: &Stream,
    record: &LogRecord,
    formats: LogFormats<'_>,
    listener: u32,
    message: &str,
    facts: &dyn Facts,
    out: &mut Vec<u8>,
) {
    if error_log_line(program, stream, record, formats, facts, out) {
        return;
    }
    if let Some(format) = &program.frontend(stream.frontend).part().handshake_log {
        with_context((program, stream), record, None, None, facts, |ctx| format.write(ctx, out));
    }
    if let Some(listener) = program.listeners().get(listener as usize) {
        match &listener.name {
            Some(name) => out.extend_from_slice(name.as_bytes()),
            None => out.extend_from_slice(listener.id.to_string().as_bytes()),
        }
    }
    out.extend_from_slice(b": ");
    out.extend_from_slice(message.as_bytes());
}

/// Appends the `log-format-sd` of the frontend (RFC 5424 structured data); `false` without one.
#[expect(clippy::too_many_arguments, reason = "each is a different thing that a line tells of")]
pub fn structured_data(
    program: &Program,
    stream: &Stream,
    record: &LogRecord,
    formats: LogFormats<'_>,
    request: Option<&RequestHead>,
    response: Option<&ResponseHead>,
    facts: &dyn Facts,
    out: &mut Vec<u8>,
) -> bool {
    let own = program.frontend(stream.frontend).part().log_sd.as_ref();
    let Some(format) = formats.data().or(own) else { return false };
    with_context((program, stream), record, request, response, facts, |ctx| format.write(ctx, out));
    true
}

fn with_context(
    (program, stream): (&Program, &Stream),
    record: &LogRecord,
    request: Option<&RequestHead>,
    response: Option<&ResponseHead>,
    facts: &dyn Facts,
    write: impl FnOnce(&Context<'_>),
) {
    let world = World::new(program, facts, stream, &NoTrace);
    let done = Buffered { bytes: &[], complete: true };
    if record.request_line.is_none() && program.frontend(stream.frontend).mode() == Mode::Http {
        world.without_stream();
    }
    let ctx = context(stream, request, response, (done, done), &world);
    let ctx = Context { log: Some(record), ..ctx };
    let unique_id = &program.frontend(stream.frontend).part().unique_id;
    let unmade = request.is_some() && stream.unique_id.is_none();
    if let Some(format) = unique_id.as_ref().filter(|_| unmade) {
        // The stream ended before anything asked for it.
        world.identify(&unique_id::written(format, &ctx));
    }
    write(&ctx);
}

/// Without any format: `Connect from 192.0.2.1:4000 to 192.0.2.9:80 (fe/HTTP)`.
pub(crate) fn plain(record: &LogRecord, mode: Mode, out: &mut Vec<u8>) {
    let mode = if mode == Mode::Http { "HTTP" } else { "TCP" };
    let address = |address: Option<std::net::SocketAddr>| match address {
        Some(address) => format!("{}:{}", address.ip(), address.port()),
        None => String::from("unix:1"),
    };
    let line = format!(
        "Connect from {} to {} ({}/{mode})",
        address(record.client),
        address(record.frontend_addr),
        record.frontend,
    );
    out.extend_from_slice(line.as_bytes());
}

/// What `balance log-hash` of a backend makes of a message; `None` without one, or when it has no value.
pub fn log_key(
    program: &Program,
    backend: sample::BackendRef,
    message: &[u8],
    facts: &dyn Facts,
) -> Option<Vec<u8>> {
    let expr = program.backend(backend).part().rules.balance_hash.as_ref()?;
    let mut stream = Stream::new(sample::FrontendRef(0));
    stream.backend = Some(backend);
    let body = Buffered { bytes: message, complete: true };
    let ctx = Context {
        protocol: Protocol::Tcp,
        request: None,
        response: None,
        request_body: body,
        response_body: Buffered::default(),
        vars: &stream.vars,
        captured_request: &[],
        captured_response: &[],
        facts,
        log: None,
    };
    match expr.eval_now(&ctx) {
        Sample::Known(value) => Some(as_text(value).into_owned()),
        _ => None,
    }
}
