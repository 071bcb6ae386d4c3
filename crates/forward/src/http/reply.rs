//! Answers that are made here: error pages, denials, redirects, `return`.

use std::future::poll_fn;
use std::io::Write as _;
use std::sync::Arc;
use std::task::Poll;

use config::model::ConnectionMode;
use http1::{BodyLength, Parsed, RequestHead, ResponseHead};
use rules::{Final, NoTrace, ReplyKind};
use tokio::time::Instant;

use crate::io::Connector;
use crate::service;
use crate::termination::Failure;

use super::exchange::Held;
use super::stream::{HttpStream, Next};
use super::wire;

impl<C: Connector> HttpStream<'_, C> {
    /// Answers what is no request, and ends the connection. The page is sent as it is: nothing was
    /// understood that rules could look at.
    pub(super) async fn refuse(&mut self, failure: Failure) -> Next<C::Io> {
        let frontend = self.ledger.bound.generation.frontend(self.ledger.bound.frontend);
        frontend.counters.of(self.connection.worker.index).request_errors.add(1);
        self.ledger.termination = failure.termination;
        self.ledger.status = failure.status;
        self.work.record.request_line = None;
        self.ledger.no_stream = true;
        if let Some(status) = failure.status {
            let program = &self.ledger.bound.generation.program;
            let page = rules::error_page(program, &self.ledger.state, status);
            // Quirk: an empty error file silences the page, any other is not used here.
            if !page.raw.is_some_and(|raw| raw.is_empty()) {
                write_plain_page(status, self.work.to_client.append());
            }
            self.flush().await;
        }
        self.finish();
        Next::Close { linger: true }
    }

    /// Ends a stream that failed: with a page, or without a word.
    pub(super) async fn fail(&mut self, failure: Failure) {
        self.ledger.termination = failure.termination;
        if self.stale {
            self.ledger.unlogged = true;
            return;
        }
        let replaced = self.replaced.take();
        let answer = match (replaced, failure.status) {
            (Some(answer), _) => *answer,
            (None, Some(status)) => {
                let program = &self.ledger.bound.generation.program;
                rules::error_page(program, &self.ledger.state, status)
            }
            (None, None) => return,
        };
        self.answer(answer).await;
    }

    /// Sends a response of our own.
    pub(super) async fn answer(&mut self, mut answer: Final) {
        let worker = &self.connection.worker;
        let (state, facts) = self.ledger.evaluate(&worker.process);
        let program = &facts.generation.program;
        let made = answer.head.status;
        rules::reply(program, state, Some(&self.work.request), &mut answer, &facts, &mut NoTrace);
        if answer.head.status != made && answer.raw.is_none() {
            // `http-after-response set-status`.
            answer.status = answer.head.status;
        }
        self.work.to_client.clear();
        self.ledger.answered = true;
        self.ledger.status = Some(answer.status);
        if !self.take_head(&mut answer) {
            // An error file that is no response: it goes out as it is, and nothing after it.
            let raw = answer.raw.as_deref().unwrap_or_default();
            self.work.to_client.append().extend_from_slice(raw);
            self.ledger.bytes_out += raw.len() as u64;
            self.flush().await;
            return;
        }
        let closes = match answer.kind {
            ReplyKind::Redirect => self.received.has_body,
            kind => kind == ReplyKind::ServerRedirect,
        };
        if closes {
            // A client that goes elsewhere need not send its body here first.
            self.work.response.fields.add(b"connection", b"close");
        }
        let head = &mut self.work.response;
        if head.status == 204
            && answer.kind == ReplyKind::Return
            && !head.fields.contains(b"content-length")
        {
            // Quirk: counted, though not sent.
            head.fields.add(b"content-length", b"0");
        }
        let broken = answer.kind == ReplyKind::Error && answer.status == 500;
        self.keep_client = self.may_keep() && !broken;
        self.ledger.bytes_out += wire::counted_response(&self.work.response);
        self.write_head();
        if self.work.request.received_method() != b"HEAD" {
            self.work.to_client.append().extend_from_slice(&answer.body);
            self.ledger.bytes_out += answer.body.len() as u64;
        }
        if answer.refused_statistics {
            self.log_as_bad_request();
        }
        self.flush().await;
    }

    /// Quirk: the log says 400 of a client that the statistics page refuses, and counts that page too.
    fn log_as_bad_request(&mut self) {
        let program = &self.ledger.bound.generation.program;
        let page = rules::error_page(program, &self.ledger.state, 400);
        let body = if self.work.request.method() == b"HEAD" { 0 } else { page.body.len() as u64 };
        self.ledger.bytes_out += wire::counted_response(&page.head) + body;
        self.ledger.status = Some(400);
        self.ledger.server_name = Some("<STATS>");
        let now = self.ledger.now();
        (self.ledger.times.queued, self.ledger.times.connected) = (Some(now), Some(now));
    }

    fn write_head(&mut self) {
        let (version, keep) = (self.received.version, self.keep_client);
        let work = &mut *self.work;
        let case = self.ledger.client_case();
        wire::write_response(&mut work.response, version, keep, case, work.to_client.append());
    }

    /// A service answers: like a server's, its response goes through all response rules.
    pub(super) async fn serve(&mut self) -> Result<(), Failure> {
        self.note_reply(ReplyKind::Service);
        let now = self.ledger.now();
        let times = &mut self.ledger.times;
        (times.queued, times.connected, times.response) = (Some(now), Some(now), Some(now));
        let bound = Arc::clone(&self.ledger.bound);
        let process = &self.connection.worker.process;
        let query = self.work.request.query().unwrap_or_default();
        let micros = self.ledger.times.begun.micros;
        let made = service::prometheus::answer(query, &bound.generation, process, micros);
        let framed = made.is_some();
        let made = made.unwrap_or_else(|| {
            let page = rules::error_page(&bound.generation.program, &self.ledger.state, 400);
            service::Answer { head: page.head, body: page.body }
        });
        self.work.response = made.head;
        self.ledger.bytes_out +=
            wire::counted_response(&self.work.response) + made.body.len() as u64;
        // All of it is here: nothing is waited for.
        let held =
            Held { length: BodyLength::None, counted: 0, switches: false, until: None, over: true };
        self.respond(None, 0, &held)?;
        self.ledger.status = Some(self.work.response.status);
        self.keep_client = self.may_keep();
        self.write_head();
        if self.work.request.method() != b"HEAD" {
            // Quirk: also a client of HTTP/1.0 is sent chunks.
            let out = self.work.to_client.append();
            if framed && !made.body.is_empty() {
                http1::write_chunk_size(made.body.len(), out);
            }
            out.extend_from_slice(&made.body);
            if framed && !made.body.is_empty() {
                http1::write_chunk_end(out);
            }
            if framed {
                out.extend_from_slice(http1::LAST_CHUNK);
            }
        }
        self.flush().await;
        Ok(())
    }

    /// The statistics page: made here, and edited by `http-after-response` alone.
    pub(super) async fn show_statistics(&mut self, mut answer: Final, body: &[u8]) {
        self.note_reply(ReplyKind::Stats);
        let now = self.ledger.now();
        let times = &mut self.ledger.times;
        (times.queued, times.connected, times.response) = (Some(now), Some(now), Some(now));
        let bound = Arc::clone(&self.ledger.bound);
        let micros = self.ledger.times.begun.micros;
        let worker = &self.connection.worker;
        let (state, facts) = self.ledger.evaluate(&worker.process);
        let program = &facts.generation.program;
        let proxy = match state.backend {
            Some(backend) => program.backend(backend).name(),
            None => program.frontend(state.frontend).name(),
        };
        let (generation, process) = (&*bound.generation, &*worker.process);
        let shown = service::statistics::Shown { generation, process, proxy, micros };
        let Some(asked) = answer.stats.take() else { return };
        let made = service::statistics::answer(&asked, &self.work.request, body, &shown);
        let is_head = self.work.request.received_method() == b"HEAD";
        let chunks = made.head.status == 200 && !is_head;
        let old = self.received.version == http1::Version::Http10;
        answer.head = made.head;
        if chunks && !old {
            answer.head.fields.add(b"transfer-encoding", b"chunked");
        }
        answer.status = answer.head.status;
        rules::reply(program, state, Some(&self.work.request), &mut answer, &facts, &mut NoTrace);
        self.work.to_client.clear();
        self.ledger.answered = true;
        self.ledger.status = Some(answer.status);
        self.work.response = answer.head;
        self.keep_client = self.may_keep() && !old;
        let counted = if chunks { made.body.len() as u64 } else { 0 };
        self.ledger.bytes_out += wire::counted_response(&self.work.response) + counted;
        http1::set_response_connection(
            &mut self.work.response,
            self.received.version,
            self.keep_client,
        );
        if chunks && old {
            // Quirk: also a client of HTTP/1.0 is sent chunks.
            self.work.response.fields.add(b"transfer-encoding", b"chunked");
        }
        let case = self.ledger.client_case();
        wire::put_response(&self.work.response, case, self.work.to_client.append());
        if chunks {
            let out = self.work.to_client.append();
            if !made.body.is_empty() {
                http1::write_chunk_size(made.body.len(), out);
                out.extend_from_slice(&made.body);
                http1::write_chunk_end(out);
            }
            out.extend_from_slice(http1::LAST_CHUNK);
        }
        self.flush().await;
    }

    /// Makes the answer's head the stream's response; a page from an error file is read like one
    /// of a server. False when it cannot be read.
    fn take_head(&mut self, answer: &mut Final) -> bool {
        let response = &mut self.work.response;
        let Some(raw) = &answer.raw else {
            *response = std::mem::take(&mut answer.head);
            return true;
        };
        let limits = http1::Limits { head_bytes: raw.len().max(1), ..http1::Limits::default() };
        let Ok(Parsed::Complete { consumed }) = http1::parse_response(raw, response, &limits)
        else {
            return false;
        };
        http1::strip_connection(&mut response.fields);
        answer.body = raw.get(consumed..).unwrap_or_default().to_vec();
        response.fields.remove(b"content-length");
        response.fields.add(b"content-length", answer.body.len().to_string().as_bytes());
        true
    }

    /// Whether the connection can carry another request after an answer of our own: the rest of
    /// this one must be here, or it would be taken for the next.
    fn may_keep(&mut self) -> bool {
        let mut nowhere = Vec::new();
        let read = self.up.pass(&mut self.work.client, &mut nowhere).is_ok() && self.up.is_done();
        let keeps = read
            && self.received.keeps
            && self.client_mode() != ConnectionMode::Close
            && !http1::response_connection(&self.work.response).close
            && !self.connection.worker.process.is_stopping();
        keeps && has_known_length(&self.work.response, &self.work.request)
    }

    /// Writes what waits for the client, within `timeout client`.
    pub(super) async fn flush(&mut self) {
        let due = self.client_timeout().and_then(|limit| Instant::now().checked_add(limit));
        self.connection.timer.set(due);
        let connection = &mut *self.connection;
        let out = &mut self.work.to_client;
        let mut written = 0;
        let sent = poll_fn(|cx| {
            if let Poll::Ready(done) = out.poll_drain(cx, &mut connection.client, &mut written) {
                return Poll::Ready(done.is_ok());
            }
            connection.timer.poll(cx).map(|()| false)
        })
        .await;
        if !sent {
            self.keep_client = false;
            self.work.to_client.clear();
        }
    }
}

fn has_known_length(response: &ResponseHead, request: &RequestHead) -> bool {
    http1::response_body(response, request.method())
        .is_ok_and(|length| length != BodyLength::UntilClose)
}

/// A page as HAProxy sends it where no request was understood: always the built-in one.
fn write_plain_page(status: u16, out: &mut Vec<u8>) {
    let (reason, text) = match status {
        408 => ("Request Time-out", "Your browser didn't send a complete request in time."),
        422 => ("Unprocessable Content", "The server cannot process the contained instructions."),
        _ => ("Bad request", "Your browser sent an invalid request."),
    };
    let body = format!("<html><body><h1>{status} {reason}</h1>\n{text}\n</body></html>\n");
    let length = body.len();
    let close = if matches!(status, 400 | 408) { "Connection: close\r\n" } else { "" };
    // Writing to a `Vec` cannot fail.
    let _ = write!(
        out,
        "HTTP/1.1 {status} {reason}\r\nContent-length: {length}\r\nCache-Control: no-cache\r\n\
         {close}Content-Type: text/html\r\n\r\n{body}"
    );
}
