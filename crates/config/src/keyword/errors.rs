//! Pages of the proxy's own: `errorfile`, `errorloc`, `http-error`, `monitor` (manual 4.2).

use diag::{Spanned, codes};

use super::{Keyword, Places, reply};
use crate::lower::{Directive, Draft, spanned};
use crate::model::{Mention, Noun};

/// Status codes for which HAProxy has a page.
pub(crate) const CODES: &[u16] = &[
    200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 421, 422, 425, 429, 431, 500, 501, 502,
    503, 504,
];

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "errorfile",
        Places::ANY,
        "<code> <file>",
        "4.2",
        "the file that is sent in place of a page",
        |line, draft| {
            let Some(code) = code(line) else { return };
            let Some(file) = line.text("a file") else { return };
            // Quirk: 2.6 does not look at what follows.
            if line.target.is_from(3, 0) {
                line.end();
            }
            forget(draft, code);
            draft.proxy.errorfiles.push(Spanned::new((code, file.value), line.span()));
        },
    ),
    Keyword::new(
        "errorfiles",
        Places::ANY,
        "<name> [<code> ...]",
        "4.2",
        "the error files of an `http-errors` section",
        import,
    ),
    Keyword::new(
        "errorloc",
        Places::ANY,
        "<code> <url>",
        "4.2",
        "a redirect (302) in place of a page",
        |line, draft| {
            location(line, draft, 302);
        },
    ),
    Keyword::new(
        "errorloc302",
        Places::ANY,
        "<code> <url>",
        "4.2",
        "a redirect (302) in place of a page",
        |line, draft| {
            location(line, draft, 302);
        },
    ),
    Keyword::new(
        "errorloc303",
        Places::ANY,
        "<code> <url>",
        "4.2",
        "a redirect (303) in place of a page",
        |line, draft| {
            location(line, draft, 303);
        },
    ),
    Keyword::new(
        "http-error",
        Places::ANY,
        "status <code> [content-type <type>] [body] [hdr <name> <fmt>]*",
        "4.2",
        "a response in place of a page",
        |line, draft| {
            let Some(reply) = reply::reply(line) else { return };
            let Some(status) = reply.status else {
                line.error(codes::E0204, line.keyword_span(), "`http-error` needs `status`");
                return;
            };
            line.end();
            forget(draft, status);
            draft.proxy.http_errors.push(Spanned::new(reply, line.span()));
        },
    ),
    Keyword::new(
        "monitor-uri",
        Places::FRONT,
        "<uri>",
        "4.2",
        "a path that is answered with the frontend's own health",
        |line, draft| {
            if let Some(uri) = line.text("a path") {
                line.end();
                draft.proxy.monitor_uri = Some(Spanned::new(uri.value, line.span()));
            }
        },
    ),
    Keyword::new(
        "monitor",
        Places::FRONT.no_defaults(),
        "fail <condition>",
        "4.2",
        "when `monitor-uri` answers that the service is down",
        |line, draft| {
            if line.choice("`fail`", &[("fail", ())]).is_none() {
                return;
            }
            line.mark_head();
            draft.proxy.monitor_fail.extend(line.condition_required());
        },
    ),
];

/// The last line about a code counts, of whichever keyword it is.
fn forget(draft: &mut Draft, code: u16) {
    draft.proxy.errorfiles.retain(|file| file.value.0 != code);
    draft.proxy.errorlocs.retain(|location| location.value.0 != code);
    draft.proxy.http_errors.retain(|reply| reply.value.status != Some(code));
}

fn import(line: &mut Directive<'_>, draft: &mut Draft) {
    let Some(name) = line.text("the name of an `http-errors` section") else { return };
    let mut statuses = Vec::new();
    while line.peek().is_some() {
        let Some(code) = code(line) else { return };
        statuses.push(code);
    }
    draft.declared.mentions.push(Mention { noun: Noun::HttpErrors, name: name.clone() });
    let import = Spanned::new((name.value, statuses), line.span());
    draft.proxy.errorfile_imports.push(import);
}

fn code(line: &mut Directive<'_>) -> Option<u16> {
    let word = line.arg("a status code")?;
    let code = word.text.parse().ok().filter(|code| CODES.contains(code));
    if code.is_none() {
        let message = format!("no page exists for `{}`", word.text);
        line.error(codes::E0308, word.span, message);
    }
    code
}

fn location(line: &mut Directive<'_>, draft: &mut Draft, redirect: u16) {
    let Some(code) = code(line) else { return };
    let Some(url) = line.arg("a URL").map(spanned) else { return };
    forget(draft, code);
    draft.proxy.errorlocs.push(Spanned::new((code, redirect, url.value), line.span()));
}
