//! `lbctl fmt`: one way to lay a configuration out.
//!
//! Sections begin at the margin, their lines are indented by four columns, words stand one space apart, a blank line
//! goes before each section and two blank lines become one. The bytes of words and comments stay as they are: a
//! quoted word keeps its quotes. The result is read again before it is shown, and must hold the same words.

use config_parse::env::Environment;
use config_parse::sections;
use config_parse::tree::{self, Line, LineKind};
use diag::{SourceFile, Sources};

use crate::arguments::Fmt;
use crate::check::{unified, write_whole};
use crate::exit::{CouldNot, Exit};
use crate::files;
use crate::out::{say, say_line};

const INDENT: &str = "    ";

/// Lays files out, or says which ones are not.
pub(crate) fn run(fmt: &Fmt) -> Result<Exit, CouldNot> {
    let mut exit = Exit::Clean;
    for (name, bytes) in files::read_all(&fmt.files)? {
        let laid = format(&bytes)
            .ok_or_else(|| format!("{name}: the words would change: please report this"))?;
        if fmt.check || fmt.diff {
            if laid != bytes {
                exit = Exit::Found;
                match fmt.diff {
                    true => say(unified(&name, &bytes, &laid)),
                    false => say_line(&format!("{name}: is laid out differently")),
                }
            }
        } else if name == "-" || laid != bytes {
            write_whole(name.as_ref(), &laid)?;
        }
    }
    Ok(exit)
}

/// A line as it will stand.
enum Item {
    Blank,
    Comment {
        text: Vec<u8>,
        indented: bool,
    },
    Words {
        indent: usize,
        text: Vec<u8>,
        section: bool,
        opens: bool,
    },
    /// A line that cannot be read: its bytes.
    Verbatim(Vec<u8>),
}

/// The text laid out; `None` if that would change its words, which would be a bug.
pub(crate) fn format(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut sources = Sources::new();
    sources.add(SourceFile::new("", bytes));
    let (tree, _) = tree::parse(&sources, &Environment::default());
    // Who asks for its own line number would get another one.
    let keep_lines = memchr::memmem::find(bytes, b".LINE").is_some();
    let mut items: Vec<Item> = Vec::with_capacity(tree.lines.len());
    let (mut depth, mut in_section) = (0_usize, false);
    for line in &tree.lines {
        items.push(item(bytes, line, &mut depth, &mut in_section));
    }
    indent_comments(&mut items, bytes, &tree.lines);
    if !keep_lines {
        items = space_out(items);
    }
    let mut lines =
        bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let any = bytes.contains(&b'\n');
    let line_end: &[u8] =
        if any && lines.all(|line| line.ends_with(b"\r\n")) { b"\r\n" } else { b"\n" };
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    for item in &items {
        write(item, line_end, &mut out);
    }
    (words_of(bytes) == words_of(&out)).then_some(out)
}

fn item(bytes: &[u8], line: &Line<'_>, depth: &mut usize, in_section: &mut bool) -> Item {
    let slice = |start: u32, end: u32| bytes.get(start as usize..end as usize).unwrap_or_default();
    let comment = line.comment.map(|at| slice(at.start, at.end).trim_ascii_end());
    // What a control character does to the words around it is not for a layout to touch.
    let whole = slice(line.span.start, line.span.end);
    let plain = whole.strip_suffix(b"\r").unwrap_or(whole);
    let odd = plain.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t');
    // Nor is what follows a backslash.
    let open = line.words.iter().any(|word| slice(word.span.start, word.span.end).ends_with(b"\\"));
    if line.kind == LineKind::Bad || odd || open {
        return Item::Verbatim(slice(line.span.start, line.span.end).to_vec());
    }
    let Some(first) = line.words.first() else {
        return match comment {
            Some(text) => Item::Comment { text: text.to_vec(), indented: *in_section },
            None => Item::Blank,
        };
    };
    let mut text: Vec<u8> = Vec::new();
    let mut last = None;
    for word in &line.words {
        // A variable that makes several words was written as one.
        if last.replace(word.span) == Some(word.span) {
            continue;
        }
        if !text.is_empty() {
            text.push(b' ');
        }
        text.extend_from_slice(slice(word.span.start, word.span.end));
    }
    if let Some(comment) = comment {
        text.push(b' ');
        text.extend_from_slice(comment);
    }
    let name = first.text.as_ref();
    if line.kind == LineKind::Macro {
        if matches!(name, ".elif" | ".else" | ".endif") {
            *depth = depth.saturating_sub(1);
        }
        let indent = *depth;
        let opens = matches!(name, ".if" | ".elif" | ".else");
        *depth += usize::from(opens);
        return Item::Words { indent, text, section: false, opens };
    }
    let section = sections::is_section(name);
    *in_section |= section;
    let indent = usize::from(*in_section && !section);
    Item::Words { indent, text, section, opens: false }
}

/// A comment that stands alone is indented as the line that it speaks of, the next one with words.
fn indent_comments(items: &mut [Item], bytes: &[u8], lines: &[Line<'_>]) {
    let mut below: Option<bool> = None;
    for (item, line) in items.iter_mut().zip(lines).rev() {
        match item {
            Item::Words { indent, .. } => below = Some(*indent > 0),
            Item::Verbatim(_) => below = Some(true),
            Item::Blank => {}
            Item::Comment { indented, .. } => {
                // Behind the last line it stays on the side of the margin where it stood.
                let at_margin = bytes.get(line.span.start as usize) == Some(&b'#');
                *indented = below.unwrap_or(*indented && !at_margin);
            }
        }
    }
}

/// No blank line at the ends, one between others, one before each section with the comments that belong to it.
fn space_out(items: Vec<Item>) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Item::Blank if matches!(out.last(), None | Some(Item::Blank)) => {}
            Item::Words { section: true, .. } => {
                let comments =
                    out.iter().rev().take_while(|item| matches!(item, Item::Comment { .. }));
                let at = out.len() - comments.count();
                let before = at.checked_sub(1).and_then(|at| out.get(at));
                let apart = match before {
                    None | Some(Item::Blank) => true,
                    Some(Item::Words { opens, .. }) => *opens,
                    Some(_) => false,
                };
                if !apart {
                    out.insert(at, Item::Blank);
                }
                out.push(item);
            }
            item => out.push(item),
        }
    }
    while matches!(out.last(), Some(Item::Blank)) {
        out.pop();
    }
    out
}

fn write(item: &Item, line_end: &[u8], out: &mut Vec<u8>) {
    match item {
        Item::Blank => {}
        Item::Comment { text, indented } => {
            if *indented {
                out.extend_from_slice(INDENT.as_bytes());
            }
            out.extend_from_slice(text);
        }
        Item::Words { indent, text, .. } => {
            for _ in 0..*indent {
                out.extend_from_slice(INDENT.as_bytes());
            }
            out.extend_from_slice(text);
        }
        Item::Verbatim(text) => {
            // Its own line end, if the file has the longer one.
            out.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
            if text.ends_with(b"\r") && line_end == b"\n" {
                out.push(b'\r');
            }
        }
    }
    out.extend_from_slice(line_end);
}

/// The meaning: the words of each line that has some, and all comments.
fn words_of(bytes: &[u8]) -> Vec<(LineKind, Vec<String>, Option<String>)> {
    let mut sources = Sources::new();
    sources.add(SourceFile::new("", bytes));
    let mut all = Vec::new();
    tree::each_line(&sources, &Environment::default(), |line| {
        let comment = line.comment.map(|at| sources.text(at).trim_end().to_owned());
        let words: Vec<String> = line.words.iter().map(|word| word.text.to_string()).collect();
        if !words.is_empty() || comment.is_some() || line.kind != LineKind::Blank {
            all.push((line.kind, words, comment));
        }
    });
    all
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Expect) {
        let laid = format(text.as_bytes()).expect("the same words");
        expected.assert_eq(&String::from_utf8_lossy(&laid));
        assert_eq!(format(&laid).expect("the same words"), laid, "once more changes nothing");
    }

    #[test]
    fn a_file_is_laid_out() {
        check(
            "\n\nglobal\n\tdaemon   # stays\n  log  127.0.0.1   local0\n\n\n# of the frontend\nfrontend \"a b\"\nbind\t:80\n   # of the rule\n http-request  deny if { path  '/a  b' }\n#end\n\n",
            expect![[r#"
                global
                    daemon # stays
                    log 127.0.0.1 local0

                # of the frontend
                frontend "a b"
                    bind :80
                    # of the rule
                    http-request deny if { path '/a  b' }
                #end
            "#]],
        );
    }

    #[test]
    fn blocks_are_indented_by_their_depth_and_bad_lines_stay() {
        check(
            ".if 1\n  .if 0\nfrontend f\n bind :80\n.else\n.endif\n.endif\nbackend b\n  server  \"open\n",
            expect![[r#"
                .if 1
                    .if 0
                frontend f
                    bind :80
                    .else
                    .endif
                .endif

                backend b
                  server  "open
            "#]],
        );
    }

    #[test]
    fn a_file_that_asks_for_line_numbers_keeps_its_lines() {
        let text = "\n\nfrontend f\n\n\n  bind :80 name \"l${.LINE}\"\n";
        let laid = format(text.as_bytes()).expect("the same words");
        assert_eq!(laid, b"\n\nfrontend f\n\n\n    bind :80 name \"l${.LINE}\"\n");
    }

    #[test]
    fn long_line_ends_stay() {
        assert_eq!(
            format(b"global\r\n daemon\r\n").as_deref(),
            Some(&b"global\r\n    daemon\r\n"[..])
        );
    }

    fn a_line() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            Just("bind"),
            Just("frontend"),
            Just("global"),
            Just("backend"),
            Just("\"a  b\""),
            Just("'#'"),
            Just("a\\ b"),
            Just("\"$X[*]\""),
            Just("\"${.LINE}\""),
            Just(".if"),
            Just("1"),
            Just(".endif"),
            Just(".else"),
            Just("x#y"),
            Just("# c  d "),
            Just("\""),
            Just("\\"),
            Just("\u{e9}"),
            Just("setenv"),
            Just("X"),
            Just("\"q r\""),
        ];
        (prop::collection::vec((word, "[ \t\r]{0,3}"), 0..6), "[ \t]{0,3}").prop_map(
            |(words, indent)| {
                words.into_iter().fold(indent, |line, (word, space)| line + word + &space)
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn any_text_keeps_its_words_and_is_laid_out_once(
            lines in prop::collection::vec(a_line(), 0..12), end in "\r?\n?"
        ) {
            let text = lines.join("\n") + &end;
            let laid = format(text.as_bytes());
            prop_assert!(laid.is_some(), "{text:?}");
            let laid = laid.unwrap_or_default();
            prop_assert_eq!(format(&laid), Some(laid.clone()), "{:?}", String::from_utf8_lossy(&laid));
        }

        #[test]
        fn any_bytes_keep_their_words(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let laid = format(&bytes);
            prop_assert!(laid.is_some());
        }
    }
}
