//! The verdicts that HAProxy gave, from a table with a column for each version.

use std::path::Path;

use super::Case;
use crate::shell::Failure;

/// Every row of `verdicts.tsv` that has a verdict of the target's version.
pub(super) fn cases(folder: &Path, target: &str) -> Result<Vec<Case>, Failure> {
    let table = folder.join("verdicts.tsv");
    let text = std::fs::read_to_string(&table).map_err(|e| format!("{}: {e}", table.display()))?;
    let mut lines = text.lines();
    let heads: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let of_target = format!("haproxy_{target}");
    let Some(column) = heads.iter().position(|head| head.starts_with(&of_target)) else {
        return Err(format!("{}: no column begins with {of_target}", table.display()));
    };
    let case = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let (id, status) = (*cells.first()?, *cells.get(column)?);
        Some(Case {
            id: id.to_owned(),
            file: format!("configs/{id}.cfg").into(),
            target: target.to_owned(),
            accepted: status == "0",
        })
    };
    Ok(lines.filter_map(case).collect())
}
