//! What a check says to a server and what it makes of the answer, without a socket.
//!
//! Whoever owns the socket feeds [`Event`]s to [`Check::next`] and does what the [`Step`] says.
//! The first event is [`Event::Start`]; after [`Step::Done`] the connection is closed and the
//! machine is spent. A check goes through its [`Rule`]s in order: bytes that came after the last
//! thing it said are looked at by every `expect` until it speaks again or connects anew.

mod asked;
mod bytes;
pub mod expect;
pub mod header;
pub mod http;
pub mod protocol;
mod response;
mod rules;
mod told;
pub mod websocket;

use std::time::Duration;

pub use asked::{Asked, Part};
pub use expect::{Expect, Expectation, StatusRange};
pub use header::{HeaderMatch, Method};
pub use http::HttpRequest;
pub use protocol::MysqlAuth;
pub use rules::{Action, CheckScript, Connect, Rule, Style};
pub use told::{Code, Told};
pub use websocket::WebSocketCheck;

use crate::{CheckResult, CheckStatus};
use expect::Verdict;

/// What happened to the check's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// The check begins.
    Start,
    /// The connection is established.
    Connected,
    /// The connection was refused or is impossible; the text is the system's, such as
    /// `ECONNREFUSED returned by OS (Connection refused)`.
    ConnectFailed(&'a str),
    /// The connection broke later; the text is the system's.
    Broken(&'a str),
    /// The bytes of [`Step::Send`] are on their way.
    Sent,
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
    /// Connect as [`Check::connect`] says, closing what was open before.
    Connect,
    /// Send these bytes, then tell [`Event::Sent`].
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
    /// What `http-check send-state` tells.
    state: String,
    /// Who knows what rules ask for.
    asked: Option<&'a dyn Asked>,
    /// The rule that is carried out now.
    at: usize,
    connected: bool,
    /// The server said all it has to say on this connection.
    closed: bool,
    received: Vec<u8>,
    /// How the check ends when no rule is left.
    result: CheckResult,
}

/// Bytes of an answer that are kept; HAProxy has one buffer (`tune.bufsize`) for it.
const ANSWER_LIMIT: usize = 16 * 1024;

impl<'a> Check<'a> {
    /// A check that has not begun.
    #[must_use]
    pub fn new(script: &'a CheckScript, context: Context) -> Self {
        Self {
            script,
            context,
            state: String::new(),
            asked: None,
            at: 0,
            connected: false,
            closed: false,
            received: Vec::new(),
            result: CheckResult::new(CheckStatus::L4Ok),
        }
    }

    /// The same with what `http-check send-state` tells the server.
    #[must_use]
    pub fn telling(self, state: String) -> Self {
        Self { state, ..self }
    }

    /// The same with somebody who answers what its rules ask for.
    #[must_use]
    pub fn asking(self, asked: &'a dyn Asked) -> Self {
        Self { asked: Some(asked), ..self }
    }

    /// Where to connect now: the rule that [`Step::Connect`] came from.
    #[must_use]
    pub fn connect(&self) -> Option<Connect> {
        let rules = self.script.rules.get(..=self.at).unwrap_or(&self.script.rules);
        let rule = rules.iter().rev().find(|rule| matches!(rule.action, Action::Connect(_)))?;
        match self.filled(rule).as_ref() {
            Action::Connect(connect) => Some(connect.clone()),
            _ => None,
        }
    }

    /// Takes an event; `elapsed` is the time since [`Event::Start`].
    #[must_use]
    pub fn next(&mut self, event: Event<'_>, elapsed: Duration) -> Step {
        let step = match event {
            Event::Start => self.go_on(),
            Event::Connected => {
                self.connected = true;
                self.result = CheckResult::new(CheckStatus::L4Ok).with_info(self.own_words());
                self.pass()
            }
            Event::Sent => {
                // The words of a protocol's greeting stay.
                let info = match self.script.style {
                    Style::Protocol => std::mem::take(&mut self.result.info),
                    _ => self.own_words().to_owned(),
                };
                self.result = CheckResult::new(CheckStatus::L7Ok).with_info(info).coded(None);
                self.pass()
            }
            Event::ConnectFailed(info) => self.failed(CheckStatus::L4Connection, info),
            Event::Broken(info) => self.failed(CheckStatus::SocketError, info),
            Event::TimedOut => self.failed(self.timeout_status(), ""),
            Event::Received(bytes) => {
                let room = ANSWER_LIMIT.saturating_sub(self.received.len());
                self.received.extend(bytes.iter().take(room));
                self.go_on()
            }
            Event::Closed => {
                self.closed = true;
                self.go_on()
            }
        };
        match step {
            Step::Done(result) => Step::Done(result.after(elapsed)),
            other => other,
        }
    }

    fn pass(&mut self) -> Step {
        self.at += 1;
        self.go_on()
    }

    /// Carries out rules until one needs the connection.
    fn go_on(&mut self) -> Step {
        let script = self.script;
        while let Some(rule) = script.rules.get(self.at) {
            match self.filled(rule).as_ref() {
                Action::Comment => {}
                Action::Act(what) => {
                    if let Some(asked) = self.asked {
                        asked.act(*what, &self.received);
                    }
                }
                Action::Connect(_) => {
                    (self.connected, self.closed) = (false, false);
                    self.received.clear();
                    return Step::Connect;
                }
                Action::Send(bytes) => return self.say(bytes.clone()),
                Action::Request(request) => {
                    return self.say(request.bytes(Some(self.state.as_str())));
                }
                Action::Handshake(handshake) => {
                    return self.say(handshake.request(self.context.nonce));
                }
                Action::Hello(nonce_at, bytes) => {
                    let mut bytes = bytes.clone();
                    for (to, from) in bytes.iter_mut().skip(*nonce_at).zip(self.context.nonce) {
                        *to = from;
                    }
                    return self.say(bytes);
                }
                Action::Expect(expect) => match self.judge(expect) {
                    Verdict::Wait => return Step::Wait,
                    Verdict::Passed(result) => self.result = result,
                    Verdict::Ends(result) => return Step::Done(result),
                },
            }
            self.at += 1;
        }
        Step::Done(self.result.clone())
    }

    /// What came before is answered with this.
    fn say(&mut self, bytes: Vec<u8>) -> Step {
        self.received.clear();
        Step::Send(bytes)
    }

    fn judge(&self, expect: &Expect) -> Verdict {
        let last = self.closed || self.received.len() >= ANSWER_LIMIT;
        if self.received.is_empty() && !last {
            return Verdict::Wait;
        }
        if expect.what.is_http() {
            let on_404 = self.script.disable_on_404 && self.context.server_serves;
            return expect.judge_http(&self.received, last, on_404, self.comment(expect));
        }
        if let Expectation::Handshake(handshake) = &expect.what {
            return handshake.judge(&self.received, last, self.context.nonce);
        }
        self.judge_bytes(expect, last)
    }

    /// The comment that a failure of this rule tells: its own, or that of a `comment` right before.
    fn comment(&self, expect: &'a Expect) -> Option<&'a str> {
        expect.comment.as_deref().or_else(|| self.rule_comment())
    }

    fn rule_comment(&self) -> Option<&'a str> {
        let rules = &self.script.rules;
        let own = rules.get(self.at).and_then(|rule| rule.comment.as_deref());
        own.or_else(|| {
            let before = rules.get(self.at.checked_sub(1)?)?;
            before.comment.as_deref().filter(|_| matches!(before.action, Action::Comment))
        })
    }

    /// The number of the rule that is carried out, from 1; a connection that nobody wrote has none.
    fn number(&self) -> Option<usize> {
        let implicit =
            |rule: &Rule| matches!(&rule.action, Action::Connect(connect) if connect.implicit);
        let rules = self.script.rules.get(..=self.at)?;
        if rules.last().is_some_and(implicit) {
            return None;
        }
        Some(rules.iter().filter(|rule| !implicit(rule)).count())
    }

    fn timeout_status(&self) -> CheckStatus {
        if !self.connected {
            return CheckStatus::L4Timeout;
        }
        match self.script.rules.get(self.at).map(|rule| &rule.action) {
            Some(Action::Expect(expect)) => expect.timeout_status.unwrap_or(CheckStatus::L7Timeout),
            _ => CheckStatus::L7Timeout,
        }
    }

    /// The connection ended the check: `tcp-check` tells where it was.
    fn failed(&self, status: CheckStatus, info: &str) -> Step {
        let place = if self.script.style == Style::Steps { self.place() } else { String::new() };
        Step::Done(CheckResult::new(status).with_info(format!("{info}{place}")))
    }

    fn place(&self) -> String {
        let Some(number) = self.number() else {
            return String::from(" at initial connection step of tcp-check");
        };
        let rule = self.script.rules.get(self.at);
        let what = match rule.map(|rule| &rule.action) {
            Some(Action::Connect(Connect { port: Some(port), .. })) => {
                format!(" (connect port {port})")
            }
            Some(Action::Connect(_)) => String::from(" (connect)"),
            Some(Action::Expect(expect)) => format!(" (expect {})", expect.what.in_words()),
            Some(_) => String::from(" (send)"),
            None => String::new(),
        };
        let comment = match rule.map(|rule| &rule.action) {
            Some(Action::Expect(expect)) => self.comment(expect),
            _ => self.rule_comment(),
        };
        let comment = comment.map(|text| format!(" comment: '{text}'")).unwrap_or_default();
        format!(" at step {number} of tcp-check{what}{comment}")
    }

    /// What a passed `tcp-check` says when its rules say nothing else.
    fn own_words(&self) -> &'static str {
        match self.script.style {
            Style::Steps => "(tcp-check)",
            Style::Http | Style::Protocol | Style::Plain => "",
        }
    }
}
