//! `option ldap-check`: an anonymous bind of LDAPv3 and its answer (RFC 4511).

use super::{ends, passed, too_short};
use crate::script::expect::Verdict;
use crate::{CheckResult, CheckStatus};

/// A bind request of version 3 with no name and no password.
pub(super) const BIND: [u8; 14] =
    [0x30, 0x0c, 0x02, 0x01, 0x01, 0x60, 0x07, 0x02, 0x01, 0x03, 0x04, 0x00, 0x80, 0x00];

/// The least that a bind response needs.
const SHORTEST: usize = 14;
const RESULT_CODES: &str = "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9";

/// A bind response of success passes.
pub(super) fn bind(bytes: &[u8], last: bool) -> Verdict {
    if bytes.len() < SHORTEST {
        return too_short(last, None, bytes);
    }
    match result_code(bytes) {
        Found::Code(0) => passed("Success"),
        Found::Code(code) => {
            let result = CheckResult::new(CheckStatus::L7Status).with_info(RESULT_CODES);
            Verdict::Ends(result.coded(Some(u16::from(code))))
        }
        Found::Short if !last => Verdict::Wait,
        Found::Short | Found::Other => ends(CheckStatus::L7Response, "Not LDAPv3 protocol"),
    }
}

enum Found {
    Code(u8),
    Short,
    Other,
}

/// The result code of a bind response with message number 1; lengths may have either form of BER.
fn result_code(bytes: &[u8]) -> Found {
    let Some(message) = bytes.strip_prefix(&[0x30]).and_then(behind_length) else {
        return Found::Other;
    };
    let Some(response) = message.strip_prefix(&[2, 1, 1, 0x61]) else { return Found::Other };
    let Some(result) = behind_length(response) else { return Found::Short };
    match result {
        [0x0a, 1, code, ..] => Found::Code(*code),
        [] | [0x0a] | [0x0a, 1] => Found::Short,
        _ => Found::Other,
    }
}

fn behind_length(bytes: &[u8]) -> Option<&[u8]> {
    let (first, rest) = bytes.split_first()?;
    match first {
        0x80.. => rest.get(usize::from(first & 0x7f)..),
        _ => Some(rest),
    }
}
