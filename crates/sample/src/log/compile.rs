//! From a log format's tree to its compiled form.

use config_parse::log_format::{Flags, Label, LogFormat, Piece};
use config_parse::stray;
use diag::{Diagnostic, Spanned, codes};

use crate::Type;
use crate::compile::{CompileEnv, with_nearest};
use crate::log::alias::{ALIASES, Alias};
use crate::log::encode::Encoding;
use crate::log::escape::Dress;
use crate::log::write::{CompiledFormat, Item, Named};
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
        match piece {
            Piece::Text(text) if is_log => push_words(text, &mut items),
            Piece::Text(text) => items.push(Item::Text(stray::bytes(text).into_owned())),
            Piece::Alias { name, flags, .. } if name.value == "o" => dress = with(dress, *flags),
            Piece::Alias { name, flags, label, .. } => match Alias::of(&name.value) {
                Some(alias) => items.push(Item::Alias(alias, with(dress, *flags), name_of(label))),
                None => findings.push(no_alias(name)),
            },
            Piece::Expr { expr, flags, label, .. } => {
                if reads_bytes(&expr.fetch.name.value, env.place) {
                    env.warnings.push(no_bytes(&expr.fetch.name));
                }
                match crate::compile::expr(expr, env) {
                    Ok(compiled) => {
                        let named = Named { name: name_of(label), kind: kind_of(label) };
                        items.push(Item::Expr(Box::new(compiled), with(dress, *flags), named));
                    }
                    Err(mut more) => findings.append(&mut more),
                }
            }
        }
    }
    // The flags that are in force at the end say whether the whole is an object of the named items.
    let object = dress.encoding;
    let binary = dress.binary;
    if findings.is_empty() {
        Ok(CompiledFormat { items, is_log, object, binary })
    } else {
        Err(findings)
    }
}

fn name_of(label: &Option<Label>) -> Option<Box<str>> {
    let name = label.as_ref().map(|label| label.name.as_str());
    name.filter(|name| !name.is_empty()).map(Box::from)
}

/// The type that the value is made, whatever it has.
fn kind_of(label: &Option<Label>) -> Option<Type> {
    match label.as_ref()?.kind.as_deref()? {
        "bool" => Some(Type::Bool),
        "sint" => Some(Type::Int),
        "str" => Some(Type::Str),
        _ => None,
    }
}

fn with(dress: Dress, flags: Flags) -> Dress {
    Dress {
        quote: flags.quote.unwrap_or(dress.quote),
        hex: flags.hex.unwrap_or(dress.hex),
        escape: flags.escape.unwrap_or(dress.escape),
        mandatory: flags.mandatory.unwrap_or(dress.mandatory),
        binary: flags.binary.unwrap_or(dress.binary),
        encoding: encoding(dress.encoding, flags),
    }
}

fn encoding(before: Encoding, flags: Flags) -> Encoding {
    match (flags.json, flags.cbor) {
        (Some(true), _) => Encoding::Json,
        (_, Some(true)) => Encoding::Cbor,
        (Some(false), _) if before == Encoding::Json => Encoding::Plain,
        (_, Some(false)) if before == Encoding::Cbor => Encoding::Plain,
        _ => before,
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
            items.push(Item::Text(stray::bytes(word).into_owned()));
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

/// Raw bytes are gone once HTTP was read: HAProxy warns of such items in HTTP rules' formats.
// Quirk: it says that it ignores them, and writes the value of those that have one (`req.len`).
fn reads_bytes(name: &str, place: Place) -> bool {
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

fn no_bytes(name: &Spanned<String>) -> Diagnostic {
    let message =
        format!("`{}` is about raw bytes, and HTTP rules run when they were read", name.value);
    Diagnostic::new(codes::W0211, name.span, message)
}
