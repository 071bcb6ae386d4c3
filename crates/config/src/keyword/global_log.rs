//! `global`: logging (manual 3.1).

use diag::Spanned;

use super::{Keyword, Places, global_process, log};
use crate::model::Global;

pub(super) const KEYWORDS: &[Keyword<Global>] = &[
    Keyword::new(
        "log",
        Places::GLOBAL,
        "<target> [len <n>] [format <f>] [sample <r>] <facility> [<max> [<min>]]",
        "3.1",
        "where log lines go that say `log global`",
        |line, to| log::log(line, &mut to.log),
    ),
    Keyword::new(
        "log-tag",
        Places::GLOBAL,
        "<text>",
        "3.1",
        "the program's name in log lines",
        |line, to| {
            global_process::text(line, &mut to.log_tag);
        },
    ),
    Keyword::new(
        "log-send-hostname",
        Places::GLOBAL,
        "[<name>]",
        "3.1",
        "log lines carry the machine's name",
        |line, to| {
            let name = line.word().map(|word| word.text.to_string());
            // Quirk: HAProxy does not look at what follows.
            line.skip_rest();
            to.log_send_hostname = Some(Spanned::new(name, line.span()));
        },
    ),
];
