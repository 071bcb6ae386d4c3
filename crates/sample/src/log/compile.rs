//! From a log format's tree to its compiled form.

use config_parse::log_format::{LogFormat, Piece};
use diag::Diagnostic;

use crate::compile::CompileEnv;
use crate::log::write::{CompiledFormat, Item};

/// Compiles a log format of any use: logs, headers, payloads, variables.
///
/// # Errors
/// Every finding that refuses it: unknown aliases and what [`crate::compile::expr`] finds.
pub fn log_format(
    format: &LogFormat,
    env: &mut CompileEnv<'_>,
) -> Result<CompiledFormat, Vec<Diagnostic>> {
    let mut items = Vec::new();
    let mut findings = Vec::new();
    for piece in &format.pieces {
        match piece {
            Piece::Text(text) => items.push(Item::Text(text.clone().into_bytes())),
            Piece::Alias { .. } => {}
            Piece::Expr { expr, .. } => match crate::compile::expr(expr, env) {
                Ok(compiled) => items.push(Item::Expr(Box::new(compiled))),
                Err(mut more) => findings.append(&mut more),
            },
        }
    }
    if findings.is_empty() { Ok(CompiledFormat { items }) } else { Err(findings) }
}
