//! The same lines in HAProxy 2.6 and here: the same words, or a refusal by both.
//!
//! `.if zz WORDS` makes HAProxy say what it read: its message cites the words with spaces between them.
//! (White space at the end of a line is an empty word to HAProxy, which only this message shows.)
//! Skipped by name where no `haproxy` is installed.

use std::path::Path;
use std::process::Command;

use config_parse::env::Environment;
use config_parse::{predicate, tree};
use diag::{SourceFile, Sources};

const VARIABLES: &[(&str, &str)] =
    &[("A", "1"), ("B", "x  y"), ("Q", " u  v "), ("E", ""), ("T", "a\tb\nc")];

const PARTS: &[&str] = &[
    "a",
    "b",
    " ",
    "  ",
    "\t",
    "\"",
    "\"",
    "'",
    "\\",
    "\\\\",
    "\\\"",
    "\\'",
    "\\ ",
    "\\#",
    "\\n",
    "\\q",
    "\\$",
    "\\x41",
    "\\x4",
    "#",
    "$",
    "$A",
    "${A}",
    "${B[*]}",
    "${Q[*]}",
    "${Q}",
    "${NO}",
    "${NO-d e}",
    "${NO[*]-d e}",
    "${E[*]}",
    "${NO[*]}",
    "${A",
    "{",
    "}",
    "$.LINE",
    "\r",
    "\u{b}",
    "\u{e9}",
    "(",
    ",",
    "\"$A\"",
    "\"${B[*]}\"",
    "\"a b\"",
    "'$A'",
    "\"${Q[*]}x\"",
    "\"y${Q[*]}\"",
    "\"${T[*]}\"",
];

const CASES: usize = 500;

fn environment() -> Environment {
    let mut env = Environment { version: String::from("2.6.12"), ..Environment::default() };
    VARIABLES.iter().for_each(|(name, value)| env.set(name, value));
    env
}

/// What this parser reads: the words behind `.if`, joined; `None` when it refuses to split the line.
fn ours(text: &str) -> Option<String> {
    let mut sources = Sources::new();
    sources.add(SourceFile::new("t.cfg", text));
    let (tree, findings) = tree::parse(&sources, &environment());
    let refused = |code: &str| matches!(code, "E0101" | "E0102" | "E0103" | "E0104" | "E0108");
    if findings.iter().any(|finding| refused(finding.code.as_str())) {
        return None;
    }
    let words = tree.lines.get(1)?.words.iter().skip(1);
    Some(words.map(|word| word.text.as_ref()).collect::<Vec<_>>().join(" ").trim_end().to_owned())
}

/// What HAProxy reads: the expression that its message cites.
fn theirs(file: &Path) -> Option<String> {
    let mut command = Command::new("haproxy");
    command.arg("-c").arg("-f").arg(file).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let output = command.envs(VARIABLES.iter().copied()).output().expect("haproxy was there");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let (_, from) = text.split_once("unparsable conditional expression '")?;
    from.split_once("' in '.if'").map(|(expression, _)| expression.trim_end().to_owned())
}

/// A small generator of its own: the same cases in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

#[test]
fn haproxy_reads_the_same_words() {
    if Command::new("haproxy").arg("-v").output().is_err() {
        eprintln!("skipped: haproxy is not installed");
        return;
    }
    let folder = std::env::temp_dir().join(format!("config-parse-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the cases");
    let file = folder.join("words.cfg");
    let mut draw = Draw(11);
    let mut different = Vec::new();
    for _ in 0..CASES {
        let count = 1 + draw.below(7);
        let line: String = (0..count).map(|_| PARTS[draw.below(PARTS.len())]).collect();
        let text = format!("global\n.if zz {line}.\n.endif\n");
        std::fs::write(&file, &text).expect("a file for the case");
        let (ours, theirs) = (ours(&text), theirs(&file));
        if ours != theirs {
            different.push(format!("{line:?}: here {ours:?}, haproxy {theirs:?}"));
        }
    }
    std::fs::remove_dir_all(&folder).expect("the folder is still there");
    assert!(different.is_empty(), "{} of {CASES}:\n{}", different.len(), different.join("\n"));
}

/// What `haproxy -cc` answers: 0 true, 1 false, 2 not to be read. The tokenizer is kept out by quotes.
fn evaluated(expression: &str) -> Option<bool> {
    let quoted = format!("'{}'", expression.replace('\'', "'\\''"));
    let mut command = Command::new("haproxy");
    command.arg("-cc").arg(quoted).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    match command.envs(VARIABLES.iter().copied()).output().expect("haproxy was there").status.code()
    {
        Some(0) => Some(true),
        Some(1) => Some(false),
        _ => None,
    }
}

#[test]
fn haproxy_answers_the_same_expressions() {
    if Command::new("haproxy").arg("-v").output().is_err() {
        eprintln!("skipped: haproxy is not installed");
        return;
    }
    let parts = [
        "0",
        "1",
        "!",
        "(",
        ")",
        "&&",
        "||",
        " ",
        "defined(A)",
        "defined(NO)",
        "streq(a,a)",
        "streq(",
        "a",
        "\"a,b\"",
        "'a)b'",
        "\\",
        "\"",
        "'",
        ",",
        ")",
        "version_atleast(2.6)",
        "strneq(\\n,n)",
        "defined",
        "foo",
        "2",
        "-",
        "0x",
        "streq(\"a b\",a\\ b)",
        "version_before(2.6.12",
        "feature()",
    ];
    let env = environment();
    let mut draw = Draw(3);
    let mut different = Vec::new();
    for _ in 0..CASES {
        let expression: String =
            (0..1 + draw.below(6)).map(|_| parts[draw.below(parts.len())]).collect();
        let word = tree::Word::new(expression.as_str(), diag::Span::default());
        let ours = predicate::evaluate(std::slice::from_ref(&word), &env).ok();
        let theirs = evaluated(&expression);
        if ours != theirs {
            different.push(format!("{expression:?}: here {ours:?}, haproxy {theirs:?}"));
        }
    }
    assert!(different.is_empty(), "{} of {CASES}:\n{}", different.len(), different.join("\n"));
}
