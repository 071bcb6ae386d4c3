//! The rules of a check, and the checks that are made of them.

use std::net::IpAddr;

use super::{Expect, Expectation, HttpRequest, Part, WebSocketCheck};

/// What to do on a connection, as configured for a backend.
#[derive(Debug, Clone)]
pub struct CheckScript {
    /// The rules in order; the first that is no comment connects.
    pub rules: Vec<Rule>,
    /// How results are put into words.
    pub style: Style,
    /// `http-check disable-on-404`.
    pub disable_on_404: bool,
}

/// How a check tells its results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A mere connection.
    Plain,
    /// `option tcp-check` with rules: failures name the step.
    Steps,
    /// `option httpchk`.
    Http,
    /// A protocol's own check, such as `option redis-check`.
    Protocol,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What it does.
    pub action: Action,
    /// `comment`.
    pub comment: Option<String>,
    /// What of it is known only when its turn comes: the part, and what to ask for.
    pub asks: Vec<(Part, u32)>,
}

/// What a [`Rule`] does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Nothing: its comment is that of the rule behind it.
    Comment,
    /// Has something done elsewhere: a variable set or forgotten.
    Act(u32),
    /// Opens a connection.
    Connect(Connect),
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends bytes in which those from this place on are chance.
    Hello(usize, Vec<u8>),
    /// Sends a request.
    Request(HttpRequest),
    /// Sends the handshake of a WebSocket.
    Handshake(WebSocketCheck),
    /// Looks at what came.
    Expect(Expect),
}

/// How a check connects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connect {
    /// Nobody wrote it: the check needs one all the same.
    pub implicit: bool,
    /// `port`; the server line's otherwise.
    pub port: Option<u16>,
    /// `addr`; the server line's otherwise.
    pub address: Option<IpAddr>,
    /// `default`: what the server line says of check connections holds.
    pub default: bool,
    /// `send-proxy`.
    pub send_proxy: bool,
    /// `linger`: it ends in order, not with a reset.
    pub linger: bool,
    /// `via-socks4`: through the SOCKS4 proxy of the server line.
    pub via_socks4: bool,
}

impl Connect {
    /// A connection as the server line says.
    #[must_use]
    pub fn implicit() -> Self {
        Self { implicit: true, default: true, ..Self::default() }
    }
}

impl From<Action> for Rule {
    fn from(action: Action) -> Self {
        Self { action, comment: None, asks: Vec::new() }
    }
}

impl Default for CheckScript {
    fn default() -> Self {
        Self::connect()
    }
}

impl CheckScript {
    /// A server that accepts the connection is fine.
    #[must_use]
    pub fn connect() -> Self {
        Self::of(Style::Plain, Vec::new())
    }

    /// A request and what its answer must be.
    #[must_use]
    pub fn one_request(request: HttpRequest, expect: Expect) -> Self {
        Self::of(Style::Http, vec![Action::Request(request).into(), Action::Expect(expect).into()])
    }

    /// `option websocket-check`: a handshake that must be answered by 101.
    #[must_use]
    pub fn websocket(check: WebSocketCheck) -> Self {
        let expect = Expect::new(Expectation::Handshake(check.clone()));
        Self::of(Style::Http, vec![Action::Handshake(check).into(), Action::Expect(expect).into()])
    }

    /// `option tcp-check` with the rules of its backend.
    #[must_use]
    pub fn tcp(rules: Vec<Rule>) -> Self {
        let bare = rules.iter().all(|rule| matches!(rule.action, Action::Comment));
        Self::of(if bare { Style::Plain } else { Style::Steps }, rules)
    }

    /// `option httpchk` with the rules of its backend.
    ///
    /// `request` is what the option itself asks for. The first request of the rules completes it;
    /// when they have none it stands behind the first connection. Without an `expect` at the end
    /// any 2xx or 3xx is good.
    #[must_use]
    pub fn http(request: HttpRequest, mut rules: Vec<Rule>) -> Self {
        let is_quiet = |rule: &&Rule| {
            matches!(rule.action, Action::Comment | Action::Act(_) | Action::Connect(_))
        };
        let quiet = rules.iter().take_while(is_quiet).count();
        match rules.get_mut(quiet) {
            Some(Rule { action: Action::Request(first), asks, .. }) => {
                // The fields of the option come before its own.
                for (part, _) in asks {
                    if let Part::Header(at) = part {
                        *at += request.headers.len();
                    }
                }
                first.complete(request);
            }
            _ => {
                let connects =
                    rules.iter().position(|rule| matches!(rule.action, Action::Connect(_)));
                let place = connects.filter(|at| *at < quiet).map_or(0, |at| at + 1);
                rules.insert(place, Action::Request(request).into());
            }
        }
        let is_expect = |rule: &Rule| matches!(rule.action, Action::Expect(_));
        let last = rules.iter().rev().find(|rule| !matches!(rule.action, Action::Comment));
        if !last.is_some_and(is_expect) {
            rules.push(Action::Expect(Expect::default()).into());
        }
        Self::of(Style::Http, rules)
    }

    /// A check of these rules, which begins with a connection in any case.
    pub(super) fn of(style: Style, mut rules: Vec<Rule>) -> Self {
        let first = rules.iter().find(|rule| !matches!(rule.action, Action::Comment));
        if !first.is_some_and(|rule| matches!(rule.action, Action::Connect(_))) {
            rules.insert(0, Action::Connect(Connect::implicit()).into());
        }
        Self { rules, style, disable_on_404: false }
    }
}
