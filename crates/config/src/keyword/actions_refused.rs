//! Actions that `proxyd` refuses: their words are checked as HAProxy checks them.

use config_parse::quantity::{self, Unit};
use diag::codes;

use super::Keyword;
use super::actions::{Sets, Slot, action};
use crate::lower::{Directive, spanned};
use crate::model::{Action, Mention, Noun};

pub(super) const KEYWORDS: &[Keyword<Slot>] = &[
    action(
        "track-sc*",
        Sets::CONNECTION.or(Sets::SESSION).or(Sets::CONTENT).or(Sets::REQUEST).or(Sets::RESPONSE),
        "<sample> [table <name>]",
        "counts the stream under a key",
        track,
    )
    .refused("stick tables are not built yet"),
    counter("sc-inc-gpc", "increments a counter"),
    counter("sc-inc-gpc0", "increments the first counter"),
    counter("sc-inc-gpc1", "increments the second counter"),
    counter("sc-add-gpc", "adds to a counter"),
    counter("sc-set-gpt", "sets a tag"),
    counter("sc-set-gpt0", "sets the first tag"),
    action("cache-use", Sets::REQUEST, "<cache>", "answers from a cache", |line, to| {
        mention(line, to, Noun::Cache, "the name of a cache");
    })
    .refused("caching is not built yet"),
    action("cache-store", Sets::RESPONSE, "<cache>", "keeps a response", |line, to| {
        mention(line, to, Noun::Cache, "the name of a cache");
    })
    .refused("caching is not built yet"),
    action("lua.*", Sets::ALL, "[arguments]", "runs a script", |line, to| {
        let name = line.last().map(spanned);
        to.mentions.extend(name.map(|name| Mention { noun: Noun::Script, name }));
        // How many words it takes is known to the script.
        line.until_condition();
        done(line, to);
    })
    .refused("Lua is not built"),
    action(
        "send-spoe-group",
        Sets::CONTENT.or(Sets::TCP_RESPONSE).or(Sets::REQUEST).or(Sets::RESPONSE),
        "<engine> <group>",
        "asks an agent",
        |line, to| {
            let both = line.arg("an engine and a group").and_then(|_| line.arg("a group"));
            if both.is_some() {
                done(line, to);
            }
        },
    )
    .refused("SPOE is not built"),
    action(
        "set-bandwidth-limit",
        Sets::CONTENT.or(Sets::TCP_RESPONSE).or(Sets::REQUEST).or(Sets::RESPONSE),
        "<filter> [limit <expr>] [period <expr>]",
        "limits what is forwarded",
        |line, to| {
            if line.arg("the name of a filter").is_none() {
                return;
            }
            while matches!(line.peek_text(), "limit" | "period") {
                line.word();
                if number_or_expr(line, to, "a size or a time", |text| {
                    quantity::size(text).is_ok()
                        || quantity::duration(text, Unit::Millisecond).is_ok()
                })
                .is_none()
                {
                    return;
                }
            }
            done(line, to);
        },
    )
    .refused("bandwidth limits are not built yet"),
    action(
        "expect-netscaler-cip",
        Sets::CONNECTION,
        "layer4",
        "a NetScaler header comes first",
        |line, to| {
            if line.choice("`layer4`", &[("layer4", ())]).is_some() {
                done(line, to);
            }
        },
    )
    .refused("NetScaler's client headers are not read"),
    headers("add-headers-bin", "adds many headers"),
    headers("set-headers-bin", "replaces many headers"),
    headers("del-headers-bin", "removes many headers"),
    action("attach-srv", Sets::SESSION, "<server>", "hands a connection over", |line, to| {
        if line.arg("a server").is_some() {
            if line.take("name") && expr(line, to).is_none() {
                return;
            }
            done(line, to);
        }
    })
    .refused("this action is not built yet"),
    action("otel-group", Sets::ALL, "<filter> <group>", "a group of spans", group)
        .refused("OpenTelemetry is not built"),
    action("ot-group", Sets::ALL, "<filter> <group>", "a group of spans", group)
        .refused("OpenTracing is not built"),
];

const fn counter(name: &'static str, doc: &'static str) -> Keyword<Slot> {
    action(name, Sets::ALL, "(<counter>[,<index>]) [<value>]", doc, change_counter)
        .refused("stick tables are not built yet")
}

const fn headers(name: &'static str, doc: &'static str) -> Keyword<Slot> {
    action(name, Sets::HTTP, "<expr>", doc, |line, to| {
        if expr(line, to).is_some() {
            if line.take("prefix") && line.log_format("a format").is_none() {
                return;
            }
            done(line, to);
        }
    })
    .refused("this action is not built yet")
}

fn done(line: &Directive<'_>, to: &mut Slot) {
    let name = line.phrase();
    to.action = Some(Action::Other { name });
}

/// An expression that is looked at with the rule. `None`: reported.
fn expr(line: &mut Directive<'_>, to: &mut Slot) -> Option<()> {
    let read = line.expr("an expression")?;
    to.exprs.push(read);
    Some(())
}

/// A number as `reads` takes it, or an expression.
pub(super) fn number_or_expr(
    line: &mut Directive<'_>,
    to: &mut Slot,
    what: &str,
    reads: impl Fn(&str) -> bool,
) -> Option<()> {
    let Some(word) = line.peek() else {
        line.arg(what);
        return None;
    };
    if reads(&word.text) {
        line.word();
        return Some(());
    }
    expr(line, to)
}

fn mention(line: &mut Directive<'_>, to: &mut Slot, noun: Noun, what: &str) {
    let Some(name) = line.arg(what).map(spanned) else { return };
    if !line.target.is_2_6() {
        line.take("no-early-hints");
    }
    to.mentions.push(Mention { noun, name });
    done(line, to);
}

/// What stands in the parentheses of the word read last.
pub(super) fn inside(line: &Directive<'_>) -> Option<String> {
    let word = line.last()?;
    let (_, inside) = word.text.split_once('(')?;
    inside.strip_suffix(')').map(str::to_owned)
}

fn track(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(word) = line.last() else { return };
    let number = word.text.trim_start_matches("track-sc");
    // Quirk: no number is the first.
    if !number.is_empty() && number.parse::<u8>().is_err() {
        let message =
            format!("`{}` is no action: the counters are `track-sc0` and so on", word.text);
        line.error(codes::E0602, word.span, message);
        return;
    }
    let Some(key) = line.expr("a sample") else { return };
    let mut table = None;
    if line.take("table") {
        let Some(name) = line.arg("the name of a table") else { return };
        table = Some(spanned(name));
    }
    to.tracks = Some((key, table));
    done(line, to);
}

fn change_counter(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(word) = line.last().map(spanned) else { return };
    let name = word.value.split('(').next().unwrap_or("").to_owned();
    let arrays = matches!(name.as_str(), "sc-inc-gpc" | "sc-add-gpc" | "sc-set-gpt");
    let written = inside(line);
    let parts: Vec<&str> =
        written.as_deref().map_or(Vec::new(), |text| text.split(',').map(str::trim).collect());
    let numbers = parts.iter().all(|part| part.parse::<u32>().is_ok());
    // Quirk: without parentheses it is the first counter.
    let wanted = if arrays { parts.len() == 2 } else { parts.len() <= 1 };
    if !numbers || !wanted {
        let message = match arrays {
            true => format!("`{name}` needs an index and a counter in parentheses"),
            false => format!("`{name}` needs the number of a counter in parentheses"),
        };
        line.error(codes::E0601, word.span, message);
        return;
    }
    let takes_value = matches!(name.as_str(), "sc-add-gpc" | "sc-set-gpt" | "sc-set-gpt0");
    if takes_value
        && line.peek().is_some()
        && number_or_expr(line, to, "a number", is_number).is_none()
    {
        return;
    }
    done(line, to);
}

/// A number as C reads it: one that is too large or below 0 wraps.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn group(line: &mut Directive<'_>, to: &mut Slot) {
    if line.arg("a filter and a group").is_some() && line.arg("a group").is_some() {
        done(line, to);
    }
}
