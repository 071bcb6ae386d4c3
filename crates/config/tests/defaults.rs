//! What a proxy takes from its `defaults`, shown in canonical form.

use config::{Target, load, objects};
use config_parse::env::Environment;
use expect_test::{Expect, expect};

/// The settings and lists of one section.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "tests read better so")]
fn check(config: &str, section: &str, expect: Expect) {
    let mut env = Environment::default();
    env.vars.insert(String::from("PORT"), String::from("8080"));
    let loaded = load([(String::from("t.cfg"), config.as_bytes().to_vec())], &env, Target::Proxyd);
    let errors: Vec<_> = loaded.diagnostics.iter().filter(|finding| finding.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let objects = objects(&loaded.config);
    let section = objects.sections.get(section).cloned().unwrap_or_default();
    let mut out = String::new();
    for (name, item) in &section.settings {
        out.push_str(&format!("{name}: {}\n", item.text));
    }
    for (name, items) in &section.lists {
        for item in items {
            out.push_str(&format!("{name}: {}\n", item.text));
        }
    }
    expect.assert_eq(&out);
}

#[test]
fn a_backend_takes_what_backends_have_and_a_frontend_what_frontends_have() {
    let config = "defaults
 mode http
 maxconn 100
 fullconn 50
 balance leastconn
 timeout client 5s
 timeout connect 1s
 timeout tunnel 1h
 option dontlognull
 option log-health-checks
 option forwardfor
 retries 2
 log 127.0.0.1 local3
backend b
 server s 127.0.0.1:1
frontend f
 bind :80
";
    check(
        config,
        "backend b",
        expect![[r#"
            balance: leastconn
            fullconn: 50
            mode: http
            option forwardfor: 
            option log-health-checks: true
            retries: 2
            server s address: 127.0.0.1:1
            timeout connect: 1s
            timeout tunnel: 1h
            log: 127.0.0.1 len 1024 format rfc3164 facility 19 levels 0-7
            server order: s
        "#]],
    );
    check(
        config,
        "frontend f",
        expect![[r#"
            maxconn: 100
            mode: http
            option dontlognull: true
            option forwardfor: 
            timeout client: 5s
            bind: *:80
            log: 127.0.0.1 len 1024 format rfc3164 facility 19 levels 0-7
        "#]],
    );
}

#[test]
fn the_last_defaults_above_count_and_forget_those_before() {
    check(
        "defaults
 mode http
 retries 5
defaults
 timeout server 5s
backend b
",
        "backend b",
        expect![[r#"
            timeout server: 5s
        "#]],
    );
}

#[test]
fn from_chooses_a_section_and_sections_stand_on_each_other() {
    check(
        "defaults base
 mode http
 retries 5
defaults slow from base
 timeout server 5m
defaults other
 retries 1
backend b from slow
",
        "backend b",
        expect![[r#"
            mode: http
            retries: 5
            timeout server: 5m
        "#]],
    );
}

#[test]
fn default_server_adds_up_and_the_server_line_has_the_last_word() {
    check(
        "defaults
 default-server inter 3s rise 2 fall 3
backend b
 default-server weight 10 inter 1s
 server a 127.0.0.1:1 check
 default-server maxconn 7 check
 server b 127.0.0.1:2 no-check fall 9
",
        "backend b",
        expect![[r#"
            server a address: 127.0.0.1:1
            server a check: true
            server a fall: 3
            server a inter: 1s
            server a rise: 2
            server a weight: 10
            server b address: 127.0.0.1:2
            server b check: false
            server b fall: 9
            server b inter: 1s
            server b maxconn: 7
            server b rise: 2
            server b weight: 10
            server order: a
            server order: b
        "#]],
    );
}

#[test]
fn no_option_ends_what_defaults_began() {
    check(
        "defaults
 mode http
 option dontlognull
 option http-server-close
 option redispatch 2
 log global
listen l
 no option dontlognull
 no option http-server-close
 no option redispatch
 no log
 log 127.0.0.1 local0
",
        "listen l",
        expect![[r#"
            mode: http
            option dontlognull: false
            option redispatch: 0
            log: none
            log: 127.0.0.1 len 1024 format rfc3164 facility 16 levels 0-7
        "#]],
    );
}

#[test]
fn rules_of_named_defaults_run_first_with_acls_of_their_own() {
    check(
        "defaults web
 mode http
 acl local src 127.0.0.1
 http-request deny unless local
frontend f from web
 acl local path /local
 http-request set-path / if local
",
        "frontend f",
        expect![[r#"
            mode: http
            acl local: path /local
            acl web/local: src 127.0.0.1
            http-request: deny unless web/local
            http-request: set-path / if local
        "#]],
    );
}

#[test]
fn the_first_own_check_step_replaces_those_of_defaults_and_their_request() {
    check(
        "defaults
 option httpchk GET /
 http-check expect status 200
backend b
 http-check expect status 204
 http-check send uri /x
",
        "backend b",
        expect![[r#"
            check: httpchk
            check steps: expect status 204
            check steps: send uri /x
        "#]],
    );
}

#[test]
fn an_own_httpchk_line_forgets_the_steps_of_defaults() {
    check(
        "defaults
 option httpchk GET /
 http-check expect status 200
backend b
 option httpchk GET /own
",
        "backend b",
        expect![[r#"
            check: httpchk meth GET uri /own
        "#]],
    );
}

#[test]
fn variables_in_addresses_need_no_quotes() {
    check(
        "global
 setenv HOST 127.0.0.1
listen l
 bind :$PORT
 server s ${HOST}:${PORT}
",
        "listen l",
        expect![[r#"
            server s address: 127.0.0.1:8080
            bind: *:8080
            server order: s
        "#]],
    );
}

#[test]
fn a_template_makes_servers_that_differ_in_their_names() {
    check(
        "backend b
 server-template ws 2-3 127.0.0.1:80 weight 5
",
        "backend b",
        expect![[r#"
            server ws2 address: 127.0.0.1:80
            server ws2 weight: 5
            server ws3 address: 127.0.0.1:80
            server ws3 weight: 5
            server order: ws2
            server order: ws3
        "#]],
    );
}
