//! Conditions, ACL lines and conditional blocks, as HAProxy 2.6.12 takes or refuses them.

use config_parse::condition::{self, AclExpr, Test};
use config_parse::env::Environment;
use config_parse::predicate;
use config_parse::tree::{self, LineKind, Word};
use diag::{Diagnostic, Sources};

/// Gives `read` the words of one line.
fn with_words<T>(line: &str, read: impl FnOnce(&[Word<'_>]) -> T) -> T {
    let sources = Sources::single("t.cfg", line);
    let (tree, _) = tree::parse(&sources, &Environment::default());
    read(tree.lines.first().map_or(&[], |line| line.words.as_slice()))
}

fn refusal(finding: &Diagnostic) -> String {
    format!("{} {}-{}", finding.code, finding.span.start + 1, finding.span.end)
}

fn show_acl(acl: &AclExpr) -> String {
    let mut text = acl.expr.fetch.name.value.clone();
    let mut push = |mark: &str| {
        text.push(' ');
        text.push_str(mark);
    };
    [(acl.ignore_case, "-i"), (acl.no_resolve, "-n"), (acl.map_file, "-M")]
        .iter()
        .filter(|(set, _)| *set)
        .for_each(|(_, mark)| push(mark));
    acl.id.iter().for_each(|id| push(&format!("-u:{}", id.value)));
    acl.method.iter().for_each(|method| push(&format!("-m:{}", method.value.name())));
    acl.files.iter().for_each(|file| push(&format!("-f:{}", file.name.value)));
    acl.patterns.iter().for_each(|pattern| push(&format!("<{}>", pattern.value)));
    text
}

#[track_caller]
fn check(line: &str, expect: &str) {
    let got = with_words(line, |words| match condition::parse(words) {
        Err(finding) => refusal(&finding),
        Ok(condition) => {
            let term = |term: &condition::Term| {
                let test = match &term.test {
                    Test::Named(name) => name.value.clone(),
                    Test::Anonymous(acl) => format!("{{{}}}", show_acl(acl)),
                };
                format!("{}{test}", if term.negated { "!" } else { "" })
            };
            let all = |all: &Vec<_>| all.iter().map(term).collect::<Vec<_>>().join(" ");
            let any: Vec<String> = condition.any.iter().map(all).collect();
            format!("{}{}", if condition.unless { "unless " } else { "" }, any.join(" | "))
        }
    });
    assert_eq!(got, expect, "{line}");
}

#[test]
fn terms_are_joined_by_and_and_separated_by_or() {
    check("if a b || c or d OR e", "a b | c | d | e");
    check("unless a", "unless a");
    check("if !a ! b !!c ! !d ! !!e", "!a !b c d !e");
    check("if {x}", "{x}");
    check("if a and b && c", "a and b && c");
}

#[test]
fn what_joins_nothing_is_taken() {
    check("if", "");
    check("if !", "");
    check("if or a or or b or", "a | b");
    check("if !or a", "a");
    check("if a \"\" b", "a");
    check("if \"\" a", "");
}

#[test]
fn braces_are_words_and_hold_a_criterion() {
    check("if { src 1.1.1.1 } !{ path -i /a } or b", "{src <1.1.1.1>} !{path -i </a>} | b");
    check("if { hdr(a) -m str \"}\" } x }", "{hdr -m:str} } x }");
    check("if { path { }", "{path <{>}");
    check("if { src 1.1.1.1", "E0509 4-4");
    check("if !{ src 1.1.1.1 }}", "E0509 5-5");
    check("if { }", "E0501 4-6");
    check("if { \"src 1.1.1.1\" }", "E0503 10-17");
    check("if { -i path a }", "{-i <path> <a>}");
}

#[track_caller]
fn check_acl(line: &str, expect: &str) {
    let got = with_words(line, |words| match condition::parse_acl(words) {
        Ok(line) => format!("{}: {}", line.name.value, show_acl(&line.expr)),
        Err(finding) => refusal(&finding),
    });
    assert_eq!(got, expect, "{line}");
}

#[test]
fn acl_flags_stand_before_the_patterns() {
    check_acl("a src 10.0.0.0/8 ::1", "a: src <10.0.0.0/8> <::1>");
    check_acl("a hdr(a) -i -m str -- -x -i", "a: hdr -i -m:str <-x> <-i>");
    check_acl("a hdr(a) -i x -m str b", "a: hdr -i <x> <-m> <str> <b>");
    check_acl("a src -f /a -f /b -n -M -u 3 c", "a: src -n -M -u:3 -f:/a -f:/b <c>");
    check_acl("a:b.c-d_e req.len gt 3", "a:b.c-d_e: req.len <gt> <3>");
    check_acl("a hdr(a) \"\" x", "a: hdr");
}

#[test]
fn acl_lines_that_are_refused() {
    check_acl("a", "E0501 1-1");
    check_acl("or src", "E0510 1-2");
    check_acl("a!b src", "E0510 2-2");
    check_acl("a src -z 1", "E0506 7-8");
    check_acl("a src -im str", "E0506 7-9");
    check_acl("a src -m foo", "E0506 10-12");
    check_acl("a src -m", "E0506 7-8");
    check_acl("a src -f", "E0506 7-8");
    check_acl("a src -u x", "E0506 10-10");
}

fn env(version: &str) -> Environment {
    let mut env = Environment::of_version(version);
    env.set("A", "1");
    env.features.push(String::from("OPENSSL"));
    env.enabled.push(String::from("EPOLL"));
    env.openssl_version = String::from("3.0.22");
    env.ssllib_name = String::from("OpenSSL 3.0.22");
    env
}

#[track_caller]
fn check_if(version: &str, expression: &str, expect: Option<bool>) {
    let word = Word::new(expression, diag::Span::default());
    let got = predicate::evaluate(std::slice::from_ref(&word), &env(version)).ok();
    assert_eq!(got, expect, "{expression}");
}

#[test]
fn expressions_of_if_are_those_of_haproxy() {
    let (yes, no, refused) = (Some(true), Some(false), None);
    for (expression, expect) in [
        ("", no),
        (" ", refused),
        ("0", no),
        ("5", yes),
        ("-1", yes),
        ("+1", yes),
        ("-0", no),
        ("00", no),
        ("0x1", yes),
        ("99999999999999999999", yes),
        ("1x", refused),
        ("1.5", refused),
        ("1 2", refused),
        ("1 & 1", refused),
        ("1 &&", refused),
        ("|| 1", refused),
        ("!", refused),
        ("!!0", no),
        ("! !1", yes),
        ("(1", refused),
        ("1)", refused),
        ("()", refused),
        ("((1))", yes),
        ("(0||1)&&!(0)", yes),
        ("1 && 0 || 1", yes),
        ("0 || 1 && 0", no),
        ("1 || foo", refused),
        ("0 && foo", refused),
        ("foo", refused),
        ("foo(a)", refused),
        ("defined(A)", yes),
        ("defined( A)", no),
        ("defined()", no),
        ("defined", no),
        ("defined (A)", refused),
        ("defined(A", refused),
        ("defined(A,B)", refused),
        ("streq(a,a)", yes),
        ("streq(a)", refused),
        ("streq(a,b,c)", refused),
        ("streq(,)", yes),
        ("streq()", refused),
        ("strneq(a,b)", yes),
        ("streq('a,b',\"a,b\")", yes),
        (r#"streq(a\"b,'a"b')"#, yes),
        (r"streq(a\qb,'a\qb')", yes),
        (r"streq(a\ b,a b)", yes),
        (r"streq(a\,b,'a,b')", refused),
        (r"streq(a\nb,'a\nb')", no),
        ("streq(a,a)  &&  !0", yes),
        ("streq(a,a)x", refused),
        ("feature(OPENSSL)", yes),
        ("feature(openssl)", no),
        ("feature(x,y)", refused),
        ("version_atleast(2.6)", yes),
        ("version_atleast(2.6.12)", yes),
        ("version_atleast(2.6.13)", no),
        ("version_atleast(2.6.12-1)", no),
        ("version_atleast(2.7-dev0)", no),
        ("version_atleast(2.6-dev3)", yes),
        ("version_before(2.6.12x)", no),
        ("version_atleast(2.6.12x)", yes),
        ("version_atleast(2.6.12.5)", no),
        ("version_atleast(foo)", yes),
        ("version_atleast()", yes),
        ("version_before(2.6.12)", no),
        ("version_before(2.6.12-1)", yes),
        ("version_before(2.7-dev1)", yes),
        ("version_before(2.6)", no),
        ("ssllib_name_startswith(Open)", yes),
        ("strstr(abc,b)", refused),
        ("enabled(POLL)", refused),
        ("fips_mode()", refused),
        ("awslc_api_atleast(1)", refused),
    ] {
        check_if("2.6.12-1+deb12u4", expression, expect);
    }
}

#[test]
fn newer_versions_know_more_predicates() {
    check_if("3.5-dev5", "strstr(abc,b)", Some(true));
    check_if("3.5-dev5", "enabled(EPOLL) && !enabled(KQUEUE)", Some(true));
    check_if("3.5-dev5", "enabled(FOO)", None);
    check_if("3.5-dev5", "version_atleast(3.5)", Some(false));
    check_if("3.5-dev5", "version_atleast(3.5-dev4)", Some(true));
    check_if(
        "3.5-dev5",
        "openssl_version_atleast(1.1.1) && openssl_version_before(3.5)",
        Some(true),
    );
    check_if("", "version_atleast(9.9) && strstr(abc,b)", Some(true));
    check_if(
        "3.5-dev5",
        "openssl_version_atleast(1.1.1k) && !openssl_version_before(1.1.1w)",
        Some(true),
    );
    check_if("3.5-dev5", "awslc_api_atleast(1) || fips_mode()", Some(false));
}

/// The active words of a file, a line each, and the codes of the findings.
fn read(text: &str) -> (String, Vec<&'static str>) {
    let sources = Sources::single("t.cfg", text);
    let (tree, findings) = tree::parse(&sources, &env("2.6.12"));
    let lines: Vec<String> = tree
        .lines
        .iter()
        .filter(|line| line.kind == LineKind::Words)
        .map(|line| line.words.iter().map(|w| w.text.as_ref()).collect::<Vec<_>>().join(" "))
        .collect();
    (lines.join("; "), findings.iter().map(|finding| finding.code.as_str()).collect())
}

#[track_caller]
fn check_blocks(text: &str, lines: &str, codes: &[&str]) {
    assert_eq!(read(text), (lines.to_owned(), codes.to_vec()), "{text}");
}

#[test]
fn blocks_choose_the_lines_that_count() {
    check_blocks(".if 1\na\n.elif zz\nb\n.else\nc\n.endif\nd\n", "a; d", &[]);
    check_blocks(".if 0\na\n.elif 1\nb\n.elif 1\nc\n.else\nd\n.endif\n", "b", &[]);
    check_blocks(
        ".if 0\n.if foo\na\n.else\nb\n.endif\n.alert x\n.notice a b\n.else\nc\n.endif\n",
        "c",
        &[],
    );
}

#[test]
fn blocks_that_are_not_well_formed() {
    check_blocks(".if 1\na\n", "a", &["E0105"]);
    check_blocks(".endif\n.else\n.elif 1\n", "", &["E0105", "E0105", "E0105"]);
    check_blocks(".if 0\n.else\n.else\n.elif 1\n.endif\n", "", &["E0105", "E0105"]);
    check_blocks(".if 1\n.else x\n.endif x\n", "", &["E0105", "E0105"]);
    check_blocks(".if 0\n.elif zz\n.endif\n", "", &["E0106"]);
    check_blocks(".foo\n", ".foo", &[]);
    let nested = |n: usize| ".if 1\n".repeat(n) + &".endif\n".repeat(n);
    check_blocks(&nested(99), "", &[]);
    check_blocks(&nested(100), "", &["E0105"]);
}

#[test]
fn messages_are_findings_of_their_severity() {
    check_blocks(
        ".notice\n.diag x\n.warning \"x y\"\n.alert z\n.notice a b\n",
        "",
        &["N0111", "N0111", "W0110", "E0109", "E0205"],
    );
}

#[test]
fn the_environment_changes_while_global_is_read() {
    let text =
        "global\nsetenv X 1\npresetenv X 2\npresetenv Y 3\n\"$X\" \"$Y\"\nunsetenv X\n\"a$X\"\n";
    check_blocks(text, "global; setenv X 1; presetenv X 2; presetenv Y 3; 1 3; unsetenv X; a", &[]);
    check_blocks("global\nresetenv B\nx \"$A\"\n", "global; resetenv B; x ", &[]);
    check_blocks(
        "frontend f\nsetenv A 2\nx \"$A${.SECTION}\"\n",
        "frontend f; setenv A 2; x 1f",
        &[],
    );
    check_blocks("global\n.if 0\nsetenv A 2\n.endif\nx \"$A\"\n", "global; x 1", &[]);
}

#[test]
fn a_last_line_without_its_end_is_refused_and_read() {
    check_blocks("a b", "a b", &["E0107"]);
    check_blocks("a\n  ", "a", &["E0107"]);
    check_blocks("", "", &[]);
}
