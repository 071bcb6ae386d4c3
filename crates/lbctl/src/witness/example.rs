//! A text that a regular expression matches.

use regex_syntax::hir::{Class, Hir, HirKind};

/// A short one; `None` for expressions of another dialect.
pub(super) fn example(pattern: &str) -> Option<String> {
    let hir = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).ok()?;
    let mut out = String::new();
    write(&hir, &mut out)?;
    Some(out)
}

fn write(hir: &Hir, out: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(class) => out.push(one_of(class)?),
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min.min(64) {
                write(&repetition.sub, out)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, out)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, out))?,
        HirKind::Alternation(parts) => write(parts.first()?, out)?,
    }
    Some(())
}

/// A letter or a digit if the class has one.
fn one_of(class: &Class) -> Option<char> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => {
            class.ranges().iter().map(|range| (range.start(), range.end())).collect()
        }
        Class::Bytes(class) => {
            let ranges = class.ranges().iter().filter(|range| range.start().is_ascii());
            ranges
                .map(|range| (char::from(range.start()), char::from(range.end().min(127))))
                .collect()
        }
    };
    let within =
        |wanted: char| ranges.iter().any(|(first, last)| (*first..=*last).contains(&wanted));
    let plain = ('a'..='z').chain('0'..='9').chain('A'..='Z').chain(['-', '/', '.', '_']);
    plain.into_iter().find(|one| within(*one)).or_else(|| ranges.first().map(|(first, _)| *first))
}

#[cfg(test)]
mod tests {
    use super::example;

    #[test]
    fn the_text_matches_its_expression() {
        for pattern in
            [r"^/api/v[0-9]+/(users|items)$", r"\.(png|jpg)$", "^(www|api)\\.example$", "[^/]{3}"]
        {
            let text = example(pattern).expect(pattern);
            assert!(
                regex::Regex::new(pattern).expect(pattern).is_match(&text),
                "{pattern}: {text}"
            );
        }
    }
}
