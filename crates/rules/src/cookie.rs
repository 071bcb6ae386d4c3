//! Cookies as text: pairs in `Cookie` and `Set-Cookie`, and one taken out of the list.

/// One element of a cookie header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair<'a> {
    /// Without the white space around it.
    pub(crate) text: &'a [u8],
    /// Before the `=`.
    pub(crate) name: &'a [u8],
    /// Behind the `=`, quotes included; `None` without `=`.
    pub(crate) value: Option<&'a [u8]>,
    /// Where the value begins in the header.
    at: usize,
}

/// The pairs of a header's value. Semicolons separate, and commas as in old cookies (RFC 2965).
pub(crate) fn pairs(header: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    segments(header).map(move |(start, end)| pair(header, start, end))
}

/// The value of the first pair of a `Set-Cookie`, when it has this name, and where it lies.
pub(crate) fn set_value<'a>(
    header: &'a [u8],
    name: &[u8],
) -> Option<(std::ops::Range<usize>, &'a [u8])> {
    let first = pairs(header).next()?;
    let value = first.value.filter(|_| first.name == name)?;
    Some((first.at..first.at + value.len(), value))
}

/// The header without the pairs of this name; `None` when it holds none. An empty text means that
/// nothing is left.
pub(crate) fn without(header: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    edited(header, |pair| (pair.name == name && pair.value.is_some()).then_some(None))
}

/// The header with each value of this name replaced by what the closure makes of it.
pub(crate) fn with(
    header: &[u8],
    name: &[u8],
    new: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    edited(header, |pair| {
        let value = pair.value.filter(|_| pair.name == name)?;
        new(value).map(Some)
    })
}

/// The header without white space around each `=`; `None` when there is none.
///
/// Quirk: HAProxy closes these gaps in every cookie as soon as it looks for one.
pub(crate) fn closed(header: &[u8]) -> Option<Vec<u8>> {
    let open = |window: &[u8]| matches!(window, [b' ' | b'\t', b'='] | [b'=', b' ' | b'\t']);
    if !header.windows(2).any(open) {
        return None;
    }
    let mut out = Vec::with_capacity(header.len());
    for (start, end) in segments(header) {
        if start > 0 {
            out.push(header[start - 1]);
        }
        let raw = &header[start..end];
        match raw.iter().position(|byte| *byte == b'=') {
            Some(equals) => {
                out.extend_from_slice(raw[..equals].trim_ascii_end());
                out.push(b'=');
                out.extend_from_slice(raw[equals + 1..].trim_ascii_start());
            }
            None => out.extend_from_slice(raw),
        }
    }
    Some(out)
}

/// The header after `edit`: `None` keeps a pair, `Some(None)` takes it out, else it is the value.
fn edited(header: &[u8], edit: impl Fn(&Pair<'_>) -> Option<Option<Vec<u8>>>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(header.len());
    let (mut changed, mut first, mut left) = (false, true, false);
    for (start, end) in segments(header) {
        let found = pair(header, start, end);
        let edit = edit(&found);
        changed |= edit.is_some();
        if edit == Some(None) {
            continue;
        }
        if !first {
            out.push(header[start - 1]);
        }
        let raw = &header[start..end];
        let raw = if first { raw.trim_ascii_start() } else { raw };
        first = false;
        match (edit, found.value) {
            (Some(Some(new)), Some(value)) => {
                out.extend_from_slice(&raw[..raw.len() - (end - found.at)]);
                out.extend_from_slice(&new);
                out.extend_from_slice(&header[found.at + value.len()..end]);
            }
            _ => out.extend_from_slice(raw),
        }
        // Attributes like `$Version` mean nothing without a cookie.
        left |= !found.text.is_empty() && !found.text.starts_with(b"$");
    }
    if !left {
        out.clear();
    }
    changed.then_some(out)
}

fn pair(header: &[u8], start: usize, end: usize) -> Pair<'_> {
    let segment = &header[start..end];
    let text = segment.trim_ascii();
    let Some(equals) = segment.iter().position(|byte| *byte == b'=') else {
        return Pair { text, name: text, value: None, at: end };
    };
    let name = segment[..equals].trim_ascii();
    let behind = &segment[equals + 1..];
    let value = behind.trim_ascii();
    let blank = behind.len() - behind.trim_ascii_start().len();
    Pair { text, name, value: Some(value), at: start + equals + 1 + blank }
}

/// The ranges between separators; text in quotes does not separate.
fn segments(header: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let mut quoted = false;
        let length = header[start..].iter().position(|byte| match byte {
            b'"' => {
                quoted = !quoted;
                false
            }
            b';' | b',' => !quoted,
            _ => false,
        });
        let end = length.map_or(header.len(), |length| start + length);
        next = length.map(|_| end + 1);
        Some((start, end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, without_it: Option<&str>) {
        let left = without(header.as_bytes(), b"SRV");
        assert_eq!(left.map(|left| String::from_utf8(left).unwrap()).as_deref(), without_it);
    }

    #[test]
    fn a_cookie_is_taken_out_as_haproxy_does() {
        check("SRV=b2; x=y", Some("x=y"));
        check("x=y; SRV=b2; z=w", Some("x=y; z=w"));
        check("x=y;SRV=b2", Some("x=y"));
        check("SRV=b2;SRV=a1; k=v", Some("k=v"));
        check(" SRV = b2 ; y=z", Some("y=z"));
        check("a=b, SRV=b2", Some("a=b"));
        check("SRV=b2, a=b", Some("a=b"));
        check("SRV=\"b2\"; q", Some("q"));
        check(";;SRV=b2; ; a=\"x;y\"; c", Some(";; ; a=\"x;y\"; c"));
        check("SRV=b2 x; z=1", Some("z=1"));
    }

    #[test]
    fn a_header_without_a_cookie_left_is_empty() {
        for header in ["SRV=b2", "SRV=b2;", "SRV=", "$Version=1; SRV=b2"] {
            check(header, Some(""));
        }
    }

    #[test]
    fn what_is_not_the_cookie_stays() {
        for header in ["x=1; SRV", "XSRV=b2", "srv=b2", "", "a=\"; SRV=b2\""] {
            check(header, None);
        }
    }

    #[test]
    fn a_value_is_replaced_in_its_place() {
        let strip = |value: &[u8]| value.strip_prefix(b"b2~").map(<[u8]>::to_vec);
        let new = with(b"x=y; S = b2~abc ; T=b2~f", b"S", strip);
        assert_eq!(new.as_deref(), Some(&b"x=y; S = abc ; T=b2~f"[..]));
        assert_eq!(with(b"S=b2", b"S", strip), None);
    }

    #[test]
    fn gaps_around_the_equals_sign_are_closed() {
        assert_eq!(closed(b"SRV = b2 ; y=z").as_deref(), Some(&b"SRV=b2 ; y=z"[..]));
        assert_eq!(closed(b"SRV=b2 ; y=z"), None);
    }

    #[test]
    fn only_the_first_pair_of_set_cookie_is_one() {
        assert_eq!(set_value(b"S=4 ; path=/x; S=5", b"S"), Some((2..3, &b"4"[..])));
        assert_eq!(set_value(b"A=1; S=3", b"S"), None);
        assert_eq!(set_value(b"S=", b"S"), Some((2..2, &b""[..])));
    }
}
