//! Whether a cache may keep a response: what `cookie nocache` and `option checkcache` ask.
//!
//! Quirk: without a validator and without a lifetime a response is not called cacheable.

use http1::{RequestHead, ResponseHead};

/// What a cache may keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cacheable {
    /// The response.
    pub(crate) response: bool,
    /// Its cookies with it.
    pub(crate) cookies: bool,
}

pub(crate) fn cacheable(request: &RequestHead, response: &ResponseHead) -> Cacheable {
    let no = Cacheable { response: false, cookies: false };
    let status =
        matches!(response.status, 200 | 203 | 204 | 206 | 300 | 301 | 404 | 405 | 410 | 414 | 501);
    let mut response_is = status && matches!(request.method(), b"GET" | b"HEAD");
    let mut cookies = response_is;
    let fields = &response.fields;
    if fields.values(b"pragma").any(|value| value.eq_ignore_ascii_case(b"no-cache")) {
        return no;
    }
    let mut lives = fields.contains(b"etag")
        || fields.contains(b"last-modified")
        || fields.contains(b"expires");
    for directive in fields.values(b"cache-control") {
        let directive = directive.to_ascii_lowercase();
        match directive.as_slice() {
            b"private" | b"no-cache" | b"no-store" | b"max-age=0" | b"s-maxage=0" => return no,
            b"public" => (response_is, cookies) = (status, status),
            named if named.starts_with(b"no-cache=") => cookies &= !hides_cookies(named),
            named => lives |= named.starts_with(b"max-age=") || named.starts_with(b"s-maxage="),
        }
    }
    Cacheable { response: response_is && lives, cookies: cookies && lives }
}

/// `no-cache="set-cookie"` lets a cache keep all but the cookie.
fn hides_cookies(directive: &[u8]) -> bool {
    directive.strip_prefix(b"no-cache=\"set-cookie").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http1::Version;

    #[track_caller]
    fn check(method: &str, status: u16, headers: &[(&str, &str)], expected: (bool, bool)) {
        let request = RequestHead::with(method.as_bytes(), b"/", Version::Http11);
        let mut response = ResponseHead::with_status(status);
        for (name, value) in headers {
            response.fields.add(name.as_bytes(), value.as_bytes());
        }
        let found = cacheable(&request, &response);
        assert_eq!((found.response, found.cookies), expected, "{method} {status} {headers:?}");
    }

    #[test]
    fn a_validator_or_a_lifetime_makes_a_response_cacheable() {
        check("GET", 200, &[], (false, false));
        check("GET", 200, &[("etag", "x")], (true, true));
        check("GET", 200, &[("last-modified", "x")], (true, true));
        check("GET", 200, &[("expires", "x")], (true, true));
        check("GET", 200, &[("cache-control", "max-age=30")], (true, true));
        check("GET", 200, &[("cache-control", "public")], (false, false));
        check("HEAD", 404, &[("etag", "x")], (true, true));
        check("GET", 403, &[("etag", "x")], (false, false));
    }

    #[test]
    fn the_server_can_forbid_it() {
        for value in ["max-age=0", "private, max-age=3", "no-store, max-age=3", "no-cache"] {
            check("GET", 200, &[("cache-control", value), ("etag", "x")], (false, false));
        }
        check("GET", 200, &[("pragma", "no-cache"), ("etag", "x")], (false, false));
        let but_cookies = ("cache-control", "no-cache=\"set-cookie\", max-age=3");
        check("GET", 200, &[but_cookies], (true, false));
    }

    #[test]
    fn the_answer_to_a_post_must_be_public() {
        check("POST", 200, &[("etag", "x")], (false, false));
        check("POST", 200, &[("cache-control", "public, max-age=30")], (true, true));
    }
}
