//! `balance hdr(<name>) use_domain_only`: the name in a host name without top level and subdomain.

/// The part of a `Host` value between its last two dots: `1wt` of `haproxy.1wt.eu`; all of a value
/// without dots.
///
/// Nothing is known of ports and addresses: they are cut in the same way.
// Quirk: a dot at the very start, or right before the last one, is not seen as a dot.
#[must_use]
pub fn domain_only(value: &[u8]) -> &[u8] {
    let dot_in = |from: usize, to: usize| {
        let range = value.get(from..to)?;
        range.iter().rposition(|byte| *byte == b'.').map(|at| from + at)
    };
    let Some(top) = dot_in(1, value.len()) else { return value };
    let start = dot_in(0, top - 1).map_or(0, |sub| sub + 1);
    &value[start..top]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_before_the_last_dot_is_the_key() {
        for (host, key) in [
            ("haproxy.1wt.eu", "1wt"),
            ("example.com", "example"),
            ("a.b.c.example.com:80", "example"),
            ("10.0.0.1", "0"),
            ("localhost", "localhost"),
            ("", ""),
            (".", "."),
            (".a", ".a"),
            ("x..y", "x."),
        ] {
            assert_eq!(domain_only(host.as_bytes()), key.as_bytes(), "{host}");
        }
    }
}
