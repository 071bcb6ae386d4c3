//! The three forms of one report.

use diag::render::{self, Style};
use diag::{Diagnostic, Edit, FileId, Safety, SourceFile, Sources, Span, codes, fix};
use expect_test::{Expect, expect};

const EDGE: &str = "frontend fe\n    acl is_api path_beg /api\n    use_backend apii if is_api\n";

fn sources() -> Sources {
    let mut sources = Sources::single("edge.cfg", EDGE);
    sources
        .add(SourceFile::new("late.cfg", &b"backend b\xc3\xa9 \xff\n  server s1 \x1b[31m\n"[..]));
    sources
}

/// The place of `word` in file `file`.
fn at(file: u32, word: &str) -> Span {
    let sources = sources();
    let bytes = &sources.file(FileId(file)).expect("one of the two files").bytes;
    let start = bytes.windows(word.len()).position(|part| part == word.as_bytes());
    let start = start.expect("a word of that file") as u32;
    Span::new(FileId(file), start, start + word.len() as u32)
}

fn findings() -> Vec<Diagnostic> {
    let mut findings = vec![
        Diagnostic::new(codes::W0210, at(1, "s1"), "a control \x1b character"),
        Diagnostic::new(codes::E0401, at(0, "apii"), "no backend is named `apii`")
            .label("used here")
            .related(at(0, "is_api"), "the condition")
            .related(at(1, "b\u{e9}"), "a backend with another name")
            .help("did you mean `api`?")
            .fix(Safety::Safe, vec![Edit { span: at(0, "apii"), text: String::from("api") }]),
        Diagnostic::new(codes::W0210, at(1, "s1"), "a control \x1b character"),
    ];
    render::order(&mut findings);
    findings
}

#[track_caller]
fn check(got: &str, expect: Expect) {
    let trimmed: Vec<&str> = got.lines().map(str::trim_end).collect();
    expect.assert_eq(&(trimmed.join("\n") + "\n"));
}

#[test]
fn concise_is_a_line_each_in_the_order_of_places_and_says_nothing_twice() {
    check(
        &render::concise(&sources(), &findings()),
        expect![[r#"
        edge.cfg:3:17: E0401 no backend is named `apii`
        late.cfg:2:10: W0210 a control \u{1b} character
    "#]],
    );
}

#[test]
fn full_shows_snippets_labels_help_and_other_files() {
    check(
        &render::full(&sources(), &findings(), Style::default()),
        expect![[r#"
              × E0401 no backend is named `apii`
               ╭─[edge.cfg:3:17]
             2 │     acl is_api path_beg /api
               ·         ───┬──
               ·            ╰── the condition
             3 │     use_backend apii if is_api
               ·                 ──┬─
               ·                   ╰── used here
               ╰────
              help: did you mean `api`?

            Advice:
              ☞ see late.cfg
               ╭─[late.cfg:1:9]
             1 │ backend bé ?
               ·         ─┬
               ·          ╰── a backend with another name
               ╰────

              ⚠ W0210 a control \u{1b} character
               ╭─[late.cfg:2:10]
             2 │   server s1 ?[31m
               ·          ──
               ╰────

            1 error, 1 warning
        "#]],
    );
}

#[test]
fn full_in_ascii_has_no_other_character() {
    let style = Style { unicode: false, ..Style::default() };
    let text = render::full(&Sources::single("a.cfg", "a b\n"), &[at_end()], style);
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains("E0107"), "{text}");
}

fn at_end() -> Diagnostic {
    Diagnostic::new(codes::E0107, Span::new(FileId(0), 4, 4), "the last line has no line end")
}

#[test]
fn a_span_outside_of_any_file_is_still_reported() {
    let far = Diagnostic::new(codes::E0107, Span::new(FileId(7), 900, 2), "far away");
    let past = Diagnostic::new(codes::E0107, Span::new(FileId(0), 900, 990), "past the end");
    for finding in [far, past] {
        for text in [
            render::full(&sources(), std::slice::from_ref(&finding), Style::default()),
            render::concise(&sources(), std::slice::from_ref(&finding)),
            render::json(&sources(), std::slice::from_ref(&finding)),
        ] {
            assert!(text.contains(&finding.message), "{text}");
        }
    }
}

#[test]
fn json_is_the_contract() {
    let text = render::json(&sources(), &findings());
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    check(
        &serde_json::to_string_pretty(&value).unwrap(),
        expect![[r#"
        {
          "files": [
            "edge.cfg",
            "late.cfg"
          ],
          "findings": [
            {
              "class": "reference",
              "code": "E0401",
              "column": 17,
              "end_column": 21,
              "end_line": 3,
              "file": "edge.cfg",
              "fix": {
                "edits": [
                  {
                    "end": 61,
                    "file": "edge.cfg",
                    "start": 57,
                    "text": "api"
                  }
                ],
                "safety": "safe"
              },
              "help": "did you mean `api`?",
              "line": 3,
              "message": "no backend is named `apii`",
              "related": [
                {
                  "column": 9,
                  "end_column": 15,
                  "end_line": 2,
                  "file": "edge.cfg",
                  "line": 2,
                  "message": "the condition"
                },
                {
                  "column": 9,
                  "end_column": 11,
                  "end_line": 1,
                  "file": "late.cfg",
                  "line": 1,
                  "message": "a backend with another name"
                }
              ],
              "severity": "error"
            },
            {
              "class": "compat",
              "code": "W0210",
              "column": 10,
              "end_column": 12,
              "end_line": 2,
              "file": "late.cfg",
              "fix": null,
              "help": null,
              "line": 2,
              "message": "a control \u001b character",
              "related": [],
              "severity": "warning"
            }
          ],
          "summary": {
            "errors": 1,
            "notes": 0,
            "warnings": 1
          },
          "version": 1
        }
    "#]],
    );
}

#[test]
fn fixes_are_applied_once_and_never_over_each_other() {
    let word = at(0, "apii");
    let edit = |text: &str| vec![Edit { span: word, text: text.to_owned() }];
    let with = |text| Diagnostic::new(codes::E0401, word, "x").fix(Safety::Safe, edit(text));
    let unsafe_one = Diagnostic::new(codes::E0401, at(0, "fe"), "x")
        .fix(Safety::Unsafe, vec![Edit { span: at(0, "fe"), text: String::from("front") }]);
    let all = [with("api"), with("api"), with("other"), unsafe_one];
    let fixed = fix::apply(&sources(), &all, Safety::Safe);
    assert_eq!((fixed.applied, fixed.skipped), (2, 1));
    assert_eq!(fixed.files[&FileId(0)], EDGE.replace("apii", "api").into_bytes());
    assert_eq!(fixed.files.len(), 1);
    let fixed = fix::apply(&sources(), &all, Safety::Unsafe);
    let text = String::from_utf8(fixed.files[&FileId(0)].clone()).unwrap();
    assert!(text.starts_with("frontend front\n"), "{text}");
}
