//! `option mysql-check`: the server's greeting, and a login without a password.

use super::{passed, too_short};
use crate::script::expect::Verdict;
use crate::{CheckResult, CheckStatus};

/// The form of the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MysqlAuth {
    /// Before 4.1.
    Pre41,
    /// From 4.1 on.
    Post41,
    /// From 8.0 on, with the name of the way to log in.
    Post80,
}

/// The first byte of an error message.
const ERROR: u8 = 0xff;
/// Where the content of a message begins, behind its length and number.
const CONTENT: usize = 4;
/// The message that ends a session.
const QUIT: [u8; 5] = [1, 0, 0, 0, 1];

/// A login of a user, and the end of the session.
pub(super) fn login_of(user: &str, auth: MysqlAuth) -> Vec<u8> {
    let mut content = match auth {
        MysqlAuth::Pre41 => vec![0x00, 0x80, 0, 0, 1],
        MysqlAuth::Post41 | MysqlAuth::Post80 => {
            let plugin = if auth == MysqlAuth::Post80 { 0x08 } else { 0 };
            // Capabilities, the largest message, a character set, and room.
            let mut start = vec![0x00, 0x82, plugin, 0, 0x00, 0x80, 0, 1, 0x21];
            start.extend_from_slice(&[0; 23]);
            start
        }
    };
    content.extend_from_slice(user.as_bytes());
    content.extend_from_slice(&[0, 0]);
    if auth == MysqlAuth::Post80 {
        content.extend_from_slice(b"mysql_native_password\0");
    }
    let length = u32::try_from(content.len()).unwrap_or(0).to_le_bytes();
    let mut message = vec![length[0], length[1], length[2], 1];
    message.append(&mut content);
    message.extend_from_slice(&QUIT);
    message
}

/// The content of the first message, once it is there in whole.
fn content(bytes: &[u8]) -> Option<&[u8]> {
    let length = u32::from_le_bytes([*bytes.first()?, *bytes.get(1)?, *bytes.get(2)?, 0]);
    bytes.get(CONTENT..CONTENT + usize::try_from(length).ok()?).filter(|it| !it.is_empty())
}

/// A good greeting passes with the server's version.
pub(super) fn greeting(bytes: &[u8], last: bool) -> Verdict {
    let Some(content) = content(bytes) else { return too_short(last, None, bytes) };
    if content.first() == Some(&ERROR) {
        return error(content);
    }
    let version = content.get(1..).unwrap_or_default();
    let end = version.iter().position(|byte| *byte == 0).unwrap_or(version.len());
    passed(String::from_utf8_lossy(version.get(..end).unwrap_or_default()))
}

/// Anything but an error behind the greeting passes, with the words of the greeting.
pub(super) fn login(bytes: &[u8], last: bool, before: &CheckResult) -> Verdict {
    let greeting = content(bytes).map_or(0, |greeting| CONTENT + greeting.len());
    let bytes = bytes.get(greeting..).unwrap_or_default();
    let Some(content) = content(bytes) else { return too_short(last, None, bytes) };
    if content.first() == Some(&ERROR) {
        return error(content);
    }
    passed(before.info.clone())
}

fn error(content: &[u8]) -> Verdict {
    let code = match content {
        [_, low, high, ..] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    };
    let text = String::from_utf8_lossy(content.get(3..).unwrap_or_default());
    let result = CheckResult::new(CheckStatus::L7Status).with_info(text);
    Verdict::Ends(result.coded(Some(code)))
}
