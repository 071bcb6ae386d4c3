//! `lbctl keywords`: the whole language as the registries have it, and what `proxyd` does with each word.

use config::keyword::{Info, Status};
use sample::registry;
use serde_json::{Value, json};

use crate::arguments::{DataFormat, Keywords};
use crate::exit::{CouldNot, Exit};
use crate::out::{say, say_line};

/// One word of the language.
struct Entry {
    area: String,
    name: String,
    args: String,
    status: &'static str,
    more: Value,
    doc: String,
}

/// Prints the registries.
pub(crate) fn run(asked: &Keywords) -> Result<Exit, CouldNot> {
    let mut all: Vec<Entry> = config::keyword::registry().iter().map(directive).collect();
    all.extend(registry::fetch_names().filter_map(fetch));
    all.extend(registry::converter_names().filter_map(converter));
    all.extend(acl::keywords().map(|name| plain("acl", &name, "a fetch and how it is compared")));
    all.push(plain("service", "prometheus-exporter", "statistics for Prometheus"));
    all.retain(|entry| asked.area.is_empty() || asked.area.contains(&entry.area));
    match asked.output_format {
        DataFormat::Text => {
            let line = |entry: &Entry| {
                let name = format!("{} {}", entry.name, entry.args);
                format!(
                    "{:10} {:50} {:10} {}\n",
                    entry.area,
                    name.trim_end(),
                    entry.status,
                    entry.doc
                )
            };
            say(all.iter().map(line).collect::<String>());
        }
        DataFormat::Json => {
            let list: Vec<Value> = all.into_iter().map(object).collect();
            say_line(&json!({"version": 1, "keywords": list}).to_string());
        }
    }
    Ok(Exit::Clean)
}

fn object(entry: Entry) -> Value {
    let mut object = json!({
        "area": entry.area,
        "name": entry.name,
        "args": entry.args,
        "status": entry.status,
        "doc": entry.doc,
    });
    if let (Some(to), Value::Object(more)) = (object.as_object_mut(), entry.more) {
        to.extend(more);
    }
    object
}

fn directive(info: &Info) -> Entry {
    let (status, why) = match info.status {
        Status::Supported => ("supported", None),
        Status::Ignored(why) => ("ignored", Some(why)),
        Status::Refused(code, why) if code == diag::codes::E0209 => ("removed", Some(why)),
        Status::Refused(_, why) => ("refused", Some(why)),
    };
    let sections = info.places.map(|places| {
        let frontend = places.frontend;
        let backend = places.backend;
        let defaults = places.defaults != config::keyword::InDefaults::No;
        let all = [
            ("global", places.global),
            ("defaults", defaults),
            ("frontend", frontend),
            ("listen", frontend || backend),
            ("backend", backend),
        ];
        all.into_iter().filter(|(_, takes)| *takes).map(|(name, _)| name).collect::<Vec<_>>()
    });
    Entry {
        area: info.area.to_owned(),
        name: info.name.to_owned(),
        args: info.args.clone(),
        status,
        more: json!({
            "why": why,
            "sections": sections,
            "rule_sets": info.rule_sets,
            "newer_than_2.6": info.newer_than_2_6,
            "manual": info.manual,
        }),
        doc: info.doc.to_owned(),
    }
}

fn fetch(name: &'static str) -> Option<Entry> {
    let known = registry::known_fetch(name)?;
    let part = registry::fetch_not_built(name);
    Some(Entry {
        area: "fetch".to_owned(),
        name: name.to_owned(),
        args: arguments(known.args, known.required),
        status: if part.is_none() { "supported" } else { "refused" },
        more: json!({
            "why": part,
            "output": known.out.describe(),
            "places": known.places.row(),
            "newer_than_2.6": registry::is_newer_fetch(name),
            "manual": "7.3",
        }),
        doc: registry::fetch(name).map_or(String::new(), |entry| entry.doc.to_owned()),
    })
}

fn converter(name: &'static str) -> Option<Entry> {
    let known = registry::known_converter(name)?;
    let part = registry::converter_not_built(name);
    Some(Entry {
        area: "converter".to_owned(),
        name: name.to_owned(),
        args: arguments(known.args, known.required),
        status: if part.is_none() { "supported" } else { "refused" },
        more: json!({
            "why": part,
            "input": known.input.describe(),
            "output": known.out.describe(),
            "newer_than_2.6": registry::is_newer_converter(name),
            "manual": "7.3.1",
        }),
        doc: registry::converter(name).map_or(String::new(), |entry| entry.doc.to_owned()),
    })
}

fn plain(area: &str, name: &str, doc: &str) -> Entry {
    Entry {
        area: area.to_owned(),
        name: name.to_owned(),
        args: String::new(),
        status: "supported",
        more: Value::Null,
        doc: doc.to_owned(),
    }
}

/// `(a,b[,c])`.
fn arguments(kinds: &[sample::ArgKind], required: usize) -> String {
    if kinds.is_empty() {
        return String::new();
    }
    let words = |kinds: &[sample::ArgKind]| {
        kinds.iter().map(|kind| kind.describe()).collect::<Vec<_>>().join(",")
    };
    let (must, may) = kinds.split_at(required.min(kinds.len()));
    let (must, may) = (words(must), words(may));
    match (must.is_empty(), may.is_empty()) {
        (_, true) => format!("({must})"),
        (true, false) => format!("([{may}])"),
        (false, false) => format!("({must}[,{may}])"),
    }
}
