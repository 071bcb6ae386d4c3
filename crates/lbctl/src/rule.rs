//! `lbctl rule`: what a code means.

use serde_json::json;

use crate::arguments::{DataFormat, Rule};
use crate::exit::{CouldNot, Exit};
use crate::out::{say, say_line};

/// Prints a code's entry, or the whole catalogue.
pub(crate) fn run(rule: &Rule) -> Result<Exit, CouldNot> {
    let entries: Vec<&diag::Entry> = match &rule.code {
        Some(code) if !rule.all => {
            let code = code.to_ascii_uppercase();
            let entry = diag::entry(&code)
                .ok_or_else(|| format!("no code is named `{code}`: try `lbctl rule --all`"))?;
            vec![entry]
        }
        _ => diag::catalogue().collect(),
    };
    match rule.output_format {
        DataFormat::Text => match entries.as_slice() {
            [entry] if !rule.all => say_line(entry.page),
            _ => {
                let line = |entry: &&diag::Entry| format!("{}  {}\n", entry.code, entry.summary);
                say(entries.iter().map(line).collect::<String>());
            }
        },
        DataFormat::Json => {
            let list: Vec<_> = entries.iter().map(|entry| object(entry)).collect();
            say_line(&json!({"version": 1, "codes": list}).to_string());
        }
    }
    Ok(Exit::Clean)
}

fn object(entry: &diag::Entry) -> serde_json::Value {
    json!({
        "code": entry.code,
        "severity": entry.severity.name(),
        "class": entry.class.name(),
        "summary": entry.summary,
        "page": entry.page,
    })
}
