//! The checks of single protocols: `option redis-check`, `smtpchk`, `pgsql-check`, `ssl-hello-chk`, and in
//! their own files those that look into binary messages.
//!
//! What they send and how they judge was recorded from HAProxy 2.6.12, byte for byte.

mod ldap;
mod mysql;
mod spop;

pub use mysql::MysqlAuth;

use regex::bytes::Regex;

use super::expect::{Expect, Expectation, Verdict};
use super::rules::{Action, CheckScript, Connect, Rule, Style};
use super::told::{Code, Told};
use crate::{CheckResult, CheckStatus};

/// What a binary message must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// The server's first words of MySQL.
    MysqlGreeting,
    /// MySQL's answer to a login.
    MysqlLogin,
    /// LDAP's answer to an anonymous bind.
    LdapBind,
    /// The hello of a SPOE agent.
    SpopHello,
}

impl Protocol {
    /// The verdict; `before` is what the check would come to without this rule.
    pub(super) fn judge(self, bytes: &[u8], last: bool, before: &CheckResult) -> Verdict {
        match self {
            Protocol::MysqlGreeting => mysql::greeting(bytes, last),
            Protocol::MysqlLogin => mysql::login(bytes, last, before),
            Protocol::LdapBind => ldap::bind(bytes, last),
            Protocol::SpopHello => spop::hello(bytes, last),
        }
    }
}

impl CheckScript {
    /// `option redis-check`: PING wants PONG.
    #[must_use]
    pub fn redis() -> Self {
        let expect = Expect {
            error_status: Some(CheckStatus::L7Status),
            on_error: Some(Told::Line(0)),
            on_success: Some(Told::Text("Redis server is ok".to_owned())),
            ..Expect::new(Expectation::Text(b"+PONG\r\n".to_vec()))
        };
        let ping = Action::Send(b"*1\r\n$4\r\nPING\r\n".to_vec());
        Self::of(Style::Protocol, vec![ping.into(), Action::Expect(expect).into()])
    }

    /// `option smtpchk`: a greeting, `hello` (such as `HELO localhost`), and a goodbye.
    #[must_use]
    pub fn smtp(hello: &str) -> Self {
        let line = |pattern, status, on_error| Expect {
            min_recv: Some(4),
            error_status: Some(status),
            on_error: Some(on_error),
            on_success: Some(Told::Line(4)),
            code: Some(Code::Digits),
            ..regex(pattern)
        };
        let good = |pattern| line(pattern, CheckStatus::L7Status, Told::Line(4));
        let reply = Expect { min_recv: None, ..good(r"^(2[0-9]{2}-[^\r]*\r\n)*2[0-9]{2}[ \r]") };
        Self::orderly(vec![
            Action::Expect(line("^[0-9]{3}[ \r]", CheckStatus::L7Response, Told::Line(0))),
            Action::Expect(good("^2[0-9]{2}[ \r]")),
            Action::Send(format!("{hello}\r\n").into_bytes()),
            Action::Expect(reply),
            Action::Send(b"QUIT\r\n".to_vec()),
            Action::Expect(good("^2[0-9]{2}[- \r]")),
        ])
    }

    /// `option pgsql-check user NAME`: a start of a session that must not be an error.
    #[must_use]
    pub fn pgsql(user: &str) -> Self {
        let mut start = vec![0, 3, 0, 0];
        start.extend_from_slice(b"user\0");
        start.extend_from_slice(user.as_bytes());
        start.extend_from_slice(b"\0\0");
        let length = u32::try_from(start.len() + 4).unwrap_or(u32::MAX);
        let mut message = length.to_be_bytes().to_vec();
        message.append(&mut start);
        let error = Expect {
            negated: true,
            min_recv: Some(5),
            error_status: Some(CheckStatus::L7Response),
            on_error: Some(Told::UntilNul(6)),
            ..regex("^E")
        };
        // Any way to log in will do: the server lives.
        let asks = Expect {
            min_recv: Some(9),
            error_status: Some(CheckStatus::L7Status),
            on_success: Some(Told::Text("PostgreSQL server is ok".to_owned())),
            on_error: Some(Told::Text("PostgreSQL unknown error".to_owned())),
            ..binary_regex("^52000000[0-9A-F]{2}000000(00|02|03|04|05|06|07|09|0A)")
        };
        Self::orderly(vec![Action::Send(message), Action::Expect(error), Action::Expect(asks)])
    }

    /// `option ssl-hello-chk`: a hello of SSL 3.0 that must get an answer of TLS, good or bad.
    #[must_use]
    pub fn ssl_hello() -> Self {
        let expect = Expect {
            min_recv: Some(5),
            ok_status: Some(CheckStatus::L6Ok),
            error_status: Some(CheckStatus::L6Response),
            timeout_status: Some(CheckStatus::L6Timeout),
            on_error: Some(Told::Text(String::new())),
            ..regex("^[\x15\x16]")
        };
        let hello = Action::Hello(RANDOM_AT, ssl_hello());
        Self::of(Style::Protocol, vec![hello.into(), Action::Expect(expect).into()])
    }

    /// `option ldap-check`: an anonymous bind.
    #[must_use]
    pub fn ldap() -> Self {
        Self::one_question(ldap::BIND.to_vec(), Protocol::LdapBind)
    }

    /// `option spop-check`: the hello of the stream processing protocol.
    #[must_use]
    pub fn spop() -> Self {
        Self::one_question(spop::HELLO.to_vec(), Protocol::SpopHello)
    }

    /// `option mysql-check`: the greeting, and with a user a login and a goodbye.
    #[must_use]
    pub fn mysql(login: Option<(&str, MysqlAuth)>) -> Self {
        let expect = |protocol| Action::Expect(Expect::new(Expectation::Protocol(protocol)));
        let Some((user, auth)) = login else {
            return Self::orderly(vec![expect(Protocol::MysqlGreeting)]);
        };
        // Quirk: the login goes out before the greeting has come.
        Self::orderly(vec![
            Action::Send(mysql::login_of(user, auth)),
            expect(Protocol::MysqlGreeting),
            expect(Protocol::MysqlLogin),
        ])
    }

    fn one_question(question: Vec<u8>, protocol: Protocol) -> Self {
        let expect = Expect::new(Expectation::Protocol(protocol));
        Self::of(
            Style::Protocol,
            vec![Action::Send(question).into(), Action::Expect(expect).into()],
        )
    }

    /// A check that ends its connection in order: the server would complain of a reset.
    fn orderly(actions: Vec<Action>) -> Self {
        let connect = Connect { default: true, linger: true, ..Connect::default() };
        let mut rules = vec![Rule::from(Action::Connect(connect))];
        rules.extend(actions.into_iter().map(Rule::from));
        Self::of(Style::Protocol, rules)
    }
}

fn regex(pattern: &str) -> Expect {
    Expect::new(Regex::new(pattern).map_or(Expectation::Custom, Expectation::Regex))
}

fn binary_regex(pattern: &str) -> Expect {
    Expect::new(Regex::new(pattern).map_or(Expectation::Custom, Expectation::BinaryRegex))
}

/// Where the random of the hello begins.
const RANDOM_AT: usize = 11;

/// A hello of SSL 3.0 with every cipher suite that it and TLS 1.0 know (RFC 6101 5.6.1.2, RFC 3268).
fn ssl_hello() -> Vec<u8> {
    let suites = (0x01..=0x1b).chain(0x2f..=0x3a).flat_map(|suite| [0, suite]);
    let suites: Vec<u8> = suites.collect();
    let mut body = vec![3, 0];
    body.extend_from_slice(&[0x77; 32]);
    body.push(0);
    body.extend_from_slice(&length16(suites.len()));
    body.extend_from_slice(&suites);
    body.extend_from_slice(&[1, 0]);
    let mut hello = vec![0x16, 3, 0];
    hello.extend_from_slice(&length16(body.len() + 4));
    hello.extend_from_slice(&[1, 0]);
    hello.extend_from_slice(&length16(body.len()));
    hello.append(&mut body);
    hello
}

fn length16(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}

/// The check is over with this status and these words.
fn ends(status: CheckStatus, info: impl Into<String>) -> Verdict {
    Verdict::Ends(CheckResult::new(status).with_info(info).coded(None))
}

/// The check passed with these words.
fn passed(info: impl Into<String>) -> Verdict {
    Verdict::Passed(CheckResult::new(CheckStatus::L7Ok).with_info(info).coded(None))
}

/// A message that is not there in whole, and never will be.
fn too_short(last: bool, at_step: Option<u32>, bytes: &[u8]) -> Verdict {
    match (last, at_step.filter(|_| bytes.is_empty())) {
        (false, _) => Verdict::Wait,
        (true, Some(step)) => {
            let info = format!("TCPCHK got an empty response at step {step}");
            ends(CheckStatus::L7Response, info)
        }
        (true, None) => ends(CheckStatus::L7Response, ""),
    }
}
