//! `tcp-check` rules and the checks of single protocols: what they send and how they judge, recorded from
//! HAProxy 2.6.12 with the same answers.

use std::time::Duration;

use health::script::{Action, Connect, Expect, Expectation, MysqlAuth, Rule, Told};
use health::{Check, CheckScript, CheckStatus, Context, Event, Step};
use regex::bytes::Regex;

const CONTEXT: Context = Context { server_serves: true, nonce: [0; 16] };

/// What a server does: bytes for the next turn of the server, `None` for a close.
type Turns<'a> = &'a [Option<&'a [u8]>];

/// Plays a server that says each of its turns when it is waited for, then nothing more; shows the result and
/// what was sent.
fn play(script: &CheckScript, turns: Turns<'_>) -> (String, Vec<Vec<u8>>) {
    let mut check = Check::new(script, CONTEXT);
    let mut turns = turns.iter();
    let mut sent = Vec::new();
    let mut step = check.next(Event::Start, Duration::ZERO);
    loop {
        let event = match step {
            Step::Done(result) => {
                let code = result.code.map_or(String::new(), |code| format!(" {code}"));
                let info = if result.info.is_empty() {
                    String::new()
                } else {
                    format!(" {}", result.info)
                };
                return (format!("{}{code}{info}", result.status.code()), sent);
            }
            Step::Connect => Event::Connected,
            Step::Send(bytes) => {
                sent.push(bytes);
                Event::Sent
            }
            Step::Wait => match turns.next() {
                Some(Some(bytes)) => Event::Received(bytes),
                Some(None) => Event::Closed,
                None => Event::TimedOut,
            },
        };
        step = check.next(event, Duration::ZERO);
    }
}

#[track_caller]
fn check(script: &CheckScript, turns: Turns<'_>, verdict: &str) {
    assert_eq!(play(script, turns).0, verdict);
}

fn connect() -> Rule {
    Action::Connect(Connect::default()).into()
}

fn text(text: &str) -> Expect {
    Expect::new(Expectation::Text(text.into()))
}

fn tcp(rules: impl IntoIterator<Item = Action>) -> CheckScript {
    let mut all = vec![connect()];
    all.extend(rules.into_iter().map(Rule::from));
    CheckScript::tcp(all)
}

fn one(expect: Expect) -> CheckScript {
    tcp([Action::Expect(expect)])
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern")
}

#[test]
fn a_failed_match_tells_what_was_wanted_at_which_step() {
    let not = |expect: Expect| one(Expect { negated: true, ..expect });
    let cases: Vec<(CheckScript, Turns<'_>, &str)> = vec![
        (
            one(text("+PONG")),
            &[Some(b"-ERR"), None],
            "L7RSP TCPCHK did not match content '+PONG' at step 2",
        ),
        (
            one(text("+PONG")),
            &[Some(b"-ERR")],
            "L7TOUT  at step 2 of tcp-check (expect string '+PONG')",
        ),
        (one(text("+PONG")), &[None], "L7RSP TCPCHK got an empty response at step 2"),
        (
            not(text("ERR")),
            &[Some(b"ERR")],
            "L7RSP TCPCHK matched unwanted content 'ERR' at step 2",
        ),
        (
            not(text("ERR")),
            &[Some(b"fine")],
            "L7TOUT  at step 2 of tcp-check (expect string 'ERR')",
        ),
        (not(text("ERR")), &[Some(b"fine"), None], "L7OK 0 (tcp-check)"),
        (
            one(Expect::new(Expectation::Regex(regex("^a.c")))),
            &[Some(b"zz"), None],
            "L7RSP TCPCHK did not match content (regex) at step 2",
        ),
        (
            not(Expect::new(Expectation::Regex(regex("^a.c")))),
            &[Some(b"abc")],
            "L7RSP TCPCHK matched unwanted content (regex) at step 2",
        ),
        (
            one(Expect::new(Expectation::Binary(b"abc".to_vec()))),
            &[Some(b"zz"), None],
            "L7RSP TCPCHK did not match content (binary) at step 2",
        ),
        (
            one(Expect::new(Expectation::Binary(b"a".to_vec()))),
            &[],
            "L7TOUT  at step 2 of tcp-check (expect binary 'a')",
        ),
        (
            one(Expect::new(Expectation::BinaryRegex(regex("6162")))),
            &[Some(b"zzab")],
            "L7OK 0 (tcp-check)",
        ),
        (
            one(Expect::new(Expectation::BinaryRegex(regex("6162")))),
            &[],
            "L7TOUT  at step 2 of tcp-check (expect binary regex)",
        ),
        (one(Expect::new(Expectation::Custom)), &[Some(b"zz")], "L7OK 0 (tcp-check)"),
    ];
    for (script, turns, verdict) in &cases {
        check(script, turns, verdict);
    }
}

#[test]
fn min_recv_waits_for_its_bytes_and_then_decides() {
    let at_least = |bytes| Expect { min_recv: Some(bytes), ..text("abcdef") };
    check(&one(at_least(5)), &[Some(b"abc"), Some(b"def")], "L7OK 0 (tcp-check)");
    let wrong = "L7RSP TCPCHK did not match content 'abcdef' at step 2";
    check(&one(at_least(5)), &[Some(b"abc"), Some(b"zzzz")], wrong);
    check(&one(at_least(5)), &[Some(b"abc"), None], wrong);
    check(&one(at_least(0)), &[Some(b"abc")], wrong);
    let not = Expect { min_recv: Some(3), negated: true, ..text("zzz") };
    check(&one(not), &[Some(b"abcd")], "L7OK 0 (tcp-check)");
}

#[test]
fn a_rule_may_name_its_statuses_and_words() {
    let with = |change: fn(&mut Expect)| {
        let mut expect = text("abc");
        change(&mut expect);
        one(expect)
    };
    check(&with(|it| it.ok_status = Some(CheckStatus::L6Ok)), &[Some(b"abc")], "L6OK (tcp-check)");
    check(
        &with(|it| it.error_status = Some(CheckStatus::L6Response)),
        &[Some(b"z"), None],
        "L6RSP TCPCHK did not match content 'abc' at step 2",
    );
    check(
        &with(|it| it.timeout_status = Some(CheckStatus::L6Timeout)),
        &[],
        "L6TOUT  at step 2 of tcp-check (expect string 'abc')",
    );
    check(
        &with(|it| it.on_success = Some(Told::Text("good".into()))),
        &[Some(b"abc")],
        "L7OK 0 good",
    );
    let bad = with(|it| {
        it.on_error = Some(Told::Text("bad".into()));
        it.comment = Some("CC".into());
    });
    check(&bad, &[Some(b"z"), None], "L7RSP bad comment: CC");
    check(&bad, &[None], "L7RSP TCPCHK got an empty response at step 2 comment: 'CC'");
    check(&bad, &[], "L7TOUT  at step 2 of tcp-check (expect string 'abc') comment: 'CC'");
}

#[test]
fn a_comment_counts_for_the_rule_right_behind_it() {
    let phase = || Rule { comment: Some("PHASE".into()), ..Rule::from(Action::Comment) };
    let expect = || Rule::from(Action::Expect(text("a")));
    let send = || Rule::from(Action::Send(b"x".to_vec()));
    let near = CheckScript::tcp(vec![connect(), phase(), expect()]);
    check(
        &near,
        &[Some(b"z"), None],
        "L7RSP TCPCHK did not match content 'a' at step 3 comment: PHASE",
    );
    let far = CheckScript::tcp(vec![phase(), send(), expect()]);
    check(&far, &[], "L7TOUT  at step 3 of tcp-check (expect string 'a')");
}

#[test]
fn rules_share_what_came_until_the_check_speaks_again() {
    let expect = |wanted| Action::Expect(text(wanted));
    let send = || Action::Send(b"x".to_vec());
    check(&tcp([expect("a"), expect("b")]), &[Some(b"ab")], "L7OK 0 (tcp-check)");
    check(
        &tcp([expect("a"), expect("c")]),
        &[Some(b"ab"), None],
        "L7RSP TCPCHK did not match content 'c' at step 3",
    );
    check(
        &tcp([expect("a"), send(), expect("a")]),
        &[Some(b"a"), Some(b"b"), None],
        "L7RSP TCPCHK did not match content 'a' at step 4",
    );
    check(&tcp([send()]), &[], "L7OK 0 (tcp-check)");
    check(&tcp([Action::Connect(Connect::default())]), &[], "L4OK (tcp-check)");
}

#[test]
fn a_connection_that_fails_names_its_step() {
    let refused = |script: &CheckScript| {
        let mut check = Check::new(script, CONTEXT);
        assert_eq!(check.next(Event::Start, Duration::ZERO), Step::Connect);
        match check.next(Event::ConnectFailed("Connection refused"), Duration::ZERO) {
            Step::Done(result) => result.info,
            other => panic!("{other:?}"),
        }
    };
    let port = Connect { port: Some(1), ..Connect::default() };
    let rule = |action, comment: Option<&str>| Rule {
        comment: comment.map(str::to_owned),
        ..Rule::from(action)
    };
    for (rules, info) in [
        (vec![connect()], "Connection refused at step 1 of tcp-check (connect)"),
        (
            vec![rule(Action::Connect(port), Some("CC"))],
            "Connection refused at step 1 of tcp-check (connect port 1) comment: 'CC'",
        ),
        (
            vec![Action::Send(b"x".to_vec()).into()],
            "Connection refused at initial connection step of tcp-check",
        ),
    ] {
        assert_eq!(refused(&CheckScript::tcp(rules)), info);
    }
    assert_eq!(refused(&CheckScript::redis()), "Connection refused");
}

#[test]
fn redis_wants_a_pong() {
    let redis = CheckScript::redis();
    let (verdict, sent) = play(&redis, &[Some(b"+PO"), Some(b"NG\r\n")]);
    assert_eq!(
        (verdict.as_str(), sent),
        ("L7OK 0 Redis server is ok", vec![b"*1\r\n$4\r\nPING\r\n".to_vec()])
    );
    check(&redis, &[Some(b"-ERR x\r\n")], "L7TOUT");
    check(&redis, &[Some(b"-ERR x\r\n"), None], "L7STS 0 -ERR x");
    check(&redis, &[None], "L7STS 0 TCPCHK got an empty response at step 2");
}

#[test]
fn smtp_is_greeted_and_left_in_order() {
    let smtp = CheckScript::smtp("HELO localhost");
    let (verdict, sent) =
        play(&smtp, &[Some(b"220 hi\r\n"), Some(b"250-a\r\n250 ok\r\n"), Some(b"221 bye\r\n")]);
    assert_eq!(verdict, "L7OK 221 bye");
    assert_eq!(sent, [b"HELO localhost\r\n".to_vec(), b"QUIT\r\n".to_vec()]);
    check(&smtp, &[Some(b"500 go away\r\n")], "L7STS 500 go away");
    check(&smtp, &[Some(b"220 h\r\n"), Some(b"550 nope\r\n")], "L7TOUT");
    check(&smtp, &[Some(b"220 h\r\n"), Some(b"250 x\r\n"), Some(b"500 x\r\n")], "L7STS 500 x");
    check(&smtp, &[Some(b"garbage\r\n")], "L7RSP garbage");
    check(&smtp, &[Some(b"22\r\n")], "L7RSP 22");
    check(&smtp, &[None], "L7RSP TCPCHK got an empty response at step 2");
}

#[test]
fn mysql_tells_its_version_and_takes_a_login() {
    let greeting: &[u8] = b"\x08\0\0\0\x0a5.7.33\0";
    let bare = CheckScript::mysql(None);
    check(&bare, &[Some(greeting)], "L7OK 0 5.7.33");
    check(&bare, &[Some(b"hello i am no mysql")], "L7TOUT");
    check(&bare, &[Some(b"\x01\0"), None], "L7RSP");
    let refused: &[u8] = b"\x20\0\0\0\xff\x6a\x04Host '1.2.3.4' is not allowed";
    check(&bare, &[Some(refused)], "L7STS 1130 Host '1.2.3.4' is not allowed");
    let user = |auth| CheckScript::mysql(Some(("bob", auth)));
    let ok: &[u8] = b"\x07\0\0\x02\0\0\0\x02\0\0\0";
    let (verdict, sent) = play(&user(MysqlAuth::Post41), &[Some(greeting), Some(ok)]);
    assert_eq!(verdict, "L7OK 0 5.7.33");
    let mut login = b"%\0\0\x01\0\x82\0\0\0\x80\0\x01!".to_vec();
    login.extend_from_slice(&[0; 23]);
    login.extend_from_slice(b"bob\0\0\x01\0\0\0\x01");
    assert_eq!(sent, [login]);
    let (_, sent) = play(&user(MysqlAuth::Pre41), &[Some(greeting), Some(ok)]);
    assert_eq!(sent, [b"\n\0\0\x01\0\x80\0\0\x01bob\0\0\x01\0\0\0\x01".to_vec()]);
    check(
        &user(MysqlAuth::Post41),
        &[Some(greeting), Some(refused)],
        "L7STS 1130 Host '1.2.3.4' is not allowed",
    );
    check(&user(MysqlAuth::Post41), &[Some(greeting), None], "L7RSP");
}

#[test]
fn postgresql_may_ask_for_any_login() {
    let pgsql = CheckScript::pgsql("bob");
    let (verdict, sent) = play(&pgsql, &[Some(b"R\0\0\0\x0c\0\0\0\x05abcd")]);
    assert_eq!(verdict, "L7OK 0 PostgreSQL server is ok");
    assert_eq!(sent, [b"\0\0\0\x12\0\x03\0\0user\0bob\0\0".to_vec()]);
    for (kind, good) in [
        (0, true),
        (1, false),
        (2, true),
        (7, true),
        (8, false),
        (9, true),
        (10, true),
        (11, false),
    ] {
        let answer = [b'R', 0, 0, 0, 12, 0, 0, 0, kind];
        let verdict = if good {
            "L7OK 0 PostgreSQL server is ok"
        } else {
            "L7STS 0 PostgreSQL unknown error"
        };
        check(&pgsql, &[Some(&answer)], verdict);
    }
    check(&pgsql, &[Some(b"E\0\0\0\x60SFATAL\0C28000\0")], "L7RSP FATAL");
    check(&pgsql, &[None], "L7RSP TCPCHK got an empty response at step 3");
}

#[test]
fn ldap_answers_a_bind() {
    let ldap = CheckScript::ldap();
    let answer = |code| [0x30, 12, 2, 1, 1, 0x61, 7, 0x0a, 1, code, 4, 0, 4, 0];
    check(&ldap, &[Some(&answer(0))], "L7OK 0 Success");
    let rfc = "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9";
    check(&ldap, &[Some(&answer(49))], &format!("L7STS 49 {rfc}"));
    let long = b"\x30\x84\0\0\0\x10\x02\x01\x01\x61\x84\0\0\0\x07\x0a\x01";
    check(&ldap, &[Some(long), Some(b"\0\x04\0\x04\0")], "L7OK 0 Success");
    check(&ldap, &[Some(b"hello there you dear")], "L7RSP Not LDAPv3 protocol");
    check(&ldap, &[Some(b"\x30"), None], "L7RSP");
}

#[test]
fn ssl_hello_wants_any_word_of_tls() {
    let ssl = CheckScript::ssl_hello();
    let (verdict, sent) = play(&ssl, &[Some(b"\x15\x03\0\0\x02\x02\x28")]);
    assert_eq!(verdict, "L6OK");
    let hello = sent.first().expect("a hello");
    assert_eq!(
        (hello.len(), &hello[..11]),
        (126, b"\x16\x03\0\0\x79\x01\0\0\x75\x03\0".as_slice())
    );
    check(&ssl, &[Some(b"\x16\x03\x01\0\x31")], "L6OK");
    check(&ssl, &[Some(b"hello\r\n")], "L6RSP");
    check(&ssl, &[None], "L6RSP TCPCHK got an empty response at step 2");
    check(&ssl, &[], "L6TOUT");
}

#[test]
fn a_spoe_agent_says_hello_in_one_frame() {
    let spop = CheckScript::spop();
    let good = b"\0\0\0\x14\x65\0\0\0\x01\0\0\x07version\x08\x032.0";
    check(&spop, &[Some(good)], "L7OK 0 SPOA server is ok");
    let frame = |from: &[u8], to: &[u8]| {
        let at = good.windows(from.len()).position(|part| part == from).expect("a part");
        let mut changed = good.to_vec();
        changed[at..at + from.len()].copy_from_slice(to);
        changed
    };
    check(&spop, &[Some(&frame(b"2.0", b"1.0"))], "L7RSP unsupported version");
    check(&spop, &[Some(&frame(b"version", b"versiom"))], "L7RSP version value not found");
    check(&spop, &[Some(&frame(b"\0\0\0\x01\0\0", &[0; 6]))], "L7RSP invalid frame received");
    check(&spop, &[Some(b"\0\0\0\0")], "L7RSP invalid frame received");
    check(&spop, &[Some(&good[..14]), None], "L7RSP invalid frame received");
    check(&spop, &[None], "L7RSP TCPCHK got an empty response at step 2");
}
