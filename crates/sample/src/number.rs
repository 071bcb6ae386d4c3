//! Numbers in text, as the language reads and writes them.

/// The number that a text is as a sample: sign, digits, and the first byte that is no digit ends it.
///
/// Text that begins with no digit is 0, too many digits saturate; only the empty text is no number.
pub(crate) fn int_of_text(text: &[u8]) -> Option<i64> {
    if text.is_empty() {
        return None;
    }
    let (negative, digits) = sign(text);
    let mut sum: i64 = 0;
    for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
        let digit = i64::from(digit - b'0');
        sum = sum.saturating_mul(10);
        sum = if negative { sum.saturating_sub(digit) } else { sum.saturating_add(digit) };
    }
    Some(sum)
}

/// A number that an argument or a pattern is: nothing but sign and digits.
pub(crate) fn strict_int(text: &[u8]) -> Option<i64> {
    let (_, digits) = sign(text);
    let whole = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    whole.then(|| int_of_text(text)).flatten()
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// The number of a header or a cookie (`hdr_val`, `cook_val`): 32 bits, ended by a byte above `9`.
// Quirk: bytes below `0` (`.`, `,`, ` `) count as negative digits, as in HAProxy: `1.2` is 82.
pub(crate) fn loose_int(text: &[u8]) -> i64 {
    let (negative, digits) = sign(text);
    let mut sum: i32 = 0;
    for byte in digits {
        let digit = i32::from(*byte) - i32::from(b'0');
        if digit > 9 {
            break;
        }
        let digit = if negative { -digit } else { digit };
        sum = sum.wrapping_mul(10).wrapping_add(digit);
    }
    i64::from(sum)
}

/// The number of a port: every byte counts as a digit.
// Quirk: nothing is checked, as in HAProxy: the port of `a:b` is 50.
pub(crate) fn port_int(text: &[u8]) -> u32 {
    text.iter().fold(0, |sum: u32, byte| {
        sum.wrapping_mul(10).wrapping_add(u32::from(*byte).wrapping_sub(u32::from(b'0')))
    })
}

pub(crate) fn format_int(number: i64) -> Vec<u8> {
    itoa::Buffer::new().format(number).as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_far_as_it_is_a_number() {
        let cases: &[(&str, Option<i64>)] = &[
            ("", None),
            ("ab", Some(0)),
            ("12ab", Some(12)),
            ("-12", Some(-12)),
            ("--1", Some(0)),
            ("+1", Some(1)),
            (" 12", Some(0)),
            ("99999999999999999999", Some(i64::MAX)),
            ("-9223372036854775809", Some(i64::MIN)),
        ];
        for (text, expected) in cases {
            assert_eq!(int_of_text(text.as_bytes()), *expected, "{text:?}");
        }
    }

    #[test]
    fn header_numbers_count_low_bytes_as_negative_digits() {
        for (text, expected) in [("5x", 5), ("-5", -5), ("e", 0), ("1.2.3.4", 818_284), ("", 0)] {
            assert_eq!(loose_int(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(port_int(b"b"), 50);
    }
}
