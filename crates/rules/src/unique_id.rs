//! `unique-id-format`: made once a request, when it is first asked for.

use acl::Condition;
use config_parse::log_format::{LogFormat, Piece};
use sample::{Compiled, CompiledFormat, Context, Escape};

use crate::moment::Moment;

/// Makes the id unless it is there. Rules that run later change nothing of it.
pub(crate) fn make(m: &mut Moment<'_>) {
    let format = &m.program.frontend(m.stream.frontend).part().unique_id;
    let Some(format) = format.as_ref().filter(|_| m.stream.unique_id.is_none()) else { return };
    let mut id = Vec::new();
    m.write(format, Escape::Log, &mut id);
    m.settle();
    m.world.identify(&id);
    m.stream.unique_id = Some(id);
}

/// The id as it is now.
pub(crate) fn written(format: &CompiledFormat, ctx: &Context<'_>) -> Vec<u8> {
    let mut id = Vec::new();
    format.write(ctx, &mut id);
    id
}

/// Whether an expression asks for the id.
pub(crate) fn in_expr(expr: &Compiled) -> bool {
    expr.text().contains("unique-id")
}

/// Whether a format asks for the id.
pub(crate) fn in_format(format: &CompiledFormat) -> bool {
    format.expressions().any(in_expr)
}

/// Whether a condition asks for the id.
pub(crate) fn in_condition(condition: &Condition) -> bool {
    let mut tests = condition.alternatives().flatten().flat_map(|(_, tests)| tests);
    tests.any(|test| in_expr(test.expr()))
}

/// The format as HAProxy reads it: a run of spaces is one, and none begins it.
pub(crate) fn merged(format: &LogFormat) -> LogFormat {
    let mut merged = format.clone();
    let mut spaced = true;
    for piece in &mut merged.pieces {
        match piece {
            Piece::Text(text) => {
                text.retain(|letter| {
                    let keep = letter != ' ' || !spaced;
                    spaced = letter == ' ';
                    keep
                });
            }
            Piece::Alias { name, .. } if name.value == "o" => {}
            Piece::Alias { .. } | Piece::Expr { .. } => spaced = false,
        }
    }
    merged
}
