//! `filter` lines (manual 9). No filter is carried out; their words are checked.

use config_parse::quantity::Unit;
use diag::codes;

use super::{Keyword, Places, Shape, Table};
use crate::lower::{Directive, Draft, spanned};
use crate::model::{Mention, Noun};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "filter",
        Places::ANY.no_defaults(),
        "<name> [options]",
        "9",
        "looks at what passes",
        |line, draft| {
            line.mark_head();
            let Some(word) = line.peek() else {
                line.arg("the name of a filter");
                return;
            };
            if !line.keyword(&FILTERS, draft) {
                line.unknown(&FILTERS, word);
            }
            line.skip_rest();
        },
    )
    .refused("filters are not built"),
    Keyword::new(
        "use-fcgi-app",
        Places::BACK.no_defaults(),
        "<name>",
        "4.2",
        "servers speak FastCGI",
        |line, draft: &mut Draft| {
            line.mark_head();
            if let Some(name) = line.arg("the name of a `fcgi-app` section") {
                draft.declared.mentions.push(Mention { noun: Noun::FcgiApp, name: spanned(name) });
                draft.fcgi_app = true;
            }
            line.end();
        },
    )
    .refused("FastCGI is not built"),
];

/// The filters.
pub(crate) static FILTERS: Table<Draft> = Table {
    noun: "filter",
    keywords: &[&[
        filter("bwlim-in", "<name> <limits>", "limits what clients send", bandwidth),
        filter("bwlim-out", "<name> <limits>", "limits what is sent to clients", bandwidth),
        filter("cache", "<cache>", "keeps responses", |line, draft| {
            mention(line, draft, Noun::Cache);
        }),
        filter("comp-req", "", "compresses requests", |line, _| line.end()),
        filter("comp-res", "", "compresses responses", |line, _| line.end()),
        filter("compression", "", "compresses", |line, _| line.end()),
        filter("fcgi-app", "<fcgi-app>", "speaks FastCGI", |line, draft| {
            mention(line, draft, Noun::FcgiApp);
        }),
        filter("spoe", "[engine <name>] config <file>", "asks an agent", spoe),
        filter("trace", "[options]", "tells what passes", |line, _| {
            options(line, &["name", "random-forwarding", "hexdump", "quiet"], &["name"]);
        }),
        filter("lua.*", "[arguments]", "a script", |line, _| line.skip_rest()),
        filter("opentracing", "id <id> config <file>", "OpenTracing", |line, _| line.skip_rest())
            .shaped(Shape::Changed(&Shape::Words, &WITHOUT_TRACING)),
        filter("otel", "id <id> config <file>", "OpenTelemetry", |line, _| line.skip_rest())
            .shaped(WITHOUT_TRACING),
    ]],
    missing: &[],
};

const fn filter(
    name: &'static str,
    args: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Draft),
) -> Keyword<Draft> {
    Keyword::new(name, Places::INSIDE, args, "9", doc, lower).refused("filters are not built")
}

const WITHOUT_TRACING: Shape = Shape::Unknown("as distributions build it: without tracing");

/// `filter bwlim-in NAME`: a limit of its own, or one for each key of a table.
fn bandwidth(line: &mut Directive<'_>, _: &mut Draft) {
    let at = line.keyword_span();
    let Some(_) = line.value("a name") else { return line.skip_rest() };
    let known = ["default-limit", "default-period", "limit", "key", "table", "min-size"];
    let Some(given) = options(line, &known, &known) else { return line.skip_rest() };
    let has = |name: &str| given.contains(&name);
    let whole = has("default-limit") && has("default-period") && !has("limit");
    let by_key = has("limit") && has("key") && !has("default-limit") && !has("default-period");
    if !whole && !by_key {
        let message = "a limit needs `default-limit` and `default-period`, or `limit` and `key`";
        line.error(codes::E0204, at, message);
    }
}

fn mention(line: &mut Directive<'_>, draft: &mut Draft, noun: Noun) {
    if let Some(name) = line.value("the name of a section") {
        draft.declared.mentions.push(Mention { noun, name: spanned(name) });
    }
    line.skip_rest();
}

fn spoe(line: &mut Directive<'_>, _: &mut Draft) {
    let at = line.keyword_span();
    let given = options(line, &["engine", "config"], &["engine", "config"]);
    if given.is_some_and(|given| !given.contains(&"config")) {
        line.error(codes::E0204, at, "`filter spoe` needs `config` and a file");
    }
}

/// Options in any order, some with a value. `None`: reported.
fn options<'n>(
    line: &mut Directive<'_>,
    known: &[&'n str],
    valued: &[&str],
) -> Option<Vec<&'n str>> {
    let mut given = Vec::new();
    while let Some(word) = line.word() {
        let Some(name) = known.iter().find(|name| **name == word.text) else {
            line.not_one_of(word, "an option of this filter", known);
            return None;
        };
        // Quirk: a limit of 0 is none, and so is a period.
        let none = match *name {
            "default-limit" | "limit" | "min-size" => {
                let size = line.size("a size")?;
                if size.value > u64::from(u32::MAX) {
                    line.error(codes::E0304, size.span, "more than 4 GB cannot be counted");
                }
                size.value == 0 && *name != "min-size"
            }
            "default-period" => line.duration("a time", Unit::Millisecond)?.value.is_zero(),
            name if valued.contains(&name) => {
                line.value("a value")?;
                false
            }
            _ => false,
        };
        if none {
            continue;
        }
        given.push(*name);
    }
    Some(given)
}
