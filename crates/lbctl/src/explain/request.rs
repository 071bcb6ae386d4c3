//! The request that is asked about: from the command line or from a json object.

use explanation::request::{
    add_handshake, client_hello, find_listener, has, head, origin_form, source,
};
use explanation::{Answer, Asked};
use http1::Version;
use rules::Program;
use serde::Deserialize;

use crate::arguments::Explain;
use crate::exit::CouldNot;

/// A line of `--requests`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default = "get")]
    method: String,
    url: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    src: Option<String>,
    #[serde(default)]
    dst: Option<String>,
    #[serde(default)]
    listener: Option<String>,
    #[serde(default)]
    same_connection: bool,
    #[serde(default)]
    answer: Answer,
}

fn get() -> String {
    "GET".into()
}

/// Reads a json object: its `url` is the request target as sent, its headers are all there are.
pub(crate) fn from_json(
    explain: &Explain,
    program: &Program,
    line: &str,
) -> Result<Asked, CouldNot> {
    let line: Line = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let version = match line.version.as_deref() {
        Some("HTTP/1.0") => Version::Http10,
        Some("HTTP/1.1") | None => Version::Http11,
        Some(other) => return Err(format!("`{other}` is no version: HTTP/1.0 or HTTP/1.1")),
    };
    let dst = line.dst.or_else(|| explain.dst.clone());
    let name = line.listener.or_else(|| explain.listener.clone());
    let (listener, dst) = find_listener(program, name.as_deref(), dst.as_deref())?;
    Ok(Asked {
        listener,
        frontend: program.listeners()[listener].frontend,
        head: head(&line.method, &line.url, version, &line.headers),
        body: line.body.unwrap_or_default().into_bytes(),
        hello: explain.sni.as_deref().map(client_hello),
        src: source(line.src.as_deref().unwrap_or(&explain.src))?,
        dst,
        same_connection: line.same_connection,
        answer: line.answer.to(&line.headers),
    })
}

/// Reads the command line: an absolute URL gives the `Host` header, as a browser would.
pub(crate) fn from_arguments(explain: &Explain, program: &Program) -> Result<Asked, CouldNot> {
    let curl = explain.curl.as_deref().map(super::curl::read).transpose()?.unwrap_or_default();
    let (method, url) =
        match explain.request.as_slice() {
            [] if explain.curl.is_some() => (curl.method.as_deref(), &curl.url),
            [url] => (None, url),
            [method, url] => (Some(method.as_str()), url),
            _ => return Err(
                "no request: name a URL, as in `lbctl explain -f haproxy.cfg http://www.example/`"
                    .into(),
            ),
        };
    let mut headers = Vec::new();
    for header in curl.headers.iter().chain(&explain.headers) {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| format!("`{header}` is no header: `Name: value`"))?;
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let target = origin_form(url, &mut headers);
    if let Some(cookie) = &explain.cookie {
        headers.push(("Cookie".into(), cookie.clone()));
    }
    if explain.ws {
        add_handshake(&mut headers);
    }
    let body = match &explain.body {
        Some(file) => std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?,
        None => curl.body.clone().unwrap_or_default(),
    };
    let has_body = explain.body.is_some() || curl.body.is_some();
    if has_body && !has(&headers, "content-length") {
        headers.push(("Content-Length".into(), body.len().to_string()));
    }
    let method = method.unwrap_or(if has_body { "POST" } else { "GET" });
    let (listener, dst) =
        find_listener(program, explain.listener.as_deref(), explain.dst.as_deref())?;
    Ok(Asked {
        listener,
        frontend: program.listeners()[listener].frontend,
        head: head(method, &target, Version::Http11, &headers),
        body,
        hello: explain.sni.as_deref().map(client_hello),
        src: source(&explain.src)?,
        dst,
        same_connection: false,
        answer: Answer { status: explain.status.unwrap_or(0), headers: Vec::new() }.to(&headers),
    })
}
