//! `balance rdp-cookie`: the value of a cookie in the first packet of the Remote Desktop Protocol.

/// The value of cookie `name` (`mstshash` by default) at the start of a connection's bytes.
///
/// The packet is a TPKT header of four bytes (RFC 1006) around an X.224 connection request, whose
/// fixed part is seven bytes long and is followed by `Cookie: name=value` and a line end. The name
/// is not case-sensitive. `None` also while the cookie's line has not arrived.
#[must_use]
pub fn rdp_cookie<'a>(bytes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    const TPKT: usize = 4;
    const CONNECTION_REQUEST: u8 = 0xe0;
    let [3, _, length @ .., indicator, kind, _, _, _, _, _] = bytes.first_chunk::<11>()? else {
        return None;
    };
    let length = usize::from(u16::from_be_bytes(*length));
    if *kind != CONNECTION_REQUEST || usize::from(*indicator) + TPKT + 1 != length {
        return None;
    }
    // Quirk: a packet that announces more than has come is looked through all the same, as HAProxy does.
    let packet = bytes.get(..length.min(bytes.len()))?;
    let (label, rest) = packet.get(TPKT + 7..)?.split_at_checked(b"Cookie: ".len())?;
    if !label.eq_ignore_ascii_case(b"Cookie: ") {
        return None;
    }
    let line = rest.get(..rest.windows(2).position(|two| two == b"\r\n")?)?;
    let (found, value) = line.split_at_checked(name.len())?;
    found.eq_ignore_ascii_case(name).then_some(value)?.strip_prefix(b"=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(cookie: &str) -> Vec<u8> {
        let rest = 7 + cookie.len();
        let mut packet = vec![3, 0, 0, (rest + 4) as u8, (rest - 1) as u8, 0xe0, 0, 0, 0, 0, 0];
        packet.extend(cookie.as_bytes());
        packet
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: Option<&str>) {
        let value = rdp_cookie(bytes, b"mstshash");
        assert_eq!(value.map(|value| str::from_utf8(value).unwrap()), expected);
    }

    #[test]
    fn the_value_runs_to_the_end_of_the_line() {
        check(&packet("Cookie: mstshash=alice\r\n"), Some("alice"));
        check(&packet("Cookie: MSTSHASH=alice\r\nmore"), Some("alice"));
        check(&packet("Cookie: msts=alice\r\n"), None);
        check(&packet("Cookie: mstshash=alice"), None);
        check(b"GET / HTTP/1.1\r\n\r\n", None);
    }

    #[test]
    fn a_cookie_counts_before_the_rest_of_its_packet() {
        let mut bytes = packet("Cookie: mstshash=alice\r\n");
        let last = bytes.len() - 1;
        (bytes[3], bytes[4]) = (last as u8 + 9, last as u8 + 4);
        check(&bytes, Some("alice"));
    }

    #[test]
    fn half_a_packet_has_no_cookie() {
        let whole = packet("Cookie: mstshash=alice\r\n");
        for length in 0..whole.len() {
            check(&whole[..length], None);
        }
    }
}
