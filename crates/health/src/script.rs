//! What a check says to a server and what it makes of the answer, without a socket.
//!
//! Whoever owns the socket feeds [`Event`]s to [`Check::next`] and does what the [`Step`] says.
//! The first event is [`Event::Start`]; after [`Step::Done`] the connection is closed and the
//! machine is spent.

pub mod expect;
pub mod http;
mod response;
pub mod websocket;

use std::time::Duration;

pub use expect::{Expect, Expectation, StatusRange};
pub use http::HttpCheck;
pub use websocket::WebSocketCheck;

use crate::{CheckResult, CheckStatus};

/// What to do on a connection, as configured for a backend.
#[derive(Debug, Clone, Default)]
pub enum CheckScript {
    /// Nothing: a server that accepts the connection is fine.
    #[default]
    Connect,
    /// `option httpchk` with its `http-check` rules.
    Http(HttpCheck),
    /// `option websocket-check`: a handshake that must be answered by 101.
    WebSocket(WebSocketCheck),
}

/// What happened to the check's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// The check begins.
    Start,
    /// The connection is established.
    Connected,
    /// The connection was refused or is impossible; the text is the system's, such as
    /// `Connection refused`.
    ConnectFailed(&'a str),
    /// The connection broke later; the text is the system's.
    Broken(&'a str),
    /// These bytes came from the server.
    Received(&'a [u8]),
    /// The server closed its side.
    Closed,
    /// The time for this phase (connect, or the answer) is over.
    TimedOut,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Connect to the check's address.
    Connect,
    /// Send these bytes, then wait for the next event.
    Send(Vec<u8>),
    /// Wait for the next event.
    Wait,
    /// The check is over: close the connection.
    Done(CheckResult),
}

/// What a check needs to know beyond its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The server is not DOWN. Only then does 404 mean "no new load" under `disable-on-404`.
    pub server_serves: bool,
    /// 16 random bytes, used by the WebSocket handshake.
    pub nonce: [u8; 16],
}

/// One running check.
#[derive(Debug, Clone)]
pub struct Check<'a> {
    script: &'a CheckScript,
    context: Context,
    connected: bool,
    received: Vec<u8>,
}

/// Bytes of an answer that are kept; HAProxy has one buffer (`tune.bufsize`) for it.
const ANSWER_LIMIT: usize = 16 * 1024;

impl<'a> Check<'a> {
    /// A check that has not begun.
    #[must_use]
    pub fn new(script: &'a CheckScript, context: Context) -> Self {
        Self { script, context, connected: false, received: Vec::new() }
    }

    /// Takes an event; `elapsed` is the time since [`Event::Start`].
    #[must_use]
    pub fn next(&mut self, event: Event<'_>, elapsed: Duration) -> Step {
        match event {
            Event::Start => Step::Connect,
            Event::Connected => self.connected(elapsed),
            Event::ConnectFailed(info) => {
                done(CheckResult::new(CheckStatus::L4Connection).with_info(info), elapsed)
            }
            Event::Broken(info) => {
                done(CheckResult::new(CheckStatus::SocketError).with_info(info), elapsed)
            }
            Event::TimedOut if self.connected => {
                done(CheckResult::new(CheckStatus::L7Timeout), elapsed)
            }
            Event::TimedOut => done(CheckResult::new(CheckStatus::L4Timeout), elapsed),
            Event::Received(bytes) => self.received(bytes, elapsed),
            Event::Closed => self.decide(true, elapsed),
        }
    }

    fn connected(&mut self, elapsed: Duration) -> Step {
        self.connected = true;
        match self.script {
            CheckScript::Connect => done(CheckResult::new(CheckStatus::L4Ok), elapsed),
            CheckScript::Http(check) => Step::Send(check.request()),
            CheckScript::WebSocket(check) => Step::Send(check.request(self.context.nonce)),
        }
    }

    fn received(&mut self, bytes: &[u8], elapsed: Duration) -> Step {
        let room = ANSWER_LIMIT.saturating_sub(self.received.len());
        self.received.extend(bytes.iter().take(room));
        let full = self.received.len() >= ANSWER_LIMIT;
        self.decide(full, elapsed)
    }

    /// `last` says that no more bytes can come.
    fn decide(&self, last: bool, elapsed: Duration) -> Step {
        let result = match self.script {
            CheckScript::Connect => Some(CheckResult::new(CheckStatus::L4Ok)),
            CheckScript::Http(check) => check.judge(&self.received, last, self.context),
            CheckScript::WebSocket(check) => check.judge(&self.received, last, self.context.nonce),
        };
        result.map_or(Step::Wait, |result| done(result, elapsed))
    }
}

fn done(result: CheckResult, elapsed: Duration) -> Step {
    Step::Done(result.after(elapsed))
}
