//! From a log format's tree to its compiled form.

use config_parse::log_format::{Flags, LogFormat, Piece};
use diag::{Diagnostic, Spanned, codes};

use crate::compile::{CompileEnv, with_nearest};
use crate::log::alias::{ALIASES, Alias};
use crate::log::escape::Dress;
use crate::log::write::{CompiledFormat, Item};
use crate::place::Place;

/// Compiles a log format of any use; the place says whether it is a log line (spaces are merged and
/// what is missing is `-`) or the value of a header, a payload, a variable.
///
/// # Errors
/// Every finding that refuses it: unknown aliases and what [`crate::compile::expr`] finds.
pub fn log_format(
    format: &LogFormat,
    env: &mut CompileEnv<'_>,
) -> Result<CompiledFormat, Vec<Diagnostic>> {
    let is_log = env.place == Place::Log;
    let mut dress = Dress { mandatory: is_log, ..Dress::default() };
    let mut items = Vec::new();
    let mut findings = Vec::new();
    for piece in &format.pieces {
        match not_built(piece) {
            Some(finding) if env.names.haproxy().is_some() => {
                env.warnings.push(Diagnostic::new(codes::W0212, finding.span, finding.message));
            }
            finding => findings.extend(finding),
        }
        match piece {
            Piece::Text(text) if is_log => push_words(text, &mut items),
            Piece::Text(text) => items.push(Item::Text(text.clone().into_bytes())),
            Piece::Alias { name, flags, .. } if name.value == "o" => dress = with(dress, *flags),
            Piece::Alias { name, flags, .. } => match Alias::of(&name.value) {
                Some(alias) => items.push(Item::Alias(alias, with(dress, *flags))),
                None => findings.push(no_alias(name)),
            },
            Piece::Expr { expr, .. } if is_ignored(&expr.fetch.name.value, env.place) => {
                env.warnings.push(ignored(&expr.fetch.name));
            }
            Piece::Expr { expr, flags, .. } => match crate::compile::expr(expr, env) {
                Ok(compiled) => items.push(Item::Expr(Box::new(compiled), with(dress, *flags))),
                Err(mut more) => findings.append(&mut more),
            },
        }
    }
    if findings.is_empty() { Ok(CompiledFormat { items, is_log }) } else { Err(findings) }
}

/// The flags whose encodings are not there; a line in another form would break who reads it.
fn not_built(piece: &Piece) -> Option<Diagnostic> {
    let (flags, span) = match piece {
        Piece::Text(_) => return None,
        Piece::Alias { flags, span, .. } | Piece::Expr { flags, span, .. } => (flags, *span),
    };
    let asked = [("bin", flags.binary), ("cbor", flags.cbor), ("json", flags.json)];
    let (name, _) = asked.into_iter().find(|(_, flag)| *flag == Some(true))?;
    let message = format!("the flag `{name}` of log formats is not carried out by proxyd yet");
    Some(Diagnostic::new(codes::E0207, span, message))
}

fn with(dress: Dress, flags: Flags) -> Dress {
    Dress {
        quote: flags.quote.unwrap_or(dress.quote),
        hex: flags.hex.unwrap_or(dress.hex),
        escape: flags.escape.unwrap_or(dress.escape),
        mandatory: flags.mandatory.unwrap_or(dress.mandatory),
    }
}

/// In log lines runs of spaces separate, and print as one or none.
fn push_words(text: &str, items: &mut Vec<Item>) {
    let mut first = true;
    for word in text.split(' ') {
        if !first {
            items.push(Item::Separator);
        }
        first = false;
        if !word.is_empty() {
            items.push(Item::Text(word.as_bytes().to_vec()));
        }
    }
}

fn no_alias(name: &Spanned<String>) -> Diagnostic {
    let message = format!("no log format alias is named `%{}`", name.value);
    let finding =
        Diagnostic::new(codes::E0306, name.span, message).help("write `%%` for the character `%`");
    match name.value.len() {
        0..=2 => finding,
        _ => with_nearest(finding, &name.value, ALIASES.iter().map(|(known, _)| known)),
    }
}

/// Raw bytes are gone once HTTP was read: HAProxy drops these items from HTTP rules' formats.
fn is_ignored(name: &str, place: Place) -> bool {
    let in_http = matches!(
        place,
        Place::FrontendHttpRequest
            | Place::FrontendHttpBody
            | Place::BackendHttpRequest
            | Place::BackendHttpBody
            | Place::FrontendHttpResponse
            | Place::FrontendHttpResponseBody
            | Place::BackendHttpResponse
            | Place::BackendHttpResponseBody
    );
    let side = name.strip_prefix("req.").or_else(|| name.strip_prefix("res.")).unwrap_or(name);
    let raw = matches!(side, "len" | "req_len" | "payload" | "payload_lv" | "rdp_cookie");
    in_http && raw
}

fn ignored(name: &Spanned<String>) -> Diagnostic {
    let message = format!("`{}` reads raw bytes, and this format ignores it", name.value);
    Diagnostic::new(codes::W0211, name.span, message)
}
