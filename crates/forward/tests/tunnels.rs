//! Upgrades on paused time: nothing is lost at the switch, and every timer has its letters.

mod stage;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use stage::play;

const SERVER: &str = "server s1 127.0.0.1:9000";
const UP: &str = r"C> GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n";
const SWITCH: &str =
    r"S> HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n";

#[track_caller]
fn check(frontend: &str, backend: &str, script: &str, seen: Expect) {
    let script = script.replace("UP", UP).replace("SWITCH", SWITCH);
    seen.assert_eq(&play("", frontend, backend, &script));
}

#[test]
fn bytes_flow_both_ways_after_the_switch() {
    let script = "UP\nS!\nS<\nSWITCH\nC<\nC> hello\nS<\nS> world\nC<\nC$\nS<\nS$\nC<";
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        S  GET /ws HTTP/1.1
        S  host: a
        S  connection: Upgrade
        S  upgrade: foo
        S  
        C  HTTP/1.1 101 Switching Protocols
        C  connection: Upgrade
        C  upgrade: foo
        C  
        S  hello
        C  world
        S  (end)
        C  (end)
        log fe be/s1 0/0/0/0/0 101 83 - - ---- 1/1/0/0/0 0/0 "GET /ws HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_server_that_speaks_first_is_heard() {
    let script = &format!("UP\nS!\n{SWITCH}greeting\nC<\nC> hello\nS<");
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        C  HTTP/1.1 101 Switching Protocols
        C  connection: Upgrade
        C  upgrade: foo
        C  
        C  greeting
        S  GET /ws HTTP/1.1
        S  host: a
        S  connection: Upgrade
        S  upgrade: foo
        S  
        S  hello
    "#]],
    );
}

#[test]
fn bytes_behind_the_request_wait_for_the_switch() {
    let script = &format!("{UP}early\nS!\nS<\nSWITCH\nS<");
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        S  GET /ws HTTP/1.1
        S  host: a
        S  connection: Upgrade
        S  upgrade: foo
        S  
        S  early
    "#]],
    );
}

#[test]
fn a_refused_upgrade_stays_http_and_what_waited_is_the_next_request() {
    let script = &format!(
        r"{UP}GET /next HTTP/1.1\r\nHost: b\r\n\r\n
        S!
        S> HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno
        C<
        S<"
    );
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        C  HTTP/1.1 403 Forbidden
        C  content-length: 2
        C  
        C  no
        S  GET /ws HTTP/1.1
        S  host: a
        S  connection: Upgrade
        S  upgrade: foo
        S  
        S  GET /next HTTP/1.1
        S  host: b
        S  
        log fe be/s1 0/0/0/0/0 403 58 - - ---- 1/1/0/0/0 0/0 "GET /ws HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_switch_that_nobody_asked_for_is_a_502() {
    check(
        "",
        SERVER,
        &format!(
            r"C> GET / HTTP/1.1\r\nHost: a\r\n\r\n
        S!
        {SWITCH}
        C<"
        ),
        expect![[r#"
            C  HTTP/1.1 502 Bad Gateway
            C  content-length: 107
            C  cache-control: no-cache
            C  content-type: text/html
            C  
            C  <html><body><h1>502 Bad Gateway</h1>
            C  The server returned an invalid or incomplete response.
            C  </body></html>
            log fe be/s1 0/0/0/-1/0 502 287 - - PH-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"
        "#]],
    );
}

#[test]
fn either_side_may_end_first_and_the_other_goes_on() {
    check(
        "",
        SERVER,
        "UP\nS!\nSWITCH\nC<\nC$\nS<\nS> tail\nC<\nS$\nC<",
        expect![[r#"
        C  HTTP/1.1 101 Switching Protocols
        C  connection: Upgrade
        C  upgrade: foo
        C  
        S  GET /ws HTTP/1.1
        S  host: a
        S  connection: Upgrade
        S  upgrade: foo
        S  
        S  (end)
        C  tail
        C  (end)
        log fe be/s1 0/0/0/0/0 101 82 - - ---- 1/1/0/0/0 0/0 "GET /ws HTTP/1.1"
    "#]],
    );
    check(
        "",
        SERVER,
        "UP\nS!\nSWITCH\nC<\nS$\nC<\nC> tail\nS<\nC$\nS<",
        expect![[r#"
        C  HTTP/1.1 101 Switching Protocols
        C  connection: Upgrade
        C  upgrade: foo
        C  
        C  (end)
        S  GET /ws HTTP/1.1
        S  host: a
        S  connection: Upgrade
        S  upgrade: foo
        S  
        S  tail
        S  (end)
        log fe be/s1 0/0/0/0/0 101 78 - - ---- 1/1/0/0/0 0/0 "GET /ws HTTP/1.1"
    "#]],
    );
}

#[test]
fn a_connect_that_succeeds_is_a_tunnel() {
    let script = r"C> CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nearly
        S!
        S> HTTP/1.1 200 OK\r\n\r\nhi
        C<
        S<";
    check(
        "",
        SERVER,
        script,
        expect![[r#"
        C  HTTP/1.1 200 OK
        C  
        C  hi
        S  CONNECT a:443 HTTP/1.1
        S  host: a
        S  
        S  early
    "#]],
    );
}

#[test]
fn the_tunnel_timeout_takes_the_place_of_both() {
    let backend = format!("timeout tunnel 700\ntimeout server 100\n{SERVER}");
    check(
        "timeout client 100",
        &backend,
        "UP\nS!\nSWITCH\nC<\n+699\nC<\n+2\nC<",
        expect![[r#"
        C  HTTP/1.1 101 Switching Protocols
        C  connection: Upgrade
        C  upgrade: foo
        C  
        C  (nothing)
        C  (end)
        log fe be/s1 0/0/0/0/700 101 78 - - cD-- 1/1/0/0/0 0/0 "GET /ws HTTP/1.1"
    "#]],
    );
}

#[test]
fn tcp_mode_relays_and_logs() {
    let frontend = "mode tcp\noption tcplog";
    let backend = format!("mode tcp\n{SERVER}");
    let script = "C> hello\nS!\nS<\nS> yo!\nC<\nC$\nS<\nS$\nC<";
    check(
        frontend,
        &backend,
        script,
        expect![[r#"
        S  hello
        C  yo!
        S  (end)
        C  (end)
        log fe be/s1 0/0/0 3 -- 1/1/0/0/0 0/0
    "#]],
    );
    check(
        frontend,
        "mode tcp\nretries 1\nserver s1 127.0.0.1:1",
        "+1001\nC<",
        expect![[r#"
        C  (end)
        log fe be/s1 0/-1/1000 0 SC 1/1/0/0/1 0/0
    "#]],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_byte_is_lost_however_the_switch_is_cut(
        up in prop::collection::vec("[a-z]{1,9}", 0..8),
        down in prop::collection::vec("[a-z]{1,9}", 0..8),
        early in "[a-z]{0,9}",
        greeting in "[a-z]{0,9}",
    ) {
        let mut script = format!("{UP}{early}\nS!\nS<\n{SWITCH}{greeting}\nC<\n");
        for (up, down) in up.iter().zip(&down) {
            script.push_str(&format!("C> {up}\nS> {down}\n"));
        }
        script.push_str("S<\nC<\n");
        let seen = play("", "", SERVER, &script);
        let pairs = up.len().min(down.len());
        let tail = |side: &str| {
            let lines = seen.lines().filter(|line| line.starts_with(side));
            lines.map(|line| line[3..].trim_start_matches("(nothing)")).collect::<Vec<_>>()
        };
        let server: String = tail("S  ").into_iter().rev().take(1).collect();
        prop_assert_eq!(server, early.clone() + &up[..pairs].concat());
        let client: String = tail("C  ").into_iter().skip_while(|line| !line.is_empty()).collect();
        prop_assert_eq!(client, greeting.clone() + &down[..pairs].concat());
    }
}

#[test]
fn bytes_are_counted_at_the_end_or_with_contstats_as_they_move() {
    let script = &format!("UP\nS!\n{SWITCH}\nB?\nC> hello\nB?\nS> hi\nB?\nC$\nS$\nB?");
    let seen = |frontend: &str| {
        let script = script.replace("UP", UP);
        play("", frontend, SERVER, &script)
            .lines()
            .filter(|l| !l.starts_with("log"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    expect![[r#"
        counted 0 in, 0 out
        counted 0 in, 0 out
        counted 0 in, 0 out
        counted 72 in, 80 out"#]]
    .assert_eq(&seen(""));
    expect![[r#"
        counted 67 in, 78 out
        counted 72 in, 78 out
        counted 72 in, 80 out
        counted 72 in, 80 out"#]]
    .assert_eq(&seen("option contstats"));
}

#[test]
fn logasap_tells_of_the_switch_and_not_of_the_end() {
    let script = "UP\nS!\nSWITCH\nC> hello\nC#";
    check(
        "option logasap",
        SERVER,
        script,
        expect![[r#"
            log fe be/s1 0/0/0/0/+0 101 +78 - - ---- 1/1/1/1/0 0/0 "GET /ws HTTP/1.1"
        "#]],
    );
}
