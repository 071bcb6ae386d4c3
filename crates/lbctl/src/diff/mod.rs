//! `lbctl diff`: objects after `defaults` are resolved, between two files or a file and a daemon.

pub(crate) mod live;
mod routes;

use config::{Change, Impact, Item, Kind, Loaded, Target};
use diag::Sources;
use serde_json::json;

use crate::arguments::{Diff, DiffFormat};
use crate::exit::{CouldNot, Exit};
use crate::explain;
use crate::files;
use crate::out::{say, say_line};

/// Compares and shows.
pub(crate) fn run(diff: &Diff) -> Result<Exit, CouldNot> {
    let target = Target::HaProxy(3, 5);
    let (old, new) = match (&diff.live, diff.pair.as_slice()) {
        (Some(socket), _) => (live::running(socket, target)?, files::load(&diff.files, target)?),
        (None, [old, new]) => (
            files::load(std::slice::from_ref(old), target)?,
            files::load(std::slice::from_ref(new), target)?,
        ),
        _ => {
            return Err(
                "nothing to compare: `lbctl diff OLD NEW` or `lbctl diff -f FILE --live SOCKET`"
                    .into(),
            );
        }
    };
    for (side, loaded) in [("old", &old), ("new", &new)] {
        if let Some(error) = loaded.diagnostics.iter().find(|finding| files::is_fatal(finding)) {
            let place = loaded.sources.cite(error.span);
            return Err(format!(
                "the {side} configuration has errors: {place}: {} {}",
                error.code, error.message
            ));
        }
    }
    let changes = config::diff(&old.config, &new.config);
    let runtime = match &diff.live {
        Some(socket) => live::runtime_changes(socket, &old.config)?,
        None => Vec::new(),
    };
    let mut shown = match diff.output_format {
        DiffFormat::Text => text(&old, &new, &changes, &runtime),
        DiffFormat::Markdown => markdown(&old, &new, &changes, &runtime),
        DiffFormat::Json => String::new(),
    };
    let mut object = to_json(&old, &new, &changes, &runtime);
    if diff.routes {
        let contents = |name: &str| files::contents(name);
        let (_, before) = explain::compile(old, &contents)?;
        let (_, after) = explain::compile(new, &contents)?;
        let routes = routes::changes(&before, &after);
        object["routes"] = routes::as_json(&routes);
        shown.push_str(&match diff.output_format {
            DiffFormat::Markdown => routes::as_markdown(&routes),
            _ => routes::as_text(&routes),
        });
    }
    match diff.output_format {
        DiffFormat::Json => say_line(&object.to_string()),
        _ => say(shown),
    }
    Ok(if changes.is_empty() && runtime.is_empty() { Exit::Clean } else { Exit::Found })
}

fn text(old: &Loaded, new: &Loaded, changes: &[Change], runtime: &[live::Runtime]) -> String {
    let mut out = String::new();
    for change in changes.iter().filter(|change| !is_told_by_another(change, changes)) {
        let said =
            |item: &Option<Item>| item.as_ref().map(|item| item.text.clone()).unwrap_or_default();
        let (sign, words) = match change.kind {
            Kind::Added => ('+', said(&change.to)),
            Kind::Removed => ('-', said(&change.from)),
            Kind::Changed => ('~', format!("{} -> {}", said(&change.from), said(&change.to))),
        };
        let place = cite(&new.sources, &change.to).or_else(|| cite(&old.sources, &change.from));
        let place = place.map(|place| format!("  ({place})")).unwrap_or_default();
        let whole = change.kind != Kind::Changed;
        let what = if whole {
            change.what.strip_suffix(" address").unwrap_or(&change.what)
        } else {
            &change.what
        };
        let object = format!("{} {what}", change.section);
        let words = if words.is_empty() { String::new() } else { format!(": {words}") };
        out.push_str(&format!(
            "{sign} {}{words}  [{}]{place}\n",
            object.trim_end(),
            impact_word(change.impact)
        ));
    }
    for change in runtime {
        out.push_str(&format!(
            "! {}/{}: {} is {} in the daemon, {} in the file it loaded\n",
            change.backend, change.server, change.what, change.running, change.loaded
        ));
    }
    if out.is_empty() {
        out.push_str("no difference\n");
    }
    out
}

/// A table of the changes; one of what was changed at run time, when there is something.
fn markdown(old: &Loaded, new: &Loaded, changes: &[Change], runtime: &[live::Runtime]) -> String {
    if changes.is_empty() && runtime.is_empty() {
        return "No difference.\n".to_owned();
    }
    let mut out = String::new();
    if !changes.is_empty() {
        out.push_str("| | object | before | after | impact | place |\n|---|---|---|---|---|---|\n");
    }
    for change in changes.iter().filter(|change| !is_told_by_another(change, changes)) {
        let code = |item: &Option<Item>| match item.as_ref().map(|item| item.text.as_str()) {
            None | Some("") => String::new(),
            Some(text) => format!("`{}`", cell(text)),
        };
        let sign = match change.kind {
            Kind::Added => "added",
            Kind::Removed => "removed",
            Kind::Changed => "changed",
        };
        let place = cite(&new.sources, &change.to).or_else(|| cite(&old.sources, &change.from));
        out.push_str(&format!(
            "| {sign} | {} | {} | {} | {} | {} |\n",
            cell(format!("{} {}", change.section, change.what).trim_end()),
            code(&change.from),
            code(&change.to),
            impact_word(change.impact),
            cell(&place.unwrap_or_default())
        ));
    }
    if !runtime.is_empty() {
        out.push_str(
            "\n| changed at run time | what | in the daemon | in its file |\n|---|---|---|---|\n",
        );
    }
    for change in runtime {
        out.push_str(&format!(
            "| {}/{} | {} | {} | {} |\n",
            cell(&change.backend),
            cell(&change.server),
            change.what,
            cell(&change.running),
            cell(&change.loaded)
        ));
    }
    out
}

/// Text that a cell of a table may hold.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Whether a change belongs to something that came or went as a whole, which has a line of its own: a section, or
/// a server with its settings and its place in the order.
fn is_told_by_another(change: &Change, changes: &[Change]) -> bool {
    let section_went = |kind| {
        let whole = |other: &&Change| {
            other.section == change.section && other.what.is_empty() && other.kind == kind
        };
        !change.what.is_empty() && changes.iter().any(|other| whole(&other))
    };
    let servers_moved = || {
        let moved = |other: &&Change| {
            other.section == change.section
                && other.what.ends_with(" address")
                && other.kind != Kind::Changed
        };
        changes.iter().any(|other| moved(&other))
    };
    let server_went = || {
        let Some(name) =
            change.what.strip_prefix("server ").and_then(|rest| rest.split(' ').next())
        else {
            return false;
        };
        let address = format!("server {name} address");
        change.what != address
            && changes.iter().any(|other| {
                other.section == change.section
                    && other.what == address
                    && other.kind == change.kind
            })
    };
    match change.kind {
        Kind::Changed => false,
        kind => {
            section_went(kind)
                || server_went()
                || (change.what == "server order" && servers_moved())
        }
    }
}

fn impact_word(impact: Impact) -> &'static str {
    match impact {
        Impact::Hot => "hot",
        Impact::RebindsListener => "rebinds a listener",
        Impact::EndsStreams => "ends streams",
    }
}

/// Where an object was written.
fn cite(sources: &Sources, item: &Option<Item>) -> Option<String> {
    Some(sources.cite(item.as_ref()?.span?))
}

fn to_json(
    old: &Loaded,
    new: &Loaded,
    changes: &[Change],
    runtime: &[live::Runtime],
) -> serde_json::Value {
    let changes: Vec<_> = changes
        .iter()
        .map(|change| {
            json!({
                "section": change.section,
                "object": change.what,
                "kind": match change.kind {
                    Kind::Added => "added",
                    Kind::Removed => "removed",
                    Kind::Changed => "changed",
                },
                "from": change.from.as_ref().map(|item| &item.text),
                "to": change.to.as_ref().map(|item| &item.text),
                "impact": impact_word(change.impact),
                "old": cite(&old.sources, &change.from),
                "new": cite(&new.sources, &change.to),
            })
        })
        .collect();
    let runtime: Vec<_> = runtime
        .iter()
        .map(|change| {
            json!({"backend": change.backend, "server": change.server, "what": change.what,
                   "running": change.running, "loaded": change.loaded})
        })
        .collect();
    json!({"version": 1, "changes": changes, "runtime": runtime})
}
