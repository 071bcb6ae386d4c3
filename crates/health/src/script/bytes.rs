//! `tcp-check expect`: which bytes are good.

use memchr::memmem;

use super::Check;
use super::expect::{Expect, Expectation, Verdict};
use crate::{CheckResult, CheckStatus};

impl Check<'_> {
    /// The verdict on what was received since the check last spoke.
    pub(super) fn judge_bytes(&self, expect: &Expect, last: bool) -> Verdict {
        let bytes = self.received.as_slice();
        if let Expectation::Protocol(protocol) = &expect.what {
            return protocol.judge(bytes, last, &self.result);
        }
        if bytes.is_empty() {
            return self.bad(expect, None);
        }
        if !last && bytes.len() < expect.wants() {
            return Verdict::Wait;
        }
        let matched = expect.what.matches(bytes);
        // With `min-recv` what is missing is missing for good.
        if !matched && !last && expect.min_recv.is_none() {
            return Verdict::Wait;
        }
        if matched == expect.negated {
            return self.bad(expect, Some(matched));
        }
        let status = expect.ok_status.unwrap_or(CheckStatus::L7Ok);
        let words = expect.on_success.as_ref().map(|told| told.of(bytes));
        let words = words.unwrap_or_else(|| self.own_words().to_owned());
        let code = expect.code.as_ref().map(|code| code.of(bytes));
        Verdict::Passed(CheckResult::new(status).with_info(words).coded(code))
    }

    /// A failure: nothing came (`None`), or it matched when it should not, or did not.
    fn bad(&self, expect: &Expect, matched: Option<bool>) -> Verdict {
        let status = expect.error_status.unwrap_or(CheckStatus::L7Response);
        let code = expect.code.as_ref().map(|code| code.of(&self.received));
        let comment = self.comment(expect);
        let at = self.number().map(|number| format!(" at step {number}")).unwrap_or_default();
        let told = expect.on_error.as_ref().filter(|_| matched.is_some());
        let info = match (told, matched) {
            (Some(told), _) => told.of(&self.received),
            (None, None) => {
                let comment = comment.map(|text| format!(" comment: '{text}'"));
                let info =
                    format!("TCPCHK got an empty response{at}{}", comment.unwrap_or_default());
                return Verdict::Ends(CheckResult::new(status).with_info(info).coded(code));
            }
            (None, Some(true)) => {
                format!("TCPCHK matched unwanted content {}{at}", expect.what.named())
            }
            (None, Some(false)) => {
                format!("TCPCHK did not match content {}{at}", expect.what.named())
            }
        };
        let comment = comment.map(|text| format!(" comment: {text}")).unwrap_or_default();
        Verdict::Ends(CheckResult::new(status).with_info(format!("{info}{comment}")).coded(code))
    }
}

impl Expect {
    /// How many bytes are needed before a look is worth it.
    fn wants(&self) -> usize {
        let least = self.min_recv.unwrap_or(0);
        match &self.what {
            Expectation::Text(text) | Expectation::Binary(text) => least.min(text.len()),
            _ => least,
        }
    }
}

impl Expectation {
    fn matches(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Text(needle)
            | Self::Binary(needle)
            | Self::Format(needle)
            | Self::BinaryFormat(needle) => memmem::find(bytes, needle).is_some(),
            Self::Regex(regex) => regex.is_match(bytes),
            Self::BinaryRegex(regex) => regex.is_match(hexadecimal(bytes).as_bytes()),
            _ => true,
        }
    }

    /// As a failed match names it.
    fn named(&self) -> String {
        match self {
            Self::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
            Self::Regex(_) => "(regex)".to_owned(),
            Self::Binary(_) => "(binary)".to_owned(),
            Self::BinaryRegex(_) => "(binary regex)".to_owned(),
            Self::Format(_) => "(log-format string)".to_owned(),
            Self::BinaryFormat(_) => "(log-format binary)".to_owned(),
            _ => String::new(),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02X}");
        out
    })
}
