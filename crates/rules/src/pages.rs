//! The built-in pages, as HAProxy 2.6 writes them.
//!
//! A page is the proxy's own answer for a status until `errorfile` or `errorloc` names another.
//! Quirk: the 501 page begins with a stray dot and 407 is called `Unauthorized`; scripts compare
//! these bytes, so they are kept.

use http1::{ResponseHead, Version};

/// A built-in page.
struct Page {
    status: u16,
    reason: &'static str,
    text: &'static str,
    /// The client is told that the connection ends.
    closes: bool,
}

const fn page(status: u16, reason: &'static str, text: &'static str) -> Page {
    Page { status, reason, text, closes: matches!(status, 400 | 408) }
}

static PAGES: &[Page] = &[
    page(200, "OK", "Service ready."),
    page(400, "Bad request", "Your browser sent an invalid request."),
    page(401, "Unauthorized", "You need a valid user and password to access this content."),
    page(403, "Forbidden", "Request forbidden by administrative rules."),
    page(404, "Not Found", "The resource could not be found."),
    page(
        405,
        "Method Not Allowed",
        "A request was made of a resource using a request method not supported by that resource",
    ),
    page(407, "Unauthorized", "You need a valid user and password to access this content."),
    page(408, "Request Time-out", "Your browser didn't send a complete request in time."),
    page(410, "Gone", "The resource is no longer available and will not be available again."),
    page(413, "Payload Too Large", "The request entity exceeds the maximum allowed."),
    page(425, "Too Early", "Your browser sent early data."),
    page(429, "Too Many Requests", "You have sent too many requests in a given amount of time."),
    page(500, "Internal Server Error", "An internal server error occurred."),
    page(
        501,
        "Not Implemented",
        ".The server does not support the functionality required to fulfill the request.",
    ),
    page(502, "Bad Gateway", "The server returned an invalid or incomplete response."),
    page(503, "Service Unavailable", "No server is available to handle this request."),
    page(504, "Gateway Time-out", "The server didn't respond in time."),
];

/// Whether a status has a page, and so may stand in `errorfile` or alone in `deny_status`.
pub(crate) fn has_page(status: u16) -> bool {
    find(status).is_some()
}

/// The head and the body of a status's page; the 500 page for a status that has none.
///
/// `connection: close` stands in the head of the pages that end the connection; whether others do
/// is up to the caller.
pub(crate) fn built_in(status: u16) -> (ResponseHead, Vec<u8>) {
    let page = find(status).unwrap_or(&FALLBACK);
    let body = format!(
        "<html><body><h1>{} {}</h1>\n{}\n</body></html>\n",
        page.status, page.reason, page.text
    );
    let mut head = ResponseHead::new();
    head.version = Version::Http11;
    head.set_status(page.status, Some(page.reason.as_bytes()));
    head.fields.add(b"content-length", body.len().to_string().as_bytes());
    head.fields.add(b"cache-control", b"no-cache");
    head.fields.add(b"content-type", b"text/html");
    if page.closes {
        head.fields.add(b"connection", b"close");
    }
    (head, body.into_bytes())
}

static FALLBACK: Page = page(500, "Internal Server Error", "An internal server error occurred.");

fn find(status: u16) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.status == status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, expected: &str) {
        let (head, body) = built_in(status);
        let mut wire = Vec::new();
        head.write_to(&mut wire);
        wire.extend_from_slice(&body);
        assert_eq!(String::from_utf8(wire).unwrap(), expected);
    }

    #[test]
    fn a_page_is_what_haproxy_sends() {
        check(
            403,
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 93\r\ncache-control: no-cache\r\n\
             content-type: text/html\r\n\r\n<html><body><h1>403 Forbidden</h1>\n\
             Request forbidden by administrative rules.\n</body></html>\n",
        );
        check(
            501,
            "HTTP/1.1 501 Not Implemented\r\ncontent-length: 136\r\ncache-control: no-cache\r\n\
             content-type: text/html\r\n\r\n<html><body><h1>501 Not Implemented</h1>\n\
             .The server does not support the functionality required to fulfill the request.\n\
             </body></html>\n",
        );
    }

    #[test]
    fn the_pages_for_broken_requests_close() {
        for page in PAGES {
            let (head, _) = built_in(page.status);
            assert_eq!(head.fields.contains(b"connection"), [400, 408].contains(&page.status));
        }
    }

    #[test]
    fn a_status_without_a_page_has_the_one_of_500() {
        assert_eq!(built_in(418).0.status, 500);
        assert!(!has_page(418) && has_page(425));
    }
}
