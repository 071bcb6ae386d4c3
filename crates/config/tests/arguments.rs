//! Arguments of keywords as HAProxy 2.6.12 and 3.5 take them: what each of the two refuses, found by asking them.

use config::{Target, load};
use config_parse::env::Environment;

/// The codes of the errors on one line of a section, for 2.6 and for 3.5.
fn errors(section: &str, line: &str) -> (String, String) {
    let text = format!("{section}\n    {line}\nlisten other\n    bind :1\n    timeout client 1s\n");
    let of = |target| {
        let loaded = load(
            [("t.cfg".to_owned(), text.clone().into_bytes())],
            &Environment::default(),
            target,
        );
        let errors = loaded.diagnostics.iter().filter(|finding| finding.is_error());
        errors.map(|finding| finding.code.to_string()).collect::<Vec<_>>().join(" ")
    };
    (of(Target::HaProxy(2, 6)), of(Target::HaProxy(3, 5)))
}

/// Lines of a section: `line` and the codes of 2.6 and 3.5, `-` for none.
#[track_caller]
fn check(section: &str, table: &str) {
    for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let mut cells = row.split('|').map(str::trim);
        let (Some(line), Some(old), Some(new)) = (cells.next(), cells.next(), cells.next()) else {
            panic!("`{row}` has three cells");
        };
        let (is_old, is_new) = errors(section, line);
        let cell = |cell: &str| if cell == "-" { String::new() } else { cell.to_owned() };
        assert_eq!((is_old, is_new), (cell(old), cell(new)), "{section}: {line}");
    }
}

#[test]
fn global_keywords_take_what_haproxy_takes() {
    check(
        "global",
        r#"
        maxconn                                 | E0204 | E0204
        maxconn 10k                             | -     | E0302
        nbthread 65                             | E0302 | -
        nosplice x                              | E0205 | E0205
        tune.maxaccept                          | E0204 | E0204
        tune.maxaccept -1                       | -     | -
        tune.pipesize 10s                       | -     | E0304
        tune.ssl.cachesize -1                   | E0302 | E0302
        tune.ssl.cachesize 4294967296           | -     | -
        tune.idletimer 66s                      | E0303 | E0303
        tune.fd.edge-triggered on               | E0214 | E0214
        tune.listener.multi-queue fair          | E0301 | -
        tune.chksize 100                        | E0209 | E0209
        ssl-default-bind-options no-tslv10      | E0301 | E0301
        ssl-default-bind-options ssl-min-ver x  | E0301 | E0301
        ssl-default-server-options no-sslv3     | -     | -
        expose-experimental-directives x        | -     | E0205
        setenv A b c                            | -     | E0205
        setenv A b c d                          | E0205 | E0205
        unsetenv                                | E0204 | E0204
        node a/b                                | E0307 | E0307
        uid abc                                 | -     | -
        hard-stop-after 1s x                    | -     | -
        cpu-map 1-2 0 1                         | -     | -
        cpu-map 65 0                            | E0302 | E0302
        cpu-map auto:1 0-1                      | E0302 | E0302
        cpu-policy performance threads-per-core 2 | E0202 | E0301
        http-err-codes 400-499 +500             | E0202 | -
        http-err-codes 99                       | E0202 | E0302
        thread-group 1 1,2                      | E0302 | E0302
        log stdout() local0                     | E0305 | E0305
        log 1.2.3.4.5 local0                    | E0305 | E0305
        stats timeout 1s x                      | -     | -
        set-var sess.x int(1)                   | E0307 | E0307
        "#,
    );
}

#[test]
fn proxy_keywords_take_what_haproxy_takes() {
    check(
        "backend b",
        r#"
        retries 4294967296                      | -     | -
        hash-balance-factor 65536 x             | -     | -
        max-keep-alive-queue 0x10               | -     | -
        option dontlognull                      | -     | E0203
        option splice-auto x                    | E0205 | E0205
        option smtpchk a b c                    | E0205 | E0205
        option redispatch 1 2                   | -     | -
        log-format a b                          | E0205 | E0205
        compression algo foo                    | E0301 | E0301
        compression direction both              | E0301 | -
        external-check foo x                    | E0301 | E0301
        email-alert level foo                   | E0301 | E0301
        source 0.0.0.0 x                        | E0301 | E0301
        dispatch 1.2.3.4:80                     | -     | E0209
        option transparent                      | -     | E0209
        guid a/b                                | E0202 | E0307
        srvtcpka-cnt x                          | E0302 | E0302
        load-server-state-from-file x           | E0301 | E0301
        balance                                 | -     | -
        balance hash src if TRUE                | E0205 | E0205
        cookie X preserve                       | E0310 | E0310
        cookie X insert domain a/b              | E0307 | E0307
        filter bwlim-in x                       | E0202 | E0204
        filter compression x                    | E0205 | E0205
        default_backend b                       | E0412 | E0412
        http-response redirect prefix /x        | E0301 | E0301
        http-response set-mark -1               | -     | -
        balance roundrobin(x)                   | E0301 | E0301
        balance hdr(a                           | E0301 | E0301
        http-request normalize-uri fragment-strip | E0214 | E0214
        http-check disable-on-404 x             | E0205 | E0205
        server-template a 5x 1.1.1.1:80         | -     | -
        server-template a 0 1.1.1.1:80          | E0302 | E0302
        server a 0x10.0.0.1:80                  | -     | -
        server a 3 check                        | -     | -
        "#,
    );
}

#[test]
fn options_of_bind_and_server_lines_take_what_haproxy_takes() {
    check(
        "listen l",
        r#"
        bind :2 id 10k                          | E0302 | E0302
        bind :2 maxconn                         | E0204 | E0204
        bind :2 maxconn -1                      | E0302 | E0302
        bind :2 nice 4294967296                 | -     | -
        bind :2 mss 0                           | E0302 | E0302
        bind :2 mode 9                          | E0302 | E0302
        bind :2 severity-output x               | E0301 | E0301
        bind :2 process 1                       | -     | E0209
        bind :2 thread                          | E0204 | -
        bind :2 thread 1-x                      | E0302 | E0302
        bind :2 shards 0                        | E0302 | E0302
        bind :2 shards by-thread                | -     | -
        bind :2 nbconn 1                        | E0202 | E0214
        bind :2 quic-force-retry                | E0202 | E0202
        bind :2 crt-ignore-err 95               | E0301 | E0301
        server a 1.1.1.1:80 weight 4294967296   | -     | -
        server a 1.1.1.1:80 weight 257          | E0302 | E0302
        server a 1.1.1.1:80 init-addr           | -     | -
        server a 1.1.1.1:80 resolve-opts x      | E0301 | E0301
        server a 1.1.1.1:80 resolve-net x       | E0305 | E0305
        server a 1.1.1.1:80 usesrc client       | E0202 | E0202
        server a 1.1.1.1:80 socks4 1.1.1.1      | E0305 | E0305
        "#,
    );
}

#[test]
fn frontend_keywords_take_what_haproxy_takes() {
    check(
        "frontend f",
        r#"
        declare capture request len 5x          | E0302 | E0302
        declare capture request len 5 x         | -     | -
        stats http-request deny if nosuch       | E0402 | E0402
        "#,
    );
    check("listen l\n    bind :2", "use_backend l if TRUE | E0412 | E0412");
    check("global\n    crt-base /a", "crt-base /b | E0310 | E0310");
    check("peers a,b", "table t type ip size 1 | - | E0307");
}

#[test]
fn an_empty_word_ends_a_line_of_2_6_and_is_refused_later() {
    check(
        "listen l",
        r#"
        balance ""                              | -     | E0204
        option forwardfor ""                    | -     | E0204
        server a 1.1.1.1:80 "" foo              | -     | E0204
        http-request deny "" foo                | -     | E0204
        maxconn ""                              | E0204 | E0204
        log-format ""                           | E0204 | E0204
        "#,
    );
}

#[test]
fn a_defaults_section_and_a_proxy_share_a_name_up_to_3_3() {
    let (old, new) = errors("defaults x\nfrontend x", "bind :2");
    assert_eq!((old.as_str(), new.as_str()), ("", "E0404"));
}

#[test]
fn changes_of_real_lines_are_judged_as_haproxy_judges_them() {
    check(
        "global",
        r#"
        log-send-hostname a b                   | -     | -
        default log stdout format raw local0    | E0202 | -
        server-state-file /a /b                 | -     | -
        set-var proc.x int(1) !                 | -     | -
        "#,
    );
    check(
        "frontend f",
        r#"
        http-request deny if a/b                | E0402 | E0402
        http-request unset-var(req.x,1)         | E0205 | E0205
        http-error status 400 errorfiles e      | E0421 | E0421
        no option httpslog                      | E0203 | E0203
        "#,
    );
    check(
        "backend b",
        r#"
        tcp-check comment a b                   | -     | -
        http-check unset-var(check.a) b         | -     | -
        external-check command a                | E0204 | E0204
        "#,
    );
    check("resolvers r", "no nameserver a 1.1.1.1:53 | E0202 | E0202");
    check("resolvers r", "nameserver a(b) 1.1.1.1:53 | E0307 | E0307");
    check("log-forward r", "dgram-bind 1.1.1.1 | E0305 | E0305");
    check("userlist u", "group a users | - | -");
    check("fcgi-app a\n    docroot /a", "index a b | E0205 | E0205");
    check("mailers m\n    mailer a 1.1.1.1:1", "mailer a 1.1.1.1:1 | - | -");
    check("ring r", "size 0 | E0304 | E0304");
}
