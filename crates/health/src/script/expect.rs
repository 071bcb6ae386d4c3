//! `http-check expect` and `tcp-check expect`: which answers are good.

use std::ops::RangeInclusive;

use memchr::memmem;
use regex::bytes::Regex;

use super::header::HeaderMatch;
use super::protocol::Protocol;
use super::response::{Parsed, Response};
use super::told::{Code, Told};
use super::websocket::WebSocketCheck;
use crate::{CheckResult, CheckStatus};

/// An inclusive range of status codes, `200-399` or the single `204`.
pub type StatusRange = RangeInclusive<u16>;

/// One `expect` rule, or the implicit one.
#[derive(Debug, Clone)]
pub struct Expect {
    /// `!` before the match: what matches is bad.
    pub negated: bool,
    /// What to look at.
    pub what: Expectation,
    /// `comment`: told in the log when the rule fails.
    pub comment: Option<String>,
    /// `min-recv`: bytes to wait for, after which the match is conclusive. `None` waits for a match.
    pub min_recv: Option<usize>,
    /// `ok-status`: how a check ends whose last rule this is.
    pub ok_status: Option<CheckStatus>,
    /// `error-status`: how a check ends that fails here.
    pub error_status: Option<CheckStatus>,
    /// `tout-status`: how a check ends that waits here for too long.
    pub timeout_status: Option<CheckStatus>,
    /// `on-success`.
    pub on_success: Option<Told>,
    /// `on-error`.
    pub on_error: Option<Told>,
    /// `status-code`.
    pub code: Option<Code>,
}

/// What an [`Expect`] looks at.
#[derive(Debug, Clone)]
pub enum Expectation {
    /// `status`: the code is in one of these ranges.
    Status(Vec<StatusRange>),
    /// `rstatus`: the code, as text, matches.
    StatusRegex(Regex),
    /// `string` of an `http-check`: the body contains these bytes.
    Body(Vec<u8>),
    /// `rstring` of an `http-check`: the body matches.
    BodyRegex(Regex),
    /// `hdr`, `fhdr`.
    Header(HeaderMatch),
    /// `string`: the answer contains these bytes.
    Text(Vec<u8>),
    /// `rstring`: the answer matches.
    Regex(Regex),
    /// `binary`: the answer contains these bytes.
    Binary(Vec<u8>),
    /// `rbinary`: the answer, in hexadecimal capitals, matches.
    BinaryRegex(Regex),
    /// `string-lf`: the answer contains this text.
    Format(Vec<u8>),
    /// `binary-lf`: the answer contains these bytes.
    BinaryFormat(Vec<u8>),
    /// `custom`: anything.
    Custom,
    /// What a protocol wants.
    Protocol(Protocol),
    /// The answer to a WebSocket handshake.
    Handshake(WebSocketCheck),
}

/// What an `expect` came to.
#[derive(Debug)]
pub(super) enum Verdict {
    /// What is not there yet may still come.
    Wait,
    /// The next rule has its turn; without one, this is the result.
    Passed(CheckResult),
    /// The check is over.
    Ends(CheckResult),
}

impl Default for Expect {
    /// The implicit rule of `option httpchk`: any 2xx or 3xx.
    fn default() -> Self {
        Self::new(Expectation::Status(vec![200..=399]))
    }
}

impl Expectation {
    pub(super) fn is_http(&self) -> bool {
        matches!(
            self,
            Self::Status(_)
                | Self::StatusRegex(_)
                | Self::Body(_)
                | Self::BodyRegex(_)
                | Self::Header(_)
        )
    }

    /// As a timeout names it.
    pub(super) fn in_words(&self) -> String {
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match self {
            Self::Text(text) => format!("string '{}'", shown(text)),
            Self::Binary(bytes) => format!("binary '{}'", shown(bytes)),
            Self::Regex(_) => "regex".to_owned(),
            Self::BinaryRegex(_) => "binary regex".to_owned(),
            Self::Format(_) => "log-format string".to_owned(),
            Self::BinaryFormat(_) => "log-format binary".to_owned(),
            Self::Custom | Self::Protocol(_) => "custom function".to_owned(),
            _ => "HTTP".to_owned(),
        }
    }
}

impl Expect {
    /// A rule without `!` and options.
    #[must_use]
    pub fn new(what: Expectation) -> Self {
        Self {
            negated: false,
            what,
            comment: None,
            min_recv: None,
            ok_status: None,
            error_status: None,
            timeout_status: None,
            on_success: None,
            on_error: None,
            code: None,
        }
    }

    /// The verdict on a response; it waits while `last` is false and the answer may yet change it.
    pub(super) fn judge_http(
        &self,
        received: &[u8],
        last: bool,
        conditional_404: bool,
        comment: Option<&str>,
    ) -> Verdict {
        let response = match Response::parse(received) {
            Parsed::Partial if !last => return Verdict::Wait,
            Parsed::Partial | Parsed::Invalid => {
                return Verdict::Ends(CheckResult::new(CheckStatus::L7Response));
            }
            Parsed::Head(response) => response,
        };
        if conditional_404 && response.code == 404 {
            return Verdict::Ends(CheckResult::new(CheckStatus::L7OkConditional).with_code(404));
        }
        let judged = Judged { expect: self, response: &response, comment };
        match &self.what {
            Expectation::Status(ranges) => {
                judged.head(ranges.iter().any(|range| range.contains(&response.code)))
            }
            Expectation::StatusRegex(regex) => {
                judged.head(regex.is_match(response.code.to_string().as_bytes()))
            }
            Expectation::Header(header) => judged.head(header.is_in(response.fields())),
            Expectation::Body(needle) => {
                judged.body(last, |body| memmem::find(body, needle).is_some())
            }
            Expectation::BodyRegex(regex) => judged.body(last, |body| regex.is_match(body)),
            _ => Verdict::Ends(CheckResult::new(CheckStatus::Unknown)),
        }
    }
}

/// An HTTP answer under a rule.
struct Judged<'a> {
    expect: &'a Expect,
    response: &'a Response<'a>,
    comment: Option<&'a str>,
}

impl Judged<'_> {
    fn head(&self, matched: bool) -> Verdict {
        if matched == self.expect.negated {
            let status = self.expect.error_status.unwrap_or(CheckStatus::L7Status);
            return self.wrong(status, self.response.reason);
        }
        self.passed()
    }

    fn passed(&self) -> Verdict {
        let status = self.expect.ok_status.unwrap_or(CheckStatus::L7Ok);
        let info = self.expect.on_success.as_ref().map(|told| told.of(b"")).unwrap_or_default();
        Verdict::Passed(self.coded(CheckResult::new(status).with_info(info)))
    }

    fn coded(&self, result: CheckResult) -> CheckResult {
        let code = self.expect.code.as_ref().map_or(self.response.code, |code| code.of(b""));
        result.coded(Some(code))
    }

    fn body(&self, last: bool, matches: impl Fn(&[u8]) -> bool) -> Verdict {
        let Some(body) = self.response.body(last) else { return Verdict::Wait };
        let complete = last || body.complete;
        if body.bytes.is_empty() {
            if complete {
                return self.content("HTTP content check could not find a response body");
            }
            return Verdict::Wait;
        }
        match (matches(&body.bytes), self.expect.negated) {
            (true, false) => self.passed(),
            (true, true) => self.content("HTTP check matched unwanted content"),
            // What is not there yet may still come.
            (false, _) if !complete => Verdict::Wait,
            (false, true) => self.passed(),
            (false, false) => self.content("HTTP content check did not match"),
        }
    }

    fn content(&self, why: &str) -> Verdict {
        self.wrong(self.expect.error_status.unwrap_or(CheckStatus::L7Response), why)
    }

    fn wrong(&self, status: CheckStatus, why: &str) -> Verdict {
        let why = self.expect.on_error.as_ref().map_or_else(|| why.to_owned(), |told| told.of(b""));
        let info = match self.comment {
            Some(comment) => format!("{why} comment: {comment}"),
            None => why,
        };
        Verdict::Ends(self.coded(CheckResult::new(status).with_info(info)))
    }
}
