//! Keywords that the manual calls deprecated, and those that take their place.

use config_parse::tree::Word;
use diag::{Diagnostic, Edit, Safety, codes};

use crate::lower::Directive;

/// `W0210`: a later version than 3.0 will not have `word`, one of the `noun`s.
pub(crate) fn tell(line: &mut Directive<'_>, noun: &str, word: &Word<'_>) {
    let Some(now) = by(noun, &word.text).filter(|_| line.target.is_from(3, 0)) else { return };
    let message = format!("`{}` is deprecated", word.text);
    let edits = vec![Edit { span: word.span, text: now.into() }];
    let finding = Diagnostic::new(codes::W0210, word.span, message);
    line.report(finding.help(format!("write `{now}`")).fix(Safety::Safe, edits));
}

/// The keyword to write instead.
///
/// Only those that mean the same in other words: a cure puts the one in the place of the other.
fn by(noun: &str, word: &str) -> Option<&'static str> {
    Some(match (noun, word) {
        ("option", "accept-invalid-http-request") => "accept-unsafe-violations-in-http-request",
        ("option", "accept-invalid-http-response") => "accept-unsafe-violations-in-http-response",
        ("action", "set-mark") => "set-fc-mark",
        ("action", "set-tos") => "set-fc-tos",
        ("keyword", "tune.ssl.capture-cipherlist-size") => "tune.ssl.capture-buffer-size",
        ("keyword", "tune.ssl.ocsp-update.maxdelay") => "ocsp-update.maxdelay",
        ("keyword", "tune.ssl.ocsp-update.mindelay") => "ocsp-update.mindelay",
        _ => return None,
    })
}
