//! `--baseline FILE`: findings that an earlier run told are not told again.
//!
//! The file is that run's own json output. A finding is known by its code, file and words, not by its line, so that
//! lines may come and go; of equal ones as many are known as the file has.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use diag::{Diagnostic, Sources};
use serde::Deserialize;

use crate::exit::CouldNot;

#[derive(Deserialize)]
struct Report {
    version: u32,
    findings: Vec<Known>,
}

#[derive(Deserialize, PartialEq, Eq, Hash)]
struct Known {
    code: String,
    file: String,
    message: String,
}

/// Takes the findings out that `file` knows.
pub(super) fn apply(
    file: &Path,
    sources: &Sources,
    findings: &mut Vec<Diagnostic>,
) -> Result<(), CouldNot> {
    let text = fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let report: Report = serde_json::from_slice(&text).map_err(|e| {
        format!(
            "{}: {e}: a baseline is the output of `lbctl check --output-format json`",
            file.display()
        )
    })?;
    if report.version != 1 {
        return Err(format!("{}: version {} is not known", file.display(), report.version));
    }
    let mut known: HashMap<Known, usize> = HashMap::new();
    for finding in report.findings {
        *known.entry(finding).or_default() += 1;
    }
    findings.retain(|finding| {
        let name = sources.file(finding.span.file).map_or("?", |file| file.name.as_str());
        let key = Known {
            code: finding.code.as_str().to_owned(),
            file: name.to_owned(),
            message: finding.message.clone(),
        };
        match known.get_mut(&key) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        }
    });
    Ok(())
}
