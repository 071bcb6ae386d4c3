//! The SARIF form keeps to OASIS's schema (`sarif-2.1.0.schema.json`), and the other forms to what CI servers read.

use diag::render;
use diag::{Diagnostic, Edit, FileId, Safety, Severity, SourceFile, Sources, Span, codes};
use expect_test::{Expect, expect};
use serde_json::Value;

/// As much of JSON Schema (draft 7) as that schema uses. A keyword that is not known here is a finding itself.
fn validate(schema: &Value, value: &Value, root: &Value, at: &str, wrong: &mut Vec<String>) {
    let Value::Object(rules) = schema else { return };
    for (rule, want) in rules {
        let mut fail = |why: String| wrong.push(format!("{at}: {why}"));
        match rule.as_str() {
            "$ref" => {
                let name = want.as_str().and_then(|text| text.strip_prefix('#')).expect("local");
                let target = root.pointer(name).expect("a definition");
                validate(target, value, root, at, wrong);
            }
            "type" => {
                let fits = match want.as_str().expect("one type") {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "number" => value.is_number(),
                    other => panic!("{other}"),
                };
                if !fits {
                    fail(format!("is no {want}: {value}"));
                }
            }
            "required" => {
                for name in want.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if value.get(name).is_none() {
                        fail(format!("misses {name}"));
                    }
                }
            }
            "properties" => {
                for (name, schema) in want.as_object().into_iter().flatten() {
                    if let Some(inner) = value.get(name) {
                        validate(schema, inner, root, &format!("{at}/{name}"), wrong);
                    }
                }
            }
            "additionalProperties" => {
                let known = rules.get("properties");
                for (name, inner) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.get(name).is_some()) {
                        continue;
                    }
                    match want {
                        Value::Bool(true) => {}
                        Value::Bool(false) => wrong.push(format!("{at}: {name} is not allowed")),
                        schema => validate(schema, inner, root, &format!("{at}/{name}"), wrong),
                    }
                }
            }
            "items" => {
                for (n, inner) in value.as_array().into_iter().flatten().enumerate() {
                    validate(want, inner, root, &format!("{at}/{n}"), wrong);
                }
            }
            "enum" => {
                if !want.as_array().is_some_and(|allowed| allowed.contains(value)) {
                    fail(format!("{value} is none of {want}"));
                }
            }
            "minItems" | "maxItems" => {
                let (len, limit) = (value.as_array().map(Vec::len), want.as_u64());
                let (Some(len), Some(limit)) = (len.map(|n| n as u64), limit) else { continue };
                if (rule == "minItems" && len < limit) || (rule == "maxItems" && len > limit) {
                    fail(format!("has {len} items, {rule} is {limit}"));
                }
            }
            "uniqueItems" => {
                let items = value.as_array().cloned().unwrap_or_default();
                let twice = items.iter().enumerate().any(|(n, item)| items[..n].contains(item));
                if twice && want == &Value::Bool(true) {
                    fail("has an item twice".into());
                }
            }
            "minimum" | "maximum" => {
                let (Some(number), Some(limit)) = (value.as_f64(), want.as_f64()) else { continue };
                if (rule == "minimum" && number < limit) || (rule == "maximum" && number > limit) {
                    fail(format!("is {number}, {rule} is {limit}"));
                }
            }
            "anyOf" | "oneOf" => {
                let fits = |schema: &Value| {
                    let mut inner = Vec::new();
                    validate(schema, value, root, at, &mut inner);
                    inner.is_empty()
                };
                let fitting = want.as_array().into_iter().flatten().filter(|s| fits(s)).count();
                if fitting == 0 || (rule == "oneOf" && fitting > 1) {
                    fail("is none of those allowed".into());
                }
            }
            // Words about the schema, and texts whose form the form below asserts by itself.
            "description" | "title" | "default" | "format" | "pattern" | "definitions"
            | "$schema" | "$id" => {}
            other => panic!("the schema uses `{other}`, which this test does not know"),
        }
    }
}

fn schema() -> Value {
    serde_json::from_str(include_str!("sarif-2.1.0.schema.json")).expect("json")
}

#[track_caller]
fn valid(text: &str) -> Value {
    let (schema, log) = (schema(), serde_json::from_str(text).expect("json"));
    let mut wrong = Vec::new();
    validate(&schema, &log, &schema, "", &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    log
}

fn sources() -> Sources {
    let mut sources =
        Sources::single("conf d/edge,1.cfg", "frontend fe\n    use_backend \u{e9}pii\n");
    sources.add(SourceFile::new("/etc/late.cfg", &b"backend b\n  server s1 \xff\n"[..]));
    sources
}

fn findings() -> Vec<Diagnostic> {
    let here = |file, start, end| Span::new(FileId(file), start, end);
    vec![
        Diagnostic::new(codes::E0401, here(0, 28, 33), "no backend is named `\u{e9}pii`")
            .related(here(1, 0, 9), "a backend")
            .help("did you mean `100%`?")
            .fix(Safety::Safe, vec![Edit { span: here(0, 28, 33), text: "b".into() }]),
        Diagnostic::new(codes::W0703, here(1, 0, 9), "no timeout <&> here"),
        Diagnostic::new(codes::W0703, here(1, 0, 9), "no timeout <&> here"),
        Diagnostic::new(codes::N0111, here(1, 12, 25), "a\nb \u{1}"),
    ]
}

#[test]
fn sarif_keeps_to_the_schema() {
    let log = valid(&render::sarif(&sources(), &findings(), "1.2.3"));
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().map(Vec::len), Some(4));
    assert_eq!(run["results"][0]["ruleId"], run["tool"]["driver"]["rules"][0]["id"]);
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "conf%20d/edge%2C1.cfg");
    assert_eq!(
        place["region"],
        serde_json::json!({
            "startLine": 2, "startColumn": 17, "endLine": 2, "endColumn": 21,
        })
    );
    let late = &run["results"][1]["locations"][0]["physicalLocation"];
    assert_eq!(late["artifactLocation"]["uri"], "file:///etc/late.cfg");
    assert_ne!(run["results"][1]["partialFingerprints"], run["results"][2]["partialFingerprints"]);
    valid(&render::sarif(&Sources::new(), &[], "1.2.3"));
}

#[test]
fn the_schema_test_finds_what_is_wrong() {
    let text = render::sarif(&sources(), &findings(), "1.2.3");
    for (right, wrong) in [
        ("\"version\":\"2.1.0\"", "\"version\":\"2.0\""),
        ("\"level\":\"error\"", "\"level\":\"fatal\""),
        ("\"startLine\":2", "\"startLine\":0"),
        ("\"results\":[", "\"result\":["),
    ] {
        assert!(text.contains(right), "{right}");
        let log: Value = serde_json::from_str(&text.replace(right, wrong)).expect("json");
        let (schema, mut found) = (schema(), Vec::new());
        validate(&schema, &log, &schema, "", &mut found);
        assert!(!found.is_empty(), "{wrong} is not found");
    }
}

#[track_caller]
fn check(got: &str, expected: Expect) {
    expected.assert_eq(got);
}

#[test]
fn github_gets_a_command_a_line() {
    check(
        &render::github(&sources(), &findings()),
        expect![[r#"
        ::error file=conf d/edge%2C1.cfg,line=2,col=17,endColumn=21,title=E0401::no backend is named `épii`%0Ahelp: did you mean `100%25`?%0A/etc/late.cfg:1: a backend
        ::warning file=/etc/late.cfg,line=1,col=1,endColumn=10,title=W0703::no timeout <&> here
        ::warning file=/etc/late.cfg,line=1,col=1,endColumn=10,title=W0703::no timeout <&> here
        ::notice file=/etc/late.cfg,line=2,endLine=3,title=N0111::a%0Ab \u{1}
    "#]],
    );
}

#[test]
fn gitlab_gets_a_list_of_issues_with_a_name_each() {
    let list: Value = serde_json::from_str(&render::gitlab(&sources(), &findings())).expect("json");
    let mut names: Vec<&str> =
        list.as_array().expect("a list").iter().filter_map(|i| i["fingerprint"].as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4, "each issue has a name of its own");
    check(
        &format!("{:#}\n", list[0]),
        expect![[r#"
        {
          "check_name": "E0401",
          "description": "E0401: no backend is named `épii`",
          "fingerprint": "4ce69f1eeb3e7ae08989a3e957c85ccc",
          "location": {
            "lines": {
              "begin": 2,
              "end": 2
            },
            "path": "conf d/edge,1.cfg"
          },
          "severity": "major"
        }
    "#]],
    );
    assert_eq!(render::gitlab(&sources(), &[]), "[]");
}

#[test]
fn junit_has_a_suite_a_file_and_fails_what_fails_the_run() {
    check(
        &render::junit(&sources(), &findings(), Severity::Warning),
        expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="lbctl check" tests="4" failures="3">
          <testsuite name="conf d/edge,1.cfg" tests="1" failures="1" errors="0" skipped="0">
            <testcase classname="conf d/edge,1.cfg" name="E0401 2:17" file="conf d/edge,1.cfg" line="2">
              <failure type="error" message="E0401 no backend is named `épii`">conf d/edge,1.cfg:2:17: E0401 no backend is named `épii`&#10;help: did you mean `100%`?&#10;/etc/late.cfg:1: a backend</failure>
            </testcase>
          </testsuite>
          <testsuite name="/etc/late.cfg" tests="3" failures="2" errors="0" skipped="0">
            <testcase classname="/etc/late.cfg" name="W0703 1:1" file="/etc/late.cfg" line="1">
              <failure type="warning" message="W0703 no timeout &lt;&amp;&gt; here">/etc/late.cfg:1:1: W0703 no timeout &lt;&amp;&gt; here</failure>
            </testcase>
            <testcase classname="/etc/late.cfg" name="W0703 1:1" file="/etc/late.cfg" line="1">
              <failure type="warning" message="W0703 no timeout &lt;&amp;&gt; here">/etc/late.cfg:1:1: W0703 no timeout &lt;&amp;&gt; here</failure>
            </testcase>
            <testcase classname="/etc/late.cfg" name="N0111 2:3" file="/etc/late.cfg" line="2">
              <system-out>/etc/late.cfg:2:3: N0111 a&#10;b �</system-out>
            </testcase>
          </testsuite>
        </testsuites>
    "#]],
    );
    check(
        &render::junit(&Sources::single("a.cfg", ""), &[], Severity::Error),
        expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="lbctl check" tests="1" failures="0">
          <testsuite name="a.cfg" tests="1" failures="0" errors="0" skipped="0">
            <testcase classname="a.cfg" name="check"/>
          </testsuite>
        </testsuites>
    "#]],
    );
}
