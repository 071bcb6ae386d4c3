//! What `-dC`, `-dK` and `-dL` print once the configuration was read (management 3).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use config::keyword::{Info, Status};
use config_parse::tree::{Line, LineKind};
use diag::Sources;
use sample::registry;

use crate::arguments::Arguments;
use crate::origin::Origin;
use crate::words::{answer, raw};

/// Prints what the command line asks for.
pub(crate) fn print(arguments: &Arguments, origin: &Origin, sources: &Sources) {
    let dumps = &arguments.dumps;
    if dumps.configuration {
        let (tree, _) = config_parse::tree::parse(sources, &origin.environment());
        raw(&tree.lines.iter().filter_map(line).collect::<String>());
    }
    if let Some(classes) = &dumps.keywords {
        raw(&keywords(classes));
    }
    if dumps.libraries {
        raw(&libraries(arguments.verbose));
    }
}

/// A line in its words: without comments, sections at the margin, the rest behind a tab.
fn line(line: &Line<'_>) -> Option<String> {
    let shown = matches!(line.kind, LineKind::Words | LineKind::Macro | LineKind::Bad);
    let first = line.words.first().filter(|_| shown)?;
    let margin = if config_parse::sections::is_section(&first.text) { "" } else { "\t" };
    let words: Vec<String> = line.words.iter().map(|word| quoted(&word.text)).collect();
    Some(format!("{margin}{}\n", words.join(" ")))
}

/// A word so that it would be read back as it is.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !"\"'\\$#".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        if "\"\\$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// The classes of `-dK` and their titles.
const CLASSES: &[(&str, &str, &str)] = &[
    ("acl", "ACL keywords", "ACL keywords"),
    ("cfg", "configuration keywords", "configuration keywords"),
    ("cli", "CLI keywords", "CLI keywords"),
    ("cnv", "sample converter keywords", "sample converter functions"),
    ("flt", "filter names", "filter names"),
    ("smp", "sample fetch functions", "sample fetch functions"),
    ("svc", "service names", "service names"),
];

/// The keywords of these classes that work here, as HAProxy lists its own.
fn keywords(asked: &str) -> String {
    let classes: Vec<&str> = asked.split(',').collect();
    let mut out = String::new();
    if classes.contains(&"help") {
        out.push_str("# List of supported keyword classes:\nall: list all keywords\n");
        for (class, what, _) in CLASSES {
            let _ = writeln!(out, "{class}: {what}");
        }
        return out;
    }
    for (class, _, title) in CLASSES {
        if classes.contains(class) || classes.contains(&"all") {
            let _ = writeln!(out, "# List of registered {title}:");
            out.push_str(&of_class(class));
        }
    }
    out
}

fn of_class(class: &str) -> String {
    let lines = |names: Vec<String>| names.iter().map(|name| format!("{name}\n")).collect();
    match class {
        "acl" => lines(acl::keywords().collect()),
        "cfg" => configuration(),
        "cli" => {
            lines(admin::all_commands().iter().map(|command| command.usage.to_owned()).collect())
        }
        "cnv" => lines(registry::converter_names().filter_map(converter).collect()),
        "smp" => lines(registry::fetch_names().filter_map(fetch).collect()),
        "svc" => "prometheus-exporter\n".to_owned(),
        _ => String::new(),
    }
}

/// Those that are carried out, by area.
fn configuration() -> String {
    let mut areas: BTreeMap<&str, Vec<Info>> = BTreeMap::new();
    for info in config::keyword::registry() {
        if info.status == Status::Supported {
            areas.entry(info.area).or_default().push(info);
        }
    }
    let mut out = String::new();
    for (area, keywords) in areas {
        let _ = writeln!(out, "{area}");
        for keyword in keywords {
            let line = format!("\t{} {}", keyword.name, keyword.args);
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    out
}

fn fetch(name: &'static str) -> Option<String> {
    let known = registry::known_fetch(name)?;
    let row: Vec<String> =
        known.places.row().trim().chars().map(|place| place.to_string()).collect();
    let built = registry::fetch_not_built(name).is_none();
    built.then(|| format!("[ {} ] {name}: {}", row.join(" "), known.out.describe()))
}

fn converter(name: &'static str) -> Option<String> {
    let known = registry::known_converter(name)?;
    let built = registry::converter_not_built(name).is_none();
    built.then(|| format!("{name}: {} => {}", known.input.describe(), known.out.describe()))
}

/// The files whose code is mapped into the process, the program first; with their places when `verbose`.
fn libraries(verbose: bool) -> String {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mut files: Vec<(&str, u64, u64)> = Vec::new();
    let mut code: Vec<&str> = Vec::new();
    for line in maps.lines() {
        let Some((range, path)) = line.split_once(' ').zip(line.find('/').map(|at| &line[at..]))
        else {
            continue;
        };
        let ((range, rest), path) = (range, path);
        let bound = |text| u64::from_str_radix(text, 16).ok();
        let Some((start, end)) = range.split_once('-').and_then(|(a, b)| bound(a).zip(bound(b)))
        else {
            continue;
        };
        if rest.starts_with("r-x") {
            code.push(path);
        }
        match files.iter_mut().find(|(known, ..)| *known == path) {
            Some(known) => known.2 = end,
            None => files.push((path, start, end)),
        }
    }
    files.retain(|(path, ..)| code.contains(path));
    let mut out = String::new();
    for (path, start, end) in files {
        let place = format!("{start:#014x}-{:#014x} ({:#09x}) ", end - 1, end - start);
        let _ = writeln!(out, "{}{path}", if verbose { place.as_str() } else { "" });
    }
    out
}

/// The version, as `-v` and its kin tell it.
pub(crate) fn version(how: crate::arguments::Version) {
    use crate::VERSION;
    use crate::arguments::Version;
    let short = VERSION.split('-').next().unwrap_or(VERSION);
    match how {
        Version::Line | Version::Built => answer(&format!("proxyd version {VERSION}")),
        Version::Number => answer(VERSION),
        Version::Short => answer(short),
        Version::Branch => {
            answer(&short.split('.').take(2).collect::<Vec<_>>().join("."));
        }
    }
    if how == Version::Built {
        answer(
            "reads HAProxy's configuration; one process, reloads in place; TLS and HTTP/2 are not built yet",
        );
    }
}
