//! `--from-log`: cases out of the lines of `option httplog`, each route once.
//!
//! The log has no Host field of its own: the first captured header stands for it when it looks like a name.

use std::collections::BTreeSet;
use std::path::Path;

use crate::exit::{CouldNot, Exit};
use crate::out::say;

/// What one line says of its request.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    method: String,
    target: String,
    host: Option<String>,
    frontend: String,
    backend: String,
    status: String,
}

/// Writes the cases to standard output.
pub(super) fn write(log: &Path) -> Result<Exit, CouldNot> {
    let text = std::fs::read(log).map_err(|e| format!("{}: {e}", log.display()))?;
    let text = String::from_utf8_lossy(&text);
    let lines: BTreeSet<Line> = text.lines().filter_map(read).collect();
    if lines.is_empty() {
        return Err(format!("{}: no line of `option httplog` was found", log.display()));
    }
    say("files = [\"haproxy.cfg\"]\n");
    for line in &lines {
        say(case(line));
    }
    Ok(Exit::Clean)
}

fn case(line: &Line) -> String {
    let Line { method, target, host, frontend, backend, status } = line;
    let url = host.as_ref().map_or(target.clone(), |host| format!("http://{host}{target}"));
    let mut out = format!("\n[[case]]\nname = {}\n", quoted(&format!("{method} {url}")));
    out.push_str(&format!(
        "request = {}\nlistener = {}\n",
        quoted(&format!("{method} {url}")),
        quoted(frontend)
    ));
    out.push_str("[case.expect]\n");
    if frontend != backend && !backend.is_empty() {
        out.push_str(&format!("backend = {}\n", quoted(backend)));
    } else if let Ok(status) = status.parse::<u16>() {
        out.push_str(&format!("status = {status}\n"));
    }
    out
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `... [accept date] frontend backend/server timers status bytes cc cs flags counts queues {captures} "request"`.
fn read(line: &str) -> Option<Line> {
    let (head, request) = line.trim_end().trim_end_matches('"').rsplit_once('"')?;
    let mut words = request.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    if !words.next()?.starts_with("HTTP/") || !target.starts_with('/') {
        return None;
    }
    // Behind the date stand the frontend and `backend/server`; other brackets come before it.
    let behind = head
        .match_indices("] ")
        .filter_map(|(at, end)| head.get(at + end.len()..))
        .find(|rest| rest.split(' ').nth(1).is_some_and(|server| server.contains('/')))?;
    let fields: Vec<&str> = behind.split(' ').collect();
    let (frontend, server, status) = (*fields.first()?, *fields.get(1)?, *fields.get(3)?);
    let (backend, _) = server.split_once('/')?;
    let captured = head.split_once('{').and_then(|(_, rest)| rest.split(['|', '}']).next());
    let is_host = |text: &&str| {
        text.contains('.') && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c))
    };
    Some(Line {
        method: method.to_owned(),
        target: target.to_owned(),
        host: captured.filter(is_host).map(str::to_owned),
        frontend: frontend.trim_end_matches('~').to_owned(),
        backend: backend.to_owned(),
        status: status.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_manual_is_read() {
        let line = "Feb  6 12:14:14 localhost haproxy[14389]: 10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in \
            static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} \"GET /index.html HTTP/1.1\"";
        let read = read(line).expect("a request");
        assert_eq!(read.host.as_deref(), Some("1wt.eu"));
        assert_eq!((read.frontend.as_str(), read.backend.as_str()), ("http-in", "static"));
        assert_eq!(
            (read.method.as_str(), read.target.as_str(), read.status.as_str()),
            ("GET", "/index.html", "200")
        );
        assert!(super::read("haproxy[1]: Proxy http-in started.").is_none());
    }
}
