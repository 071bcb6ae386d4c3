//! The dates in a persistence cookie: five base-64 digits of four seconds each (`maxidle`, `maxlife`).
//!
//! The value is `SERVER|LAST|FIRST`; the last date of use, then the date of the first. Servers with
//! `maxlife` alone still have a last date between the bars.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Seconds since the epoch as five digits, the least significant two bits cut off.
pub(crate) fn encode(seconds: i64) -> [u8; 5] {
    let quarter = seconds.max(0) >> 2;
    [24, 18, 12, 6, 0].map(|shift| DIGITS[(quarter >> shift) as usize & 63])
}

/// The seconds since the epoch behind five digits; `None` when they are no date.
pub(crate) fn decode(text: &[u8]) -> Option<i64> {
    let digits: &[u8; 5] = text.try_into().ok()?;
    let digit = |byte: u8| DIGITS.iter().position(|known| *known == byte);
    let quarter =
        digits.iter().try_fold(0_i64, |sum, byte| Some(sum << 6 | digit(*byte)? as i64))?;
    Some(quarter << 2)
}

/// A cookie's value cut into the server's part, the last and the first date.
pub(crate) fn split(value: &[u8]) -> (&[u8], Option<i64>, Option<i64>) {
    let mut parts = value.splitn(3, |byte| *byte == b'|');
    let server = parts.next().unwrap_or_default();
    // Text after five digits does not matter.
    let mut date = || parts.next().and_then(|text| text.get(..5)).and_then(decode);
    let last = date();
    (server, last, date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_what_haproxy_writes() {
        assert_eq!(&encode(1_795_436_352), b"awQvQ");
        assert_eq!(decode(b"awQvQ"), Some(1_795_436_352));
        assert_eq!(decode(b"awQv"), None);
        assert_eq!(decode(b"awQ.Q"), None);
    }

    #[test]
    fn dates_stand_behind_the_servers_value() {
        assert_eq!(split(b"a1"), (&b"a1"[..], None, None));
        assert_eq!(split(b"a1|AAAAB"), (&b"a1"[..], Some(4), None));
        assert_eq!(split(b"a1||AAAAC"), (&b"a1"[..], None, Some(8)));
        assert_eq!(split(b"a1|AAAAB|AAAAC"), (&b"a1"[..], Some(4), Some(8)));
    }
}
