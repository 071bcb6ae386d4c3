//! `--fix`: cures are applied until none is left; the result is checked again before it is written.

use std::fs;
use std::io::Write;
use std::path::Path;

use config::Target;
use diag::render::Counts;
use diag::{Diagnostic, Safety};

use super::{Checked, findings, wanted};
use crate::arguments::{Check, Env};
use crate::exit::{CouldNot, Exit};
use crate::files::Named;
use crate::out::say;

pub(super) enum Repaired {
    /// A diff was shown; the files are as they were.
    Shown(Exit),
    /// The files were written; what is found in them now.
    Written(Checked),
    /// No finding has a cure of the kind that was asked for.
    Nothing,
}

/// Applies cures until none is left, checks the result, and writes it or shows it.
pub(super) fn repair(
    check: &Check,
    checked: &Checked,
    target: Target,
) -> Result<Repaired, CouldNot> {
    let most = if check.unsafe_fixes { Safety::Unsafe } else { Safety::Safe };
    let (now, found, applied) =
        mended(checked, target, check.env, most, &|finding| wanted(check, finding));
    let read = texts(checked);
    if applied == 0 {
        return Ok(Repaired::Nothing);
    }
    let before = Counts::of(&checked.1).errors;
    if Counts::of(&found.1).errors > before {
        return Err("the repaired text has more errors than the original: nothing was written; please report this".into());
    }
    let changed: Vec<(&Named, &Named)> =
        read.iter().zip(&now).filter(|(a, b)| a.1 != b.1).collect();
    if check.diff {
        for (old, new) in &changed {
            say(unified(&old.0, &old.1, &new.1));
        }
        return Ok(Repaired::Shown(if changed.is_empty() { Exit::Clean } else { Exit::Found }));
    }
    for (_, (name, bytes)) in &changed {
        write_whole(Path::new(name), bytes)?;
    }
    if !check.quiet {
        let count = |number: usize, of: &str| match number {
            1 => format!("1 {of}"),
            _ => format!("{number} {of}s"),
        };
        let (cures, files) = (count(applied, "cure"), count(changed.len(), "file"));
        eprintln!("lbctl: {cures} applied in {files}");
    }
    Ok(Repaired::Written(found))
}

/// The files with their cures applied, what is found in them then, and how many cures that took.
pub(crate) fn mended(
    checked: &Checked,
    target: Target,
    env: Env,
    most: Safety,
    wanted: &dyn Fn(&Diagnostic) -> bool,
) -> (Vec<Named>, Checked, usize) {
    let (mut now, mut found, mut applied) = (texts(checked), checked.clone(), 0);
    // A cure may uncover another one: a file of n lines cannot need more rounds than this.
    for _ in 0..16 {
        let chosen: Vec<Diagnostic> =
            found.1.iter().filter(|finding| wanted(finding)).cloned().collect();
        let fixed = diag::fix::apply(&found.0, &chosen, most);
        if fixed.applied == 0 {
            break;
        }
        for (id, bytes) in fixed.files {
            if let Some(file) = now.get_mut(id.0 as usize) {
                file.1 = bytes;
            }
        }
        applied += fixed.applied;
        found = findings(now.clone(), target, env, false);
    }
    (now, found, applied)
}

fn texts(checked: &Checked) -> Vec<Named> {
    checked.0.iter().map(|(_, file)| (file.name.clone(), file.bytes.clone())).collect()
}

pub(crate) fn unified(name: &str, old: &[u8], new: &[u8]) -> String {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    similar::TextDiff::from_lines(old.as_ref(), new.as_ref())
        .unified_diff()
        .context_radius(3)
        .header(name, name)
        .to_string()
}

/// Writes a file so that a reader sees the old or the new one, never half of it; the mode is kept.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CouldNot> {
    if path == Path::new("-") {
        say(bytes);
        return Ok(());
    }
    // A link is followed: its target is replaced, not the link.
    let path = fs::canonicalize(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".lbctl-{}", std::process::id()));
    let beside = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        file.write_all(bytes)?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    };
    write().map_err(|e| {
        // The half-written neighbour is of no use; that it may not exist is fine.
        let _ = fs::remove_file(&beside);
        format!("{}: {e}", path.display())
    })
}
