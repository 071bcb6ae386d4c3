//! Streams on paused time: what goes over the wire on both sides, and the log line.
//!
//! The same exchanges were run against HAProxy 2.6.12 on real sockets; statuses, letters and byte counts
//! are its own.

mod stage;

use expect_test::{Expect, expect};
use stage::play;

const SERVER: &str = "server s1 127.0.0.1:9000";
const GET: &str = r"C> GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

#[track_caller]
fn check(frontend: &str, backend: &str, script: &str, seen: Expect) {
    let script = script.replace("ASK", GET);
    seen.assert_eq(&play("", frontend, backend, &script));
}

#[test]
fn a_request_and_its_response_pass_and_the_next_one_reuses_the_server() {
    check(
        "",
        SERVER,
        r"ASK
          S!
          S<
          S> HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi
          C<
          ASK
          S<
          S> HTTP/1.1 304 Not Modified\r\n\r\n
          C<",
        expect![[r#"
            S  GET /x HTTP/1.1
            S  host: a
            S  
            C  HTTP/1.1 200 OK
            C  content-length: 2
            C  
            C  hi
            S  GET /x HTTP/1.1
            S  host: a
            S  
            C  HTTP/1.1 304 Not Modified
            C  
            log fe be/s1 0/0/0/0/0 200 51 - - ---- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
            log fe be/s1 0/0/0/0/0 304 44 - - ---- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
        "#]],
    );
}

#[test]
fn a_server_that_does_not_answer_in_time_is_a_504() {
    check(
        "",
        &format!("timeout server 500\n{SERVER}"),
        "ASK\nS!\n+499\nC<\n+2\nC<\nS<",
        expect![[r#"
        C  (nothing)
        C  HTTP/1.1 504 Gateway Time-out
        C  content-length: 92
        C  cache-control: no-cache
        C  content-type: text/html
        C  
        C  <html><body><h1>504 Gateway Time-out</h1>
        C  The server didn't respond in time.
        C  </body></html>
        S  GET /x HTTP/1.1
        S  host: a
        S  
        S  (end)
        log fe be/s1 0/0/0/-1/500 504 198 - - sH-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_server_that_stops_within_the_body_cuts_the_client_off() {
    let script = r"ASK
        S!
        S> HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc
        C<
        +501
        C<";
    check(
        "",
        &format!("timeout server 500\n{SERVER}"),
        script,
        expect![[r#"
        C  HTTP/1.1 200 OK
        C  content-length: 10
        C  
        C  abc
        C  (end)
        log fe be/s1 0/0/0/0/500 200 53 - - sD-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_server_that_closes_instead_of_answering_is_a_502() {
    check(
        "",
        SERVER,
        "ASK\nS!\nS#\nC<",
        expect![[r#"
        C  HTTP/1.1 502 Bad Gateway
        C  content-length: 107
        C  cache-control: no-cache
        C  content-type: text/html
        C  
        C  <html><body><h1>502 Bad Gateway</h1>
        C  The server returned an invalid or incomplete response.
        C  </body></html>
        log fe be/s1 0/0/0/-1/0 502 209 - - SH-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_kept_server_connection_that_closes_makes_the_client_repeat_the_request() {
    let script = r"ASK
        S!
        S> HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
        C<
        ASK
        S<
        S#
        C<";
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        C  HTTP/1.1 200 OK
        C  content-length: 0
        C  
        S  GET /x HTTP/1.1
        S  host: a
        S  
        S  GET /x HTTP/1.1
        S  host: a
        S  
        C  (end)
        log fe be/s1 0/0/0/0/0 200 49 - - ---- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_response_that_is_none_is_a_502() {
    check(
        "",
        SERVER,
        "ASK\nS!\nS> HTTP/1.1 200 OK\\r\\nBad Header\\r\\n\\r\\n\nC<",
        expect![[r#"
        C  HTTP/1.1 502 Bad Gateway
        C  content-length: 107
        C  cache-control: no-cache
        C  content-type: text/html
        C  
        C  <html><body><h1>502 Bad Gateway</h1>
        C  The server returned an invalid or incomplete response.
        C  </body></html>
        log fe be/s1 0/0/0/-1/0 502 209 - - PH-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_server_that_closes_within_the_body_is_logged_sd() {
    let script = r"ASK
        S!
        S> HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n
        S#
        C<";
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        C  HTTP/1.1 200 OK
        C  transfer-encoding: chunked
        C  
        C  5
        C  abcde
        C  (end)
        log fe be/s1 0/0/0/0/0 200 63 - - SD-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_refused_connection_is_tried_four_times_a_second_apart() {
    let refused = "server s1 127.0.0.1:1";
    check(
        "",
        refused,
        "ASK\n+2999\nC<\n+2\nC<",
        expect![[r#"
        C  (nothing)
        C  HTTP/1.1 503 Service Unavailable
        C  content-length: 107
        C  cache-control: no-cache
        C  content-type: text/html
        C  
        C  <html><body><h1>503 Service Unavailable</h1>
        C  No server is available to handle this request.
        C  </body></html>
        log fe be/s1 0/0/-1/-1/3000 503 217 - - SC-- 1/1/0/0/3 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn redispatch_goes_to_another_server_at_once() {
    let backend = "option redispatch\nserver s1 127.0.0.1:1\nserver s2 127.0.0.1:9000";
    let script = r"ASK
        S!
        S> HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
        C<";
    check(
        "",
        backend,
        script,
        expect![[r#"
        C  HTTP/1.1 200 OK
        C  content-length: 0
        C  
        log fe be/s2 0/0/0/0/0 200 49 - - ---- 1/1/0/0/+1 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_connection_that_takes_too_long_is_a_503_with_small_s() {
    let backend = "retries 1\ntimeout connect 300\nserver s1 127.0.0.1:2";
    check(
        "",
        backend,
        "ASK\n+599\nC<\n+2\nC<",
        expect![[r#"
        C  (nothing)
        C  HTTP/1.1 503 Service Unavailable
        C  content-length: 107
        C  cache-control: no-cache
        C  content-type: text/html
        C  
        C  <html><body><h1>503 Service Unavailable</h1>
        C  No server is available to handle this request.
        C  </body></html>
        log fe be/s1 0/0/-1/-1/600 503 217 - - sC-- 1/1/0/0/1 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn no_server_is_a_503_at_once() {
    check(
        "",
        "server s1 127.0.0.1:9000 disabled",
        "ASK\nC<",
        expect![[r#"
        C  HTTP/1.1 503 Service Unavailable
        C  content-length: 107
        C  cache-control: no-cache
        C  content-type: text/html
        C  
        C  <html><body><h1>503 Service Unavailable</h1>
        C  No server is available to handle this request.
        C  </body></html>
        log fe be/<NOSRV> 0/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_full_server_makes_the_next_stream_wait_and_time_out() {
    let backend = "timeout queue 400\nserver s1 127.0.0.1:9000 maxconn 1";
    check(
        "",
        backend,
        "ASK\nS!\nC!\nASK\n+399\nC<\n+2\nC<",
        expect![[r#"
        C  (nothing)
        C  HTTP/1.1 503 Service Unavailable
        C  content-length: 107
        C  cache-control: no-cache
        C  content-type: text/html
        C  
        C  <html><body><h1>503 Service Unavailable</h1>
        C  No server is available to handle this request.
        C  </body></html>
        log fe be/<NOSRV> 0/400/-1/-1/400 503 217 - - sQ-- 2/2/1/0/0 0/1 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_freed_slot_goes_to_the_stream_that_waits() {
    let backend = "timeout queue 4s\nserver s1 127.0.0.1:9000 maxconn 1";
    let script = r"ASK
        S!
        C!
        ASK
        +200
        S> HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
        S!
        S<
        S> HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
        C<";
    check(
        "",
        backend,
        script,
        expect![[r#"
        S  GET /x HTTP/1.1
        S  host: a
        S  
        C  HTTP/1.1 200 OK
        C  content-length: 0
        C  
        log fe be/s1 0/0/0/200/200 200 49 - - ---- 2/2/1/1/0 0/0 "GET /x HTTP/1.1"
        log fe be/s1 0/200/0/0/200 200 49 - - ---- 2/2/0/0/0 0/1 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_client_that_sends_half_a_request_gets_a_408() {
    check(
        "timeout http-request 400",
        SERVER,
        "C> GET / HT\n+399\nC<\n+2\nC<",
        expect![[r#"
        C  (nothing)
        C  HTTP/1.1 408 Request Time-out
        C  Content-length: 110
        C  Cache-Control: no-cache
        C  Connection: close
        C  Content-Type: text/html
        C  
        C  <html><body><h1>408 Request Time-out</h1>
        C  Your browser didn't send a complete request in time.
        C  </body></html>
        C  (end)
        log fe fe/<NOSRV> -1/-1/-1/-1/400 408 0 - - cR-- 1/1/0/0/0 0/0 "<BADREQ>"
    "#]],
    );
    check(
        "timeout client 400",
        SERVER,
        "C> GET / HT\n+399\nC<\n+2\nC<",
        expect![[r#"
        C  (nothing)
        C  HTTP/1.1 408 Request Time-out
        C  Content-length: 110
        C  Cache-Control: no-cache
        C  Connection: close
        C  Content-Type: text/html
        C  
        C  <html><body><h1>408 Request Time-out</h1>
        C  Your browser didn't send a complete request in time.
        C  </body></html>
        C  (end)
        log fe fe/<NOSRV> -1/-1/-1/-1/400 408 0 - - cR-- 1/1/0/0/0 0/0 "<BADREQ>"
    "#]],
    );
}

#[test]
fn a_silent_client_gets_a_408_and_is_logged_unless_asked_not_to() {
    check(
        "timeout http-request 400",
        SERVER,
        "+401\nC<",
        expect![[r#"
        C  HTTP/1.1 408 Request Time-out
        C  Content-length: 110
        C  Cache-Control: no-cache
        C  Connection: close
        C  Content-Type: text/html
        C  
        C  <html><body><h1>408 Request Time-out</h1>
        C  Your browser didn't send a complete request in time.
        C  </body></html>
        C  (end)
        log fe fe/<NOSRV> -1/-1/-1/-1/400 408 0 - - cR-- 1/1/0/0/0 0/0 "<BADREQ>"
    "#]],
    );
    let quiet = "timeout http-request 400\noption dontlognull";
    check(
        quiet,
        SERVER,
        "+401\nC<",
        expect![[r#"
        C  HTTP/1.1 408 Request Time-out
        C  Content-length: 110
        C  Cache-Control: no-cache
        C  Connection: close
        C  Content-Type: text/html
        C  
        C  <html><body><h1>408 Request Time-out</h1>
        C  Your browser didn't send a complete request in time.
        C  </body></html>
        C  (end)
    "#]],
    );
}

#[test]
fn a_client_that_leaves_without_a_request_is_logged_cr() {
    check(
        "",
        SERVER,
        "C#",
        expect![[r#"
        log fe fe/<NOSRV> -1/-1/-1/-1/0 400 0 - - CR-- 1/1/0/0/0 0/0 "<BADREQ>"
    "#]],
    );
    check("option dontlognull", SERVER, "C#", expect![[r#""#]]);
    check(
        "",
        SERVER,
        "C> GET / HT\nC$\nC<",
        expect![[r#"
        C  HTTP/1.1 400 Bad request
        C  Content-length: 90
        C  Cache-Control: no-cache
        C  Connection: close
        C  Content-Type: text/html
        C  
        C  <html><body><h1>400 Bad request</h1>
        C  Your browser sent an invalid request.
        C  </body></html>
        C  (end)
        log fe fe/<NOSRV> -1/-1/-1/-1/0 400 0 - - CR-- 1/1/0/0/0 0/0 "<BADREQ>"
    "#]],
    );
}

#[test]
fn an_idle_client_is_closed_without_a_word() {
    let script = r"ASK
        S!
        S> HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
        C<
        +399
        C<
        +2
        C<";
    check(
        "timeout http-keep-alive 400",
        SERVER,
        script,
        expect![[r#"
        C  HTTP/1.1 200 OK
        C  content-length: 0
        C  
        C  (nothing)
        C  (end)
        log fe be/s1 0/0/0/0/0 200 49 - - ---- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_request_that_is_none_gets_a_400() {
    check(
        "",
        SERVER,
        r"C> G@T / HTTP/1.1\r\n\r\n
        C<",
        expect![[r#"
            C  HTTP/1.1 400 Bad request
            C  Content-length: 90
            C  Cache-Control: no-cache
            C  Connection: close
            C  Content-Type: text/html
            C  
            C  <html><body><h1>400 Bad request</h1>
            C  Your browser sent an invalid request.
            C  </body></html>
            C  (end)
            log fe fe/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>"
        "#]],
    );
}

#[test]
fn a_body_of_which_the_client_owes_a_part_runs_under_the_servers_timeout() {
    let script = r"C> POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc
        S!
        S<
        +401
        C<";
    let backend = format!("timeout server 400\n{SERVER}");
    check(
        "timeout client 200",
        &backend,
        script,
        expect![[r#"
        S  POST / HTTP/1.1
        S  host: a
        S  content-length: 10
        S  
        S  abc
        C  HTTP/1.1 504 Gateway Time-out
        C  content-length: 92
        C  cache-control: no-cache
        C  content-type: text/html
        C  connection: close
        C  
        C  <html><body><h1>504 Gateway Time-out</h1>
        C  The server didn't respond in time.
        C  </body></html>
        C  (end)
        log fe be/s1 0/0/0/-1/400 504 198 - - sH-- 1/1/0/0/0 0/0 "POST / HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_client_that_leaves_within_its_body_is_logged_cd_without_a_status() {
    let script = r"C> POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc
        S!
        S<
        C#
        S<";
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        S  POST / HTTP/1.1
        S  host: a
        S  content-length: 10
        S  
        S  abc
        S  (end)
        log fe be/s1 0/0/0/-1/0 -1 0 - - CD-- 1/1/0/0/0 0/0 "POST / HTTP/1.1"
    "#]],
    );
}

#[test]
fn an_early_response_passes_while_the_body_goes_on() {
    let script = r"C> POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc
        S!
        S<
        S> HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi
        C<
        C> def
        S<
        ASK
        S<";
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        S  POST / HTTP/1.1
        S  host: a
        S  content-length: 6
        S  
        S  abc
        C  HTTP/1.1 200 OK
        C  content-length: 2
        C  
        C  hi
        S  def
        S  GET /x HTTP/1.1
        S  host: a
        S  
        log fe be/s1 0/0/0/0/0 200 51 - - ---- 1/1/0/0/0 0/0 "POST / HTTP/1.1"
    "#]],
    );
}

#[test]
fn interim_responses_pass_and_are_counted() {
    let script = r"C> POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n
        S!
        S<
        S> HTTP/1.1 100 Continue\r\n\r\n
        C<
        C> abc
        S<
        S> HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
        C<";
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        S  POST / HTTP/1.1
        S  host: a
        S  content-length: 3
        S  expect: 100-continue
        S  
        C  HTTP/1.1 100 Continue
        C  
        S  abc
        C  HTTP/1.1 200 OK
        C  content-length: 0
        C  
        log fe be/s1 0/0/0/0/0 200 89 - - ---- 1/1/0/0/0 0/0 "POST / HTTP/1.1"
    "#]],
    );
}

#[test]
fn bodiless_responses_leave_the_connection_open() {
    let script = r"C> HEAD / HTTP/1.1\r\nHost: a\r\n\r\n
        S!
        S> HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n
        C<
        ASK
        S<
        S> HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n
        C<";
    check(
        "",
        SERVER,
        script,
        expect![[r#"
            C  HTTP/1.1 200 OK
            C  content-length: 50
            C  
            S  HEAD / HTTP/1.1
            S  host: a
            S  
            S  GET /x HTTP/1.1
            S  host: a
            S  
            C  HTTP/1.1 204 No Content
            C  
            log fe be/s1 0/0/0/0/0 200 50 - - ---- 1/1/0/0/0 0/0 "HEAD / HTTP/1.1"
            log fe be/s1 0/0/0/0/0 204 57 - - ---- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
        "#]],
    );
}

#[test]
fn chunks_pass_both_ways_without_extensions() {
    let script = r"C> POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;x\r\nabcd\r\n0\r\nFoo: b\r\n\r\n
        S!
        S<
        S> HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=1\r\nhi\r\n0\r\nT: 1\r\n\r\n
        C<";
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        S  POST / HTTP/1.1
        S  host: a
        S  transfer-encoding: chunked
        S  
        S  4
        S  abcd
        S  0
        S  foo: b
        S  
        C  HTTP/1.1 200 OK
        C  transfer-encoding: chunked
        C  
        C  2
        C  hi
        C  0
        C  t: 1
        C  
        log fe be/s1 0/0/0/0/0 200 63 - - ---- 1/1/0/0/0 0/0 "POST / HTTP/1.1"
    "#]],
    );
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let script = r"C> GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n
        S!
        S<
        S> HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1
        S<
        S> HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2
        C<";
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        S  GET /1 HTTP/1.1
        S  host: a
        S  
        S  GET /2 HTTP/1.1
        S  host: a
        S  
        C  HTTP/1.1 200 OK
        C  content-length: 1
        C  
        C  1HTTP/1.1 200 OK
        C  content-length: 1
        C  
        C  2
        log fe be/s1 0/0/0/0/0 200 50 - - ---- 1/1/0/0/0 0/0 "GET /1 HTTP/1.1"
        log fe be/s1 0/0/0/0/0 200 50 - - ---- 1/1/0/0/0 0/0 "GET /2 HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_tarpit_answers_late() {
    let frontend = "timeout tarpit 400\nhttp-request tarpit";
    check(
        frontend,
        SERVER,
        "ASK\n+399\nC<\n+2\nC<",
        expect![[r#"
        C  (nothing)
        C  HTTP/1.1 500 Internal Server Error
        C  content-length: 97
        C  cache-control: no-cache
        C  content-type: text/html
        C  
        C  <html><body><h1>500 Internal Server Error</h1>
        C  An internal server error occurred.
        C  </body></html>
        log fe fe/<NOSRV> -1/400/-1/-1/400 500 208 - - PT-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn answers_of_the_proxy_have_their_letters() {
    for rule in [
        "http-request deny",
        "http-request return status 200",
        "http-request redirect location /y",
        "http-request reject",
    ] {
        let seen = play("", rule, SERVER, GET);
        let log = seen.lines().last().unwrap_or_default();
        let words: Vec<&str> = log.split(' ').skip(2).collect();
        let expected = match rule {
            "http-request deny" => "fe/<NOSRV> 0/-1/-1/-1/0 403 192 - - PR--",
            "http-request return status 200" => "fe/<NOSRV> 0/-1/-1/-1/0 200 49 - - LR--",
            "http-request redirect location /y" => "fe/<NOSRV> 0/-1/-1/-1/0 302 83 - - LR--",
            _ => "fe/<NOSRV> -1/-1/-1/-1/0 -1 0 - - PR--",
        };
        assert_eq!(words[..7].join(" "), expected, "{rule}");
    }
}

#[test]
fn a_client_that_leaves_is_not_waited_for_when_the_backend_says_so() {
    let backend = format!("option abortonclose\n{SERVER}");
    check(
        "",
        &backend,
        "ASK\nS!\nC#\n+1\nS<",
        expect![[r#"
        S  GET /x HTTP/1.1
        S  host: a
        S  
        S  (end)
        log fe be/s1 0/0/0/-1/0 400 206 - - CH-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
    check(
        "option abortonclose",
        SERVER,
        "ASK\nS!\nC#\n+1\nS<",
        expect![[r#"
        S  GET /x HTTP/1.1
        S  host: a
        S  
    "#]],
    );
}

#[test]
fn a_whole_request_is_tried_again_on_what_retry_on_names() {
    let backend = format!("retry-on empty-response 503\nretries 2\n{SERVER}");
    let script = r"ASK
        S!
        S<
        S#
        S!
        S<
        S> HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n
        S!
        S<
        S> HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n
        C<";
    check(
        "",
        &backend,
        script,
        expect![[r#"
        S  GET /x HTTP/1.1
        S  host: a
        S  
        S  GET /x HTTP/1.1
        S  host: a
        S  
        S  GET /x HTTP/1.1
        S  host: a
        S  
        C  HTTP/1.1 503 No
        C  content-length: 0
        C  
        log fe be/s1 0/0/0/0/0 503 49 - - ---- 1/1/0/0/2 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn only_the_frontend_decides_whether_the_client_is_kept() {
    let script = r"ASK
        S!
        S<
        S> HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
        C<";
    check(
        "",
        &format!("option httpclose\n{SERVER}"),
        script,
        expect![[r#"
        S  GET /x HTTP/1.1
        S  host: a
        S  connection: close
        S  
        C  HTTP/1.1 200 OK
        C  content-length: 0
        C  
        log fe be/s1 0/0/0/0/0 200 49 - - ---- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
    check(
        "option httpclose",
        SERVER,
        script,
        expect![[r#"
        S  GET /x HTTP/1.1
        S  host: a
        S  connection: close
        S  
        C  HTTP/1.1 200 OK
        C  content-length: 0
        C  connection: close
        C  
        C  (end)
        log fe be/s1 0/0/0/0/0 200 49 - - ---- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn bytes_are_counted_as_they_were_received() {
    let backend = format!("http-response set-header X-Long 0123456789\n{SERVER}");
    let script = r"ASK
        S!
        S> HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n9\r\ncdefghijk\r\n0\r\n\r\n
        C<";
    check(
        "",
        &backend,
        script,
        expect![[r#"
        C  HTTP/1.1 200 OK
        C  transfer-encoding: chunked
        C  x-long: 0123456789
        C  
        C  B
        C  abcdefghijk
        C  0
        C  
        log fe be/s1 0/0/0/0/0 200 70 - - ---- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn what_a_backend_refuses_is_its_own() {
    check(
        "",
        &format!("http-request deny\n{SERVER}"),
        "ASK\nC<",
        expect![[r#"
        C  HTTP/1.1 403 Forbidden
        C  content-length: 93
        C  cache-control: no-cache
        C  content-type: text/html
        C  
        C  <html><body><h1>403 Forbidden</h1>
        C  Request forbidden by administrative rules.
        C  </body></html>
        log fe be/<NOSRV> 0/-1/-1/-1/0 403 192 - - PR-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_request_with_two_lengths_is_the_last_of_its_connection() {
    let script = r"C> POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n0\r\n\r\n
        S!
        S<
        S> HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
        C<";
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        S  POST / HTTP/1.1
        S  host: a
        S  transfer-encoding: chunked
        S  
        S  0
        S  
        C  HTTP/1.1 200 OK
        C  content-length: 0
        C  connection: close
        C  
        C  (end)
        log fe be/s1 0/0/0/0/0 200 49 - - ---- 1/1/0/0/0 0/0 "POST / HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_first_chunk_that_is_none_is_no_request() {
    let script = r"C> POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n
        C<";
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        C  HTTP/1.1 400 Bad request
        C  Content-length: 90
        C  Cache-Control: no-cache
        C  Connection: close
        C  Content-Type: text/html
        C  
        C  <html><body><h1>400 Bad request</h1>
        C  Your browser sent an invalid request.
        C  </body></html>
        C  (end)
        log fe fe/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>"
    "#]],
    );
}

#[test]
fn streams_of_a_server_can_be_ended_before_and_after_its_response_began() {
    check(
        "",
        SERVER,
        "ASK\nS!\nS^\nC<",
        expect![[r#"
        C  HTTP/1.1 502 Bad Gateway
        C  content-length: 107
        C  cache-control: no-cache
        C  content-type: text/html
        C  
        C  <html><body><h1>502 Bad Gateway</h1>
        C  The server returned an invalid or incomplete response.
        C  </body></html>
        log fe be/s1 0/0/0/-1/0 502 209 - - KH-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
    let script = r"ASK
        S!
        S> HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc
        C<
        S^
        C<";
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        C  HTTP/1.1 200 OK
        C  content-length: 10
        C  
        C  abc
        C  (end)
        log fe be/s1 0/0/0/0/0 200 53 - - KD-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
    "#]],
    );
}

#[test]
fn contstats_counts_a_body_while_it_comes() {
    let script = r"ASK
        S!
        S> HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi
        B?
        S> hi
        B?
        S> there
        B?";
    check(
        "option contstats",
        SERVER,
        script,
        expect![[r#"
            counted 39 in, 51 out
            counted 39 in, 53 out
            counted 39 in, 58 out
            log fe be/s1 0/0/0/0/0 200 58 - - ---- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
        "#]],
    );
    check(
        "",
        SERVER,
        script,
        expect![[r#"
            counted 0 in, 0 out
            counted 0 in, 0 out
            counted 39 in, 58 out
            log fe be/s1 0/0/0/0/0 200 58 - - ---- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"
        "#]],
    );
}
