//! What an expression is evaluated in: one stream at one moment.

use std::net::SocketAddr;
use std::time::Duration;

use http1::{RequestHead, ResponseHead};

use crate::{Facts, Vars};

/// Bytes received so far: a request body, or the payload in `mode tcp`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Buffered<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// No more will come (end of body, end of stream, or the wait is over).
    pub complete: bool,
}

/// What the buffers of a [`Context`] hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// Bodies of messages: samples of raw bytes (`req.payload`, `req.ssl_sni`) have no value.
    #[default]
    Http,
    /// A connection's bytes as they came.
    Tcp,
}

/// One stream at one moment.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What the two buffers hold.
    pub protocol: Protocol,
    /// The request, once its head was read; with every edit made so far.
    pub request: Option<&'a RequestHead>,
    /// The response, once its head was read.
    pub response: Option<&'a ResponseHead>,
    /// The request body, or the client's bytes in `mode tcp`.
    pub request_body: Buffered<'a>,
    /// The response body, or the server's bytes in `mode tcp`.
    pub response_body: Buffered<'a>,
    /// The stream's variables.
    pub vars: &'a Vars,
    /// Captured request headers by slot (`capture.req.hdr`, `%hr`).
    pub captured_request: &'a [Option<Vec<u8>>],
    /// Captured response headers by slot.
    pub captured_response: &'a [Option<Vec<u8>>],
    /// The world.
    pub facts: &'a dyn Facts,
    /// What is known of the stream so far. Log lines need it whole; rules read the request line as it
    /// was received from it (`capture.req.uri`), when it is there.
    pub log: Option<&'a LogRecord>,
}

/// What made a log line (`%OG`, manual 8.3.5): a step of a stream, a failure before there was one, or a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum LogOrigin {
    Accept,
    Request,
    Connect,
    Response,
    #[default]
    Close,
    Error,
    TcpReqConn,
    TcpReqSess,
    TcpReqCont,
    TcpResCont,
    HttpReq,
    HttpRes,
    HttpAfterRes,
}

impl LogOrigin {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Accept,
        Self::Request,
        Self::Connect,
        Self::Response,
        Self::Close,
        Self::Error,
        Self::TcpReqConn,
        Self::TcpReqSess,
        Self::TcpReqCont,
        Self::TcpResCont,
        Self::HttpReq,
        Self::HttpRes,
        Self::HttpAfterRes,
    ];

    /// Its name in `log-steps` and behind `on` of a log profile.
    pub fn step(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Request => "request",
            Self::Connect => "connect",
            Self::Response => "response",
            Self::Close => "close",
            Self::Error => "error",
            Self::TcpReqConn => "tcp-req-conn",
            Self::TcpReqSess => "tcp-req-sess",
            Self::TcpReqCont => "tcp-req-cont",
            Self::TcpResCont => "tcp-res-cont",
            Self::HttpReq => "http-req",
            Self::HttpRes => "http-res",
            Self::HttpAfterRes => "http-after-res",
        }
    }

    /// What `%OG` says.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Accept => "txn_accept",
            Self::Request => "txn_request",
            Self::Connect => "txn_connect",
            Self::Response => "txn_response",
            Self::Close => "txn_close",
            Self::Error => "sess_error",
            rule => rule.step(),
        }
    }
}

/// All that a log line tells of a stream (manual 8.2.3), filled by whoever ran it.
#[derive(Debug, Clone, Default)]
pub struct LogRecord {
    /// The client's address; `None` for a unix socket.
    pub client: Option<SocketAddr>,
    /// The address the client connected to.
    pub frontend_addr: Option<SocketAddr>,
    /// The address we connected from.
    pub backend_source: Option<SocketAddr>,
    /// The server's address.
    pub server_addr: Option<SocketAddr>,
    /// Microseconds since the epoch when the connection was accepted (`%t` of tcp).
    pub accept_micros: i64,
    /// Microseconds since the epoch when the request's first byte came (`%tr`).
    pub request_micros: i64,
    /// `frontend` (`%f`), with `~` appended by `%ft` when TLS.
    pub frontend: String,
    /// `%b`: the backend, or the frontend when none was chosen.
    pub backend: String,
    /// `%s`: the server, `<NOSRV>`, `<STATS>`.
    pub server: String,
    /// `%Th`.
    pub handshake: Option<Duration>,
    /// `%Ti`.
    pub idle: Option<Duration>,
    /// `%TR`.
    pub request: Option<Duration>,
    /// `%Tw`.
    pub queue: Option<Duration>,
    /// `%Tc`.
    pub connect: Option<Duration>,
    /// `%Tr`.
    pub response: Option<Duration>,
    /// `%Td`: data transmission.
    pub data: Option<Duration>,
    /// `%Ta`.
    pub active: Duration,
    /// `%Tt`.
    pub total: Duration,
    /// `%Tu`.
    pub user: Duration,
    /// `%ST`; `None` prints `-1`.
    pub status: Option<u16>,
    /// `%B`: bytes to the client.
    pub bytes_read: u64,
    /// `%U`: bytes from the client.
    pub bytes_uploaded: u64,
    /// `%CC`.
    pub request_cookie: Option<Vec<u8>>,
    /// `%CS`.
    pub response_cookie: Option<Vec<u8>>,
    /// `%ts`, four characters in http mode, of which tcp mode prints two.
    pub termination: [u8; 4],
    /// `%ac`: connections of the process.
    pub actconn: u32,
    /// `%fc`: connections of the frontend.
    pub feconn: u32,
    /// `%bc`: streams of the backend.
    pub beconn: u32,
    /// `%sc`: streams of the server.
    pub srv_conn: u32,
    /// `%rc`: retries.
    pub retries: u32,
    /// Whether a redispatch happened: `%rc` is printed with `+`.
    pub redispatched: bool,
    /// `%sq`.
    pub srv_queue: u32,
    /// `%bq`.
    pub backend_queue: u32,
    /// The request line as received: method, target, version (`%r`, `%HM`, `%HU`, `%HV`); `None`: `<BADREQ>`.
    pub request_line: Option<(Vec<u8>, Vec<u8>, &'static str)>,
    /// `%rt`: request counter.
    pub request_counter: u64,
    /// `%lc`: the frontend's log lines.
    pub log_counter: u64,
    /// The unique id (`%ID`).
    pub unique_id: Option<Vec<u8>>,
    /// What the line is written for (`%OG`).
    pub origin: LogOrigin,
    /// `option logasap`: totals are those at the beginning of the response and carry a plus.
    pub early: bool,
}
