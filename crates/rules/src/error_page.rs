//! The page of a proxy for a status: `errorfile`, `errorloc`, or the built-in one.

use std::sync::Arc;

use http1::{Limits, Parsed, RequestHead, ResponseHead, parse_response};

use crate::action::redirect::moved;
use crate::action::reply::Reply;
use crate::{Final, Program, ReplyKind, Stream, pages};

/// A page that a proxy names.
#[derive(Debug, Clone)]
pub(crate) enum Page {
    /// A whole message of an error file.
    Message { head: ResponseHead, body: Vec<u8> },
    /// `errorloc`: a redirection.
    Elsewhere { code: u16, url: Box<[u8]> },
    /// An empty error file: the connection is closed without a word.
    Silence,
    /// `http-error` with expressions: made when it is sent.
    Made(Arc<Reply>),
}

impl Page {
    /// Reads an error file: an HTTP/1 response, head and body.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub(crate) fn read(bytes: &[u8]) -> Result<Page, String> {
        if bytes.is_empty() {
            return Ok(Page::Silence);
        }
        let bytes = with_line_ends(bytes);
        let mut head = ResponseHead::new();
        let limits = Limits::default();
        match parse_response(&bytes, &mut head, &limits) {
            Ok(Parsed::Complete { consumed }) => {
                let body = bytes.get(consumed..).unwrap_or_default().to_vec();
                set_length(&mut head, body.len());
                Ok(Page::Message { head, body })
            }
            Ok(Parsed::Partial) => Err(String::from("its head never ends")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The page as the answer for a status.
    pub(crate) fn respond(&self, kind: ReplyKind, status: u16) -> Final {
        let (head, body) = match self {
            Page::Message { head, body } => (head.clone(), body.clone()),
            Page::Elsewhere { code, url } => (elsewhere(*code, url), Vec::new()),
            Page::Silence => (ResponseHead::new(), Vec::new()),
            Page::Made(reply) => (ResponseHead::with_status(reply.status), Vec::new()),
        };
        let mut answer = Final { status, ..Final::new(kind, head, body) };
        match self {
            Page::Silence => answer.raw = Some(Arc::from([])),
            Page::Made(reply) => answer.made_from = Some(Arc::clone(reply)),
            Page::Message { .. } | Page::Elsewhere { .. } => {}
        }
        answer
    }
}

/// The page for a status: what `errorfile`, `errorloc` or `http-error` of the stream's backend
/// names, else of its frontend, else the built-in one.
pub fn choose(program: &Program, stream: &Stream, status: u16) -> Final {
    let back = stream.backend.map(|backend| &program.backend(backend).part().pages);
    let front = &program.frontend(stream.frontend).part().pages;
    match back.and_then(|back| find(back, status)).or_else(|| find(front, status)) {
        Some(page) => page.respond(ReplyKind::Error, status),
        None => {
            let (head, body) = pages::built_in(status);
            Final::new(ReplyKind::Error, head, body)
        }
    }
}

/// `server ... redir PREFIX`: GET and HEAD are sent there instead of to the server; `None` for
/// other methods and servers.
pub fn server_redirect(
    program: &Program,
    stream: &mut Stream,
    server: u32,
    head: &RequestHead,
) -> Option<Final> {
    let backend = program.backend(stream.backend?);
    let redir = backend.servers().get(server as usize)?.settings.redir.as_ref()?;
    // The target `*` has no path to go on with. Quirk: the method is the one that came, whatever `set-method` did.
    if !matches!(head.received_method(), b"GET" | b"HEAD") || head.path_and_query().is_empty() {
        return None;
    }
    stream.server = Some(server);
    let location = [redir.value.as_bytes(), head.path_and_query()].concat();
    let mut response = moved(302);
    response.fields.add(b"cache-control", b"no-cache");
    response.fields.add(b"content-length", b"0");
    response.fields.add(b"location", &location);
    let answer = Final::new(ReplyKind::ServerRedirect, response, Vec::new());
    Some(Final { rule: Some(redir.span), ..answer })
}

fn find(pages: &[(u16, Arc<Page>)], status: u16) -> Option<&Page> {
    // The last line for a status counts.
    pages.iter().rev().find(|(known, _)| *known == status).map(|(_, page)| &**page)
}

fn elsewhere(code: u16, url: &[u8]) -> ResponseHead {
    let mut head = moved(code);
    head.fields.add(b"cache-control", b"no-cache");
    head.fields.add(b"content-length", b"0");
    head.fields.add(b"location", url);
    head
}

/// A length in the head is that of the body. Without one the head stays as it is, its version too:
/// HAProxy then sends the page up to the end of the connection.
fn set_length(head: &mut ResponseHead, length: usize) {
    let length = length.to_string();
    let at = head.fields.names().position(|name| name == b"content-length");
    if let Some(index) = at {
        head.fields.replace_at(index, length.as_bytes());
    }
}

/// Error files are often written with bare line feeds in the head.
fn with_line_ends(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at(end);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        rest = after.get(1..).unwrap_or_default();
        if line.is_empty() {
            break;
        }
    }
    out.extend_from_slice(rest);
    out
}
