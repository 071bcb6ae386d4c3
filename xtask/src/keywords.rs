//! `cargo xtask keywords`: the registries beside those that HAProxy prints of itself (`-dKall`).
//!
//! Missing is what HAProxy has and we do not; invented is what we have and HAProxy does not, in those areas that
//! HAProxy lists whole. What a HAProxy has only when it is built with more libraries is not invented.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::process::Command;

use clap::Args;
use serde_json::Value;

use crate::shell::{self, Failure};

/// Options of `keywords`.
#[derive(Debug, Args)]
pub(crate) struct Keywords {
    /// A HAProxy, or a file with what it printed.
    #[arg(default_value = "haproxy")]
    haproxy: PathBuf,
}

/// Words that HAProxy's list does not have: its parser knows them by itself, or they name a group of it.
const BUILT_IN: &[&str] = &[
    "ssl",
    "accept",
    "reject",
    "capture",
    "close",
    "expect-proxy",
    "expect-netscaler-cip",
    "track-sc*",
];

/// Words of a HAProxy that is built with more: QUIC, ECH, OpenTracing, OpenTelemetry, Lua scripts.
const MORE_LIBRARIES: &[&str] = &[
    "ca-sign-use-chain",
    "ech",
    "lua.*",
    "opentracing",
    "ot-group",
    "otel",
    "otel-group",
    "quic-cc-algo",
    "quic-force-retry",
    "quic-socket",
];

/// Areas that HAProxy lists whole.
const WHOLE: &[&str] = &["acl", "action", "bind", "converter", "crt-list", "fetch", "filter"];

type Names = BTreeSet<(String, String)>;

/// Compares, and fails when a word is missing or invented, or stands in other places.
pub(crate) fn run(keywords: &Keywords) -> Result<(), Failure> {
    let theirs = Registry::of_dump(&dump(keywords)?);
    let lbctl = shell::build(&["lbctl"], "dev")?.join("lbctl");
    let output = Command::new(&lbctl)
        .args(["keywords", "--output-format", "json"])
        .output()
        .map_err(|e| format!("{}: {e}", lbctl.display()))?;
    let json: Value =
        serde_json::from_slice(&output.stdout).map_err(|e| format!("lbctl keywords: {e}"))?;
    let ours = Registry::of_json(&json);
    let missing: Vec<_> = theirs.names.iter().filter(|name| !ours.holds(name)).collect();
    let invented: Vec<_> =
        ours.names.iter().filter(|name| is_invented(name, &theirs.names)).collect();
    let misplaced: Vec<_> = theirs
        .places
        .iter()
        .filter(|(name, row)| ours.places.get(*name).is_some_and(|ours| ours != *row))
        .collect();
    println!("{} words in HAProxy, {} in the registries", theirs.names.len(), ours.names.len());
    for (what, list) in [("missing", &missing), ("invented", &invented)] {
        println!("{} {what}", list.len());
        for (area, name) in list {
            println!("  {area} {name}");
        }
    }
    println!("{} fetches with other places", misplaced.len());
    for (name, row) in &misplaced {
        println!("  {name} {row}");
    }
    match missing.len() + invented.len() + misplaced.len() {
        0 => Ok(()),
        differ => Err(format!("{differ} words differ")),
    }
}

fn dump(keywords: &Keywords) -> Result<String, Failure> {
    let program = &keywords.haproxy;
    let is_text = std::fs::read(program).is_ok_and(|bytes| bytes.starts_with(b"# "));
    if is_text {
        return std::fs::read_to_string(program).map_err(|e| format!("{}: {e}", program.display()));
    }
    let output = Command::new(program)
        .args(["-dKall", "-q", "-c", "-f", "/dev/null"])
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_invented(name: &(String, String), theirs: &Names) -> bool {
    let (area, word) = name;
    let area_is_whole = WHOLE.contains(&area.as_str());
    let plain = word.trim_end_matches('*');
    let excused = [BUILT_IN, MORE_LIBRARIES].iter().any(|list| list.contains(&word.as_str()));
    area_is_whole
        && !excused
        && !theirs.iter().any(|(a, w)| a == area && w.trim_end_matches('*') == plain)
}

/// Words by area, and the rows of the fetch matrix.
#[derive(Default)]
struct Registry {
    names: Names,
    places: HashMap<String, String>,
}

impl Registry {
    fn holds(&self, (area, name): &(String, String)) -> bool {
        let plain = name.trim_end_matches('*');
        let same = |known: &str| match known.strip_suffix('*') {
            Some(start) => plain.starts_with(start),
            None => known == plain,
        };
        // A proxy's words are in lists of their own where a line has many: `option`, `timeout`.
        self.names.iter().any(|(known_area, known)| {
            same(known) && (known_area == area || area == "proxy" && known_area == "timeout")
        })
    }

    fn of_json(json: &Value) -> Self {
        let mut registry = Self::default();
        let entries = json.get("keywords").and_then(Value::as_array).into_iter().flatten();
        for entry in entries {
            let word = |key| entry.get(key).and_then(Value::as_str).unwrap_or("");
            registry.names.insert((word("area").to_owned(), word("name").to_owned()));
            if word("area") == "fetch" {
                registry.places.insert(word("name").to_owned(), word("places").to_owned());
            }
        }
        registry
    }

    fn of_dump(text: &str) -> Self {
        let mut registry = Self::default();
        let (mut list, mut section) = ("", "");
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("# List of registered ") {
                list = title;
                continue;
            }
            let is_section = list.starts_with("configuration") && !line.starts_with('\t');
            match line {
                _ if line.starts_with('#') || line.trim().is_empty() => {}
                _ if is_section => section = line.trim(),
                _ => registry.line(list, section, line.trim()),
            }
        }
        registry
    }

    fn line(&mut self, list: &str, section: &str, line: &str) {
        let first = line.split([' ', '(', ':']).next().unwrap_or("");
        let (area, name) = match list.split(' ').next().unwrap_or("") {
            "ACL" => ("acl", first),
            "configuration" => match section {
                "listen" => in_proxy(line),
                other => (other, first),
            },
            "filter" => ("filter", first),
            "service" => ("service", first),
            "sample" if list.contains("converter") => ("converter", first),
            "sample" => {
                let Some((row, rest)) = line.trim_start_matches('[').split_once(']') else {
                    return;
                };
                let name = rest.trim().split(['(', ':']).next().unwrap_or("");
                self.places.insert(name.to_owned(), row.replace(' ', ""));
                ("fetch", name)
            }
            _ => return,
        };
        self.names.insert((area.to_owned(), name.to_owned()));
    }
}

/// The area and the word of a line of `listen`.
fn in_proxy(line: &str) -> (&'static str, &str) {
    const LINES: &[(&str, &str)] = &[
        ("bind <addr> ssl ", "bind"),
        ("bind <addr> ", "bind"),
        ("server <name> <addr> ", "server"),
        ("option ", "option"),
        ("tcp-request connection ", "action"),
        ("tcp-request session ", "action"),
        ("tcp-request content ", "action"),
        ("tcp-response content ", "action"),
        ("http-request ", "action"),
        ("http-response ", "action"),
        ("http-after-response ", "action"),
    ];
    let first = |text: &'_ str| text.find(' ').unwrap_or(text.len());
    for (start, area) in LINES {
        if let Some(rest) = line.strip_prefix(start) {
            return (area, &rest[..first(rest)]);
        }
    }
    ("proxy", &line[..first(line)])
}
