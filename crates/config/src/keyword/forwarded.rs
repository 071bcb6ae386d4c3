//! `option forwarded`: the header of RFC 7239 (manual 4.2).

use diag::{Diagnostic, Spanned, codes};

use super::options::positive;
use super::{Keyword, Places};
use crate::lower::{Directive, Draft, Prefix};
use crate::model::{Forwarded, ForwardedPart};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[Keyword::new(
    "forwarded",
    Places::ANY,
    "[proto] [host] [by] [by_port] [for] [for_port] [<part>-expr <expr>]",
    "4.2",
    "adds the `Forwarded` header to requests",
    |line, draft| {
        if matches!(line.prefix, Some(Prefix::No | Prefix::Default)) {
            // Quirk: HAProxy does not look at what follows.
            line.skip_rest();
            draft.proxy.forwarded = None;
        } else if positive(line)
            && let Some(value) = read(line)
        {
            draft.proxy.forwarded = Some(Spanned::new(value, line.span()));
        }
    },
)];

fn read(line: &mut Directive<'_>) -> Option<Forwarded> {
    let mut out = Forwarded::default();
    if line.peek().is_none() {
        let (proto, origin) = (true, Some(ForwardedPart::Default));
        return Some(Forwarded { proto, origin, ..out });
    }
    while let Some(word) = line.word() {
        let name = word.text.as_ref();
        let (part, own) = name.strip_suffix("-expr").map_or((name, false), |part| (part, true));
        let slot = match part {
            "proto" if !own => {
                out.proto = true;
                continue;
            }
            "host" => &mut out.host,
            "by" => &mut out.by,
            "by_port" => &mut out.by_port,
            "for" => &mut out.origin,
            "for_port" => &mut out.origin_port,
            _ => {
                let allowed = ["proto", "host", "by", "by_port", "for", "for_port"];
                line.not_one_of(word, "a part of `Forwarded`", &allowed);
                line.rest();
                return None;
            }
        };
        if slot.is_some() {
            let message = format!("`{part}` is there already");
            line.report(Diagnostic::new(codes::E0310, word.span, message));
            line.rest();
            return None;
        }
        *slot = Some(match own {
            true => ForwardedPart::Expr(line.expr("an expression")?),
            false => ForwardedPart::Default,
        });
    }
    Some(out)
}
