//! `option spop-check`: the hello of the stream processing offload protocol, version 2.0, and the agent's.

use super::{ends, passed, too_short};
use crate::CheckStatus;
use crate::script::expect::Verdict;

/// A hello of HAProxy's side that asks for a check only.
pub(super) const HELLO: &[u8] = b"\0\0\0\x4e\x01\0\0\0\x01\0\0\
    \x12supported-versions\x08\x032.0\
    \x0emax-frame-size\x03\xfc\xf0\x06\
    \x0ccapabilities\x08\0\
    \x0bhealthcheck\x11";

const AGENT_HELLO: u8 = 101;
const AGENT_DISCONNECT: u8 = 102;
/// Frames are not larger than this.
const LARGEST: usize = 16_380;

/// A hello of the version that was offered passes.
pub(super) fn hello(bytes: &[u8], last: bool) -> Verdict {
    let bad = |why: &str| ends(CheckStatus::L7Response, why);
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return if bytes.is_empty() { too_short(last, Some(2), bytes) } else { short(last) };
    };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if length > LARGEST {
        // Nothing of this size comes: whoever sends it speaks another protocol.
        return short(last);
    }
    let Some(frame) = rest.get(..length) else { return short(last) };
    // Type, flags, stream and frame number.
    let [kind, _, _, _, flags, 0, 0, list @ ..] = frame else {
        return bad("invalid frame received");
    };
    match *kind {
        // A frame in pieces.
        AGENT_HELLO if flags & 1 == 0 => bad("invalid frame received"),
        AGENT_HELLO => match version(list) {
            Some("2.0") => passed("SPOA server is ok"),
            Some(_) => bad("unsupported version"),
            None => bad("version value not found"),
        },
        AGENT_DISCONNECT => bad("normal"),
        _ => bad("invalid frame received"),
    }
}

fn short(last: bool) -> Verdict {
    if last { ends(CheckStatus::L7Response, "invalid frame received") } else { Verdict::Wait }
}

/// The value of `version` in a list of names and values.
fn version(mut list: &[u8]) -> Option<&str> {
    loop {
        let (name, rest) = text(list)?;
        let (kind, rest) = rest.split_first()?;
        list = match kind & 0x0f {
            // Null and boolean have no more bytes.
            0 | 1 => rest,
            2..=5 => variable(rest)?.1,
            8 | 9 => {
                let (value, rest) = text(rest)?;
                if name == b"version" {
                    return str::from_utf8(value).ok().map(str::trim);
                }
                rest
            }
            _ => return None,
        };
    }
}

/// A text behind its length, and what follows.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = variable(bytes)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// A number of variable length: below 240 in one byte, else with 7 more bits in every byte.
fn variable(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    let mut number = u64::from(*first);
    if number < 240 {
        return Some((number, rest));
    }
    for shift in (4..60).step_by(7) {
        let (next, behind) = rest.split_first()?;
        rest = behind;
        number = number.wrapping_add(u64::from(*next) << shift);
        if *next < 128 {
            return Some((number, rest));
        }
    }
    None
}
