//! `http-check expect`: which answers are good.

use std::ops::RangeInclusive;

use memchr::memmem;
use regex::bytes::Regex;

use super::response::Response;
use crate::{CheckResult, CheckStatus};

/// An inclusive range of status codes, `200-399` or the single `204`.
pub type StatusRange = RangeInclusive<u16>;

/// One `http-check expect` rule, or the implicit one.
#[derive(Debug, Clone)]
pub struct Expect {
    /// `!` before the match: what matches is bad.
    pub negated: bool,
    /// What to look at.
    pub what: Expectation,
    /// `comment`: told in the log when the rule fails.
    pub comment: Option<String>,
}

/// What an [`Expect`] looks at.
#[derive(Debug, Clone)]
pub enum Expectation {
    /// `status`: the code is in one of these ranges.
    Status(Vec<StatusRange>),
    /// `rstatus`: the code, as text, matches.
    StatusRegex(Regex),
    /// `string`: the body contains these bytes.
    Body(Vec<u8>),
    /// `rstring`: the body matches.
    BodyRegex(Regex),
}

impl Default for Expect {
    /// The implicit rule of `option httpchk`: any 2xx or 3xx.
    fn default() -> Self {
        Self { negated: false, what: Expectation::Status(vec![200..=399]), comment: None }
    }
}

impl Expect {
    /// A rule without `!` and `comment`.
    #[must_use]
    pub fn new(what: Expectation) -> Self {
        Self { negated: false, what, comment: None }
    }

    /// The verdict on a response; `None` while `last` is false and a body rule may yet change its
    /// mind.
    pub(super) fn judge(&self, response: &Response<'_>, last: bool) -> Option<CheckResult> {
        match &self.what {
            Expectation::Status(ranges) => {
                let matched = ranges.iter().any(|range| range.contains(&response.code));
                Some(self.judge_status(response, matched))
            }
            Expectation::StatusRegex(regex) => {
                let matched = regex.is_match(response.code.to_string().as_bytes());
                Some(self.judge_status(response, matched))
            }
            Expectation::Body(needle) => {
                self.judge_body(response, last, |body| memmem::find(body, needle).is_some())
            }
            Expectation::BodyRegex(regex) => {
                self.judge_body(response, last, |body| regex.is_match(body))
            }
        }
    }

    fn judge_status(&self, response: &Response<'_>, matched: bool) -> CheckResult {
        if matched == self.negated {
            return CheckResult::new(CheckStatus::L7Status)
                .with_code(response.code)
                .with_info(self.commented(response.reason.to_owned()));
        }
        response.passed()
    }

    fn judge_body(
        &self,
        response: &Response<'_>,
        last: bool,
        matches: impl Fn(&[u8]) -> bool,
    ) -> Option<CheckResult> {
        let body = response.body(last)?;
        let complete = last || body.complete;
        if body.bytes.is_empty() {
            return complete
                .then(|| self.wrong("HTTP content check could not find a response body"));
        }
        match (matches(&body.bytes), self.negated) {
            (true, false) => Some(response.passed()),
            (true, true) => Some(self.wrong("HTTP check matched unwanted content")),
            // What is not there yet may still come.
            (false, _) if !complete => None,
            (false, true) => Some(response.passed()),
            (false, false) => Some(self.wrong("HTTP content check did not match")),
        }
    }

    fn wrong(&self, why: &str) -> CheckResult {
        CheckResult::new(CheckStatus::L7Response).with_info(self.commented(why.to_owned()))
    }

    fn commented(&self, info: String) -> String {
        match &self.comment {
            Some(comment) => format!("{info} comment: {comment}"),
            None => info,
        }
    }
}
