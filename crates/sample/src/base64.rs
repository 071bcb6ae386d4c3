//! Base64 in both alphabets (RFC 4648).

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Which alphabet, and whether `=` fills the last group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// `+`, `/`, with padding.
    Standard,
    /// `-`, `_`, without.
    Url,
}

impl Alphabet {
    fn table(self) -> &'static [u8; 64] {
        match self {
            Alphabet::Standard => STANDARD,
            Alphabet::Url => URL,
        }
    }
}

/// Text of bytes.
pub(crate) fn encode(bytes: &[u8], alphabet: Alphabet) -> Vec<u8> {
    let table = alphabet.table();
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        let word = word << (8 * (3 - group.len()));
        for digit in 0..4 {
            if digit <= group.len() {
                out.push(table[((word >> (18 - 6 * digit)) & 63) as usize]);
            } else if alphabet == Alphabet::Standard {
                out.push(b'=');
            }
        }
    }
    out
}

/// Bytes of text; `None` when it is not well formed. The standard alphabet must be padded, the URL
/// alphabet need not be.
pub(crate) fn decode(text: &[u8], alphabet: Alphabet) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.chunks(4) {
        let (word, digits) = match alphabet {
            Alphabet::Standard => padded(group)?,
            Alphabet::Url => (word(group, alphabet)?, group.len()),
        };
        let word = word << (6 * (4 - digits));
        let bytes = [(word >> 16) as u8, (word >> 8) as u8, word as u8];
        match digits {
            1 if alphabet == Alphabet::Url => return None,
            digits => out.extend_from_slice(bytes.get(..digits.saturating_sub(1))?),
        }
    }
    Some(out)
}

/// The value of a group of four, and how many of them are digits.
// Quirk: any group may be padded, and `a===` is a group of no bytes.
fn padded(group: &[u8]) -> Option<(u32, usize)> {
    let digits = group.iter().rposition(|byte| *byte != b'=')? + 1;
    (group.len() == 4).then_some(())?;
    Some((word(group.get(..digits)?, Alphabet::Standard)?, digits))
}

fn word(digits: &[u8], alphabet: Alphabet) -> Option<u32> {
    digits.iter().try_fold(0, |word, byte| Some((word << 6) | digit(*byte, alphabet)?))
}

fn digit(byte: u8, alphabet: Alphabet) -> Option<u32> {
    // Quirk: what pads the standard alphabet is the last digit of the URL's.
    if byte == b'=' && alphabet == Alphabet::Url {
        return Some(63);
    }
    alphabet.table().iter().position(|known| *known == byte).map(|value| value as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_go_there_and_back() {
        for (plain, standard, url) in
            [("", "", ""), ("hi?>", "aGk/Pg==", "aGk_Pg"), ("hello", "aGVsbG8=", "aGVsbG8")]
        {
            assert_eq!(encode(plain.as_bytes(), Alphabet::Standard), standard.as_bytes());
            assert_eq!(encode(plain.as_bytes(), Alphabet::Url), url.as_bytes());
            assert_eq!(decode(standard.as_bytes(), Alphabet::Standard).unwrap(), plain.as_bytes());
            assert_eq!(decode(url.as_bytes(), Alphabet::Url).unwrap(), plain.as_bytes());
        }
        assert_eq!(decode(b"aGVsbG8", Alphabet::Standard), None);
        assert_eq!(decode(b"aGVs!bG8=", Alphabet::Standard), None);
    }

    #[test]
    fn padding_is_read_as_haproxy_reads_it() {
        let hex = |text: &str, alphabet| {
            let bytes = decode(text.as_bytes(), alphabet)?;
            Some(bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>())
        };
        for (text, bytes) in [
            ("abcdab==abcd", Some("69B71D6969B71D")),
            ("a===abcd", Some("69B71D")),
            ("a===", Some("")),
            ("====", None),
            ("=bcd", None),
            ("a=bc", None),
            ("ab-_", None),
        ] {
            assert_eq!(hex(text, Alphabet::Standard).as_deref(), bytes, "{text}");
        }
        for (text, bytes) in [
            ("a==", Some("6BFF")),
            ("ab==abcd", Some("69BFFF69B71D")),
            ("====", Some("FFFFFF")),
            ("==", Some("FF")),
            ("=", None),
            ("a", None),
            ("abcde", None),
            ("ab+/", None),
        ] {
            assert_eq!(hex(text, Alphabet::Url).as_deref(), bytes, "{text}");
        }
    }
}
