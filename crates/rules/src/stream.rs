//! What one stream remembers between the steps of its life.

use std::net::SocketAddr;

use diag::Span;
use sample::{BackendRef, FrontendRef, Scope, Vars};

use crate::{LimitRules, Limits, LogLine};

/// The evaluator's whole memory of one stream. The daemon keeps it, every step takes and updates it.
#[derive(Debug, Clone)]
pub struct Stream {
    /// The frontend it came in on.
    pub frontend: FrontendRef,
    /// The backend it was sent to, once known.
    pub backend: Option<BackendRef>,
    /// The server that [`crate::prepare`] made the request ready for; an index in the backend.
    pub server: Option<u32>,
    /// Its variables.
    pub vars: Vars,
    /// Captured headers.
    pub captures: Captures,
    /// What rules changed of the stream's settings.
    pub overrides: Overrides,
    /// What the persistence cookie said.
    pub persistence: Persistence,
    /// Random draws used so far: the next one is `Fact::Draw(draws)`.
    pub draws: u32,
    /// `unique-id-format`, once made.
    pub unique_id: Option<Vec<u8>>,
    /// Where to go on after [`crate::Verdict::Wait`].
    pub cursor: Cursor,
    /// The response's rules have begun: the cursor counts in their lists.
    pub responding: bool,
    /// The backend and server of the request before this one, while its connection is still open
    /// (`option prefer-last-server`); the daemon knows.
    pub last_server: Option<(BackendRef, u32)>,
    /// Its first rules ran.
    pub begun: bool,
    /// Log lines that rules made (`do-log`, steps of `log-steps`); whoever sends them takes them.
    pub lines: Vec<LogLine>,
    /// 103 responses for the client.
    pub hints: Hints,
    /// The last rule that ended its list (`last_rule_line`).
    pub last_rule: Option<Span>,
    /// Bytes of the message's body that stand in the buffer behind its head; the daemon knows.
    pub body_buffered: usize,
    /// `strict-mode off`: a rewrite of this list that finds no room is passed over.
    pub lenient: bool,
    /// Requests seen before on this connection (`http_first_req` is 0).
    pub requests_before: u64,
    /// It is only explained: what lives longer than a stream is left as it is.
    pub changes_nothing: bool,
}

impl Stream {
    /// A new stream on a frontend.
    pub fn new(frontend: FrontendRef) -> Self {
        Self {
            frontend,
            backend: None,
            server: None,
            vars: Vars::default(),
            captures: Captures::default(),
            overrides: Overrides::default(),
            persistence: Persistence::default(),
            draws: 0,
            unique_id: None,
            cursor: Cursor::default(),
            responding: false,
            last_server: None,
            begun: false,
            lines: Vec::new(),
            hints: Hints::default(),
            last_rule: None,
            body_buffered: 0,
            lenient: false,
            requests_before: 0,
            changes_nothing: false,
        }
    }

    /// The stream of the next request on the same connection: the session's variables stay, and
    /// what rules set when the connection was `admitted`.
    pub fn next_request(&self, admitted: &Stream) -> Self {
        let mut next = Self::new(self.frontend);
        next.vars = self.vars.clone();
        for scope in [Scope::Txn, Scope::Req, Scope::Res] {
            next.vars.end(scope);
        }
        next.overrides = admitted.overrides.clone();
        next.requests_before = self.requests_before + 1;
        next
    }

    /// The cookie letters of the termination state, `%tsc`'s third and fourth.
    pub fn cookie_letters(&self) -> [u8; 2] {
        [self.persistence.cookie.letter(), self.persistence.set_cookie.letter()]
    }
}

/// Captured headers by slot; `%hr`, `%hs`, `capture.req.hdr(0)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captures {
    /// Request slots.
    pub request: Vec<Option<Vec<u8>>>,
    /// Response slots.
    pub response: Vec<Option<Vec<u8>>>,
    /// `capture cookie` of the request (`%CC`), `NAME=VALUE` cut to its length.
    pub request_cookie: Option<Vec<u8>>,
    /// `capture cookie` of the response (`%CS`).
    pub response_cookie: Option<Vec<u8>>,
}

/// How packets are marked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// The TOS byte (DSCP and ECN).
    pub tos: Option<u8>,
    /// The mark that the system's filters and routes see.
    pub mark: Option<u32>,
}

impl Marks {
    /// Whether anything is marked.
    pub fn any(self) -> bool {
        self.tos.is_some() || self.mark.is_some()
    }
}

/// 103 responses that rules made (`early-hint`).
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// Those that are complete, in order; whoever sends them takes them.
    pub ready: Vec<http1::ResponseHead>,
    /// One that rules still add to.
    pub(crate) open: Option<http1::ResponseHead>,
}

/// What rules changed of the stream's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `set-timeout`, `set-retries`.
    pub limits: Limits,
    /// The rules behind `limits`.
    pub limit_rules: LimitRules,
    /// `set-priority-class`, from -2047 to 2047: lower goes first.
    pub priority_class: i32,
    /// `set-priority-offset`, milliseconds of waiting from -524287 to 524287.
    pub priority_offset: i32,
    /// `set-log-level`: `Some(None)` is silent.
    pub log_level: Option<Option<u8>>,
    /// `set-src`, `set-src-port`.
    pub src: Option<SocketAddr>,
    /// `set-dst`, `set-dst-port`.
    pub dst: Option<SocketAddr>,
    /// `tcp-request connection set-src`: the address of the connection itself.
    pub connection_src: Option<SocketAddr>,
    /// `tcp-request connection set-dst`.
    pub connection_dst: Option<SocketAddr>,
    /// A PROXY header told other addresses than those of the connection.
    pub proxied: bool,
    /// `set-fc-tos`, `set-fc-mark`: of packets to the client.
    pub to_client: Marks,
    /// `set-bc-tos`, `set-bc-mark`: of packets to the server.
    pub to_server: Marks,
    /// `disable-l7-retry`.
    pub no_l7_retry: bool,
    /// `tcp-response content close`: the server's connection ends with what it sent.
    pub closes_server: bool,
    /// `expect-proxy layer4`: the connection begins with a PROXY header.
    pub expects_proxy: bool,
}

impl Overrides {
    /// The client's address where rules set it.
    pub fn source(&self) -> Option<SocketAddr> {
        self.src.or(self.connection_src.filter(|_| !self.proxied))
    }

    /// The address that the client connected to, where rules set it.
    pub fn destination(&self) -> Option<SocketAddr> {
        self.dst.or(self.connection_dst.filter(|_| !self.proxied))
    }
}

/// What the persistence cookie of the request said, and what the response must say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Persistence {
    /// Third termination letter: what the client's cookie was.
    pub cookie: CookieState,
    /// The server it names, by index in the backend.
    pub server: Option<u32>,
    /// The value as received.
    pub value: Option<Vec<u8>>,
    /// Seconds since the epoch in the cookie: last seen, first seen (maxidle, maxlife).
    pub last_seen: Option<i64>,
    /// First seen.
    pub first_seen: Option<i64>,
    /// `force-persist` (true) or `ignore-persist` (false) held.
    pub forced: Option<bool>,
    /// The chosen server is the one that the cookie or a rule named: no cookie has to be set.
    pub direct: bool,
    /// Fourth termination letter: what was done with the server's cookie.
    pub set_cookie: SetCookie,
}

/// The fourth letter of a termination state: the server's cookie (manual 8.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SetCookie {
    /// `-`: no cookie is looked for.
    #[default]
    NotApplicable,
    /// `N`: the server set none and none was inserted.
    None,
    /// `P`: the server set one and it was let through.
    Passive,
    /// `I`: one was inserted.
    Inserted,
    /// `U`: the one the client had was given a new date.
    Updated,
    /// `R`: the server's was rewritten.
    Rewritten,
    /// `D`: the server's was deleted.
    Deleted,
}

impl SetCookie {
    /// The letter.
    pub fn letter(self) -> u8 {
        match self {
            SetCookie::NotApplicable => b'-',
            SetCookie::None => b'N',
            SetCookie::Passive => b'P',
            SetCookie::Inserted => b'I',
            SetCookie::Updated => b'U',
            SetCookie::Rewritten => b'R',
            SetCookie::Deleted => b'D',
        }
    }
}

/// The third letter of a termination state: the client's cookie (manual 8.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CookieState {
    /// `-`: no cookie is looked for.
    #[default]
    NotApplicable,
    /// `N`: none was given.
    None,
    /// `I`: it names no known server.
    Invalid,
    /// `D`: its server is down.
    Down,
    /// `V`: valid.
    Valid,
    /// `E`: expired (maxidle).
    Expired,
    /// `O`: too old (maxlife).
    Old,
    /// `U`: unused, another server was chosen by a rule.
    Unused,
}

impl CookieState {
    /// The letter.
    pub fn letter(self) -> u8 {
        match self {
            CookieState::NotApplicable => b'-',
            CookieState::None => b'N',
            CookieState::Invalid => b'I',
            CookieState::Down => b'D',
            CookieState::Valid => b'V',
            CookieState::Expired => b'E',
            CookieState::Old => b'O',
            CookieState::Unused => b'U',
        }
    }
}

/// The step and the rule at which an evaluation stopped to wait for input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Cursor {
    /// Steps done, in the order of the evaluator's own list.
    pub step: u16,
    /// Rules done in that step.
    pub rule: u32,
}
