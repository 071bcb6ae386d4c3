//! Log lines: what HAProxy 2.6 printed for a request, and the same from a record.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use std::time::Duration;

use config_parse::env::Environment;
use config_parse::log_format::parse;
use config_parse::tree::Word;
use diag::{Diagnostic, Span};
use sample::{
    Buffered, BuiltIn, CaptureSlots, CompileEnv, CompiledFormat, Context, Escape, Fact, FactValue,
    Facts, LogRecord, NoMaps, NoNames, Place, VarNames, Vars,
};

struct World;

impl Facts for World {
    fn read(&self, fact: Fact) -> Option<FactValue> {
        Some(match fact {
            Fact::Src => FactValue::Addr(([127, 0, 0, 1], 57_166).into()),
            Fact::UtcOffset => FactValue::Int(0),
            Fact::Hostname => FactValue::Text(String::from("vm")),
            Fact::Pid => FactValue::Int(0x3e29),
            _ => return None,
        })
    }
}

fn compile(place: Place, format: &config_parse::log_format::LogFormat) -> CompiledFormat {
    try_compile(place, format).unwrap()
}

fn try_compile(
    place: Place,
    format: &config_parse::log_format::LogFormat,
) -> Result<CompiledFormat, Vec<Diagnostic>> {
    let (mut vars, mut draws) = (VarNames::default(), 0);
    let environment = Environment::default();
    let mut env = CompileEnv {
        place,
        names: &NoNames,
        vars: &mut vars,
        captures: CaptureSlots { request: 2, response: 1 },
        files: &|_| Err(String::from("no files here")),
        lists: &sample::lists::Lists::default(),
        maps: &NoMaps,
        env: &environment,
        draws: &mut draws,
        warnings: Vec::new(),
    };
    sample::compile::log_format(format, &mut env)
}

/// `GET /a"b?k=v` with a captured header full of what must be encoded.
fn record() -> LogRecord {
    let addr = |port| Some(([127, 0, 0, 1], port).into());
    LogRecord {
        client: addr(57_166),
        frontend_addr: addr(29_516),
        backend_source: addr(59_552),
        server_addr: addr(29_515),
        // 23 November 2026, 12:30:36.309 and .310.
        accept_micros: 1_795_437_036_309_000,
        request_micros: 1_795_437_036_310_000,
        frontend: String::from("f"),
        backend: String::from("b"),
        server: String::from("s1"),
        handshake: Some(Duration::ZERO),
        idle: Some(Duration::from_millis(1)),
        request: Some(Duration::from_millis(2)),
        queue: Some(Duration::ZERO),
        connect: Some(Duration::from_millis(3)),
        response: Some(Duration::from_millis(4)),
        data: Some(Duration::from_millis(5)),
        active: Duration::from_millis(14),
        total: Duration::from_millis(15),
        user: Duration::from_millis(15),
        status: Some(200),
        bytes_read: 150,
        bytes_uploaded: 73,
        request_cookie: Some(b"SRV=qq".to_vec()),
        response_cookie: Some(b"SRV=zz".to_vec()),
        termination: *b"----",
        actconn: 1,
        feconn: 1,
        request_line: Some((b"GET".to_vec(), b"/a\"b?k=v".to_vec(), "HTTP/1.1")),
        unique_id: Some(b"uid".to_vec()),
        ..LogRecord::default()
    }
}

fn write(escape: Escape, format: &CompiledFormat, record: &LogRecord) -> String {
    let vars = Vars::default();
    let header = b"a\"b\\c]/\xc3\xa9\x01|{}#x".to_vec();
    let captured = [Some(header), None];
    let ctx = Context {
        protocol: sample::Protocol::Http,
        request: None,
        response: None,
        request_body: Buffered::default(),
        response_body: Buffered::default(),
        vars: &vars,
        captured_request: &captured,
        captured_response: &[Some(b"r\"\x01es".to_vec())],
        facts: &World,
        log: Some(record),
    };
    let mut out = Vec::new();
    format.write_as(escape, &ctx, &mut out);
    out.iter().map(|byte| char::from(*byte)).collect()
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let format = compile(Place::Log, &parse(&Word::new(text, Span::default())).unwrap());
    assert_eq!(write(Escape::Log, &format, &record()), expected, "{text}");
}

#[track_caller]
fn check_built_in(format: BuiltIn, record: &LogRecord, expected: &str) {
    let format = compile(Place::Log, &format.format());
    assert_eq!(write(Escape::Log, &format, record), expected);
}

#[test]
fn each_alias_is_printed_as_haproxy_does() {
    check("%r", "GET /a#22b?k=v HTTP/1.1");
    check("%{+Q}r", "\"GET /a#22b?k=v HTTP/1.1\"");
    check("%HM %HU %HV %HP %HQ %HPO", "GET /a#22b?k=v HTTP/1.1 /a#22b ?k=v /a#22b");
    check("%hr %hs", "{a#22b\\c]/#C3#A9#01#7C#7B#7D#23x|} {r#22#01es}");
    check("%{+Q}hr %{+Q}hs", "\"{a#22b\\c]/#C3#A9#01#7C#7B#7D#23x|}\" \"{r#22#01es}\"");
    check("%hrl %hsl", "a#22b\\c]/#C3#A9#01#7C#7B#7D#23x - r#22#01es");
    check("%{+Q}hrl", "\"a#22b\\c]/#C3#A9#01#7C#7B#7D#23x\" \"\"");
    check("%CC %CS %{+Q}CC", "SRV=qq SRV=zz \"SRV=qq\"");
    check("%ID %{+Q}ID", "uid \"uid\"");
    check("%b %s %{+Q}b %{+Q}s", "b s1 \"b\" \"s1\"");
    check("%ci:%cp %fi:%fp", "127.0.0.1:57166 127.0.0.1:29516");
    check("%bi:%bp %si:%sp", "127.0.0.1:59552 127.0.0.1:29515");
    check("%{+X}ci:%{+X}cp %{+X}fi:%{+X}si", "7F000001:DF4E 7F000001:7F000001");
    check("%{+Q}ci %{+Q}si", "\"127.0.0.1\" \"127.0.0.1\"");
    check("%TR/%Tw/%Tc/%Tr/%Ta %Tq %Td %Th %Ti %Tt %Tu", "2/0/3/4/14 3 5 0 1 15 15");
    check("%ST %B %U %ac/%fc/%bc/%sc/%rc %sq/%bq", "200 150 73 1/1/0/0/0 0/0");
    check("%{+Q}ST %{+Q}B %tsc %ts %{+Q}tsc", "200 150 ---- -- ----");
    check("%T|%Tl", "23/Nov/2026:12:30:36 +0000|23/Nov/2026:12:30:36 +0000");
    check("%t|%tr", "23/Nov/2026:12:30:36.309|23/Nov/2026:12:30:36.310");
    check("%trg|%trl", "23/Nov/2026:12:30:36 +0000|23/Nov/2026:12:30:36 +0000");
    check("%Ts|%ms|%{+X}Ts", "1795437036|309|6B0431EC");
    check("%{+X}rt %rt %pid %{+X}pid", "0000 0 15913 3E29");
    check("%ft %f %lc %H %{+Q}H", "f f 0 vm \"vm\"");
    check("%o%ci %sslv %sslc", "127.0.0.1 - -");
}

#[test]
fn expressions_are_quoted_and_escaped_when_the_flags_say_so() {
    let header = "a\"b\\c]/\u{c3}\u{a9}\u{1}|{}#x";
    check("%[capture.req.hdr(0)]", header);
    check("%{+Q}[capture.req.hdr(0)]", &format!("\"{header}\""));
    check("%{+Q,+E}[capture.req.hdr(0)]", "\"a\\\"b\\\\c\\]/\u{c3}\u{a9}\u{1}|{}#x\"");
    check("%{+E}[capture.req.hdr(0)]", "a\\\"b\\\\c\\]/\u{c3}\u{a9}\u{1}|{}#x");
    check("%{+Q}[capture.req.hdr(1)]", "\"\"");
    check("%[capture.req.hdr(1)]x%[capture.req.hdr(1)]", "-x-");
    check("%{+X}[int(255)] %{+X}[src]", "255 127.0.0.1");
    check("%[bin(00ff61)] %[bool(true)] %{+Q}[int(3)]", "- 1 \"3\"");
    check(
        "%{+Q}o %ci %s %[capture.req.hdr(1)] %r %ts %{-Q}r",
        "\"127.0.0.1\" \"s1\" \"\" \"GET /a#22b?k=v HTTP/1.1\" -- GET /a#22b?k=v HTTP/1.1",
    );
}

#[test]
fn spaces_are_merged() {
    check("a  b   c d", "a b c d");
    check("[%ci]", "[127.0.0.1]");
    check("%%ci", "%ci");
    check("  a  %hr  b  ", "a {a#22b\\c]/#C3#A9#01#7C#7B#7D#23x|} b ");
    check("%{-M}[str()] x", " x");
    check("a %[str()] b|%{+Q}[str()]", "a - b|\"\"");
}

#[test]
fn the_built_in_formats_are_those_of_haproxy() {
    let record = record();
    check_built_in(
        BuiltIn::Http,
        &record,
        "127.0.0.1:57166 [23/Nov/2026:12:30:36.310] f b/s1 2/0/3/4/14 200 150 SRV=qq SRV=zz ---- \
         1/1/0/0/0 0/0 {a#22b\\c]/#C3#A9#01#7C#7B#7D#23x|} {r#22#01es} \"GET /a#22b?k=v HTTP/1.1\"",
    );
    check_built_in(
        BuiltIn::Tcp,
        &record,
        "127.0.0.1:57166 [23/Nov/2026:12:30:36.309] f b/s1 0/3/15 150 -- 1/1/0/0/0 0/0",
    );
    check_built_in(
        BuiltIn::HttpClf,
        &record,
        "127.0.0.1 - - [23/Nov/2026:12:30:36 +0000] \"GET /a#22b?k=v HTTP/1.1\" 200 150 \"\" \"\" \
         57166 309 \"f\" \"b\" \"s1\" 2 0 3 4 14 ---- 1 1 0 0 0 0 0 \"SRV=qq\" \"SRV=zz\" \
         \"a#22b\\c]/#C3#A9#01#7C#7B#7D#23x\" \"\" \"r#22#01es\"",
    );
    for format in [BuiltIn::ConnectTcp, BuiltIn::ConnectHttp, BuiltIn::TcpClf, BuiltIn::Error] {
        assert_ne!(format.format(), config_parse::log_format::LogFormat::default());
    }
}

#[test]
fn a_request_that_could_not_be_read_has_a_line_too() {
    let record = LogRecord {
        server: String::from("<NOSRV>"),
        backend: String::from("f"),
        request_line: None,
        status: Some(400),
        termination: *b"PR--",
        server_addr: None,
        request: None,
        queue: None,
        connect: None,
        response: None,
        redispatched: true,
        ..record()
    };
    let text = "%b/%s %TR/%Tw/%Tc/%Tr %ST %ts %rc %si:%sp %HQ %{+Q}r %HM";
    let format = compile(Place::Log, &parse(&Word::new(text, Span::default())).unwrap());
    assert_eq!(
        write(Escape::Log, &format, &record),
        "f/<NOSRV> -1/-1/-1/-1 400 PR +0 -:- <BADREQ> \"<BADREQ>\" <BADREQ>"
    );
}

#[test]
fn header_values_encode_what_headers_may_not_hold() {
    let text = "a  b %[capture.req.hdr(0)] %{+Q}[capture.req.hdr(1)]%[capture.req.hdr(1)]|";
    let format =
        compile(Place::FrontendHttpRequest, &parse(&Word::new(text, Span::default())).unwrap());
    assert_eq!(write(Escape::Header, &format, &record()), "a  b a\"b\\c]/\u{c3}\u{a9}%01|{}#x |");
}

/// What HAProxy 3.5 writes of the same stream.
#[test]
fn named_items_are_an_object_in_json_and_cbor() {
    let line = |text: &str| {
        let format = parse(&Word::new(text, Span::default())).unwrap();
        write(Escape::Log, &compile(Place::Log, &format), &record())
    };
    assert_eq!(
        line(
            "%{+json}o %(a)[int(5)] %(ip)ci %(port)cp left out %ST %(ts)ts %(u)HU %(hrl)hrl %(bo)[bool(true)] \
             %(undef)[var(txn.zz)] %(bin)[bin(00ff41)] %(sec)Ts %(x){+X}ci %(aq:sint)[str(12)] %(as:str)[int(7)]"
        ),
        "{\"a\": 5, \"ip\": \"127.0.0.1\", \"port\": 57166, \"ts\": \"--\", \"u\": \"/a#22b?k=v\", \
         \"hrl\": [\"a#22b\\\\c]/#C3#A9#01#7C#7B#7D#23x\", \"-\"], \"bo\": true, \"undef\": \"\", \"bin\": \"\", \
         \"sec\": 1795437036, \"x\": \"7F000001\", \"aq\": 12, \"as\": \"7\"}"
    );
    assert_eq!(line("%{+cbor}o %(a)[int(5)] %(b)[str(xy)]"), "BF6161056162627879FF");
    assert_eq!(line("%{+bin,+cbor}o %(a)[int(5)]"), "\u{bf}aa\u{5}\u{ff}");
}

#[test]
fn an_encoding_of_one_item_leaves_the_line_as_it_is() {
    let text = "pre=%(a)ci %(b){+json}[int(5)] %{+json}ST %{+json}[var(txn.z)] %{+cbor}[str(ab)]";
    let format = parse(&Word::new(text, Span::default())).unwrap();
    let line = write(Escape::Log, &compile(Place::Log, &format), &record());
    assert_eq!(line, "pre=127.0.0.1 5 200 \"\" 626162");
    let format = parse(&Word::new("%{-json,+Q}o %ci", Span::default())).unwrap();
    assert!(try_compile(Place::Log, &format).is_ok());
    let format = parse(&Word::new("%{+bin}o%[bin(41004f)]", Span::default())).unwrap();
    assert_eq!(write(Escape::Log, &compile(Place::Log, &format), &record()), "A\0O");
}
