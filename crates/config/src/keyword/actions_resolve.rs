//! `do-resolve`: a rule that looks a name up (manual 4.4).

use diag::{Spanned, codes};

use super::Keyword;
use super::actions::{Sets, Slot, action};
use super::actions_refused::inside;
use crate::lower::{Directive, spanned};
use crate::model::{Action, Mention, Noun};

pub(super) const KEYWORDS: &[Keyword<Slot>] = &[action(
    "do-resolve",
    Sets::CONTENT.or(Sets::REQUEST),
    "(<var>,<resolvers>[,ipv4|ipv6]) <expr>",
    "looks a name up",
    resolve,
)];

fn resolve(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(word) = line.last().map(spanned) else { return };
    let written = inside(line).unwrap_or_default();
    let parts: Vec<&str> = written.split(',').map(str::trim).collect();
    let family = parts.get(2).is_none_or(|family| matches!(*family, "ipv4" | "ipv6"));
    let [name, resolvers, ..] = parts.as_slice() else {
        let message = "`do-resolve` needs a variable and a `resolvers` section in parentheses";
        line.error(codes::E0601, word.span, message);
        return;
    };
    if name.is_empty() || resolvers.is_empty() || !family {
        let message = format!("`{}` cannot be read", word.value);
        line.error(codes::E0601, word.span, message);
        return;
    }
    let resolvers = Spanned::new((*resolvers).to_owned(), word.span);
    to.mentions.push(Mention { noun: Noun::Resolvers, name: resolvers.clone() });
    to.action = line.expr("an expression").map(|value| Action::DoResolve {
        name: Spanned::new((*name).to_owned(), word.span),
        resolvers: resolvers.value,
        v4: parts.get(2) == Some(&"ipv4"),
        value,
    });
}
