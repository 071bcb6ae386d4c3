//! Compiles the responses of `deny`, `tarpit`, `return`, and the pages of a proxy.

use std::sync::Arc;

use config::model::{self, Proxy, ReplyBody};
use config_parse::stray;
use diag::{Diagnostic, Span, Spanned, codes};
use http1::ResponseHead;
use sample::Place;

use super::section::Section;
use crate::action::reply::{Body, Reply};
use crate::error_page::Page;
use crate::pages;

/// Which action a reply belongs to: it decides the status and what no body means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answering {
    DenyRequest,
    DenyResponse,
    Tarpit,
    Return,
}

impl Answering {
    pub(super) fn deny(in_response: bool) -> Self {
        if in_response { Self::DenyResponse } else { Self::DenyRequest }
    }

    fn status(self) -> u16 {
        match self {
            Self::DenyRequest => 403,
            Self::DenyResponse => 502,
            Self::Tarpit => 500,
            Self::Return => 200,
        }
    }
}

impl Section<'_, '_> {
    pub(super) fn reply(
        &mut self,
        reply: &model::Reply,
        answering: Answering,
        span: Span,
        place: Place,
    ) -> Option<Reply> {
        let status = reply.status.unwrap_or(answering.status());
        let body = self.body(reply, status, answering, span, place);
        let mut headers = Vec::new();
        for (name, value) in &reply.headers {
            let value = self.format(value, place)?;
            headers.push((name.to_ascii_lowercase().into_bytes().into(), value));
        }
        let content_type = reply
            .content_type
            .as_ref()
            .map(|content_type| content_type.clone().into_bytes().into());
        Some(Reply { status, content_type, body: body?, headers })
    }

    fn body(
        &mut self,
        reply: &model::Reply,
        status: u16,
        answering: Answering,
        span: Span,
        place: Place,
    ) -> Option<Body> {
        Some(match &reply.body {
            // Quirk: a `hdr` alone takes the page away.
            ReplyBody::Default if answering == Answering::Return || !reply.headers.is_empty() => {
                Body::Empty
            }
            ReplyBody::Default | ReplyBody::ErrorFiles(None) => self.page_of(status, span)?,
            ReplyBody::ErrorFiles(Some(name)) => self.imported(name, status)?,
            ReplyBody::Text(text) => Body::Bytes(Arc::from(&*stray::bytes(text))),
            ReplyBody::Format(format) => Body::Format(self.format(format, place)?),
            ReplyBody::File(path) => Body::Bytes(self.typed_file(path, reply)?.into()),
            ReplyBody::FormatFile(path) => {
                let bytes = self.file(&path.value, path.span)?;
                let text = stray::text(&bytes);
                Body::Format(self.format_text(&text, path.span, place)?)
            }
            ReplyBody::ErrorFile(path) => Body::ErrorFile(self.error_file(&path.value, path.span)?),
        })
    }

    /// The file behind a body; with something in it, it needs a type.
    fn typed_file(&mut self, path: &Spanned<String>, reply: &model::Reply) -> Option<Vec<u8>> {
        let bytes = self.file(&path.value, path.span)?;
        if bytes.is_empty() || reply.content_type.is_some() {
            return Some(bytes);
        }
        let message = "a response with a body needs a type";
        let finding = Diagnostic::new(codes::E0204, path.span, message);
        self.report(finding.help("add `content-type text/plain`"));
        None
    }

    /// The page of an `http-errors` section; nothing where it has none for the status.
    fn imported(&mut self, name: &str, status: u16) -> Option<Body> {
        let sections = self.shared.http_errors;
        let section = sections.iter().find(|section| section.name.value == name);
        let Some(section) = section else {
            // Reported when the names were looked up.
            self.fail();
            return None;
        };
        let file = section.files.iter().rev().find(|file| file.value.0 == status);
        Some(match file {
            Some(file) => Body::ErrorFile(self.page_file(&file.value.1, file.span)?),
            None => Body::Empty,
        })
    }

    /// `/dev/null` is the usual word for silence.
    fn page_file(&mut self, path: &str, span: Span) -> Option<Arc<Page>> {
        match path {
            "/dev/null" => Some(Arc::new(Page::Silence)),
            path => self.error_file(path, span),
        }
    }

    fn page_of(&mut self, status: u16, span: Span) -> Option<Body> {
        if pages::has_page(status) {
            return Some(Body::Page);
        }
        let message = format!("there is no page for the status {status}");
        let finding = Diagnostic::new(codes::E0308, span, message);
        self.report(finding.help("give the response a body with `string` or `file`"));
        None
    }

    fn error_file(&mut self, path: &str, span: Span) -> Option<Arc<Page>> {
        let bytes = self.file(path, span)?;
        match Page::read(&bytes) {
            Ok(page) => Some(Arc::new(page)),
            Err(why) => {
                let message = format!("`{path}` is no HTTP response: {why}");
                self.report(Diagnostic::new(codes::E0701, span, message));
                None
            }
        }
    }

    /// The pages that a proxy names, in the order of their lines; the last for a status counts.
    pub(super) fn pages(&mut self, proxy: &Proxy) -> Vec<(u16, Arc<Page>)> {
        let mut pages = Vec::new();
        for line in &proxy.errorfiles {
            let (status, path) = &line.value;
            let page = self.page_file(path, line.span);
            pages.extend(page.map(|page| (line.span, *status, page)));
        }
        for line in &proxy.errorfile_imports {
            let (name, statuses) = &line.value;
            let sections = self.shared.http_errors;
            let section = sections.iter().find(|section| section.name.value == *name);
            for file in section.into_iter().flat_map(|section| &section.files) {
                let (status, path) = &file.value;
                if statuses.is_empty() || statuses.contains(status) {
                    let page = self.page_file(path, file.span);
                    pages.extend(page.map(|page| (line.span, *status, page)));
                }
            }
        }
        for line in &proxy.errorlocs {
            let (status, code, url) = &line.value;
            let url = url.clone().into_bytes().into();
            let page = Arc::new(Page::Elsewhere { code: *code, url });
            pages.push((line.span, *status, page));
        }
        for line in &proxy.http_errors {
            let status = line.value.status.unwrap_or(200);
            if let Some(page) = self.http_error(&line.value, status, line.span) {
                pages.push((line.span, status, Arc::new(page)));
            }
        }
        pages.sort_by_key(|(span, ..)| (span.file, span.start));
        pages.into_iter().map(|(_, status, page)| (status, page)).collect()
    }

    /// `http-error`: a message when nothing of it changes with the request.
    fn http_error(&mut self, reply: &model::Reply, status: u16, span: Span) -> Option<Page> {
        let body = match &reply.body {
            ReplyBody::ErrorFiles(Some(name)) => {
                return match self.imported(name, status)? {
                    Body::ErrorFile(page) => Some((*page).clone()),
                    _ => self.made_page(reply, status, span),
                };
            }
            ReplyBody::ErrorFiles(None) => {
                let (head, body) = pages::built_in(status);
                return Some(Page::Message { head, body });
            }
            ReplyBody::Default => Vec::new(),
            ReplyBody::Text(text) => text.clone().into_bytes(),
            ReplyBody::File(path) => self.file(&path.value, path.span)?,
            ReplyBody::ErrorFile(path) => {
                return self.error_file(&path.value, path.span).map(|page| (*page).clone());
            }
            ReplyBody::Format(format) => match format.as_text() {
                Some(text) => text.to_owned().into_bytes(),
                None => return self.made_page(reply, status, span),
            },
            ReplyBody::FormatFile(_) => return self.made_page(reply, status, span),
        };
        let mut head = ResponseHead::with_status(status);
        for (name, value) in &reply.headers {
            let Some(text) = value.as_text() else { return self.made_page(reply, status, span) };
            head.fields.add(name.as_bytes(), text.as_bytes());
        }
        head.fields.add(b"content-length", body.len().to_string().as_bytes());
        if let Some(content_type) = reply.content_type.as_ref().filter(|_| !body.is_empty()) {
            head.fields.add(b"content-type", content_type.as_bytes());
        }
        Some(Page::Message { head, body })
    }

    /// `http-error` with expressions, which see the request that failed.
    fn made_page(&mut self, reply: &model::Reply, status: u16, span: Span) -> Option<Page> {
        let place = self.pick(Place::FrontendHttpRequest, Place::BackendHttpRequest);
        let reply = model::Reply { status: Some(status), ..reply.clone() };
        let known = self.shared.findings.len();
        let made = self.reply(&reply, Answering::Return, span, place);
        // Quirk: HAProxy takes samples of the response too, which never have a value here.
        if !self.shared.target.is_proxyd() {
            let new = self.shared.findings.split_off(known.min(self.shared.findings.len()));
            let said = new.into_iter().filter(|finding| finding.code != codes::E0505);
            self.shared.findings.extend(said);
        }
        Some(Page::Made(Arc::new(made?)))
    }
}
