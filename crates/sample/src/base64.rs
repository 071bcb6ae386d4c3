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
/// alphabet must not be.
pub(crate) fn decode(text: &[u8], alphabet: Alphabet) -> Option<Vec<u8>> {
    let digits = match alphabet {
        Alphabet::Standard if !text.len().is_multiple_of(4) => return None,
        Alphabet::Standard => {
            text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text)
        }
        Alphabet::Url => text,
    };
    let table = alphabet.table();
    let mut out = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for group in digits.chunks(4) {
        let mut word = 0_u32;
        for byte in group {
            let value = table.iter().position(|known| known == byte)?;
            word = (word << 6) | value as u32;
        }
        word <<= 6 * (4 - group.len());
        let bytes = [(word >> 16) as u8, (word >> 8) as u8, word as u8];
        out.extend_from_slice(bytes.get(..group.len().checked_sub(1)?)?);
    }
    Some(out)
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
}
