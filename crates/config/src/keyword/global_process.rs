//! `global`: the process (manual 3.1).

use config_parse::quantity::Unit;
use config_parse::tree::Word;
use diag::{Diagnostic, Spanned, codes};

use super::shape::COUNT;
use super::{Keyword, Places, Shape};
use crate::lower::{Directive, Prefix, spanned};
use crate::model::{Global, Setting};

const fn global(
    name: &'static str,
    args: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Global),
) -> Keyword<Global> {
    Keyword::new(name, Places::GLOBAL, args, "3.1", doc, lower)
}

pub(super) const KEYWORDS: &[Keyword<Global>] = &[
    global("daemon", "", "runs in the background", |line, to| {
        line.end();
        to.daemon = Some(line.span());
    }),
    global(
        "master-worker",
        "[no-exit-on-failure]",
        "a master process watches the worker",
        |line, to| {
            if line.target.is_from(3, 5) {
                let message = "`master-worker` was removed from the language";
                line.removed(message, "start with `-W` or `-Ws`");
            }
            line.take("no-exit-on-failure");
            line.end();
            to.master_worker = Some(line.span());
        },
    ),
    global("pidfile", "<file>", "where the process id is written", |line, to| {
        text(line, &mut to.pidfile)
    }),
    global("user", "<name>", "runs as this user", |line, to| text(line, &mut to.user)),
    global("group", "<name>", "runs as this group", |line, to| text(line, &mut to.group)),
    global("uid", "<n>", "runs as this user", |line, to| id(line, &mut to.uid)),
    global("gid", "<n>", "runs as this group", |line, to| id(line, &mut to.gid)),
    global("chroot", "<dir>", "where the process locks itself in", |line, to| {
        text(line, &mut to.chroot)
    }),
    global("nbthread", "<n>", "threads", |line, to| {
        let most = if line.target.is_2_6() { 64 } else { 1024 };
        let number = line.number("a number of threads", 1..=most);
        line.end();
        to.nbthread = number.map(|n| Spanned::new(n.value as u32, line.span())).or(to.nbthread);
    }),
    global("maxconn", "<n>", "connections of the process", |line, to| count(line, &mut to.maxconn))
        .shaped(Shape::Changed(&COUNT, &Shape::Whole(i32::MIN, i32::MAX))),
    global("maxconnrate", "<n>", "new connections a second", |line, to| {
        count(line, &mut to.maxconnrate)
    }),
    global("maxsessrate", "<n>", "new sessions a second", |line, to| {
        count(line, &mut to.maxsessrate)
    }),
    global("ulimit-n", "<n>", "file descriptors", |line, to| {
        let number = line.lenient("a number", 0..=i64::MAX);
        line.end();
        to.ulimit_n = number.map(|n| Spanned::new(n.value as u64, line.span())).or(to.ulimit_n);
    }),
    global("hard-stop-after", "<time>", "how long a soft stop may take", |line, to| {
        time(line, &mut to.hard_stop_after);
    }),
    global(
        "close-spread-time",
        "<time>|infinite",
        "over how long idle connections are closed",
        |line, to| {
            if line.take("infinite") {
                line.skip_rest();
                return;
            }
            time(line, &mut to.close_spread_time);
        },
    )
    .ignored("a soft stop closes idle connections at once"),
    global("grace", "<time>", "how long to serve after the stop signal", |line, to| {
        time(line, &mut to.grace)
    })
    .ignored("a soft stop begins at once"),
    global("node", "<name>", "the machine's name in statistics", node),
    global("description", "<text>", "a text for statistics", |line, to| {
        let Some(first) = line.arg("a text") else { return };
        let mut text = first.text.to_string();
        for word in line.rest() {
            text.push(' ');
            text.push_str(&word.text);
        }
        to.description = Some(Spanned::new(text, line.span()));
    }),
    global("localpeer", "<name>", "this machine's name among peers", |line, to| {
        text(line, &mut to.localpeer)
    })
    .ignored("peers are not built"),
    global(
        "default-path",
        "current|config|parent|origin <path>",
        "where relative file names begin",
        |line, to| {
            let Some(word) = line.arg("`current`, `config`, `parent` or `origin`") else { return };
            let mut path = word.text.to_string();
            match path.as_str() {
                "current" | "config" | "parent" => {}
                "origin" => {
                    let Some(origin) = line.arg("a directory") else { return };
                    path.push(' ');
                    path.push_str(&origin.text);
                }
                _ => {
                    line.not_one_of(
                        word,
                        "a way to find files",
                        &["current", "config", "parent", "origin"],
                    );
                    return;
                }
            }
            line.skip_rest();
            to.default_path = Some(Spanned::new(path, line.span()));
        },
    ),
    global("server-state-file", "<file>", "where server states are read from", |line, to| {
        first_text(line, &mut to.server_state_file);
    }),
    global("server-state-base", "<dir>", "where server state files are", |line, to| {
        first_text(line, &mut to.server_state_base);
    }),
    global(
        "unix-bind",
        "[prefix <path>] [mode <octal>] [user|uid|group|gid <x>]",
        "how unix sockets are made",
        unix_bind,
    ),
    global(
        "h1-case-adjust",
        "<from> <to>",
        "the case in which a header name is sent",
        |line, to| {
            let Some(from) = line.arg("two header names") else { return };
            let Some(into) = line.arg("a second header name") else { return };
            line.end();
            if !from.text.eq_ignore_ascii_case(&into.text) {
                let message = "the two names may differ in case only";
                line.error(codes::E0301, into.span, message);
                return;
            }
            let pair = (from.text.to_string(), into.text.to_string());
            if to.h1_case_adjust.iter().any(|known| known.value.0 == pair.0) {
                let message = format!("`{}` was given a case before", pair.0);
                line.error(codes::E0301, from.span, message);
                return;
            }
            to.h1_case_adjust.push(Spanned::new(pair, line.span()));
        },
    ),
    global(
        "h1-case-adjust-file",
        "<file>",
        "a file with a pair of `h1-case-adjust` on each line",
        |line, to| text(line, &mut to.h1_case_adjust_file),
    ),
    // The environment was changed when the lines were read: variables are known before sections are.
    global("setenv", "<name> <value>", "sets a variable", |line, _| both(line)),
    global("presetenv", "<name> <value>", "sets a variable that is not set", |line, _| both(line)),
    global("unsetenv", "<name>...", "forgets variables", |line, _| unset(line)),
    global("resetenv", "<name>*", "forgets all other variables", |line, _| line.skip_rest()),
    switch("external-check", "[preserve-env]", "external checks may run programs")
        .shaped(Shape::Changed(&Shape::Nothing, &Shape::Maybe(&Shape::OneOf(&["preserve-env"])))),
    switch("insecure-fork-wanted", "", "programs may be run").shaped(Shape::Nothing),
    switch("insecure-setuid-wanted", "", "programs may change users")
        .shaped(Shape::Nothing)
        .ignored("no programs are run"),
    switch("expose-experimental-directives", "", "experimental keywords are taken")
        .shaped(Shape::Changed(&Shape::Free, &Shape::Nothing))
        .ignored("a keyword that is built needs no permission"),
    switch("expose-deprecated-directives", "", "deprecated keywords are taken")
        .shaped(Shape::Nothing)
        .ignored("a keyword that is built needs no permission"),
    switch("strict-limits", "", "a limit that cannot be reached stops the start")
        .shaped(Shape::Nothing)
        .ignored("a limit that cannot be reached always stops the start"),
    switch("quiet", "", "no messages at start").shaped(Shape::Nothing),
    switch("zero-warning", "", "warnings refuse the configuration").shaped(Shape::Nothing),
    switch("noreuseport", "", "threads share one socket an address").shaped(Shape::Nothing),
    switch("h1-accept-payload-with-any-method", "", "bodies of GET, HEAD and DELETE are taken")
        .shaped(Shape::Nothing)
        .ignored("bodies of all methods are taken"),
    switch(
        "h1-do-not-close-on-insecure-transfer-encoding",
        "",
        "connections with odd encodings stay",
    )
    .shaped(Shape::Nothing)
    .ignored("connections with odd encodings are closed"),
    switch("pp2-never-send-local", "", "checks send no LOCAL PROXY header")
        .shaped(Shape::Nothing)
        .ignored("the PROXY header of a check names no addresses"),
];

/// A plain switch, kept by name.
const fn switch(name: &'static str, args: &'static str, doc: &'static str) -> Keyword<Global> {
    global(name, args, doc, |line, to| {
        let Some(word) = line.last().map(spanned) else { return };
        let more = line.rest();
        to.switches.retain(|known| known.value != word.value);
        if line.prefix != Some(Prefix::No) {
            // `external-check preserve-env` is a switch of its own beside the first.
            let with = |more: &Word<'_>| format!("{} {}", word.value, more.text);
            to.switches.extend(more.iter().map(|more| Spanned::new(with(more), more.span)));
            to.switches.push(word);
        }
    })
}

pub(super) fn text(line: &mut Directive<'_>, to: &mut Setting<String>) {
    if let Some(word) = line.text("a value") {
        line.end();
        *to = Some(Spanned::new(word.value, line.span()));
    }
}

/// Quirk: HAProxy does not look at what follows.
fn first_text(line: &mut Directive<'_>, to: &mut Setting<String>) {
    if let Some(word) = line.text("a value") {
        line.skip_rest();
        *to = Some(Spanned::new(word.value, line.span()));
    }
}

pub(super) fn count(line: &mut Directive<'_>, to: &mut Setting<u32>) {
    let number = line.lenient("a number", i64::MIN..=i64::MAX);
    line.end();
    if let Some(number) = number {
        let value = u32::try_from(number.value.max(0)).unwrap_or(u32::MAX);
        *to = Some(Spanned::new(value, line.span()));
    }
}

fn id(line: &mut Directive<'_>, to: &mut Setting<u32>) {
    let number = line.lenient("a number", i64::MIN..=i64::MAX);
    line.end();
    if let Some(number) = number {
        *to = Some(Spanned::new(number.value as u32, line.span()));
    }
}

fn time(line: &mut Directive<'_>, to: &mut Setting<std::time::Duration>) {
    let time = line.duration("a time, such as `30s`", Unit::Millisecond);
    // Quirk: HAProxy does not look at what follows.
    line.skip_rest();
    if let Some(time) = time {
        *to = Some(Spanned::new(time.value, line.span()));
    }
}

fn both(line: &mut Directive<'_>) {
    if line.arg("a name and a value").is_some() {
        line.arg("a value");
    }
    // Quirk: HAProxy before 3.0 takes one word more.
    if line.target.is_2_6() {
        line.word();
    }
    line.end();
}

fn unset(line: &mut Directive<'_>) {
    line.arg("the name of a variable");
    line.back();
    for name in line.rest().iter().filter(|name| name.text.contains('=')) {
        let message = format!("`{}` is no name of a variable", name.text);
        line.error(codes::E0307, name.span, message);
    }
}

fn node(line: &mut Directive<'_>, to: &mut Global) {
    text(line, &mut to.node);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if let Some(name) = line.last().filter(|name| !name.text.chars().all(is_part)) {
        let message = format!("`{}` is no name of a machine", name.text);
        let finding = Diagnostic::new(codes::E0307, name.span, message);
        line.report(finding.help("letters, digits, dots, hyphens and underscores"));
    }
}

fn unix_bind(line: &mut Directive<'_>, to: &mut Global) {
    while let Some(word) = line.word() {
        match word.text.as_ref() {
            "prefix" => {
                let Some(path) = line.value("a path") else { return };
                to.unix_bind_prefix = Some(spanned(path));
            }
            "mode" | "user" | "uid" | "group" | "gid" => {
                line.refuse_as(
                    codes::E0207,
                    "write it on the `bind` lines: only `prefix` is built",
                    word,
                );
                let number = matches!(word.text.as_ref(), "mode" | "uid" | "gid");
                if number && line.peek().is_none() && line.target.is_from(3, 0) {
                    let message = format!("`{}` has no value and is read as 0", word.text);
                    line.report(Diagnostic::new(codes::W0309, word.span, message));
                } else if line.value("a value").is_none() {
                    return;
                }
            }
            _ => {
                let allowed = ["prefix", "mode", "user", "uid", "group", "gid"];
                line.not_one_of(word, "an argument of `unix-bind`", &allowed);
                return;
            }
        }
    }
}
