//! Any bytes are a request and a response head: accepted, refused or unfinished, and the same however they are cut.
#![no_main]

use http1::{Limits, Parsed, RequestHead, ResponseHead};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let mut head = RequestHead::new();
    let whole = http1::parse_request(bytes, &mut head, &limits);
    if let Ok(Parsed::Complete { consumed }) = whole {
        assert!(consumed <= bytes.len());
        let _ = http1::request_body(&head);
        let mut out = Vec::new();
        head.write_to(&mut out);
        let mut again = RequestHead::new();
        let parsed = http1::parse_request(&out, &mut again, &limits);
        assert!(matches!(parsed, Ok(Parsed::Complete { .. })) || parsed.is_err(), "what we write is a whole head");
        // A cut before the end is never complete and, if it is refused, so is the whole.
        for cut in 0..consumed.min(64) {
            let part = http1::parse_request(&bytes[..cut], &mut again, &limits);
            assert!(matches!(part, Ok(Parsed::Partial)), "a part of a good head is unfinished");
        }
    }
    let mut response = ResponseHead::new();
    if let Ok(Parsed::Complete { consumed }) = http1::parse_response(bytes, &mut response, &limits) {
        assert!(consumed <= bytes.len());
        for method in [b"GET".as_slice(), b"HEAD", b"CONNECT"] {
            let _ = http1::response_body(&response, method);
        }
    }
});
