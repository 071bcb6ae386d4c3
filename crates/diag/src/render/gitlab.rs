//! GitLab's code quality report: a json list of issues.

use std::collections::HashMap;

use serde_json::json;

use super::{file_name, spot};
use crate::{Diagnostic, Severity, Sources};

/// The report as a json list.
pub fn gitlab(sources: &Sources, findings: &[Diagnostic]) -> String {
    let mut seen: HashMap<u64, u64> = HashMap::new();
    let issues: Vec<_> = findings
        .iter()
        .map(|finding| {
            let at = spot(sources, finding.span);
            json!({
                "description": format!("{}: {}", finding.code, finding.message),
                "check_name": finding.code.as_str(),
                "fingerprint": fingerprint(sources, finding, &mut seen),
                "severity": match finding.severity {
                    Severity::Error => "major",
                    Severity::Warning => "minor",
                    Severity::Note => "info",
                },
                "location": {
                    "path": file_name(sources, finding.span),
                    "lines": {"begin": at.line, "end": at.end_line},
                },
            })
        })
        .collect();
    serde_json::Value::Array(issues).to_string()
}

/// Names a finding in a way that stays the same when lines move: by code, file, words, and its number among equals.
pub(super) fn fingerprint(
    sources: &Sources,
    finding: &Diagnostic,
    seen: &mut HashMap<u64, u64>,
) -> String {
    let parts = [finding.code.as_str(), file_name(sources, finding.span), &finding.message];
    let name = fnv(parts.iter().flat_map(|part| part.bytes().chain([0])));
    let count = seen.entry(name).or_default();
    *count += 1;
    let whole = fnv(name.to_le_bytes().into_iter().chain(count.to_le_bytes()));
    format!("{name:016x}{whole:016x}")
}

/// FNV-1a: any hash that never changes would do.
fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
