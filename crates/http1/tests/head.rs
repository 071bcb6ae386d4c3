//! Heads are read, edited and written.

use http1::{Limits, Parsed, RequestHead, Version, parse_request};

#[track_caller]
fn request(text: &str) -> RequestHead {
    let mut head = RequestHead::new();
    let parsed = parse_request(text.as_bytes(), &mut head, &Limits::default());
    assert_eq!(parsed, Ok(Parsed::Complete { consumed: text.len() }));
    head
}

#[track_caller]
fn check_edit(text: &str, edit: impl FnOnce(&mut RequestHead), expected: &str) {
    let mut head = request(text);
    edit(&mut head);
    let mut out = Vec::new();
    head.write_to(&mut out);
    assert_eq!(String::from_utf8_lossy(&out), expected);
}

#[test]
fn an_unedited_head_is_written_with_names_in_lower_case() {
    check_edit(
        "GET /a?b HTTP/1.1\r\nHost:  x \r\nX-A: B\r\n\r\n",
        |_| {},
        "GET /a?b HTTP/1.1\r\nhost: x\r\nx-a: B\r\n\r\n",
    );
}

#[test]
fn set_removes_every_field_of_the_name_and_adds_one_at_the_end() {
    check_edit(
        "GET / HTTP/1.0\r\nA: 1\r\nb: 2\r\na: 3\r\n\r\n",
        |head| head.fields.set(b"A", b"4"),
        "GET / HTTP/1.0\r\nb: 2\r\na: 4\r\n\r\n",
    );
}

/// Each expectation is what HAProxy 2.6.12 sent for the same rule and target.
#[test]
fn targets_are_edited_as_haproxy_edits_them() {
    #[track_caller]
    fn check(old: &str, edit: impl FnOnce(&mut RequestHead), new: &str) {
        let line = |target: &str| format!("GET {target} HTTP/1.1\r\n\r\n");
        check_edit(&line(old), edit, &line(new));
    }
    let path = |head: &mut RequestHead| head.set_path(b"/NEW?z");
    check("/p?q", path, "/NEW?z?q");
    check("http://a/p?q", path, "http://a/NEW?z?q");
    check("http://a", path, "/NEW?z");
    check("*", path, "/NEW?z");
    let query = |head: &mut RequestHead| head.set_query(b"Q");
    check("/p?q", query, "/p?Q");
    check("/p", query, "/p?Q");
    check("http://a", query, "http://a?Q");
    check("*", query, "*?Q");
    let no_query = |head: &mut RequestHead| head.set_query(b"");
    check("/p?q", no_query, "/p?");
    check("/p", no_query, "/p");
    let both = |head: &mut RequestHead| head.set_path_and_query(b"/N?x");
    check("http://a/p?q", both, "http://a/N?x");
    check("http://a", both, "/N?x");
}

#[test]
fn a_new_uri_and_a_new_host_reach_each_other() {
    check_edit(
        "GET /p?q HTTP/1.1\r\nHost: a\r\nb: c\r\n\r\n",
        |head| head.set_uri(b"http://nh/nu?x"),
        "GET http://nh/nu?x HTTP/1.1\r\nhost: nh\r\nb: c\r\n\r\n",
    );
    check_edit(
        "GET http://a/p HTTP/1.1\r\nHost: a\r\nb: c\r\n\r\n",
        |head| {
            head.fields.set(b"Host", b"newhost");
            head.update_authority();
        },
        "GET http://newhost/p HTTP/1.1\r\nb: c\r\nhost: newhost\r\n\r\n",
    );
}

#[test]
fn paths_and_queries_are_found_where_haproxy_finds_them() {
    #[track_caller]
    fn check(target: &str, path: &str, path_and_query: &str, query: Option<&str>) {
        let head = RequestHead::with(b"GET", target.as_bytes(), Version::Http11);
        assert_eq!(head.path(), path.as_bytes());
        assert_eq!(head.path_and_query(), path_and_query.as_bytes());
        assert_eq!(head.query(), query.map(str::as_bytes));
    }
    check("/p?q", "/p", "/p?q", Some("q"));
    check("/p?", "/p", "/p?", Some(""));
    check("/?a?b", "/", "/?a?b", Some("a?b"));
    check("*", "", "", None);
    check("foo", "", "", None);
    check("?x", "", "", Some("x"));
    check("http://a/p?q", "/p", "/p?q", Some("q"));
    check("http://a", "", "", None);
    check("http://a?q", "", "", Some("q"));
    check("a:80", "", "", None);
    check("//x/p?q", "//x/p", "//x/p?q", Some("q"));
    check("http:/x", "", "", None);
    check("1x://a/p", "", "", None);
    check("a+b.c://h/p", "/p", "/p", None);
    check("a_b://h/p", "", "", None);
    check("/p://x/y", "/p://x/y", "/p://x/y", None);
    check("mailto:x@y/p?q", "", "", Some("q"));
}

#[test]
fn values_are_split_at_commas_outside_quotes() {
    let head = request("GET / HTTP/1.1\r\na: 1, \"2,\\\"3\" ,4\r\nA: 5\r\n\r\n");
    let values: Vec<_> = head.fields.values(b"a").collect();
    assert_eq!(values, [&b"1"[..], b"\"2,\\\"3\"", b"4", b"5"]);
    assert_eq!(head.fields.count(b"a"), 2);
    assert_eq!(head.version, Version::Http11);
}
