//! Configuration in, findings out: the words, the places, one error for one cause.

use config::{Target, load};
use config_parse::env::Environment;
use expect_test::{Expect, expect};

fn findings(config: &str, target: Target) -> String {
    let files = [(String::from("t.cfg"), config.as_bytes().to_vec())];
    let loaded = load(files, &Environment::default(), target);
    let mut out = String::new();
    for finding in &loaded.diagnostics {
        let place =
            loaded.sources.file(finding.span.file).map(|file| file.place(finding.span.start));
        let place = place.map_or_else(String::new, |at| format!("{}:{}", at.line, at.column));
        out.push_str(&format!("{place} {} {}", finding.code, finding.message));
        for other in &finding.related {
            out.push_str(&format!("; {}: {}", loaded.sources.line(other.span), other.message));
        }
        if let Some(help) = &finding.help {
            out.push_str(&format!(" ({help})"));
        }
        out.push('\n');
    }
    out
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "tests read better so")]
fn check(config: &str, expect: Expect) {
    expect.assert_eq(&findings(config, Target::Proxyd));
}

/// Timeouts, so that their lack is not what a case shows.
const DEFAULTS: &str = "defaults
 mode http
 timeout client 5s
 timeout connect 5s
 timeout server 5s
";

#[track_caller]
fn check_below_defaults(config: &str, expect: Expect) {
    check(&format!("{DEFAULTS}{config}\n"), expect);
}

#[test]
fn two_servers_of_one_name_are_told_with_both_places_and_a_free_name() {
    check_below_defaults(
        "backend b
 server s1 127.0.0.1:1
 server s1 127.0.0.1:2
 server s1_2 127.0.0.1:3
 server s1 127.0.0.1:4",
        expect![[r#"
            6:9 N0728 no server of `b` is checked (write `check` on the `server` lines)
            8:9 E0403 two servers of `b` are named `s1`; 7: the first is here (name this one `s1_3`)
            10:9 E0403 two servers of `b` are named `s1`; 7: the first is here (name this one `s1_4`)
        "#]],
    );
}

#[test]
fn words_that_nobody_knows_come_with_the_one_that_was_meant() {
    check_below_defaults(
        "frontend f
 bind :80
 defalut_backend b
 option httplgo
 timeout clinet 5s
 http-request set-heder a b
backend b
 blance roundrobin
 balance roundrobbin
 server s 127.0.0.1:1 wieght 10 chekc inter 5s",
        expect![[r#"
            8:2 E0202 no keyword of a `frontend` section is named `defalut_backend` (did you mean `default_backend`?)
            9:9 E0202 no option is named `httplgo` (did you mean `httplog`?)
            10:10 E0202 no timeout is named `clinet` (did you mean `client`?)
            11:15 E0602 no action of `http-request` is named `set-heder` (did you mean `set-header`?)
            13:2 E0202 no keyword of a `backend` section is named `blance` (did you mean `balance`?)
            14:10 E0301 `roundrobbin` is not a balance algorithm (did you mean `roundrobin`?)
            15:23 E0202 no server option is named `wieght` (did you mean `weight`?)
        "#]],
    );
}

#[test]
fn what_is_not_built_is_refused_by_name_and_once_for_a_line() {
    check_below_defaults(
        "frontend f
 bind :443 ssl crt /etc/x.pem alpn h2,http/1.1
 http-request track-sc0 src
 default_backend b
backend b
 stick-table type ip size 1m
 server s 127.0.0.1:1 ssl verify none check
cache c
 bogus
peers p
 peer a 127.0.0.1:1 ssl
 bogus
resolvers r
 nameserver n 127.0.0.1:53",
        expect![[r#"
            7:12 E0207 `ssl` is refused by proxyd: TLS is not built yet
            8:15 E0207 `track-sc0` is refused by proxyd: stick tables are not built yet
            11:2 E0207 `stick-table` is refused by proxyd: stick tables are not built yet
            12:23 E0207 `ssl` is refused by proxyd: TLS is not built yet
            12:27 N0208 `verify` has no effect: only `ssl` lines read it, which are refused
            13:1 E0207 `cache` is refused by proxyd: caching is not built yet
            15:1 N0208 `peers` has no effect: there are no stick tables that peers could share
            17:2 E0202 no keyword of a `peers` section is named `bogus`
        "#]],
    );
}

#[test]
fn a_target_of_haproxy_turns_refusals_into_warnings() {
    let config = format!("{DEFAULTS}frontend f\n bind :443 ssl crt /x.pem\n");
    expect![[r#"
        7:12 W0212 `ssl` is refused by proxyd: TLS is not built yet
    "#]]
    .assert_eq(&findings(&config, Target::HaProxy(2, 6)));
}

#[test]
fn a_target_of_haproxy_2_6_does_not_know_what_came_later() {
    let config = format!("global\n tune.bufsize.small 1k\n{DEFAULTS} timeout client-hs 5s\n");
    expect![[r#"
        2:2 E0202 `tune.bufsize.small` is not known to HAProxy 2.6
        8:10 E0202 `client-hs` is not known to HAProxy 2.6
    "#]]
    .assert_eq(&findings(&config, Target::HaProxy(2, 6)));
}

#[test]
fn keywords_on_the_wrong_side_are_warned_of_or_refused_as_haproxy_does() {
    check_below_defaults(
        "frontend f
 bind :80
 balance roundrobin
 server s 127.0.0.1:1
 fullconn 10
backend b
 maxconn 10
 bind :81
 tcp-request connection accept
 declare capture request len 3
 server s 127.0.0.1:1",
        expect![[r#"
            8:2 W0211 `balance` has no effect in a `frontend` section
            9:2 E0203 `server` cannot stand in a `frontend` section
            10:2 W0211 `fullconn` has no effect in a `frontend` section (a frontend's limit is `maxconn`)
            12:2 W0211 `maxconn` has no effect in a `backend` section (a backend's limit is `fullconn`, a server's is its own `maxconn`)
            13:2 W0211 `bind` has no effect in a `backend` section
            14:14 E0203 `tcp-request connection` cannot stand in a `backend` section
            15:2 E0203 `declare` cannot stand in a `backend` section
        "#]],
    );
}

#[test]
fn rules_and_acls_stand_in_named_defaults_only() {
    check(
        "defaults
 http-request deny
 acl a path /
 bind :80
 server s 127.0.0.1:1
",
        expect![[r#"
            2:2 E0203 `http-request` cannot stand in a `defaults` section without a name (give the section a name: `defaults NAME`)
            3:2 E0203 `acl` cannot stand in a `defaults` section without a name (give the section a name: `defaults NAME`)
            4:2 E0203 `bind` cannot stand in a `defaults` section
            5:2 E0203 `server` cannot stand in a `defaults` section
        "#]],
    );
}

#[test]
fn names_that_lead_nowhere_are_told_at_the_word() {
    check_below_defaults(
        "frontend f
 bind :80
 acl is_api path_beg /api
 use_backend apii if is_api
 use_backend api if is_apii
 use_backend %[path] if is_api
 default_backend f
backend api
 use-server s2 if { path / }
 server s1 127.0.0.1:1 track nosuch/s1",
        expect![[r#"
            8:22 N0612 `/api` also begins `/apix` (`path /api || path_beg /api/` holds what lies below `/api` and nothing else)
            9:14 E0401 no backend is named `apii` (did you mean `api`?)
            10:21 E0402 no ACL above is named `is_apii` (did you mean `is_api`?)
            12:18 E0401 no backend is named `f`; 6: this one has no servers: it is a frontend
            14:13 E0406 no server of `api` is named `s2` (did you mean `s1`?)
            15:30 E0401 no backend of this name has a server to track: `nosuch/s1`
        "#]],
    );
}

#[test]
fn an_acl_below_its_use_is_not_there_yet() {
    check_below_defaults(
        "frontend f
 bind :80
 http-request deny if late
 acl late path /",
        expect![[r#"
            8:23 E0402 no ACL above is named `late`; 9: it is declared here, below (move the `acl` line above its first use)
        "#]],
    );
}

#[test]
fn an_acl_that_cannot_be_read_is_told_once_and_its_uses_are_not() {
    check_below_defaults(
        "frontend f
 bind :80
 acl broken hdr(host -i x
 http-request deny if broken
 http-request deny unless broken
 acl bad@name path /",
        expect![[r#"
            8:16 E0503 the arguments of `hdr` have no `)` (close the parenthesis; quote an argument that holds a space)
            11:9 E0510 `@` is not allowed in the name of an ACL (use letters, digits, `_`, `-`, `.` and `:`)
        "#]],
    );
}

#[test]
fn an_http_frontend_cannot_use_a_tcp_backend() {
    check_below_defaults(
        "frontend f
 bind :80
 default_backend b
frontend g
 mode tcp
 bind :81
 default_backend h
backend b
 mode tcp
 server s 127.0.0.1:1
backend h
 server s 127.0.0.1:1",
        expect![[r#"
            8:18 E0412 `b` is of another mode than this proxy; 14: the backend speaks tcp; 2: this proxy speaks http (write `mode http` in both, or in `defaults`)
        "#]],
    );
}

#[test]
fn sections_and_ids_stand_once() {
    check_below_defaults(
        "frontend f
 bind :80 id 3
 bind :81 id 3
 id 5
frontend f
 bind :82
 id 5
backend f
 server a 127.0.0.1:1 id 4
 server b 127.0.0.1:1 id 4",
        expect![[r#"
            8:2 E0408 the id 3 belongs to another listener of this proxy; 7: it was given here
            10:10 E0404 a section named `f` exists already; 6: the first is here
            12:5 E0408 the id 5 belongs to another proxy; 9: it was given here
            13:9 N0728 no server of `f` is checked (write `check` on the `server` lines)
            15:26 E0408 the id 4 belongs to another server of this proxy; 14: it was given here
        "#]],
    );
}

#[test]
fn defaults_are_chosen_by_name_or_by_position() {
    check(
        "defaults a
 mode http
 timeout client 5s
 http-request set-header x y
defaults a
defaults b from nosuch
frontend f from a
 bind :80
listen l from bb
 bind :81
",
        expect![[r#"
            6:17 E0405 no `defaults` section above is named `nosuch`
            7:10 W0703 `f` has no `timeout client` (set them in `defaults`)
            7:17 E0411 several `defaults` sections are named `a`; 1: one is here; 5: one is here
            9:8 W0703 `l` has no `timeout client` (set them in `defaults`)
            9:15 E0405 no `defaults` section above is named `bb` (did you mean `b`?)
        "#]],
    );
}

#[test]
fn rules_of_defaults_run_on_one_side() {
    check(
        "defaults a
 mode http
 timeout client 5s
 http-request set-header x y
listen l from a
 bind :81
",
        expect![[r#"
            1:1 E0412 rules in `defaults` cannot run in frontends and in backends; 5: this proxy takes connections (give frontends and backends a `defaults` section each)
        "#]],
    );
}

#[test]
fn numbers_times_and_sizes_are_read_as_far_as_haproxy_reads_them() {
    check_below_defaults(
        "listen l
 bind :80
 maxconn 2k
 retries many
 timeout queue 5x
 timeout check 5s 6s
 timeout tarpit
 hash-balance-factor 50
 server s 127.0.0.1:1 weight 300
 server t 127.0.0.1:1 inter 0 rise 0",
        expect![[r#"
            8:10 W0309 `2k` is read as 2
            9:10 W0309 `many` is read as 0
            10:17 E0303 `x` is not a unit of a duration (a duration is a whole number and one of us, ms, s, m, h and d: `30s`)
            11:19 E0205 `6s` is one word too many for `timeout check`
            12:10 E0204 `tarpit` needs a time, such as `30s`
            13:22 E0302 `50` is not 0 and not above 100
            14:30 E0302 `300` is not a number in range (a whole number from 0 to 256)
            15:29 E0302 the time between checks is at least 1ms
            15:36 E0302 `0` is not a number in range (a whole number from 1 to 2147483647)
        "#]],
    );
}

#[test]
fn missing_timeouts_are_told_once_for_a_proxy() {
    check(
        "listen l
 bind :80
 server s 127.0.0.1:1
frontend f
",
        expect![[r#"
            1:8 W0703 `l` has no `timeout client`, no `timeout connect`, no `timeout server` (set them in `defaults`)
            4:10 W0415 `f` has no `bind` line and takes no connections
            4:10 W0703 `f` has no `timeout client` (set them in `defaults`)
        "#]],
    );
}

#[test]
fn what_was_removed_says_what_to_write() {
    check_below_defaults(
        "listen l
 bind :80
 reqadd X-A:\\ b
 option forceclose
 monitor-net 10.0.0.0/8
 clitimeout 5s",
        expect![[r#"
            8:2 E0209 `reqadd` was removed from the language (write `http-request add-header`)
            9:9 E0209 `forceclose` was removed from the language (write `option httpclose`, or nothing)
            10:2 E0209 `monitor-net` was removed from the language (write `http-request return status 200 if { src ADDRESS }`)
            11:2 E0209 `clitimeout` was removed from the language (write `timeout client`)
        "#]],
    );
}

#[test]
fn tuning_of_what_is_not_there_is_a_note() {
    check(
        "global
 tune.maxaccept 100
 ssl-default-bind-options ssl-min-ver TLSv1.2
 tune.bufsize 32k
 mxconn 5
 retries 3
",
        expect![[r#"
            2:2 N0208 `tune.maxaccept` has no effect: the scheduler of threads is another one
            3:2 N0208 `ssl-default-bind-options` has no effect: TLS is not built: it is a preset of `ssl` lines, which are refused
            5:2 E0202 no keyword of a `global` section is named `mxconn` (did you mean `maxconn`?)
            6:2 E0203 `retries` belongs to proxies, not to a `global` section
        "#]],
    );
}

#[test]
fn lines_before_any_section_belong_nowhere() {
    check(
        "mode http
frontned f
",
        expect![[r#"
            1:1 E0206 `mode` stands before any section (begin with a section, such as `global` or `defaults`)
            2:1 E0201 no section is named `frontned` (did you mean `frontend`? The lines below are read as its own)
            2:10 W0415 `f` has no `bind` line and takes no connections
            2:10 W0703 `f` has no `timeout client` (set them in `defaults`)
        "#]],
    );
}

#[test]
fn http_settings_of_a_tcp_proxy_have_no_effect() {
    check_below_defaults(
        "listen l
 mode tcp
 bind :80
 option forwardfor
 cookie A insert
 http-request deny
 balance uri
 server s 127.0.0.1:1",
        expect![[r#"
            9:2 W0211 `option forwardfor` has no effect: `l` speaks tcp; 7: the mode is set here (write `mode http`)
            10:2 W0211 `cookie` has no effect: `l` speaks tcp; 7: the mode is set here (write `mode http`)
            11:2 W0211 `http-request` has no effect: `l` speaks tcp; 7: the mode is set here (write `mode http`)
            12:2 W0211 this `balance` algorithm has no effect: `l` speaks tcp; 7: the mode is set here (write `mode http`)
        "#]],
    );
}

#[test]
fn own_check_steps_lose_the_request_of_defaults() {
    check_below_defaults(
        " option httpchk GET /health
backend a
 http-check expect status 200
 server s 127.0.0.1:1 check
backend b
 option httpchk GET /health
 http-check expect status 200
 server s 127.0.0.1:1 check
backend c
 http-check send meth GET uri /health
 server s 127.0.0.1:1 check",
        expect![[r#"
            8:2 W0713 these check steps replace the request of `option httpchk` in `defaults`; 6: the request that is not sent any more (repeat `option httpchk` above, or write an `http-check send` step)
        "#]],
    );
}

#[test]
fn what_nothing_leads_to_is_told_when_all_else_is_well() {
    check_below_defaults(
        "frontend f
 bind :80
 acl used path /x
 acl idle path /y
 acl idle path /z
 use_backend b if used
backend b
 server s 127.0.0.1:1
backend lonely
 server s 127.0.0.1:1
backend tables",
        expect![[r#"
            9:6 W0409 no condition uses the ACL `idle`
            14:9 W0410 no rule leads to the backend `lonely`
        "#]],
    );
    // A name that the request makes may be any backend's.
    check_below_defaults(
        "frontend f
 bind :80
 use_backend %[path]
backend b
 server s 127.0.0.1:1",
        expect![""],
    );
}

#[test]
fn websockets_want_a_timeout_of_their_own() {
    check_below_defaults(
        "frontend f
 bind :80
 acl ws hdr(Upgrade) -i WebSocket
 use_backend chat if ws
 use_backend feed if { req.hdr(upgrade) -i websocket }
 use_backend page unless ws
backend chat
 server s 127.0.0.1:1
backend feed
 timeout tunnel 1h
 server s 127.0.0.1:1
backend page
 server s 127.0.0.1:1",
        expect![[r#"
            12:9 W0706 WebSockets reach `chat`, which has no `timeout tunnel`; 9: this rule leads there (`timeout tunnel 1h`)
            15:2 W0712 tunnels that lose one side have neither `timeout client-fin` nor `timeout server-fin` (`timeout client-fin 30s` and `timeout server-fin 30s`)
        "#]],
    );
}

#[test]
fn what_is_not_carried_out_is_refused_or_noted() {
    check_below_defaults(
        "frontend f
 bind :80 namespace ns tfo
 option socket-stats
 no option contstats
 no option transparent
 http-request set-nice 1
 http-request normalize-uri path-merge-slashes
 default_backend b
backend b
 cookie s dynamic
 retry-on 503
 option tcp-check
 tcp-check send PING
 server s 127.0.0.1:1 namespace ns observe layer7",
        expect![[r#"
            7:11 E0207 `namespace` is refused by proxyd: entering a namespace takes rights that the process gives up before a reload would need them
            8:9 N0208 `socket-stats` has no effect: statistics have one line for all `bind` lines of a frontend
            10:12 W0211 `transparent` has no effect in a `frontend` section
            11:15 N0208 `set-nice` has no effect: streams of a thread take turns
            19:23 E0207 `namespace` is refused by proxyd: this option is not built yet
            19:44 W0723 this is for health checks, and the server is not checked; 19: `check` is missing here (write `check` on the `server` lines, or once in `default-server`)
        "#]],
    );
}

#[test]
fn a_backend_balances_or_goes_to_one_place() {
    check_below_defaults(
        "backend a
 balance roundrobin
 dispatch 127.0.0.1:1
 server s 127.0.0.1:2
backend b
 balance roundrobin
 option transparent
backend c
 option transparent
backend d
 dispatch 127.0.0.1:1
 server s 127.0.0.1:2",
        expect![[r#"
            8:2 W0211 `dispatch` has no effect: `a` balances; 7: it balances because of this line
            12:2 E0310 `b` cannot both balance and go where clients asked to go; 11: it balances because of this line (leave one of the two out)
        "#]],
    );
}

#[test]
fn upgrade_tests_must_not_depend_on_case_or_on_the_only_token() {
    check_below_defaults(
        "frontend f
 bind :80
 acl ws hdr(Upgrade) websocket
 acl list req.fhdr(connection) -i upgrade
 acl fine hdr(connection) -i upgrade
 use_backend b if ws list fine
backend b
 timeout tunnel 1h
 server s 127.0.0.1:1",
        expect![[r#"
            8:22 W0710 `websocket` is compared with its case (clients write it as they like: compare with `-i`)
            9:35 W0710 `Connection` is compared as a whole, and browsers send several tokens in it (`req.hdr(connection)` looks at each token)
            13:2 W0712 tunnels that lose one side have neither `timeout client-fin` nor `timeout server-fin` (`timeout client-fin 30s` and `timeout server-fin 30s`)
        "#]],
    );
}

#[test]
fn a_healthcheck_section_with_steps_has_a_type_and_is_named_by_servers() {
    let config = format!(
        "{DEFAULTS}healthcheck a\n type httpchk GET /x\n http-check expect status 200\nhealthcheck b\n tcp-check connect\n\
         healthcheck c\n type ftp\nbackend be\n server s 10.0.0.1:80 check healthcheck a\n server t 10.0.0.1:80 check healthcheck z\n"
    );
    check(
        &config,
        expect![[r#"
            10:12 W0211 this `healthcheck` section has no `type`: its steps are ignored
            12:7 E0301 `ftp` is not a kind of check (one of: httpchk, ldap-check, mysql-check, pgsql-check, redis-check, smtpchk, spop-check, ssl-hello-chk, tcp-check)
            15:41 E0421 no `healthcheck` section is named `z` (did you mean `a`?)
        "#]],
    );
}

#[test]
fn log_targets_name_rings_profiles_and_backends_that_exist() {
    let config = format!(
        "{DEFAULTS}frontend fe\n bind :80\n log ring@r local0\n log ring@s local0\n log backend@l local0\n log backend@w local0\n \
         log 10.0.0.1 profile p local0\n log 10.0.0.1 profile q local0\n default_backend w\nbackend w\n server s udp@10.0.0.1:80\n\
         backend l\n mode log\n balance sticky\n server s udp@10.0.0.1:514\n server t tcp@10.0.0.1:514 log-proto octet-count\n\
         listen x\n bind :81\n mode log\nring r\n size 16k\n server s 10.0.0.1:514\nlog-profile p\n on any drop\n on nothing drop\n"
    );
    check(
        &config,
        expect![[r#"
        9:6 E0421 no `ring` section is named `s` (did you mean `r`?)
        11:6 E0412 `w` is not in `mode log`; 15: the backend is here
        13:23 E0421 no `log-profile` section is named `q` (did you mean `p`?)
        16:11 E0305 datagrams are taken by servers of `mode log` only
        24:7 E0203 `mode log` belongs to backends
        30:5 E0301 `nothing` is not a step of a stream (one of: accept, any, close, connect, error, http-after-res, http-req, http-res, quic-init, request, response, tcp-req-conn, tcp-req-cont, tcp-req-sess, tcp-res-cont)
    "#]],
    );
}

#[test]
fn lines_that_lack_their_value_are_told_of() {
    check(
        "global
 unix-bind mode
frontend f
 mode http
 bind :80
 timeout client 1s
 option forwardfor except 10/8
 http-request set-var-fmt(txn.x)
 log-steps
",
        expect![[r#"
            2:12 E0207 `mode` is refused by proxyd: write it on the `bind` lines: only `prefix` is built
            2:12 E0204 `mode` needs a value
            7:27 E0305 `10/8` is not an address or a network
            8:2 W0211 a variable is set to an empty text: no format is given
            9:2 W0211 `log-steps` names no steps and changes nothing (write `all`, or steps with commas between them)
        "#]],
    );
}

#[test]
fn rules_and_passwords_of_a_statistics_page_exclude_each_other_in_one_section() {
    check_below_defaults(
        " stats auth a:b\nlisten l\n bind :80\n stats http-request deny\n stats realm x\nlisten m\n bind :81\n stats http-request deny",
        expect![[r#"
            10:8 E0310 `stats http-request` and `stats auth` or `realm` exclude each other; 9: the other stands here
        "#]],
    );
}

#[test]
fn the_steps_of_a_check_fit_its_kind() {
    check(
        "healthcheck a
 type redis-check
 tcp-check connect
healthcheck b
 tcp-check connect
 type httpchk
healthcheck c
 type httpchk
 http-check send meth GET
 type tcp-check
",
        expect![[r#"
            3:12 E0310 this kind of check has other steps; 2: the kind is given here
            6:2 E0310 this kind of check has other steps; 5: the step is here
            10:2 E0310 this check has a kind already; 8: it is given here
        "#]],
    );
}
