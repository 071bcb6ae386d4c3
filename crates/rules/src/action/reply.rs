//! The responses of `deny`, `tarpit`, `return` and `auth`.

use std::sync::Arc;

use config::model::Proxy;
use http1::ResponseHead;
use sample::{BackendRef, CompiledFormat, FrontendRef};

use crate::action::edit;
use crate::error_page::{self, Page};
use crate::moment::Moment;
use crate::{Final, ReplyKind};

/// A compiled reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: Option<Box<[u8]>>,
    pub(crate) body: Body,
    pub(crate) headers: Vec<(Box<[u8]>, CompiledFormat)>,
}

/// The body of a [`Reply`].
#[derive(Debug)]
pub(crate) enum Body {
    /// The proxy's page for the status.
    Page,
    /// No body at all (`return status N`).
    Empty,
    Bytes(Arc<[u8]>),
    Format(CompiledFormat),
    /// `errorfile`, loaded when the program was compiled.
    ErrorFile(Arc<Page>),
}

/// The response of a reply.
pub(crate) fn respond(reply: &Reply, kind: ReplyKind, m: &mut Moment<'_>) -> Final {
    match &reply.body {
        Body::Page => {
            let page = error_page::choose(m.program, m.stream, reply.status);
            return Final { kind, ..page };
        }
        Body::ErrorFile(page) => return page.respond(kind, reply.status),
        Body::Empty | Body::Bytes(_) | Body::Format(_) => {}
    }
    let mut head = ResponseHead::with_status(reply.status);
    for (name, value) in &reply.headers {
        let value = edit::write(value, m);
        // As newer versions do; 2.6 sends no response at all then.
        if !value.is_empty() {
            head.fields.add(name, &value);
        }
    }
    let body = match &reply.body {
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::Format(format) => payload(format, m),
        Body::Page | Body::Empty | Body::ErrorFile(_) => Vec::new(),
    };
    if reply.status != 204 {
        head.fields.add(b"content-length", body.len().to_string().as_bytes());
    }
    if let Some(content_type) = reply.content_type.as_deref().filter(|_| !body.is_empty()) {
        head.fields.add(b"content-type", content_type);
    }
    Final::new(kind, head, body)
}

fn payload(format: &CompiledFormat, m: &mut Moment<'_>) -> Vec<u8> {
    edit::write(format, m)
}

/// `auth`: the 401 page with the realm, 407 for a client that talks to a proxy.
pub(crate) fn challenge(
    realm: Option<&CompiledFormat>,
    frontend: FrontendRef,
    backend: Option<BackendRef>,
    m: &mut Moment<'_>,
) -> Final {
    let proxy = match backend {
        Some(backend) => m.program.backend(backend).proxy(),
        None => m.program.frontend(frontend).proxy(),
    };
    let realm = match realm {
        Some(realm) => edit::write(realm, m),
        None => proxy.name.value.clone().into_bytes(),
    };
    let to_proxy = talks_to_proxy(m.program.frontend(frontend).proxy(), m);
    let (status, name): (_, &[u8]) = match to_proxy {
        true => (407, b"proxy-authenticate"),
        false => (401, b"www-authenticate"),
    };
    let mut page = error_page::choose(m.program, m.stream, status);
    page.kind = ReplyKind::Auth;
    let value = [&b"Basic realm=\""[..], &realm, b"\""].concat();
    page.head.fields.add(name, &value);
    page
}

/// `option http-use-proxy-header`, and a target that is neither a path nor `*`.
fn talks_to_proxy(frontend: &Proxy, m: &Moment<'_>) -> bool {
    let on = frontend.options.http_use_proxy_header.is_some_and(|option| option.value);
    on && m.head().is_some_and(|head| !matches!(head.target().first(), Some(b'/' | b'*') | None))
}
