//! `redirect location|prefix|scheme`: where to, and the response that says so.

use config::model::RedirectKind;
use http1::{RequestHead, ResponseHead};
use sample::CompiledFormat;

use crate::action::edit;
use crate::moment::Moment;
use crate::{Final, ReplyKind};

/// A compiled `redirect`.
#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) kind: RedirectKind,
    pub(crate) to: CompiledFormat,
    pub(crate) code: u16,
    pub(crate) drop_query: bool,
    pub(crate) append_slash: bool,
    pub(crate) ignore_empty: bool,
    pub(crate) keep_query: bool,
    pub(crate) cookie: Option<Cookie>,
}

/// What `Set-Cookie` says.
#[derive(Debug)]
pub(crate) enum Cookie {
    /// Its whole value.
    Fixed(Box<[u8]>),
    /// Its name and value.
    Format(CompiledFormat),
}

impl Cookie {
    /// The value of `Set-Cookie` for `set-cookie NAME[=VALUE]` or `clear-cookie NAME[=]`.
    pub(crate) fn fixed(set: Option<&str>, clear: Option<&str>) -> Option<Self> {
        let value = match (set, clear) {
            (Some(set), _) => format!("{set}; path=/;"),
            (None, Some(clear)) => format!("{clear}; path=/; Max-Age=0;"),
            (None, None) => return None,
        };
        Some(Self::Fixed(value.into_bytes().into()))
    }

    fn write(&self, m: &mut Moment<'_>) -> Vec<u8> {
        match self {
            Self::Fixed(value) => value.to_vec(),
            Self::Format(format) => {
                let mut value = edit::write(format, m);
                value.extend_from_slice(b"; path=/;");
                value
            }
        }
    }
}

/// The redirection, or `None` when `ignore-empty` says that there is none.
pub(crate) fn respond(redirect: &Redirect, m: &mut Moment<'_>) -> Option<Final> {
    let to = edit::write(&redirect.to, m);
    if redirect.ignore_empty && to.is_empty() {
        return None;
    }
    let location = location(redirect, to, m.head());
    let mut head = moved(redirect.code);
    head.fields.add(b"content-length", b"0");
    head.fields.add(b"location", &location);
    if matches!(redirect.code, 302 | 303 | 307) {
        head.fields.add(b"cache-control", b"no-cache");
    }
    if let Some(cookie) = &redirect.cookie {
        head.fields.add(b"set-cookie", &cookie.write(m));
    }
    Some(Final::new(ReplyKind::Redirect, head, Vec::new()))
}

/// The head of a redirection. Quirk: `return status 302` has another reason.
pub(crate) fn moved(code: u16) -> ResponseHead {
    let mut head = ResponseHead::with_status(code);
    if code == 302 {
        head.set_status(code, Some(b"Found"));
    }
    head
}

fn location(redirect: &Redirect, to: Vec<u8>, head: Option<&RequestHead>) -> Vec<u8> {
    let mut location = to;
    match redirect.kind {
        RedirectKind::Location => {
            let query = head.filter(|_| redirect.keep_query).and_then(RequestHead::query);
            add_query(&mut location, query.unwrap_or_default());
            return location;
        }
        // A prefix that only comes out as a slash is one.
        RedirectKind::Prefix if redirect.to.as_text() == Some(b"/") => location.clear(),
        RedirectKind::Prefix => {}
        RedirectKind::Scheme => {
            location.extend_from_slice(b"://");
            let host = head.and_then(|head| head.fields.get(b"host")).unwrap_or_default();
            // Quirk: the first of its values, where a rule wrote several.
            let end = host.iter().position(|byte| *byte == b',').unwrap_or(host.len());
            location.extend_from_slice(&host[..end]);
        }
    }
    let Some(head) = head else { return location };
    let path = head.path();
    // A target without a path (`OPTIONS *`) leads to the root.
    let path: &[u8] = if path.is_empty() { b"/" } else { path };
    location.extend_from_slice(path);
    if let Some(query) = head.query().filter(|_| !redirect.drop_query) {
        location.push(b'?');
        location.extend_from_slice(query);
    }
    // Quirk: without `drop-query` the slash comes behind the query.
    if redirect.append_slash && !location.ends_with(b"/") {
        location.push(b'/');
    }
    location
}

/// Appends a query to a location, which may have one of its own.
fn add_query(location: &mut Vec<u8>, query: &[u8]) {
    if query.is_empty() {
        return;
    }
    if !location.ends_with(b"?") {
        location.push(if location.contains(&b'?') { b'&' } else { b'?' });
    }
    location.extend_from_slice(query);
}
