//! `stick-table` and `stick` (manual 11): stick tables and what is kept in them.

use config_parse::condition;
use config_parse::quantity::Unit;
use diag::{Diagnostic, Spanned, codes};

use super::{Keyword, Places};
use crate::lower::{Directive, Draft, spanned};
use crate::model::{LookedAt, Mention, Noun, Spot, Table};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "stick-table",
        Places::ANY.no_defaults(),
        "type <type> [len <n>] size <size> [expire <time>] [nopurge] [recv-only] [peers <section>] \
         [srvkey addr|name] [write-to <table>] [store <data>,...] [brates-factor <n>]",
        "11.1",
        "counts and remembers by a key",
        |line, draft: &mut Draft| {
            let Some(read) = table(line) else {
                // It stays declared: what reads it says nothing more.
                let name = draft.proxy.name.clone();
                draft.declared.tables.push(Table { name, kind: String::new(), store: Vec::new() });
                line.skip_rest();
                return;
            };
            if let Some(first) = draft.declared.tables.first() {
                let message = format!("`{}` has a stick table already", draft.proxy.name.value);
                let finding = Diagnostic::new(codes::E0408, line.span(), message);
                line.report(finding.related(first.name.span, "the first is here"));
                return;
            }
            let name = Spanned::new(draft.proxy.name.value.clone(), line.span());
            draft.declared.mentions.extend(read.mention);
            draft.declared.tables.push(Table { name, kind: read.kind, store: read.store });
        },
    )
    .refused("stick tables are not built yet"),
    Keyword::new(
        "stick",
        Places::BACK.no_defaults(),
        "on|match|store-request|store-response <sample> [table <name>] [if|unless <condition>]",
        "11.2",
        "keeps clients on their server by a key",
        stick,
    )
    .refused("stick tables are not built yet"),
];

/// What a line that declares a table says.
pub(super) struct Read {
    pub(super) kind: String,
    pub(super) store: Vec<String>,
    pub(super) mention: Option<Mention>,
}

/// The arguments of a table. `None`: reported.
pub(super) fn table(line: &mut Directive<'_>) -> Option<Read> {
    let mut read = Read { kind: String::new(), store: Vec::new(), mention: None };
    let mut size = 0;
    let newer = !line.target.is_2_6();
    while let Some(word) = line.word() {
        match word.text.as_ref() {
            "type" => read.kind = kind(line)?,
            "size" => size = line.size("a number of entries")?.value,
            "expire" => drop(line.duration("a time", Unit::Millisecond)?),
            "nopurge" => {}
            "recv-only" if newer => {}
            "brates-factor" if newer => drop(line.number("a factor", 1..=i64::from(u32::MAX))?),
            "write-to" if newer => drop(line.value("the name of a table")?),
            "peers" => {
                let name = spanned(line.value("the name of a `peers` section")?);
                read.mention = Some(Mention { noun: Noun::Peers, name });
            }
            "srvkey" => drop(line.choice("`addr` or `name`", &[("addr", ()), ("name", ())])?),
            "store" => {
                // Quirk: nothing behind it is nothing to store.
                if let Some(list) = line.word() {
                    store(line, &spanned(list), &mut read.store)?;
                }
            }
            _ => {
                line.not_one_of(word, "an argument of `stick-table`", ARGUMENTS);
                return None;
            }
        }
    }
    let missing = match (size, read.kind.as_str()) {
        (0, _) => "a `size`",
        (_, "") => "a `type`",
        _ => return Some(read),
    };
    let (at, phrase) = (line.keyword_span(), line.phrase());
    line.error(codes::E0204, at, format!("`{phrase}` needs {missing}"));
    None
}

const ARGUMENTS: &[&str] = &[
    "type",
    "size",
    "expire",
    "nopurge",
    "recv-only",
    "brates-factor",
    "write-to",
    "peers",
    "srvkey",
    "store",
];

fn kind(line: &mut Directive<'_>) -> Option<String> {
    let types = ["ip", "ipv6", "integer", "string", "binary"].map(|name| (name, name));
    let kind = line.choice("a type of keys", &types)?.value;
    if matches!(kind, "string" | "binary") && line.take("len") {
        line.number("a length", 1..=i64::from(i32::MAX))?;
    }
    Some(kind.to_owned())
}

/// What one kind of stored data takes in parentheses.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Nothing,
    Period,
    Elements,
    ElementsAndPeriod,
}

/// The kinds of data; those behind the bar came after HAProxy 2.6.
const DATA: &[(&str, Takes)] = &[
    ("server_id", Takes::Nothing),
    ("gpt", Takes::Elements),
    ("gpt0", Takes::Nothing),
    ("gpc", Takes::Elements),
    ("gpc_rate", Takes::ElementsAndPeriod),
    ("gpc0", Takes::Nothing),
    ("gpc0_rate", Takes::Period),
    ("gpc1", Takes::Nothing),
    ("gpc1_rate", Takes::Period),
    ("conn_cnt", Takes::Nothing),
    ("conn_rate", Takes::Period),
    ("conn_cur", Takes::Nothing),
    ("sess_cnt", Takes::Nothing),
    ("sess_rate", Takes::Period),
    ("http_req_cnt", Takes::Nothing),
    ("http_req_rate", Takes::Period),
    ("http_err_cnt", Takes::Nothing),
    ("http_err_rate", Takes::Period),
    ("http_fail_cnt", Takes::Nothing),
    ("http_fail_rate", Takes::Period),
    ("bytes_in_cnt", Takes::Nothing),
    ("bytes_in_rate", Takes::Period),
    ("bytes_out_cnt", Takes::Nothing),
    ("bytes_out_rate", Takes::Period),
    ("server_key", Takes::Nothing),
];

const NEWER_DATA: &[(&str, Takes)] =
    &[("glitch_cnt", Takes::Nothing), ("glitch_rate", Takes::Period)];

/// `gpc0,http_req_rate(10s)`.
fn store(line: &mut Directive<'_>, list: &Spanned<String>, stored: &mut Vec<String>) -> Option<()> {
    for item in split_outside(&list.value) {
        let (name, argument) = match item.split_once('(') {
            Some((name, rest)) => (name, Some(rest.strip_suffix(')').unwrap_or(rest))),
            None => (item, None),
        };
        let newer = NEWER_DATA.iter().filter(|_| !line.target.is_2_6());
        let Some((_, takes)) = DATA.iter().chain(newer).find(|(known, _)| *known == name) else {
            let message = format!("no data of stick tables is named `{name}`");
            let finding = Diagnostic::new(codes::E0301, list.span, message);
            let known = DATA.iter().chain(NEWER_DATA).map(|(name, _)| *name);
            line.report(match super::nearest(name, known) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding,
            });
            return None;
        };
        if let Some(problem) = wrong(*takes, argument) {
            line.error(codes::E0302, list.span, format!("`{item}`: {problem}"));
            return None;
        }
        stored.push(name.to_owned());
    }
    both_ways(line, list, stored)
}

/// An array and its old single elements cannot stand in one table.
fn both_ways(line: &mut Directive<'_>, list: &Spanned<String>, stored: &[String]) -> Option<()> {
    let has = |name: &str| stored.iter().any(|known| known == name);
    let pairs = [
        ("gpc", ["gpc0", "gpc1"]),
        ("gpc_rate", ["gpc0_rate", "gpc1_rate"]),
        ("gpt", ["gpt0", "gpt0"]),
    ];
    let clash = pairs.iter().find(|(array, single)| has(array) && single.iter().any(|n| has(n)));
    let Some((array, _)) = clash else { return Some(()) };
    let message =
        format!("`{array}` takes the place of its numbered sisters: store one or the other");
    line.error(codes::E0310, list.span, message);
    None
}

fn wrong(takes: Takes, argument: Option<&str>) -> Option<&'static str> {
    let period = |text: &str| {
        let good = config_parse::quantity::duration(text, Unit::Millisecond);
        good.is_ok_and(|time| !text.is_empty() && !time.is_zero())
    };
    let elements = |text: &str| text.parse::<u32>().is_ok_and(|count| (1..=100).contains(&count));
    match (takes, argument) {
        (Takes::Nothing, None) => None,
        (Takes::Nothing, Some(_)) => Some("it takes no argument"),
        (Takes::Period, Some(text)) if period(text) => None,
        (Takes::Period, _) => Some("it needs a period in parentheses, such as `(10s)`"),
        (Takes::Elements, Some(text)) if elements(text) => None,
        (Takes::Elements, _) => Some("it needs a number of elements from 1 to 100 in parentheses"),
        (Takes::ElementsAndPeriod, Some(text)) => {
            let (count, time) = text.split_once(',').unwrap_or((text, ""));
            (!elements(count.trim()) || !period(time.trim()))
                .then_some("it needs a number of elements from 1 to 100 and a period")
        }
        (Takes::ElementsAndPeriod, None) => Some("it needs a number of elements and a period"),
    }
}

/// The items between commas that stand in no parentheses; an empty one is none.
fn split_outside(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut items) = (0_u32, 0, Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                items.push(text.get(start..at).unwrap_or(""));
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(text.get(start..).unwrap_or(""));
    items.retain(|item| !item.is_empty());
    items
}

fn stick(line: &mut Directive<'_>, draft: &mut Draft) {
    // Quirk: HAProxy does not read it further where it has no effect.
    if line.place.name() == "frontend" {
        return line.skip_rest();
    }
    let how = ["on", "match", "store-request", "store-response"].map(|word| (word, word));
    let Some(how) = line.choice("`on`, `match`, `store-request` or `store-response`", &how) else {
        line.skip_rest();
        return;
    };
    line.mark_head();
    let Some(expr) = line.expr("a sample") else {
        line.skip_rest();
        return;
    };
    let mut table = None;
    if line.take("table") {
        let Some(name) = line.value("the name of a table") else { return };
        table = Some(spanned(name));
    }
    if let Some(word) = line.peek().filter(|word| !condition::is_condition(&word.text)) {
        line.not_one_of(word, "an argument of `stick`", &["table", "if", "unless"]);
        line.skip_rest();
        return;
    }
    let Some(condition) = line.condition() else { return };
    if line.target.is_proxyd() {
        return;
    }
    let own = draft.proxy.name.value.clone();
    draft.declared.table_uses.push((table.clone(), own.clone(), line.span()));
    let table = table.map_or(own.clone(), |name| name.value);
    let spot = if how.value == "store-response" { Spot::Store } else { Spot::Match };
    draft.proxy.looked_at.push(LookedAt {
        expr: Some(expr),
        condition,
        key_of: Some(table),
        ..LookedAt::new(spot, line.span())
    });
}
