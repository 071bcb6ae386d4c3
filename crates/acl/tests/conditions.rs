//! Conditions in four values, what an onlooker sees of them, and what compiling says.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use std::net::SocketAddr;

use acl::{Acls, Condition, Maps, Observation, Outcome, Seen, Test, keyword, keywords, predefined};
use config_parse::condition::{self, AclLine};
use config_parse::env::Environment;
use config_parse::tree;
use diag::{Diagnostic, Sources};
use http1::{RequestHead, Version};
use sample::{
    Buffered, CaptureSlots, CompileEnv, Context, Fact, FactValue, Facts, NoNames, Place, VarNames,
    Vars, as_text,
};

/// Knows one client, if any.
struct World(Option<SocketAddr>);

impl Facts for World {
    fn read(&self, fact: Fact) -> Option<FactValue> {
        match fact {
            Fact::Src => self.0.map(FactValue::Addr),
            _ => None,
        }
    }
}

/// Writes down what was tested.
#[derive(Default)]
struct Notes(Vec<String>);

impl Seen for Notes {
    const ON: bool = true;

    fn test(&mut self, seen: Observation<'_, '_>) {
        let value = seen.value.map(|value| String::from_utf8_lossy(&as_text(value)).into_owned());
        self.0.push(format!(
            "{} {} {:?} saw {:?} matched {:?}",
            seen.test.name().unwrap_or("{}"),
            seen.test.expr().text(),
            seen.outcome,
            value,
            seen.pattern
        ));
    }
}

struct Case {
    condition: Result<Condition, Vec<Diagnostic>>,
    warnings: Vec<String>,
}

fn say(finding: &Diagnostic) -> String {
    format!("{}: {}", finding.code, finding.message)
}

/// Compiles `acl` lines and one `if` line, in one place.
fn compile(place: Place, text: &str) -> Case {
    let text = format!("frontend f\n{text}\n");
    let sources = Sources::single("case.cfg", &text);
    let (tree, _) = tree::parse(&sources, &Environment::default());
    let (mut vars, mut draws) = (VarNames::default(), 0);
    let environment = Environment::default();
    let files = |name: &str| match name {
        "hosts" => Ok(b"# hosts\na.example\n\n  b.example \n".to_vec()),
        "map" => Ok(b"a.example one\nb.example two\n".to_vec()),
        _ => Err(String::from("no such file")),
    };
    let mut env = CompileEnv {
        place,
        names: &NoNames,
        vars: &mut vars,
        captures: CaptureSlots::default(),
        files: &files,
        lists: &sample::lists::Lists::default(),
        maps: &Maps,
        env: &environment,
        draws: &mut draws,
        warnings: Vec::new(),
    };
    let mut acls = Acls::new();
    let mut condition = Err(Vec::new());
    let mut findings = Vec::new();
    for line in tree.active().skip(1) {
        match line.words[0].text.as_ref() {
            "acl" => {
                let AclLine { name, expr } = condition::parse_acl(&line.words[1..]).unwrap();
                findings.extend(acls.add(&name, &expr, &mut env).err().into_iter().flatten());
            }
            _ => {
                let tree = condition::parse(&line.words).unwrap();
                condition = Condition::compile(&tree, &acls, &mut env);
            }
        }
    }
    let condition = condition.map_err(|mut more| {
        findings.append(&mut more);
        findings
    });
    Case { condition, warnings: env.warnings.iter().map(say).collect() }
}

fn request() -> RequestHead {
    let mut head = RequestHead::with(b"GET", b"/a/b?c=d", Version::Http11);
    head.fields.add(b"host", b"a.example");
    head.fields.add(b"x-team", b"core, web");
    head
}

fn eval(condition: &Condition, head: Option<&RequestHead>, complete: bool) -> (Outcome, Notes) {
    let vars = Vars::default();
    let client = Some(SocketAddr::from(([192, 0, 2, 7], 4000)));
    let world = World(head.and(client));
    let ctx = Context {
        protocol: if head.is_some() { sample::Protocol::Http } else { sample::Protocol::Tcp },
        request: head,
        response: None,
        request_body: Buffered { bytes: b"hel", complete },
        response_body: Buffered::default(),
        vars: &vars,
        captured_request: &[],
        captured_response: &[],
        facts: &world,
        log: None,
    };
    let mut notes = Notes::default();
    let outcome = condition.eval(&ctx, &mut notes);
    assert_eq!(outcome, condition.eval(&ctx, &mut ()), "an onlooker changes nothing");
    (outcome, notes)
}

#[track_caller]
fn holds(text: &str, expected: Outcome) {
    let case = compile(Place::FrontendHttpRequest, text);
    let condition = case.condition.unwrap_or_else(|findings| panic!("{:?}", findings.first()));
    assert_eq!(eval(&condition, Some(&request()), true).0, expected, "{text}");
}

#[track_caller]
fn refuses(text: &str, expected: &[&str]) {
    let findings = compile(Place::FrontendHttpRequest, text).condition.unwrap_err();
    let findings: Vec<_> = findings.iter().map(say).collect();
    assert_eq!(findings, expected, "{text}");
}

#[test]
fn conditions_are_an_or_of_ands() {
    let acls = "acl yes path_beg /a\nacl no path_beg /x\n";
    for (condition, expected) in [
        ("if yes", Outcome::Yes),
        ("if !yes", Outcome::No),
        ("if yes no", Outcome::No),
        ("if no or yes", Outcome::Yes),
        ("if no || yes !no", Outcome::Yes),
        ("unless yes", Outcome::No),
        ("unless no no or no", Outcome::Yes),
        ("if { hdr(host) a.example } yes", Outcome::Yes),
        ("if METH_GET HTTP_1.1 !LOCALHOST HTTP_URL_SLASH TRUE !FALSE", Outcome::Yes),
    ] {
        holds(&format!("{acls}{condition}"), expected);
    }
}

#[test]
fn lines_of_one_name_are_alternatives() {
    let acls = "acl team hdr(x-team) ops\nacl team hdr(x-team) web\n";
    holds(&format!("{acls}if team"), Outcome::Yes);
    holds(&format!("{acls}if !team"), Outcome::No);
}

#[test]
fn files_hold_patterns_and_keys() {
    holds("if { hdr(host) -f hosts }", Outcome::Yes);
    holds("if { hdr(host) -M -f map }", Outcome::Yes);
    holds("if { hdr(host),map(map) two one }", Outcome::Yes);
    refuses("if { hdr(host) -f nope }", &["E0701: `nope` cannot be read: no such file"]);
}

#[test]
fn an_onlooker_sees_the_value_that_decided_and_the_pattern() {
    let text = "acl team hdr(x-team) ops web\nif { path_beg /x } or team { src 10.0.0.0/8 }";
    let condition = compile(Place::FrontendHttpRequest, text).condition.unwrap();
    let (outcome, notes) = eval(&condition, Some(&request()), true);
    assert_eq!(outcome, Outcome::No);
    assert_eq!(
        notes.0,
        [
            "{} path No saw Some(\"/a/b\") matched None",
            "team req.hdr(x-team) Yes saw Some(\"web\") matched Some(\"web\")",
            "{} src No saw Some(\"192.0.2.7\") matched None",
        ]
    );
}

#[test]
fn what_is_not_there_yet_is_waited_for() {
    let tcp = |text: &str| compile(Place::FrontendTcpContent, text).condition.unwrap();
    for (text, now, at_the_end) in [
        ("if { path_beg /a }", Outcome::Wait, Outcome::No),
        ("if !{ path_beg /a }", Outcome::Wait, Outcome::Yes),
        ("if WAIT_END", Outcome::Wait, Outcome::Yes),
        ("if REQ_CONTENT", Outcome::Yes, Outcome::Yes),
        ("if { req.len gt 10 }", Outcome::Wait, Outcome::No),
        ("if { req.payload(0,2) -m str he }", Outcome::Yes, Outcome::Yes),
        ("if { req.payload(0,5) -m str hello }", Outcome::Wait, Outcome::No),
        ("if { req.payload(0,0) -m sub el }", Outcome::Yes, Outcome::Yes),
        ("if { req.payload(0,0) -m sub lo }", Outcome::Wait, Outcome::No),
        ("if FALSE WAIT_END", Outcome::No, Outcome::No),
        ("if TRUE or WAIT_END", Outcome::Yes, Outcome::Yes),
    ] {
        assert_eq!(eval(&tcp(text), None, false).0, now, "{text}");
        assert_eq!(eval(&tcp(text), None, true).0, at_the_end, "{text} at the end");
    }
}

#[test]
fn a_fact_that_was_not_given_leaves_the_answer_open() {
    let condition = |text: &str| compile(Place::FrontendTcpContent, text).condition.unwrap();
    let unknown = Outcome::Unknown(Fact::Src);
    for (text, expected) in [
        ("if { src 10.0.0.0/8 }", unknown),
        ("if !{ src 10.0.0.0/8 }", unknown),
        ("if { src 10.0.0.0/8 } FALSE", Outcome::No),
        ("if { src 10.0.0.0/8 } or TRUE", Outcome::Yes),
        ("unless { src 10.0.0.0/8 } TRUE", unknown),
    ] {
        assert_eq!(eval(&condition(text), None, true).0, expected, "{text}");
    }
}

#[test]
fn findings_name_the_cause_once() {
    refuses("if nope", &["E0402: no ACL is named `nope`"]);
    refuses("acl a pathh /x\nif a !a", &["E0501: no sample fetch is named `pathh`"]);
    refuses("if { req.body x }", &["E0506: `req.body` has no match method of its own"]);
    refuses(
        "if { method -m ip 1.2.3.4 }",
        &["E0506: `-m ip` compares an address, and `method` gives a method"],
    );
    refuses(
        "if { path_len x 3:1 }",
        &["E0507: `x` is no number", "E0507: `3:1` is no range: lower end, `:`, upper end"],
    );
    refuses(
        "if { src 10.0.0.0/33 }",
        &["E0507: `10.0.0.0/33` is no IPv4 or IPv6 address or network"],
    );
    refuses(
        "if { path_reg (?=a) }",
        &[
            "E0508: `(?=a)` uses look-around, which this engine leaves out so that no text can make \
           it slow",
        ],
    );
}

#[test]
fn warnings_say_what_will_never_match() {
    let warnings = |place, text| compile(place, text).warnings;
    assert_eq!(
        warnings(Place::FrontendHttpResponse, "if { path /a }"),
        ["W0512: `path` has no value in a frontend http-response header rule"]
    );
    assert_eq!(
        warnings(Place::FrontendHttpResponse, "acl a path /a\nacl a status 200\nif a"),
        ["W0512: one line of the ACL `a` never matches in a frontend http-response header rule"]
    );
    assert_eq!(
        warnings(Place::FrontendHttpRequest, "if { path eq /a }"),
        ["W0511: `eq` is a pattern here, not an operator"]
    );
    assert!(warnings(Place::FrontendHttpRequest, "if { path_len eq 4 }").is_empty());
}

#[test]
fn the_keywords_are_haproxys() {
    let names: Vec<String> = keywords().collect();
    assert_eq!(names.len(), 77);
    for name in &names {
        assert!(keyword(name).is_some(), "{name}");
    }
    for other in ["src_beg", "path_foo", "hdr_", "payload_beg", "ssl_fc_sni"] {
        assert!(keyword(other).is_none(), "{other}");
    }
    assert_eq!(predefined().count(), 23);
}

#[test]
fn a_test_shows_its_patterns() {
    let case = compile(Place::FrontendHttpRequest, "if { path_beg -i /A /b }");
    let condition = case.condition.unwrap();
    let mut tests: Vec<std::sync::Arc<Test>> = Vec::new();
    for mut terms in condition.alternatives() {
        tests.extend(terms.next().unwrap().1.iter().cloned());
    }
    assert_eq!(tests[0].patterns(), ["/A", "/b"]);
    assert_eq!(tests[0].expr().fetch_name(), "path");
}

#[test]
fn a_shortlist_lets_through_what_can_hold() {
    let lines = [
        "{ hdr(host) -i a.example }",
        "{ hdr(host) b.example B.example }",
        "{ path_beg /x }",
        "{ hdr(host) -i A.example } { path /x }",
        "{ hdr(host) c.example } or { hdr(host) -i d.example }",
        "!{ hdr(host) e.example }",
        "{ hdr(host),lower f.example }",
        "{ hdr(host) -m beg g }",
    ];
    let compiled: Vec<Condition> = lines
        .iter()
        .map(|line| compile(Place::UseBackend, &format!("if {line}")).condition.unwrap())
        .collect();
    let mut conditions: Vec<_> = compiled.iter().map(Some).collect();
    conditions.push(None);
    let list = acl::Shortlist::new(&conditions).unwrap();
    // Two conditions, an alternative, an `unless` term, a converter and a prefix are not decided on.
    let walked = |host: &str| {
        let mut head = request();
        head.fields.set(b"host", host.as_bytes());
        let (vars, facts) = (Vars::default(), World(None));
        let ctx = Context {
            protocol: sample::Protocol::Http,
            request: Some(&head),
            response: None,
            request_body: Buffered::default(),
            response_body: Buffered::default(),
            vars: &vars,
            captured_request: &[],
            captured_response: &[],
            facts: &facts,
            log: None,
        };
        let picked = list.pick(&ctx).unwrap();
        let mut places = Vec::new();
        let mut from = 0;
        while let Some(at) = list.next(from, &picked) {
            places.push(at);
            from = at + 1;
        }
        places
    };
    assert_eq!(walked("A.example"), [0, 2, 3, 5, 6, 7, 8]);
    assert_eq!(walked("B.example"), [1, 2, 5, 6, 7, 8]);
    assert_eq!(walked("c.example, a.example"), [0, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(walked("other"), [2, 5, 6, 7, 8]);
}
