//! Words as the language sees them: quotes, escapes, variables, comments (manual 2.2, 2.3).

use config_parse::env::Environment;
use config_parse::tree::{self, LineKind};
use diag::{SourceFile, Sources};

fn env() -> Environment {
    let mut env = Environment::of_version("2.6.12");
    env.set("A", "1");
    env.set("B", "x  y");
    env.set("Q", " u  v ");
    env.set("EMPTY", "");
    env
}

/// Words of the one line `text`, in brackets, or the code and columns of its finding.
fn read(text: &[u8]) -> String {
    let mut sources = Sources::new();
    sources.add(SourceFile::new("t.cfg", [text, b"\n"].concat()));
    let (tree, findings) = tree::parse(&sources, &env());
    if let Some(finding) = findings.first() {
        let columns = format!("{}-{}", finding.span.start + 1, finding.span.end);
        return format!("{} {columns}", finding.code);
    }
    tree.lines.iter().flat_map(|line| &line.words).map(|w| format!("[{}]", w.text)).collect()
}

#[track_caller]
fn check(text: &str, expect: &str) {
    assert_eq!(read(text.as_bytes()), expect, "{text}");
}

#[test]
fn white_space_separates_words_and_a_hash_ends_the_line() {
    check("  bind  :80\tssl ", "[bind][:80][ssl]");
    check("a\x0bb\x0cc\r", "[a][b][c]");
    check("a 'b\rc'\rd \"e", "[a][b\rc]");
    check("\r a \r b\rc", "[a][b]");
    check("a#b c", "[a]");
    check("# nothing", "");
    check(r"a\#b \ c", "[a#b][ c]");
}

#[test]
fn quotes_protect_and_join() {
    check(r#"foo"b ar"baz\ x"#, "[foob arbaz x]");
    check(r"'a\tb' 'x # y'", r"[a\tb][x # y]");
    check(r#""" '' a"#, "[][][a]");
    check(r#""it's" 'say "x"'"#, r#"[it's][say "x"]"#);
}

#[test]
fn escapes_are_those_of_the_manual_and_others_stay() {
    check(r"a\tb\\c\x41", "[a\tb\\cA]");
    check(r#""a\\b\"c\ d\#e\'f""#, r#"[a\b"c d#e'f]"#);
    check(r#"b\q "b\q" x\$y "x\$y""#, r"[b\q][b\q][x\$y][x$y]");
    check("end\\", "[end\\]");
    check("a\\\tb\\\rc", "[a\\][b\\]");
    check(r#""\x00b" c\x00d"#, "[][c]");
}

#[test]
fn variables_are_replaced_in_double_quotes_only() {
    check(r#"$A "$A" '$A' "${A}" "$A-x""#, "[$A][1][$A][1][1-x]");
    check(r#""${B}" "$NONE" "x${NONE}y" "${EMPTY}""#, "[x  y][][xy][]");
    check(r#""${NONE-a b}" "${A-b}" "${EMPTY-b}" "${NONE-}z""#, "[a b][1][][z]");
    check(r#""${NONE-a"b}" "${NONE--x}" "${NONE-${A}}""#, r#"[a"b][-x][${A}]"#);
}

#[test]
fn a_list_becomes_several_words() {
    check(r#""${B[*]}" "a${B[*]}b""#, "[x][y][ax][yb]");
    check(r#""${A[*]-x}" "${NONE[*]-p q}""#, "[1][p][q]");
    check(r#""x${NONE[*]}""#, "[x]");
    check(r#""x${Q[*]}y" "${Q[*]}""#, "[x][u][v][y][][u][v][]");
}

#[test]
fn pseudo_variables_tell_the_place() {
    check(r#""${.LINE}" "$.FILE" a"#, "[1][t.cfg][a]");
}

#[test]
fn findings_point_at_the_bytes() {
    check(r#"a "b c"#, "E0101 3-6");
    check(r"a b'c", "E0101 4-5");
    check(r#"ab"x""y"#, "E0101 6-7");
    check(r"a\xZZ", "E0104 2-3");
    check(r#"a "${A" b"#, "E0102 4-6");
    check(r#""$1""#, "E0102 2-3");
    check(r#""${}""#, "E0102 2-4");
    check(r#""${A[0]}""#, "E0102 2-8");
    check(r#""${.FOO}""#, "E0102 2-8");
    check("a\0b", "E0103 2-2");
}

#[test]
fn a_line_has_at_most_64_words() {
    check(&"a ".repeat(64), &"[a]".repeat(64));
    check(&"a ".repeat(65), "E0108 129-129");
}

#[test]
fn bytes_that_are_no_text_keep_their_offsets() {
    assert_eq!(read(b"a \xff\xfe \"b"), "E0101 6-7");
    assert_eq!(read(b"# \xff\xfe"), "");
    assert_eq!(read(b"a \xc3\xa9 \xff"), "[a][\u{e9}][\u{10ffff}]");
}

#[test]
fn lines_keep_their_kind() {
    let text = "global\n\n# c\n .if 0\n x\n .else\n y \"\n .endif\n \"\" z\n";
    let sources = Sources::single("t.cfg", text);
    let (tree, _) = tree::parse(&sources, &env());
    let kinds: Vec<_> = tree.lines.iter().map(|line| line.kind).collect();
    use LineKind::{Bad, Blank, Inactive, Macro, Words};
    assert_eq!(kinds, [Words, Blank, Blank, Macro, Inactive, Macro, Bad, Macro, Blank]);
}
