//! The page of a proxy for a status: `errorfile`, `errorloc`, or the built-in one.

use std::sync::Arc;

use http1::{Limits, Parsed, RequestHead, ResponseHead, parse_response};

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

    pub(crate) fn respond(&self, kind: ReplyKind) -> Final {
        let (head, body, raw) = match self {
            Page::Message { head, body } => (head.clone(), body.clone(), None),
            Page::Elsewhere { code, url } => (elsewhere(*code, url), Vec::new(), None),
            Page::Silence => (ResponseHead::new(), Vec::new(), Some(Arc::from([]))),
        };
        Final { kind, head, body, raw, rule: None, delay: None }
    }
}

/// The page for a status: what `errorfile`, `errorloc` or `http-error` of the stream's backend
/// names, else of its frontend, else the built-in one.
pub fn choose(program: &Program, stream: &Stream, status: u16) -> Final {
    let back = stream.backend.map(|backend| &program.backend(backend).part().pages);
    let front = &program.frontend(stream.frontend).part().pages;
    match back.and_then(|back| find(back, status)).or_else(|| find(front, status)) {
        Some(page) => page.respond(ReplyKind::Error),
        None => {
            let (head, body) = pages::built_in(status);
            Final { kind: ReplyKind::Error, head, body, raw: None, rule: None, delay: None }
        }
    }
}

/// `server ... redir PREFIX`: GET and HEAD are sent there instead of to the server; `None` for
/// other methods and servers.
pub fn server_redirect(
    program: &Program,
    stream: &Stream,
    server: u32,
    head: &RequestHead,
) -> Option<Final> {
    let backend = program.backend(stream.backend?);
    let redir = backend.servers().get(server as usize)?.settings.redir.as_ref()?;
    if !matches!(head.method(), b"GET" | b"HEAD") {
        return None;
    }
    let location = [redir.value.as_bytes(), head.path_and_query()].concat();
    let mut response = ResponseHead::with_status(302);
    response.fields.add(b"cache-control", b"no-cache");
    response.fields.add(b"content-length", b"0");
    response.fields.add(b"location", &location);
    Some(Final {
        kind: ReplyKind::ServerRedirect,
        head: response,
        body: Vec::new(),
        raw: None,
        rule: Some(redir.span),
        delay: None,
    })
}

fn find(pages: &[(u16, Arc<Page>)], status: u16) -> Option<&Page> {
    // The last line for a status counts.
    pages.iter().rev().find(|(known, _)| *known == status).map(|(_, page)| &**page)
}

fn elsewhere(code: u16, url: &[u8]) -> ResponseHead {
    let mut head = ResponseHead::with_status(code);
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
