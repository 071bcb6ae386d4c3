//! What checks send and how they judge answers. Requests and verdicts were recorded from HAProxy
//! 2.6.12, but for the WebSocket check, which follows RFC 6455.

use std::time::Duration;

use health::script::{Expect, Expectation, HttpRequest, StatusRange, WebSocketCheck, websocket};
use health::{Check, CheckScript, CheckStatus, Context, Event, Step};
use proptest::prelude::*;
use regex::bytes::Regex;

const CONTEXT: Context = Context { server_serves: true, nonce: [0; 16] };

fn run(script: &CheckScript, context: Context, pieces: &[&[u8]]) -> String {
    let mut check = Check::new(script, context);
    assert_eq!(check.next(Event::Start, Duration::ZERO), Step::Connect);
    let mut step = check.next(Event::Connected, Duration::ZERO);
    let mut pieces = pieces.iter();
    while !matches!(step, Step::Done(_)) {
        let event = match &step {
            Step::Send(_) => Event::Sent,
            _ => pieces.next().map_or(Event::Closed, |piece| Event::Received(piece)),
        };
        step = check.next(event, Duration::ZERO);
    }
    let Step::Done(result) = step else { panic!("not decided: {step:?}") };
    let code = result.code.map_or(String::new(), |code| format!(" {code}"));
    let info = if result.info.is_empty() { String::new() } else { format!(" {}", result.info) };
    format!("{}{code}{info}", result.status.code())
}

/// The verdict must not depend on how the answer is cut.
#[track_caller]
fn check(script: &CheckScript, answer: &str, verdict: &str) {
    assert_eq!(run(script, CONTEXT, &[answer.as_bytes()]), verdict, "{answer:?} at once");
    let bytes: Vec<&[u8]> = answer.as_bytes().chunks(1).collect();
    assert_eq!(run(script, CONTEXT, &bytes), verdict, "{answer:?} byte by byte");
}

fn http(expect: Expect) -> CheckScript {
    CheckScript::one_request(HttpRequest::default(), expect)
}

#[track_caller]
fn sends(check: &HttpRequest, wire: &str) {
    assert_eq!(String::from_utf8_lossy(&check.bytes(None)), wire);
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn requests_are_byte_for_byte_those_of_haproxy() {
    let default = HttpRequest::default;
    sends(&default(), "OPTIONS / HTTP/1.0\r\n\r\n");
    sends(
        &HttpRequest { uri: Some("/only".into()), ..default() },
        "OPTIONS /only HTTP/1.0\r\n\r\n",
    );
    let modern = HttpRequest {
        method: Some("GET".into()),
        uri: Some("/x?y".into()),
        version: Some("HTTP/1.1".into()),
        ..default()
    };
    sends(&modern, "GET /x?y HTTP/1.1\r\nconnection: close\r\n\r\n");
    let host = HttpRequest { headers: vec![header("Host", "abc")], ..default() };
    sends(&host, "OPTIONS / HTTP/1.0\r\nhost: abc\r\n\r\n");
    let own = HttpRequest {
        headers: vec![header("Host", "h2"), header("Connection", "foo")],
        ..modern.clone()
    };
    sends(&own, "GET /x?y HTTP/1.1\r\nhost: h2\r\nconnection: foo\r\n\r\n");
    let body = HttpRequest {
        method: Some("POST".into()),
        uri: Some("/p".into()),
        headers: vec![header("Host", "www.example.com"), header("X-a", "b c")],
        body: b"hi there".to_vec(),
        ..modern
    };
    sends(
        &body,
        "POST /p HTTP/1.1\r\nhost: www.example.com\r\nx-a: b c\r\ncontent-length: 8\r\n\
         connection: close\r\n\r\nhi there",
    );
}

#[test]
fn without_expect_any_2xx_or_3xx_passes() {
    let script = http(Expect::default());
    for (answer, verdict) in [
        ("HTTP/1.1 200 OK\r\n\r\n", "L7OK 200"),
        ("HTTP/1.1 301 Moved\r\n\r\n", "L7OK 301"),
        ("HTTP/1.1 200\r\n\r\n", "L7OK 200"),
        ("HTTP/1.1 404 Not Found\r\n\r\n", "L7STS 404 Not Found"),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "L7STS 101 Switching Protocols"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "L7STS 100 Continue"),
        ("HTTP/1.1 200 OK\r\n", "L7RSP"),
        ("HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "L7RSP"),
        ("blah", "L7RSP"),
        ("", "L7RSP"),
    ] {
        check(&script, answer, verdict);
    }
}

#[test]
fn expect_status_and_rstatus_look_at_the_code() {
    let ranges: Vec<StatusRange> = vec![200..=299, 404..=404];
    let status = http(Expect::new(Expectation::Status(ranges.clone())));
    check(&status, "HTTP/1.1 404 Not Found\r\n\r\n", "L7OK 404");
    check(&status, "HTTP/1.1 301 Moved\r\n\r\n", "L7STS 301 Moved");
    let not = http(Expect { negated: true, ..Expect::new(Expectation::Status(ranges)) });
    check(&not, "HTTP/1.1 200 OK\r\n\r\n", "L7STS 200 OK");
    check(&not, "HTTP/1.1 301 Moved\r\n\r\n", "L7OK 301");
    let regex = http(Expect::new(Expectation::StatusRegex(Regex::new("^2").unwrap())));
    check(&regex, "HTTP/1.1 200 OK\r\n\r\n", "L7OK 200");
    check(&regex, "HTTP/1.1 301 Moved\r\n\r\n", "L7STS 301 Moved");
}

#[test]
fn expect_string_and_rstring_look_at_the_body() {
    let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let chunks =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    let empty = "HTTP/1.1 301 Moved\r\n\r\n";
    let string = http(Expect::new(Expectation::Body(b"ell".to_vec())));
    check(&string, hello, "L7OK 200");
    check(&string, chunks, "L7OK 200");
    check(&string, empty, "L7RSP HTTP content check could not find a response body");
    let not = http(Expect { negated: true, ..Expect::new(Expectation::Body(b"ell".to_vec())) });
    check(&not, hello, "L7RSP HTTP check matched unwanted content");
    check(&not, empty, "L7RSP HTTP content check could not find a response body");
    let regex = http(Expect::new(Expectation::BodyRegex(Regex::new("^h.*o").unwrap())));
    check(&regex, hello, "L7OK 200");
    check(&regex, chunks, "L7OK 200");
    check(&regex, "HTTP/1.1 200 OK\r\n\r\nbody", "L7RSP HTTP content check did not match");
}

#[test]
fn a_comment_is_told_when_its_rule_fails() {
    let expect = Expect {
        comment: Some("mycomment".into()),
        ..Expect::new(Expectation::Status(vec![201..=201]))
    };
    check(&http(expect), "HTTP/1.1 200 OK\r\n\r\n", "L7STS 200 OK comment: mycomment");
}

#[test]
fn under_disable_on_404_a_404_of_a_server_that_is_not_down_passes_conditionally() {
    let body = Expect::new(Expectation::Body(b"zzz".to_vec()));
    let script = CheckScript { disable_on_404: true, ..http(body) };
    let answer: &[u8] = b"HTTP/1.1 404 NF\r\n\r\n";
    assert_eq!(run(&script, CONTEXT, &[answer]), "L7OKC 404");
    let plain = CheckScript { disable_on_404: true, ..http(Expect::default()) };
    let down = Context { server_serves: false, ..CONTEXT };
    assert_eq!(run(&plain, down, &[answer]), "L7STS 404 NF");
}

#[test]
fn the_connection_itself_can_fail_the_check() {
    let late = Duration::from_millis(1001);
    let done = |event, connected| {
        let script = http(Expect::default());
        let mut check = Check::new(&script, CONTEXT);
        let _ = check.next(Event::Start, Duration::ZERO);
        if connected {
            let _ = check.next(Event::Connected, Duration::ZERO);
            let _ = check.next(Event::Sent, Duration::ZERO);
        }
        match check.next(event, late) {
            Step::Done(result) => (result.status, result.info, result.duration),
            other => panic!("{other:?}"),
        }
    };
    let refused = "Connection refused";
    let reset = "Connection reset by peer";
    assert_eq!(
        done(Event::ConnectFailed(refused), false),
        (CheckStatus::L4Connection, refused.to_owned(), late)
    );
    assert_eq!(done(Event::TimedOut, false), (CheckStatus::L4Timeout, String::new(), late));
    assert_eq!(done(Event::TimedOut, true), (CheckStatus::L7Timeout, String::new(), late));
    assert_eq!(done(Event::Broken(reset), true), (CheckStatus::SocketError, reset.into(), late));
}

#[test]
fn a_tcp_check_is_over_when_the_connection_stands() {
    assert_eq!(run(&CheckScript::connect(), CONTEXT, &[]), "L4OK");
}

/// The example of RFC 6455 section 1.3.
#[test]
fn the_accept_of_the_rfcs_key_is_the_rfcs_accept() {
    assert_eq!(websocket::accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(websocket::key(*b"the sample nonce"), "dGhlIHNhbXBsZSBub25jZQ==");
}

#[test]
fn a_websocket_check_sends_a_complete_handshake() {
    let check = WebSocketCheck { uri: "/chat".into(), host: "10.0.0.1:9000".into() };
    assert_eq!(
        String::from_utf8(check.request(*b"the sample nonce")).unwrap(),
        "GET /chat HTTP/1.1\r\nhost: 10.0.0.1:9000\r\nupgrade: websocket\r\n\
         connection: Upgrade\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-version: 13\r\n\r\n"
    );
}

#[test]
fn a_websocket_check_wants_101_and_the_right_accept() {
    let script = CheckScript::websocket(WebSocketCheck::default());
    let accept = websocket::accept(&websocket::key(CONTEXT.nonce));
    let answer = |lines: &str| format!("HTTP/1.1 101 Switching Protocols\r\n{lines}\r\n");
    let good = format!(
        "Upgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\nSec-WebSocket-Accept: {accept}\r\n"
    );
    check(&script, &answer(&good), "L7OK 101");
    check(&script, "HTTP/1.1 200 OK\r\n\r\n", "L7STS 200 OK");
    check(&script, "HTTP/1.1 426 Upgrade Required\r\n\r\n", "L7STS 426 Upgrade Required");
    check(
        &script,
        &answer(&good.replace(&accept, "nonsense")),
        "L7RSP WebSocket handshake with a wrong Sec-WebSocket-Accept",
    );
    check(
        &script,
        &answer("Upgrade: websocket\r\nConnection: Upgrade\r\n"),
        "L7RSP WebSocket handshake without Sec-WebSocket-Accept",
    );
    check(
        &script,
        &answer(&good.replace("Upgrade: WebSocket", "Upgrade: h2c")),
        "L7RSP WebSocket handshake without Upgrade: websocket",
    );
    check(
        &script,
        &answer(&good.replace("keep-alive, upgrade", "close")),
        "L7RSP WebSocket handshake without Connection: Upgrade",
    );
    check(&script, "garbage\r\n\r\n", "L7RSP");
}

proptest! {
    #[test]
    fn no_answer_panics_and_every_answer_is_decided_at_its_end(
        pieces in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                Just(b"HTTP/1.1 200 OK\r\n".to_vec()),
                Just(b"transfer-encoding: chunked\r\n".to_vec()),
                Just(b"content-length: 7\r\n\r\n".to_vec()),
                Just(b"ffffffffffffffff\r\n".to_vec()),
                Just(b"\r\n".to_vec()),
            ],
            0..12,
        ),
        negated in any::<bool>(),
    ) {
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let body = Expectation::Body(b"x".to_vec());
        for script in [
            http(Expect::default()),
            http(Expect { negated, ..Expect::new(body) }),
            CheckScript::websocket(WebSocketCheck::default()),
        ] {
            let whole = pieces.concat();
            // How the bytes are cut changes no verdict, as long as they fit the buffer.
            prop_assert_eq!(run(&script, CONTEXT, &pieces), run(&script, CONTEXT, &[&whole]));
        }
    }
}
