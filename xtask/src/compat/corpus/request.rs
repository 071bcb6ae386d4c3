//! The requests to a configuration: some that every site sees, and some for each of its rules.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use config::model::{Config, Proxy};
use config::{Loaded, Target};
use config_parse::env::Environment;
use config_parse::log_format::Piece;

use super::super::case::{self, Request};
use super::terms;
use super::world::World;
use crate::shell::Failure;

/// At most so many requests go to a file.
const MOST: usize = 90;

/// What a request is going to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) raw_query: Option<String>,
    pub(crate) version: &'static str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) cookies: Vec<(String, String)>,
    pub(crate) body: Option<String>,
    pub(crate) src: Option<IpAddr>,
    pub(crate) port: Option<u16>,
}

/// A request with where it goes to and comes from.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The request.
    pub(crate) request: Request,
    /// The listener.
    pub(crate) to: SocketAddr,
    /// The client.
    pub(crate) from: IpAddr,
}

/// Reads a configuration as proxyd would.
pub(crate) fn load(folder: &Path, file: &Path) -> Result<Loaded, Failure> {
    let path = folder.join(file);
    let bytes = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let env = Environment::of_version("2.6.12");
    Ok(config::load([(file.display().to_string(), bytes)], &env, Target::Proxyd))
}

/// Every request to the configuration, each listener's in turn.
pub(crate) fn all(config: &Config, world: &World) -> Vec<Asked> {
    let mut asked = Vec::new();
    let share = (MOST / world.entries.len().max(1)).max(6);
    for (name, to) in world.entries.iter().take(MOST / 3) {
        let Some(frontend) = config.frontend(name) else { continue };
        let mut drafts = usual();
        drafts.extend(of_rules(config, frontend));
        drafts.dedup();
        let drafts =
            drafts.into_iter().filter(|draft| draft.port.is_none_or(|port| port == to.port()));
        asked.extend(drafts.take(share).filter_map(|draft| draft.asked(*to)));
    }
    asked.truncate(MOST);
    asked
}

fn usual() -> Vec<Draft> {
    let plain = Draft::plain();
    let mut head = plain.clone();
    head.method = "HEAD".to_owned();
    let mut post = plain.clone();
    (post.method, post.body) = ("POST".to_owned(), Some("k=v".to_owned()));
    let mut old = plain.clone();
    old.version = "HTTP/1.0";
    let mut missing = plain.clone();
    missing.path = "/no/such/page.html".to_owned();
    missing.set("x-stub", "404,header=Server=Stub".to_owned());
    vec![plain, head, post, old, missing]
}

/// For each rule of the frontend and of the backends it leads to, a request that reaches it.
fn of_rules(config: &Config, frontend: &Proxy) -> Vec<Draft> {
    let plain = Draft::plain();
    let mut out = conditions(frontend, &plain);
    let mut backends: Vec<(&Proxy, Draft)> = Vec::new();
    for rule in &frontend.switching {
        let drafts = terms::drafts(rule.condition.as_ref(), frontend, &plain);
        let name = match rule.backend.value.pieces.as_slice() {
            [Piece::Text(text)] => text.as_str(),
            _ => "",
        };
        if let (Some(backend), Some(draft)) = (config.backend(name), drafts.first()) {
            backends.push((backend, draft.clone()));
        }
        out.extend(drafts);
    }
    let default = frontend.default_backend.as_ref().and_then(|name| config.backend(&name.value));
    backends.extend(default.map(|backend| (backend, plain)));
    for (backend, draft) in backends {
        out.extend(conditions(backend, &draft));
    }
    out
}

/// Drafts for every rule of a proxy that stands on a condition.
fn conditions(proxy: &Proxy, from: &Draft) -> Vec<Draft> {
    let rules = proxy.rules.lists().into_iter().flatten().map(|rule| rule.condition.as_ref());
    let servers = proxy.use_server.iter().map(|rule| rule.condition.as_ref());
    rules
        .chain(servers)
        .flatten()
        .flat_map(|condition| terms::drafts(Some(condition), proxy, from))
        .collect()
}

impl Draft {
    fn plain() -> Draft {
        Draft {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            query: Vec::new(),
            raw_query: None,
            version: "HTTP/1.1",
            headers: Vec::new(),
            cookies: Vec::new(),
            body: None,
            src: None,
            port: None,
        }
    }

    /// Sets a field, or adds it.
    pub(crate) fn set(&mut self, name: &str, value: String) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value));
    }

    /// Path and query.
    pub(crate) fn target(&mut self, text: String) {
        match text.split_once('?') {
            Some((path, query)) => {
                (self.path, self.raw_query) = (path.to_owned(), Some(query.to_owned()))
            }
            None => self.path = text,
        }
    }

    /// Host and path.
    pub(crate) fn base(&mut self, text: &str) {
        let (host, path) = text.split_at(text.find('/').unwrap_or(text.len()));
        if !host.is_empty() {
            self.set("host", host.to_owned());
        }
        if !path.is_empty() {
            self.path = path.to_owned();
        }
    }

    /// The request, if it can be written on a line.
    fn asked(self, to: SocketAddr) -> Option<Asked> {
        let mut target = self.path;
        let pairs: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = [self.raw_query.unwrap_or_default(), pairs.join("&")];
        let query: Vec<&str> =
            query.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        if !query.is_empty() {
            target = format!("{target}?{}", query.join("&"));
        }
        let target: String =
            target.chars().map(|c| if c.is_ascii_graphic() { c } else { '+' }).collect();
        let mut line = format!("{} {target}", self.method);
        for (name, value) in &self.headers {
            line.push_str(&format!(" | {name}: {value}"));
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            line.push_str(&format!(" | Cookie: {}", pairs.join("; ")));
        }
        if self.version == "HTTP/1.0" {
            line.push_str(" | !1.0");
        }
        if let Some(body) = &self.body {
            line.push_str(&format!(" | !body={body}"));
        }
        let mut request = case::request(&line).ok()?;
        let local = if to.is_ipv4() {
            IpAddr::from([127, 0, 0, 1])
        } else {
            IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])
        };
        let from = self.src.filter(|src| src.is_ipv4() == to.is_ipv4()).unwrap_or(local);
        request.line = format!("{} (from {from} to {to})", request.line);
        Some(Asked { request, to, from })
    }
}
