//! What the evaluator decides.

use std::time::Duration;

use diag::Span;
use http1::ResponseHead;
use sample::BackendRef;

use crate::StatsRequest;
use crate::action::reply::Reply;

/// Whether a connection may go on (`tcp-request connection` and `session`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It goes on.
    Accept,
    /// `reject`: it is closed.
    Reject(Span),
    /// `silent-drop`: it is closed and the client is told nothing.
    SilentDrop(Span),
}

/// What becomes of a request or, in `mode tcp`, of a connection.
#[derive(Debug)]
pub enum Verdict {
    /// It goes to a backend; [`crate::choose`] finds the server.
    Forward(BackendRef),
    /// It ends here with a response.
    Reply(Box<Final>),
    /// The connection is closed without a word (`reject`).
    Close(Span),
    /// The connection is forgotten without telling the client (`silent-drop`).
    SilentDrop(Span),
    /// More input is needed, at most until this long after the stream's beginning.
    /// Call again with the same stream when there is more, or with `complete` set when the time is over.
    Wait {
        /// `inspect-delay`, or the time of `wait-for-body`.
        within: Duration,
    },
    /// `pause`: call again with the same stream after this time.
    Pause(Duration),
    /// `do-resolve`: call again with the same stream when the name was looked up and [`Resolve::found`] was told.
    Resolve(Box<Resolve>),
    /// A connection in `mode tcp` goes on as HTTP (`switch-mode http`): call [`crate::route`] with each request.
    SwitchMode,
    /// No backend was chosen: 503 with `<NOSRV>` and `SC--`.
    NoBackend,
    /// A fact was missing; only without a daemon.
    Unknown(sample::Fact),
}

/// A name that a rule looks up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolve {
    /// The name.
    pub name: String,
    /// The section that is to be asked.
    pub resolvers: Box<str>,
    /// IPv4 is asked for first.
    pub v4: bool,
    pub(crate) id: sample::VarId,
}

impl Resolve {
    /// Notes what was found; without an address the variable stays as it was.
    pub fn found(&self, stream: &mut crate::Stream, address: Option<std::net::IpAddr>) {
        if let Some(ip) = address {
            stream.vars.set(self.id, sample::Value::Ip(ip));
        }
    }
}

/// A response made here.
#[derive(Debug)]
pub struct Final {
    /// Why.
    pub kind: ReplyKind,
    /// The status that the log and the counters know: that of the page which was asked for, also
    /// when an error file answers with another, `errorloc` redirects, or nothing is said.
    pub status: u16,
    /// Its head, `http-after-response` not yet applied, without framing fields when `raw` is set.
    pub head: ResponseHead,
    /// Its body. Without a length in the head it is sent up to the end of the connection.
    pub body: Vec<u8>,
    /// A whole message from an error file, sent as it is.
    pub raw: Option<std::sync::Arc<[u8]>>,
    /// The rule that decided; `None` for the proxy's own.
    pub rule: Option<Span>,
    /// Tarpit: wait this long before answering.
    pub delay: Option<Duration>,
    /// Of [`ReplyKind::Stats`]: what the page is to show; the daemon makes its body.
    pub stats: Option<Box<StatsRequest>>,
    /// The statistics page refuses this client.
    pub refused_statistics: bool,
    /// What [`crate::reply`] makes the head and the body from: a page with expressions.
    pub(crate) made_from: Option<std::sync::Arc<Reply>>,
}

impl Final {
    pub(crate) fn new(kind: ReplyKind, head: ResponseHead, body: Vec<u8>) -> Self {
        let status = head.status;
        Self {
            kind,
            status,
            head,
            body,
            raw: None,
            rule: None,
            delay: None,
            stats: None,
            refused_statistics: false,
            made_from: None,
        }
    }
}

/// Why a response was made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum ReplyKind {
    Deny,
    Tarpit,
    Return,
    Auth,
    Redirect,
    Monitor,
    Stats,
    ServerRedirect,
    /// `use-service prometheus-exporter`: the daemon makes the response, which goes through all response rules.
    Service,
    Error,
}

/// The server for a request, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// This server.
    Server {
        /// Index in the backend.
        server: u32,
        /// A rule or a cookie decided: the server is waited for, not balanced away from.
        persistent: bool,
    },
    /// No server: the address of `dispatch`, or where the client wanted to go (`option transparent`).
    Direct,
    /// Every usable server is full: wait in the backend's queue.
    Queue,
    /// No server can take it: 503.
    NoServer,
    /// The key needs more of the body (`url_param check_post`).
    WaitBody,
}
