//! What a proxy is: `mode`, `id`, `description`, `disabled` (manual 4.2).

use diag::{Diagnostic, Spanned, codes};

use super::{Keyword, Places};
use crate::lower::Draft;
use crate::model::Mode;

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "mode",
        Places::ANY,
        "http|tcp|log",
        "4.2",
        "what the proxy speaks",
        |line, draft| {
            let Some(word) = line.arg("`http` or `tcp`") else { return };
            line.end();
            match word.text.as_ref() {
                "http" => draft.proxy.mode = Some(Spanned::new(Mode::Http, line.span())),
                "tcp" => draft.proxy.mode = Some(Spanned::new(Mode::Tcp, line.span())),
                "log" | "spop" | "haterm" if line.target.is_2_6() => line.too_new(word),
                "log" => {
                    if matches!(line.place.name(), "frontend" | "listen") {
                        let message = "`mode log` belongs to backends";
                        line.error(codes::E0203, word.span, message);
                    }
                    draft.proxy.mode = Some(Spanned::new(Mode::Log, line.span()));
                }
                "spop" | "haterm" => {
                    line.refuse_as(
                        codes::E0207,
                        "only the modes `http`, `tcp` and `log` are built",
                        word,
                    );
                    if word.text == "spop" {
                        draft.proxy.mode = Some(Spanned::new(Mode::Spop, line.span()));
                    }
                }
                "health" => {
                    let help = "write `http-request return status 200`";
                    line.refuse_as(codes::E0209, help, word);
                }
                _ => line.not_one_of(word, "a mode", &["http", "tcp"]),
            }
        },
    ),
    Keyword::new(
        "id",
        Places::ANY.no_defaults(),
        "<number>",
        "4.2",
        "the number of the proxy in statistics",
        |line, draft| {
            let id = line.lenient("an id", 1..=i64::from(i32::MAX));
            line.end();
            if let Some(id) = id {
                draft.proxy.id = Some(id.map(|id| id as u32));
            }
        },
    ),
    Keyword::new(
        "description",
        Places::ANY.no_defaults(),
        "<text>",
        "4.2",
        "a text for statistics",
        |line, draft| {
            let Some(first) = line.arg("a text") else { return };
            let mut text = first.text.to_string();
            for word in line.rest() {
                text.push(' ');
                text.push_str(&word.text);
            }
            draft.proxy.description = Some(Spanned::new(text, line.span()));
        },
    ),
    Keyword::new("disabled", Places::ANY, "", "4.2", "the proxy is not started", |line, draft| {
        draft.proxy.disabled = Some(line.span());
        line.end();
    }),
    Keyword::new(
        "enabled",
        Places::ANY,
        "",
        "4.2",
        "ends a `disabled` of `defaults`",
        |line, draft| {
            draft.proxy.disabled = None;
            line.end();
        },
    ),
    Keyword::new(
        "guid",
        Places::ANY.no_defaults(),
        "<text>",
        "4.2",
        "a name for statistics files",
        |line, _| {
            let Some(word) = line.arg("a text") else { return };
            let is_taken = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
            if !word.text.chars().all(is_taken) {
                let message = format!("`{}` cannot be a name of statistics", word.text);
                let finding = Diagnostic::new(codes::E0307, word.span, message);
                line.report(finding.help("letters, digits and `-`, `_`, `.`, `:`"));
            }
            line.skip_rest();
        },
    )
    .ignored("statistics are not kept over restarts by this name"),
];
