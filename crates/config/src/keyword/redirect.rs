//! `redirect` lines and the action of the same name (manual 4.2, 4.4).

use config_parse::log_format::{LogFormat, Piece};
use diag::{Diagnostic, Spanned, codes};

use super::{Keyword, Places};
use crate::lower::{Directive, Draft};
use crate::model::{Action, Redirect, RedirectKind, Rule};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[Keyword::new(
    "redirect",
    Places::ANY.no_defaults(),
    "location|prefix|scheme <to> [options] [if|unless <condition>]",
    "4.2",
    "answers with a redirect, after all `http-request` rules",
    |line, draft| {
        let at = line.keyword_span();
        let redirect = redirect(line, Target::Literal);
        let Some(condition) = line.condition() else { return };
        let Some(redirect) = redirect else { return };
        let action = Spanned::new(Action::Redirect(redirect), at);
        draft.proxy.rules.redirect.push(Rule { action, condition, span: line.span() });
    },
)];

const OPTIONS: &[&str] = &[
    "location",
    "prefix",
    "scheme",
    "code",
    "drop-query",
    "append-slash",
    "ignore-empty",
    "keep-query",
    "set-cookie",
    "set-cookie-fmt",
    "clear-cookie",
];

/// How the target of a redirect is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// By the rules: a log format.
    Format,
    /// By the `redirect` keyword of its own: the text as it is, with every `%`.
    Literal,
}

impl Target {
    fn read(self, line: &mut Directive<'_>) -> Option<Spanned<LogFormat>> {
        match self {
            Target::Format => line.log_format("a target"),
            Target::Literal => {
                let word = line.arg("a target")?;
                let pieces = vec![Piece::Text(word.text.to_string())];
                Some(Spanned::new(LogFormat { pieces, span: word.span }, word.span))
            }
        }
    }
}

/// The words of a redirect, up to its condition.
pub(super) fn redirect(line: &mut Directive<'_>, to: Target) -> Option<Redirect> {
    let mut target = None;
    let mut out = Redirect {
        kind: RedirectKind::Location,
        to: LogFormat::default(),
        code: 302,
        drop_query: false,
        append_slash: false,
        ignore_empty: false,
        keep_query: false,
        set_cookie: None,
        set_cookie_format: None,
        clear_cookie: None,
    };
    while let Some(word) = line.peek().filter(|w| !config_parse::condition::is_condition(&w.text)) {
        line.word();
        match word.text.as_ref() {
            "location" => target = Some((RedirectKind::Location, to.read(line)?)),
            "prefix" => target = Some((RedirectKind::Prefix, to.read(line)?)),
            "scheme" => target = Some((RedirectKind::Scheme, to.read(line)?)),
            "code" => out.code = code(line)?,
            "drop-query" => out.drop_query = true,
            "append-slash" => out.append_slash = true,
            "ignore-empty" => out.ignore_empty = true,
            "keep-query" if !line.target.is_2_6() => out.keep_query = true,
            "set-cookie" => out.set_cookie = Some(line.value("a cookie")?.text.to_string()),
            "clear-cookie" => out.clear_cookie = Some(line.value("a cookie")?.text.to_string()),
            "set-cookie-fmt" if !line.target.is_2_6() => {
                out.set_cookie_format = Some(line.log_format("a cookie")?.value);
            }
            _ => {
                line.not_one_of(word, "an option of `redirect`", OPTIONS);
                line.rest();
                return None;
            }
        }
    }
    let Some((kind, to)) = target else {
        let message = "a redirect needs `location`, `prefix` or `scheme`";
        line.report(Diagnostic::new(codes::E0204, line.keyword_span(), message));
        return None;
    };
    if kind != RedirectKind::Location && line.phrase().starts_with("http-response") {
        let message = "a response is redirected with `location` only";
        line.error(codes::E0301, to.span, message);
        return None;
    }
    Some(Redirect { kind, to: to.value, ..out })
}

fn code(line: &mut Directive<'_>) -> Option<u16> {
    let word = line.value("a status code")?;
    let code = word.text.parse().ok().filter(|code| matches!(code, 301 | 302 | 303 | 307 | 308));
    if code.is_none() {
        let message = format!("`{}` is not the code of a redirect", word.text);
        let finding = Diagnostic::new(codes::E0308, word.span, message);
        line.report(finding.help("one of 301, 302, 303, 307 and 308"));
        line.rest();
    }
    code
}
