//! `capture` and `declare capture`: what log lines keep of a request (manual 4.2).

use diag::Spanned;

use super::{Keyword, Places};
use crate::lower::{Directive, Draft};
use crate::model::Direction;

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "capture",
        Places::FRONT.no_defaults(),
        "cookie <name> len <n> | request|response header <name> len <n>",
        "4.2",
        "keeps a cookie or header for the log",
        capture,
    ),
    Keyword::new(
        "declare",
        Places::FRONT.no_defaults().strict(),
        "capture request|response len <n>",
        "4.2",
        "declares a slot that a `capture` action fills",
        declare,
    ),
];

fn capture(line: &mut Directive<'_>, draft: &mut Draft) {
    let Some(word) = line.arg("`cookie`, `request header` or `response header`") else { return };
    match word.text.as_ref() {
        "cookie" => {
            let Some(name) = line.arg("a name") else { return };
            // Quirk: any word may stand in place of `len`.
            if line.arg("`len` and a number").is_none() {
                return;
            }
            if let Some(len) = number(line) {
                let named = (name.text.to_string(), len);
                draft.proxy.capture_cookie = Some(Spanned::new(named, line.span()));
            }
        }
        direction @ ("request" | "response") => {
            if line.choice("`header`", &[("header", ())]).is_none() {
                return;
            }
            let Some(named) = name_and_len(line) else { return };
            let list = match direction {
                "request" => &mut draft.proxy.capture_request,
                _ => &mut draft.proxy.capture_response,
            };
            list.push(Spanned::new(named, line.span()));
        }
        _ => line.not_one_of(word, "what can be captured", &["cookie", "request", "response"]),
    }
}

fn name_and_len(line: &mut Directive<'_>) -> Option<(String, u32)> {
    let name = line.arg("a name")?;
    let len = length(line)?;
    Some((name.text.to_string(), len))
}

fn length(line: &mut Directive<'_>) -> Option<u32> {
    line.choice("`len`", &[("len", ())])?;
    number(line)
}

fn number(line: &mut Directive<'_>) -> Option<u32> {
    let len = line.lenient("a number of bytes", 0..=i64::from(i32::MAX))?;
    line.end();
    Some(len.value as u32)
}

fn declare(line: &mut Directive<'_>, draft: &mut Draft) {
    if line.choice("`capture`", &[("capture", ())]).is_none() {
        return;
    }
    let directions = [("request", Direction::Request), ("response", Direction::Response)];
    let Some(direction) = line.choice("`request` or `response`", &directions) else { return };
    if line.choice("`len`", &[("len", ())]).is_none() {
        return;
    }
    let len = line.number("a number of bytes, at least 1", 1..=i64::from(i32::MAX));
    // Quirk: HAProxy does not look at what follows.
    line.skip_rest();
    let Some(len) = len else { return };
    let slot = (direction.value, len.value as u32);
    draft.proxy.declare_capture.push(Spanned::new(slot, line.span()));
}
