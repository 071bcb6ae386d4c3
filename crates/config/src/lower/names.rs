//! Which characters names may have (manual 4).

use diag::{Diagnostic, Span, Spanned, codes};

use super::Directive;

/// Letters, digits, `-`, `_`, `.` and `:`; the first character that is none of them.
fn bad_char(name: &str) -> Option<(usize, char)> {
    name.char_indices()
        .find(|(_, c)| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.' | ':'))
}

/// `E0307` when a name has other characters. Whether it may stay.
pub(crate) fn check(line: &mut Directive<'_>, name: &Spanned<String>, of: &str) -> bool {
    let Some((at, c)) = bad_char(&name.value) else { return true };
    // Quirk: which names are looked at differs between versions.
    let newer = line.target.is_from(3, 0);
    let looked_at = match of {
        "a section" => !newer,
        "another section" => newer,
        _ => true,
    };
    if !looked_at {
        return true;
    }
    let exact = name.span.end - name.span.start == name.value.len() as u32;
    let start = name.span.start + at as u32;
    let place = match exact {
        true => Span::new(name.span.file, start, start + c.len_utf8() as u32),
        false => name.span,
    };
    let of = of.replace("another", "a");
    let message = format!("`{c}` is not allowed in the name of {of}");
    line.report(
        Diagnostic::new(codes::E0307, place, message)
            .help("use letters, digits, `-`, `_`, `.` and `:`"),
    );
    false
}
