//! Numbers in text, as the language reads and writes them.

/// A number at the front of a text: sign, digits, and a byte that is no digit ends it.
///
/// Nothing readable is 0 only where the language says so; here it is `None`.
pub(crate) fn int_of_text(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || count != digits.len() {
        return None;
    }
    let mut sum: i64 = 0;
    for digit in digits {
        let digit = i64::from(digit - b'0');
        let signed = if negative { -digit } else { digit };
        sum = sum.checked_mul(10)?.checked_add(signed)?;
    }
    Some(sum)
}

pub(crate) fn format_int(number: i64) -> Vec<u8> {
    itoa::Buffer::new().format(number).as_bytes().to_vec()
}
