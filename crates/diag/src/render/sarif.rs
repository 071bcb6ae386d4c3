//! SARIF 2.1.0 (OASIS): what code scanning services take.
//!
//! The rules are those of the findings, with their pages as help. Columns count Unicode code points; cures are
//! byte ranges.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::gitlab::fingerprint;
use super::{file_name, spot};
use crate::{Diagnostic, Edit, Fix, Safety, Severity, Sources, Span};

/// The log of one run. `version` is the tool's own.
pub fn sarif(sources: &Sources, findings: &[Diagnostic], version: &str) -> String {
    let mut codes: Vec<_> = findings.iter().map(|finding| finding.code.0).collect();
    codes.sort_by_key(|entry| entry.code);
    codes.dedup();
    let index: BTreeMap<&str, usize> =
        codes.iter().enumerate().map(|(at, entry)| (entry.code, at)).collect();
    let rules: Vec<Value> = codes
        .iter()
        .map(|entry| {
            json!({
                "id": entry.code,
                "shortDescription": {"text": entry.summary},
                "help": {"text": entry.page, "markdown": entry.page},
                "defaultConfiguration": {"level": level(entry.severity)},
                "properties": {"tags": [entry.class.name()]},
            })
        })
        .collect();
    let mut seen = HashMap::new();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let rule = index.get(finding.code.as_str()).copied().unwrap_or_default();
            result(sources, finding, rule, fingerprint(sources, finding, &mut seen))
        })
        .collect();
    let artifacts: Vec<Value> = sources
        .iter()
        .map(|(_, file)| json!({"location": {"uri": uri(&file.name)}, "length": file.bytes.len()}))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "lbctl", "semanticVersion": version, "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "artifacts": artifacts,
            "results": results,
        }],
    })
    .to_string()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn result(sources: &Sources, finding: &Diagnostic, rule: usize, name: String) -> Value {
    let mut text = finding.message.clone();
    if let Some(help) = &finding.help {
        text.push_str(" (");
        text.push_str(help);
        text.push(')');
    }
    let mut out = Map::new();
    out.insert("ruleId".into(), json!(finding.code.as_str()));
    out.insert("ruleIndex".into(), json!(rule));
    out.insert("level".into(), json!(level(finding.severity)));
    out.insert("message".into(), json!({"text": text}));
    out.insert("locations".into(), json!([location(sources, finding.span, None)]));
    out.insert("partialFingerprints".into(), json!({"lbctl/v1": name}));
    out.insert("properties".into(), json!({"class": finding.class.name()}));
    if !finding.related.is_empty() {
        let related: Vec<Value> = finding
            .related
            .iter()
            .map(|also| location(sources, also.span, Some(&also.message)))
            .collect();
        out.insert("relatedLocations".into(), Value::Array(related));
    }
    if let Some(fix) = finding.fix.as_deref() {
        out.insert("fixes".into(), json!([cure(sources, fix)]));
    }
    Value::Object(out)
}

fn location(sources: &Sources, span: Span, message: Option<&str>) -> Value {
    let at = spot(sources, span);
    let mut out = json!({
        "physicalLocation": {
            "artifactLocation": {"uri": uri(file_name(sources, span)), "index": span.file.0},
            "region": {
                "startLine": at.line,
                "startColumn": at.column,
                "endLine": at.end_line,
                "endColumn": at.end_column,
            },
        },
    });
    if let (Some(text), Some(fields)) = (message, out.as_object_mut()) {
        fields.insert("message".into(), json!({"text": text}));
    }
    out
}

fn cure(sources: &Sources, fix: &Fix) -> Value {
    let mut files: BTreeMap<u32, Vec<&Edit>> = BTreeMap::new();
    for edit in &fix.edits {
        files.entry(edit.span.file.0).or_default().push(edit);
    }
    let changes: Vec<Value> = files
        .into_values()
        .map(|edits| {
            let name = edits.first().map_or("?", |edit| file_name(sources, edit.span));
            let replacements: Vec<Value> = edits.iter().map(|edit| replacement(edit)).collect();
            json!({"artifactLocation": {"uri": uri(name)}, "replacements": replacements})
        })
        .collect();
    let text = match fix.safety {
        Safety::Safe => "safe: the meaning stays",
        Safety::Unsafe => "unsafe: the meaning may change",
    };
    json!({"description": {"text": text}, "artifactChanges": changes})
}

fn replacement(edit: &Edit) -> Value {
    let length = edit.span.end.saturating_sub(edit.span.start);
    json!({
        "deletedRegion": {"byteOffset": edit.span.start, "byteLength": length},
        "insertedContent": {"text": edit.text},
    })
}

/// A file's name as a URI: relative names stay relative, absolute ones get their scheme.
fn uri(name: &str) -> String {
    let mut out = String::from(if name.starts_with('/') { "file://" } else { "" });
    // What follows a first segment with a colon would be taken for the rest of a URL.
    if name.split('/').next().is_some_and(|first| first.contains(':')) {
        out.push_str("./");
    }
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'+' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
