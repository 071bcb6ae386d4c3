//! `acl` (manual 7).

use config_parse::condition;
use diag::{Spanned, codes};

use super::{Keyword, Places};
use crate::lower::{Directive, Draft};
use crate::model::AclLine;

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[Keyword::new(
    "acl",
    Places::ANY.named_defaults(),
    "<name> <criterion> [flags] [patterns]",
    "7",
    "names a test; lines of one name are alternatives",
    acl,
)];

fn acl(line: &mut Directive<'_>, draft: &mut Draft) {
    let span = line.span();
    let Some(name) = line.peek() else {
        line.error(codes::E0204, line.keyword_span(), "`acl` needs a name and a criterion");
        return;
    };
    let name = Spanned::new(name.text.to_string(), name.span);
    match condition::parse_acl(line.rest()) {
        Ok(read) => draft.proxy.acls.push(AclLine { name: read.name, expr: Some(read.expr), span }),
        Err(finding) => {
            line.report(finding);
            draft.proxy.acls.push(AclLine { name, expr: None, span });
        }
    }
}
