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

#[test]
fn path_and_query_are_replaced_inside_any_target() {
    let both = |head: &mut RequestHead| {
        head.set_path(b"/new");
        head.set_query(b"q=1");
    };
    check_edit("GET /old HTTP/1.1\r\n\r\n", both, "GET /new?q=1 HTTP/1.1\r\n\r\n");
    check_edit("GET http://h/o?x HTTP/1.1\r\n\r\n", both, "GET http://h/new?q=1 HTTP/1.1\r\n\r\n");
    check_edit("GET /o?x HTTP/1.1\r\n\r\n", |head| head.set_query(b""), "GET /o? HTTP/1.1\r\n\r\n");
}

#[test]
fn values_are_split_at_commas_outside_quotes() {
    let head = request("GET / HTTP/1.1\r\na: 1, \"2,\\\"3\" ,4\r\nA: 5\r\n\r\n");
    let values: Vec<_> = head.fields.values(b"a").collect();
    assert_eq!(values, [&b"1"[..], b"\"2,\\\"3\"", b"4", b"5"]);
    assert_eq!(head.fields.count(b"a"), 2);
    assert_eq!(head.version, Version::Http11);
}
