//! The answer of `--reach`, for people and for programs.

use diag::{Sources, Span};
use serde_json::{Value, json};

use super::reach::Reached;
use explanation::words::line_text;

/// Lines for people; the request itself is explained below them.
pub(super) fn as_text(sources: &Sources, wanted: &str, reached: &Reached) -> String {
    match reached {
        Reached::By { sketch, in_turn, .. } => {
            let others = if *in_turn { ", when others came before it" } else { "" };
            format!("{wanted} is reached by\n  {}{others}\n\n", sketch.in_words())
        }
        Reached::Unknown(tried) => {
            format!(
                "no request that reaches {wanted} was found in {tried} tries, and that there is none was not proved\n"
            )
        }
        Reached::Never(why) => {
            let mut out = format!("no request reaches {wanted}\n");
            for (rule, why, by) in why {
                out.push_str(&format!(
                    "{:>6}  {}\n        {why}",
                    sources.line(*rule),
                    line_text(sources, *rule)
                ));
                if let Some(by) = by {
                    out.push_str(&format!(
                        "  ({}: {})",
                        sources.cite(*by),
                        line_text(sources, *by)
                    ));
                }
                out.push('\n');
            }
            out
        }
    }
}

/// For programs: `by` is the request, `never` the reasons.
pub(super) fn as_json(sources: &Sources, wanted: &str, reached: &Reached) -> Value {
    let place = |span: Span| {
        json!({
            "file": sources.file(span.file).map(|file| file.name.as_str()),
            "line": sources.line(span),
            "text": line_text(sources, span),
        })
    };
    let verdict = match reached {
        Reached::By { .. } => "reached",
        Reached::Never(_) => "never",
        Reached::Unknown(_) => "unknown",
    };
    let by = match reached {
        Reached::By { sketch, .. } => Some(sketch.in_words()),
        _ => None,
    };
    let never: Vec<Value> = match reached {
        Reached::Never(why) => why
            .iter()
            .map(|(rule, why, by)| json!({"rule": place(*rule), "why": why, "by": by.map(place)}))
            .collect(),
        _ => Vec::new(),
    };
    json!({"target": wanted, "verdict": verdict, "request": by, "never": never})
}
