//! `balance hdr(<name>) use_domain_only`: the name in a host name without top level and subdomain.

/// The part of a `Host` value between its last two dots: `1wt` of `haproxy.1wt.eu`.
///
/// Nothing is known of ports and addresses: they are cut in the same way.
#[must_use]
pub fn domain_only(value: &[u8]) -> &[u8] {
    let dot = |bytes: &[u8]| bytes.iter().rposition(|byte| *byte == b'.');
    let Some(top) = dot(value) else { return &[] };
    let (name, _) = value.split_at(top);
    dot(name).and_then(|sub| name.get(sub + 1..)).unwrap_or(name)
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
            ("localhost", ""),
            ("", ""),
            (".", ""),
        ] {
            assert_eq!(domain_only(host.as_bytes()), key.as_bytes(), "{host}");
        }
    }
}
