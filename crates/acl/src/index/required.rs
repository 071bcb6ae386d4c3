//! Texts that a regular expression cannot match without.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};
use regex_syntax::hir::{Hir, HirKind};

/// Alternatives of one expression: more would let too much pass.
const MOST: usize = 64;

/// Parts of an expression whose beginnings are looked at.
const PARTS: usize = 32;

/// One of these texts is in every text that the expression matches, in upper or lower case if case does not matter.
/// `None` when no such texts are known.
pub(super) fn required(expression: &str) -> Option<Vec<Box<[u8]>>> {
    // As `sample::regex` compiles them.
    let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(expression).ok()?;
    let literals = best(&parsed)?;
    Some(literals.literals()?.iter().map(|literal| literal.as_bytes().into()).collect())
}

/// The sequence whose shortest text is the longest.
fn best(hir: &Hir) -> Option<Seq> {
    let here = [ExtractKind::Prefix, ExtractKind::Suffix].map(|kind| extract(hir, kind));
    let inside = match hir.kind() {
        HirKind::Capture(capture) => best(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub),
        HirKind::Concat(parts) => {
            let rest = |from: usize| Hir::concat(parts[from..].to_vec());
            let beginnings = (1..parts.len().min(PARTS))
                .filter_map(|from| extract(&rest(from), ExtractKind::Prefix));
            parts.iter().take(PARTS).filter_map(best_of_group).chain(beginnings).max_by_key(worth)
        }
        _ => None,
    };
    here.into_iter().flatten().chain(inside).max_by_key(worth)
}

/// What a part in brackets needs; other parts are seen as beginnings.
fn best_of_group(part: &Hir) -> Option<Seq> {
    matches!(part.kind(), HirKind::Capture(_) | HirKind::Repetition(_))
        .then(|| best(part))
        .flatten()
}

fn extract(hir: &Hir, kind: ExtractKind) -> Option<Seq> {
    let mut extractor = Extractor::new();
    extractor.kind(kind).limit_class(16).limit_total(MOST);
    let found = extractor.extract(hir);
    worth(&found).gt(&(0, 0)).then_some(found)
}

/// The length of the shortest text, and then the fewer the better.
fn worth(found: &Seq) -> (usize, usize) {
    match (found.min_literal_len(), found.len()) {
        (Some(shortest), Some(count @ 1..)) if shortest > 0 => (shortest, usize::MAX - count),
        _ => (0, 0),
    }
}
