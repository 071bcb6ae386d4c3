//! `lbctl rule`: what a code means.

use serde_json::json;

use crate::arguments::{DiffFormat, Rule};
use crate::exit::{CouldNot, Exit};

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
        DiffFormat::Text => {
            for entry in &entries {
                println!("{}  {}", entry.code, entry.summary);
            }
            if let (false, [entry]) = (rule.all, entries.as_slice()) {
                println!("\nseverity {}, class {}", word(entry.severity), word(entry.class));
            }
        }
        DiffFormat::Json => {
            let list: Vec<_> = entries
                .iter()
                .map(|entry| {
                    json!({"code": entry.code, "severity": word(entry.severity), "class": word(entry.class), "summary": entry.summary})
                })
                .collect();
            println!("{}", json!({"version": 1, "codes": list}));
        }
    }
    Ok(Exit::Clean)
}

/// An enum's word as the formats spell it.
pub(crate) fn word(value: impl std::fmt::Debug) -> String {
    format!("{value:?}").to_ascii_lowercase()
}
