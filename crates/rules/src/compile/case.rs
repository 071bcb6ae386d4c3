//! The case of header names: `h1-case-adjust` and `h1-case-adjust-file` (manual 3.1).

use config::model::Global;
use diag::{Diagnostic, Span, codes};
use http1::CaseMap;

/// The names of `global`, and what is wrong with its file.
pub(super) fn map(
    global: &Global,
    files: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> (CaseMap, Option<Diagnostic>) {
    let mut map = CaseMap::default();
    for pair in &global.h1_case_adjust {
        // What does not fit was reported when the line was read.
        map.add(pair.value.0.as_bytes(), pair.value.1.as_bytes());
    }
    let Some(file) = &global.h1_case_adjust_file else { return (map, None) };
    let wrong = match files(&file.value) {
        Ok(bytes) => read(&mut map, &bytes, &file.value, file.span),
        Err(why) => {
            let message = format!("`{}` cannot be read: {why}", file.value);
            Some(Diagnostic::new(codes::E0701, file.span, message))
        }
    };
    (map, wrong)
}

/// Adds each line's pair; the first that does not fit ends it.
fn read(map: &mut CaseMap, bytes: &[u8], name: &str, span: Span) -> Option<Diagnostic> {
    for (line, number) in bytes.split(|byte| *byte == b'\n').zip(1..) {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        let (from, to) = line.split_at(end);
        if !map.add(from, to.trim_ascii()) {
            let message = format!(
                "line {number} of `{name}` is no pair of names that differ in case only, or the name was given before"
            );
            return Some(Diagnostic::new(codes::E0301, span, message));
        }
    }
    None
}
