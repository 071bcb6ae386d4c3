//! What holds for any bytes and any cut of them.

use http1::{
    ChunkDecoder, ChunkEvent, Fields, Limits, Parsed, RequestHead, ResponseHead, Values, Version,
    parse_request, parse_response, parse_trailers, write_chunk_end, write_chunk_size,
};
use proptest::prelude::*;

fn token() -> impl Strategy<Value = String> {
    "[!#$%&'*+.^_`|~0-9a-z-]{1,12}"
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_filter("ends the line", |b| !matches!(b, b'\r' | b'\n'));
    proptest::collection::vec(byte, 0..30).prop_map(|bytes| bytes.trim_ascii().to_vec())
}

/// Field names that only this crate's own rules would change are left to `tests/haproxy.rs`.
fn fields() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = token().prop_map(|name| format!("x-{name}"));
    proptest::collection::vec((name, value()), 0..20)
}

/// Pieces of requests, right and wrong, so that random input gets past the first line.
fn odd_request() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"GET / HTTP/1.1\r\n".to_vec()),
        Just(b"POST http://a:80/x?y HTTP/1.0\n".to_vec()),
        Just(b"CONNECT a:443 HTTP/1.1\r\n".to_vec()),
        Just(b"HTTP/1.1 200 OK\r\n".to_vec()),
        Just(b"HTTP/1.1 101 x\r\n".to_vec()),
        Just(b"Host: a\r\n".to_vec()),
        Just(b"host: A:80\r\n".to_vec()),
        Just(b"Content-Length: 2, 2\r\n".to_vec()),
        Just(b"Transfer-Encoding: chunked,\r\n".to_vec()),
        Just(b"Connection: upgrade, close\r\n".to_vec()),
        Just(b"Upgrade: websocket\r\n".to_vec()),
        Just(b"a: b\r\n folded\r\n".to_vec()),
        Just(b"\r\n".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_request_written_is_read_as_the_same_head(
        method in token(),
        target in "/[!-\"$-~]{0,40}",
        old in any::<bool>(),
        fields in fields(),
    ) {
        let version = if old { Version::Http10 } else { Version::Http11 };
        let mut head = RequestHead::with(method.as_bytes(), target.as_bytes(), version);
        prop_assume!(method != "connect");
        for (name, value) in &fields {
            head.fields.add(name.as_bytes(), value);
        }
        let mut text = Vec::new();
        head.write_to(&mut text);
        let mut read = RequestHead::new();
        let parsed = parse_request(&text, &mut read, &Limits::default());
        prop_assert_eq!(parsed, Ok(Parsed::Complete { consumed: text.len() }));
        prop_assert_eq!(read, head);
    }

    #[test]
    fn a_response_written_is_read_as_the_same_head(
        status in 200_u16..1000,
        reason in "([!-~][ -~]{0,20})?",
        fields in fields(),
    ) {
        let mut head = ResponseHead::new();
        head.set_status(status, Some(reason.as_bytes()));
        for (name, value) in &fields {
            head.fields.add(name.as_bytes(), value);
        }
        let mut text = Vec::new();
        head.write_to(&mut text);
        let mut read = ResponseHead::new();
        let parsed = parse_response(&text, &mut read, &Limits::default());
        prop_assert_eq!(parsed, Ok(Parsed::Complete { consumed: text.len() }));
        prop_assert_eq!(read, head);
    }

    #[test]
    fn more_bytes_never_change_a_verdict(text in odd_request()) {
        let limits = Limits::default();
        let mut whole = RequestHead::new();
        let verdict = parse_request(&text, &mut whole, &limits);
        let mut head = RequestHead::new();
        for end in 0..text.len() {
            match parse_request(&text[..end], &mut head, &limits) {
                Ok(Parsed::Partial) => {}
                early => {
                    prop_assert_eq!(early, verdict);
                    prop_assert_eq!(&head, &whole);
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(text in odd_request(), raw in proptest::collection::vec(any::<u8>(), 0..200)) {
        for bytes in [&text, &raw] {
            let limits = Limits { head_bytes: 150, fields: 5, lax: false };
            let mut request = RequestHead::new();
            let _ = parse_request(bytes, &mut request, &Limits::default());
            request.set_path(b"/x");
            request.set_query(b"y");
            request.update_authority();
            http1::set_request_connection(&mut request, true);
            let _ = http1::request_body(&request);
            let _ = parse_request(bytes, &mut request, &limits);
            let mut response = ResponseHead::new();
            let _ = parse_response(bytes, &mut response, &limits);
            let _ = http1::response_body(&response, b"GET");
            let _ = parse_trailers(bytes, &mut Fields::new(), &limits);
            let _ = Values::new(bytes).count();
        }
    }

    #[test]
    fn what_httparse_reads_is_read_alike(text in odd_request()) {
        let mut slots = [httparse::EMPTY_HEADER; 64];
        let mut other = httparse::Request::new(&mut slots);
        let mut head = RequestHead::new();
        let ours = parse_request(&text, &mut head, &Limits::default());
        let Ok(httparse::Status::Complete(length)) = other.parse(&text) else { return Ok(()) };
        if ours.is_ok() {
            prop_assert_eq!(ours, Ok(Parsed::Complete { consumed: length }));
            prop_assert_eq!(Some(head.method()), other.method.map(str::as_bytes));
        }
    }

    #[test]
    fn a_chunked_body_comes_out_whole_however_it_is_cut(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 0..8),
        extension in "(;[a-z=\"]{0,9})?",
        piece in 1_usize..64,
    ) {
        let mut body = Vec::new();
        for chunk in &chunks {
            let mut size = Vec::new();
            write_chunk_size(chunk.len(), &mut size);
            body.extend_from_slice(&size[..size.len() - 2]);
            body.extend_from_slice(extension.as_bytes());
            body.extend_from_slice(b"\r\n");
            body.extend_from_slice(chunk);
            write_chunk_end(&mut body);
        }
        body.extend_from_slice(b"0\r\n");
        let trailers = b"\r\nnext";
        let (mut data, mut framing) = (Vec::new(), Vec::new());
        let mut decoder = ChunkDecoder::new();
        let mut left = 0;
        for part in [&body[..], trailers].concat().chunks(piece) {
            let mut rest = part;
            loop {
                let taken = match decoder.next(rest).unwrap() {
                    ChunkEvent::Data(bytes) => { data.extend_from_slice(&rest[..bytes]); bytes }
                    ChunkEvent::Framing(bytes) => { framing.extend_from_slice(&rest[..bytes]); bytes }
                    ChunkEvent::More => break,
                    ChunkEvent::Trailers => { left += rest.len(); break }
                };
                prop_assert!(taken > 0);
                rest = &rest[taken..];
            }
        }
        prop_assert_eq!(&data, &chunks.concat());
        prop_assert_eq!(data.len() + framing.len(), body.len());
        prop_assert_eq!(left, trailers.len());
        prop_assert!(decoder.is_done());
    }

    #[test]
    fn any_bytes_are_decoded_without_panic(
        body in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), Just(b'1')], 0..80),
    ) {
        let mut decoder = ChunkDecoder::new();
        let mut rest = &body[..];
        while let Ok(ChunkEvent::Data(bytes) | ChunkEvent::Framing(bytes)) = decoder.next(rest) {
            prop_assert!(bytes > 0 && bytes <= rest.len());
            rest = &rest[bytes..];
        }
    }
}
