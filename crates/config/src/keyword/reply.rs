//! The response that `deny`, `tarpit`, `return` and `http-error` send (manual 4.4).

use config_parse::condition;
use diag::{Diagnostic, Spanned, codes};

use super::errors;
use crate::lower::{Directive, spanned};
use crate::model::{Mention, Noun, Reply, ReplyBody};

/// Reads the options of a response up to a condition or the end. `None`: reported.
pub(super) fn reply(line: &mut Directive<'_>) -> Option<Reply> {
    let mut reply = Reply::default();
    let mut body_at = None;
    let mut pages = None;
    let mut own = false;
    while let Some(word) = line.peek().filter(|word| !condition::is_condition(&word.text)) {
        let name = word.text.as_ref();
        if !matches!(
            name,
            "status"
                | "deny_status"
                | "content-type"
                | "hdr"
                | "string"
                | "lf-string"
                | "file"
                | "lf-file"
                | "errorfile"
                | "errorfiles"
                | "default-errorfiles"
        ) {
            break;
        }
        line.word();
        match name {
            "status" => {
                reply.status = Some(status(line)?);
                own = true;
            }
            "deny_status" => {
                reply.status = Some(status(line)?);
                pages = Some(line.span());
            }
            "content-type" => {
                reply.content_type = Some(line.value("a media type")?.text.to_string());
            }
            "hdr" => {
                let name = line.value("the name of a header")?;
                let value = line.log_format("a value")?;
                reply.headers.push((name.text.to_string(), value.value));
            }
            _ => {
                body_at = Some(word.span);
                reply.body = body(line, name)?;
            }
        }
    }
    if own && body_at.is_none() {
        // Quirk: `deny_status 404` answers with the page for 404, `status 404` with nothing but the status.
        reply.body = ReplyBody::Text(String::new());
    }
    if reply.body == ReplyBody::Default
        && let Some(at) = pages
        && let Some(status) = reply.status.filter(|status| !has_page(*status))
    {
        let finding = Diagnostic::new(codes::E0308, at, format!("no page exists for {status}"));
        line.report(finding.help(format!("write `status {status}` for a response of its own")));
        line.rest();
        return None;
    }
    let typed = reply.content_type.is_some();
    let needs_type = match &reply.body {
        ReplyBody::Text(text) => !text.is_empty(),
        ReplyBody::Format(_) | ReplyBody::FormatFile(_) => true,
        // An empty file needs none, which is seen when it is read.
        _ => false,
    };
    if let (true, false, Some(at)) = (needs_type, typed, body_at) {
        let finding = Diagnostic::new(codes::E0204, at, "a response with a body needs a type");
        line.report(finding.help("add `content-type text/plain`"));
        line.rest();
        return None;
    }
    Some(reply)
}

fn body(line: &mut Directive<'_>, name: &str) -> Option<ReplyBody> {
    Some(match name {
        "string" => {
            // The empty text is a text.
            let word = match line.peek() {
                Some(word) if word.text.is_empty() => line.word()?,
                _ => line.value("a text")?,
            };
            ReplyBody::Text(word.text.to_string())
        }
        "lf-string" => ReplyBody::Format(line.log_format("a format")?.value),
        "file" => ReplyBody::File(file(line)?),
        "lf-file" => ReplyBody::FormatFile(file(line)?),
        "errorfile" => ReplyBody::ErrorFile(file(line)?),
        "errorfiles" => {
            let word = line.value("the name of an `http-errors` section")?;
            line.mentions.push(Mention { noun: Noun::HttpErrors, name: spanned(word) });
            ReplyBody::ErrorFiles(Some(word.text.to_string()))
        }
        _ => ReplyBody::ErrorFiles(None),
    })
}

fn file(line: &mut Directive<'_>) -> Option<Spanned<String>> {
    line.value("a file").map(spanned)
}

fn status(line: &mut Directive<'_>) -> Option<u16> {
    let word = line.value("a status code")?;
    let status = word.text.parse().ok().filter(|status| (200..=599).contains(status));
    if status.is_none() {
        let message = format!("`{}` is not a status from 200 to 599", word.text);
        line.error(codes::E0308, word.span, message);
        line.rest();
    }
    status
}

/// The status of a page that exists; HAProxy takes 403 (with a warning) for others in old syntax.
pub(super) fn has_page(status: u16) -> bool {
    errors::CODES.contains(&status)
}
