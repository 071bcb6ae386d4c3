//! A text that a pattern matches.

use config_parse::condition::MatchMethod;
use regex_syntax::hir::{Hir, HirKind};

/// A text that `pattern` matches by `method`; nothing where none is known.
pub(crate) fn text(method: MatchMethod, pattern: &str) -> Option<String> {
    Some(match method {
        MatchMethod::Str | MatchMethod::Dom | MatchMethod::Ip => pattern.to_owned(),
        MatchMethod::Beg => format!("{pattern}x"),
        MatchMethod::End => format!("x{pattern}"),
        MatchMethod::Sub => format!("x{pattern}y"),
        MatchMethod::Dir => format!("/{}/", pattern.trim_matches('/')),
        MatchMethod::Found | MatchMethod::Bool => "1".to_owned(),
        MatchMethod::Len => "x".repeat(pattern.parse().ok().filter(|n| *n < 4096)?),
        MatchMethod::Int | MatchMethod::Bin => return None,
        MatchMethod::Reg => regex(pattern)?,
    })
}

/// A number for `gt 5`, `le 3`, `1:9`, `7`.
pub(crate) fn number(patterns: &[&str]) -> Option<i64> {
    let first = *patterns.first()?;
    let operand = patterns.get(1).and_then(|word| word.parse::<i64>().ok());
    match first {
        "gt" => operand.map(|n| n + 1),
        "ge" | "le" | "eq" => operand,
        "lt" => operand.map(|n| n - 1),
        range => range.split(':').find_map(|end| end.parse().ok()),
    }
}

/// The shortest text that a regular expression matches, first alternatives first.
fn regex(pattern: &str) -> Option<String> {
    let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
    let mut out = String::new();
    write(&hir, &mut out)?;
    Some(out)
}

fn write(hir: &Hir, out: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => {
            let within = |c: char| class.ranges().iter().any(|r| r.start() <= c && c <= r.end());
            let usual =
                ('a'..='z').chain('0'..='9').chain(['-', '/', '.', '_', 'A']).find(|c| within(*c));
            out.push(usual.or_else(|| class.ranges().first().map(|range| range.start()))?);
        }
        HirKind::Class(regex_syntax::hir::Class::Bytes(class)) => {
            out.push(char::from(class.ranges().first()?.start()));
        }
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min.min(64) {
                write(&repetition.sub, out)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, out)?,
        HirKind::Concat(parts) => {
            for part in parts {
                write(part, out)?;
            }
        }
        HirKind::Alternation(parts) => write(parts.first()?, out)?,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_expression_has_an_example() {
        for (pattern, example) in
            [("^/api/(v1|v2)/[^/]+$", "/api/v1/a"), (r"\.(png|jpg)$", ".png"), ("a{2,3}b?", "aa")]
        {
            assert_eq!(text(MatchMethod::Reg, pattern).as_deref(), Some(example));
        }
    }

    #[test]
    fn a_comparison_has_a_number() {
        assert_eq!(number(&["gt", "5"]), Some(6));
        assert_eq!(number(&["400:499"]), Some(400));
    }
}
