//! Total parse: any bytes give a tree, the tree prints back as those bytes, and nothing panics.

use config_parse::env::Environment;
use config_parse::quantity::{self, Unit};
use config_parse::tree::{self, LineKind, Word};
use config_parse::{address, condition, expr, log_format, predicate};
use diag::{FileId, Safety, SourceFile, Sources, Span, fix, render};
use proptest::prelude::*;

fn env() -> Environment {
    let mut env = Environment::of_version("3.5-dev5");
    env.set("A", " x  y ");
    env
}

/// Text out of the pieces that mean something to the grammars, and some that mean nothing.
fn text() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        " ",
        "\t",
        "\"",
        "'",
        "\\",
        "#",
        "$",
        "{",
        "}",
        "${A}",
        "${A[*]}",
        "$A",
        "\\x4",
        "\\x41",
        "(",
        ")",
        "[",
        "]",
        ",",
        "%",
        "%[",
        "%{+Q}",
        "%(n:t)",
        "src",
        "hdr(a)",
        "lower",
        "if",
        "or",
        "||",
        "&&",
        "!",
        ".if ",
        ".else",
        ".endif",
        "defined(A)",
        "1",
        "0",
        "-i",
        "-f",
        "-m",
        "str",
        "--",
        ":",
        "80",
        "-",
        "+",
        "@",
        "unix@",
        "fd@",
        "::1",
        "*",
        "ms",
        "k",
        "\n",
        "\r",
        "\0",
        "global\n",
        "setenv A b\n",
        "\u{e9}",
        "\u{1f600}",
        "\u{fffd}",
    ]);
    prop::collection::vec(prop_oneof![9 => token.prop_map(String::from), 1 => ".{0,3}"], 0..24)
        .prop_map(|parts| parts.concat())
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let near = text().prop_map(String::into_bytes);
    prop_oneof![prop::collection::vec(any::<u8>(), 0..200), near]
}

fn is_in(span: Span, whole: Span) -> bool {
    whole.file == span.file
        && whole.start <= span.start
        && span.start <= span.end
        && span.end <= whole.end
}

proptest! {
    #[test]
    fn any_bytes_give_a_tree_that_prints_back(first in bytes(), second in bytes()) {
        let mut sources = Sources::new();
        sources.add(SourceFile::new("a.cfg", first.clone()));
        sources.add(SourceFile::new("b.cfg", second.clone()));
        let (tree, findings) = tree::parse(&sources, &env());
        prop_assert_eq!(tree.print(&sources), [first, second].concat());
        for line in &tree.lines {
            let mut from = line.span.start;
            for word in &line.words {
                prop_assert!(is_in(word.span, line.span), "{:?}", word);
                prop_assert!(word.span.start >= from || word.span.end == from, "{:?}", word);
                from = word.span.end.max(from);
                prop_assert!(is_in(word.at(1..2), word.span), "{:?}", word);
            }
            prop_assert!(line.kind != LineKind::Words || !line.words.is_empty());
        }
        let _ = render::full(&sources, &findings, render::Style::default());
        let _ = render::json(&sources, &findings);
        let _ = fix::apply(&sources, &findings, Safety::Unsafe);
    }

    #[test]
    fn no_parser_panics_and_every_finding_is_in_its_word(text in text()) {
        let span = Span::new(FileId(0), 10, 10 + text.len() as u32);
        let word = Word::new(text.as_str(), span);
        let _ = quantity::duration(&text, Unit::Millisecond);
        let _ = quantity::size(&text);
        let results = [
            expr::parse(&word).err(),
            log_format::parse(&word).err(),
            address::parse(&word).err(),
            address::parse_list(&word).err(),
            quantity::duration_word(&word, Unit::Second).err(),
            quantity::size_word(&word).err(),
            predicate::evaluate(std::slice::from_ref(&word), &env()).err(),
        ];
        for finding in results.into_iter().flatten() {
            prop_assert!(is_in(finding.span, span), "{:?}", finding);
        }
    }

    #[test]
    fn conditions_and_acls_take_any_words(texts in prop::collection::vec(text(), 0..12)) {
        let words: Vec<Word<'_>> =
            texts.iter().map(|text| Word::new(text.as_str(), Span::default())).collect();
        let with_if: Vec<Word<'_>> =
            std::iter::once(Word::new("if", Span::default())).chain(words.clone()).collect();
        let _ = condition::parse_acl(&words);
        let _ = condition::parse_acl_expr(&words);
        let _ = expr::parse_words(&words, &|name| name == "lower");
        if let Ok(condition) = condition::parse(&with_if) {
            prop_assert!(condition.any.iter().all(|all| !all.is_empty()));
        }
    }
}

#[test]
fn deep_nesting_is_a_finding_and_no_overflow() {
    for text in ["(".repeat(100_000), "!".repeat(100_000), "defined((".repeat(50_000)] {
        let word = Word::new(text.as_str(), Span::default());
        assert!(predicate::evaluate(std::slice::from_ref(&word), &env()).is_err());
        let _ = expr::parse(&word);
        let _ = log_format::parse(&Word::new(format!("%[{text}"), Span::default()));
    }
}
