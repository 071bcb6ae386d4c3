//! Applying the cures of findings to the files' bytes.

use std::collections::BTreeMap;

use crate::{Diagnostic, Edit, FileId, Safety, Sources, Span};

/// What the cures made of the files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fixed {
    /// The new bytes of each file that changes.
    pub files: BTreeMap<FileId, Vec<u8>>,
    /// How many cures were applied.
    pub applied: usize,
    /// How many were left out: they overlap an earlier one, and want another run.
    pub skipped: usize,
}

/// Applies the cures of `findings`, in order; unsafe ones only with `Safety::Unsafe` as `most`.
///
/// A cure is applied whole or not at all. The same edit asked for twice is made once.
pub fn apply(sources: &Sources, findings: &[Diagnostic], most: Safety) -> Fixed {
    let mut fixed = Fixed::default();
    let mut edits: Vec<&Edit> = Vec::new();
    for fix in findings.iter().filter_map(|finding| finding.fix.as_deref()) {
        if fix.safety == Safety::Unsafe && most == Safety::Safe {
            continue;
        }
        if fix
            .edits
            .iter()
            .all(|new| edits.iter().all(|old| old == &new || !touch(old.span, new.span)))
        {
            edits.extend(fix.edits.iter());
            fixed.applied += 1;
        } else {
            fixed.skipped += 1;
        }
    }
    edits.sort_by_key(|edit| edit.span);
    edits.dedup();
    for file in edits.chunk_by(|a, b| a.span.file == b.span.file) {
        if let Some((id, bytes)) = rewrite(sources, file) {
            fixed.files.insert(id, bytes);
        }
    }
    fixed
}

/// Whether two edits cannot both be made: they overlap, or begin at one place and have no order.
fn touch(a: Span, b: Span) -> bool {
    let overlap = a.start < b.end && b.start < a.end;
    a.file == b.file && (overlap || a.start == b.start)
}

/// One file with its edits, which are in order and do not overlap.
fn rewrite(sources: &Sources, edits: &[&Edit]) -> Option<(FileId, Vec<u8>)> {
    let id = edits.first()?.span.file;
    let old = sources.file(id)?.bytes.as_slice();
    let mut new = Vec::with_capacity(old.len());
    let mut from = 0;
    for edit in edits {
        let start = (edit.span.start as usize).clamp(from, old.len());
        let end = (edit.span.end as usize).clamp(start, old.len());
        new.extend_from_slice(old.get(from..start)?);
        new.extend_from_slice(edit.text.as_bytes());
        from = end;
    }
    new.extend_from_slice(old.get(from..)?);
    Some((id, new))
}
