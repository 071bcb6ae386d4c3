//! `set-var` and `set-var-fmt` of `global`: variables of the process (manual 3.1).

use diag::{Spanned, codes};

use super::{Keyword, Places};
use crate::lower::{Directive, spanned};
use crate::model::{Global, GlobalValue};

pub(super) const KEYWORDS: &[Keyword<Global>] = &[
    Keyword::new(
        "set-var",
        Places::GLOBAL,
        "<name> <expr>",
        "3.1",
        "sets a variable of the process",
        |line, to| {
            let Some(name) = name(line) else { return };
            let Some(value) = line.expr_in("an expression", 1) else { return };
            // Quirk: HAProxy does not look at what follows.
            line.skip_rest();
            to.set_vars.push((name, GlobalValue::Expr(value)));
        },
    ),
    Keyword::new(
        "set-var-fmt",
        Places::GLOBAL,
        "<name> <fmt>",
        "3.1",
        "sets a variable of the process from a format",
        |line, to| {
            let Some(name) = name(line) else { return };
            let Some(value) = line.log_format("a format") else { return };
            // Quirk: HAProxy does not look at what follows.
            line.skip_rest();
            to.set_vars.push((name, GlobalValue::Format(value.value)));
        },
    ),
];

fn name(line: &mut Directive<'_>) -> Option<Spanned<String>> {
    let word = line.arg("the name of a variable and a value")?;
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if word
        .text
        .strip_prefix("proc.")
        .is_none_or(|rest| rest.is_empty() || !rest.chars().all(valid))
    {
        let message = format!("`{}` is no variable of the process: `proc.name`", word.text);
        line.error(codes::E0307, word.span, message);
        line.rest();
        return None;
    }
    Some(spanned(word))
}
