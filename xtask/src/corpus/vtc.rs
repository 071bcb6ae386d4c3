//! The configurations inside of `.vtc` tests.
//!
//! `haproxy NAME ... -conf { ... }` holds one; `-conf-BAD` holds one that HAProxy refuses. VTest replaces `${...}` by
//! addresses and ports before HAProxy sees the text: here any address does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Case;
use crate::shell::Failure;

/// Every configuration, written to `scratch`.
pub(super) fn cases(
    folder: &Path,
    scratch: &Path,
    target: &str,
    haproxy: Option<&Path>,
) -> Result<Vec<Case>, Failure> {
    let mut cases = Vec::new();
    for (id, path, accepted) in written(folder, scratch)? {
        let accepted = match haproxy {
            Some(program) => takes(program, folder, &path)?,
            None => accepted,
        };
        cases.push(Case { id, file: path, target: target.to_owned(), accepted });
    }
    Ok(cases)
}

/// The files of every configuration, written to `scratch`.
pub(crate) fn files(folder: &Path, scratch: &Path) -> Result<Vec<PathBuf>, Failure> {
    Ok(written(folder, scratch)?.into_iter().map(|(_, path, _)| path).collect())
}

/// Name, file and verdict of every configuration.
fn written(folder: &Path, scratch: &Path) -> Result<Vec<(String, PathBuf, bool)>, Failure> {
    let mut files = Vec::new();
    tests(folder, &mut files)?;
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let bytes = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let text = String::from_utf8_lossy(&bytes);
        let here = file.parent().unwrap_or(folder).display().to_string();
        let name = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
        for (number, (accepted, block)) in blocks(&text).into_iter().enumerate() {
            let path = scratch.join(format!("{}-{number}.cfg", name.replace('/', "-")));
            let text = replaced(&block, &here, &scratch.display().to_string());
            std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
            all.push((format!("{name}#{number}"), path, accepted));
        }
    }
    Ok(all)
}

/// What HAProxy itself says.
fn takes(program: &Path, folder: &Path, file: &Path) -> Result<bool, Failure> {
    let mut ask = Command::new(program);
    ask.arg("-c").arg("-f").arg(file).current_dir(folder).env_clear();
    ask.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = ask.status().map_err(|e| format!("{}: {e}", program.display()))?;
    Ok(status.success())
}

fn tests(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            tests(&path, files)?;
        } else if path.extension().is_some_and(|end| end == "vtc") {
            files.push(path);
        }
    }
    Ok(())
}

/// The blocks behind `-conf`, each with whether HAProxy takes it.
fn blocks(text: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once("-conf") {
        rest = behind;
        let line_start = text.len() - behind.len();
        let line = text.get(..line_start).unwrap_or("").rsplit('\n').next().unwrap_or("");
        let Some((mark, inside)) = behind.split_once('{') else { break };
        let bad = mark.trim_start().starts_with("-BAD");
        if line.trim_start().starts_with('#') || mark.contains('\n') {
            continue;
        }
        let Some(end) = closing(inside) else { continue };
        found.push((!bad, inside.get(..end).unwrap_or("").to_owned()));
        rest = inside.get(end..).unwrap_or("");
    }
    found
}

/// Where the brace that was opened before `text` closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// What VTest would replace. A variable with a default stays: HAProxy reads it itself.
fn replaced(block: &str, here: &str, scratch: &str) -> String {
    let mut out = String::new();
    let mut rest = block;
    let mut port = 20_000_u32;
    while let Some((before, behind)) = rest.split_once("${") {
        let Some((name, after)) = behind.split_once('}') else { break };
        rest = after;
        // A listener that VTest opened and hands over.
        let handed_over = before.ends_with("fd@");
        out.push_str(before.strip_suffix("fd@").unwrap_or(before));
        port += 1;
        match name {
            "testdir" => out.push_str(here),
            "tmpdir" => out.push_str(scratch),
            _ if handed_over || name.ends_with("_sock") => {
                out.push_str(&format!("127.0.0.1:{port}"));
            }
            _ if name.ends_with("_addr") => out.push_str("127.0.0.1"),
            _ if name.ends_with("_port") => out.push_str(&port.to_string()),
            _ => out.push_str(&format!("${{{name}}}")),
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::{blocks, replaced};

    #[test]
    fn a_block_is_what_stands_between_its_braces() {
        let text = "haproxy h1 -arg \"-L A\" -conf {\n a { x } b\n} -start\n# -conf { no }\n\
                    haproxy h2 -conf-BAD {c}";
        let found = blocks(text);
        assert_eq!(found, [(true, "\n a { x } b\n".to_owned()), (false, "c".to_owned())]);
    }

    #[test]
    fn addresses_are_replaced_and_variables_with_a_default_stay() {
        let text = "bind \"fd@${fe}\"\nserver s ${s1_addr}:${s1_port} ${T-5s} ${testdir}/x";
        let expect = "bind \"127.0.0.1:20001\"\nserver s 127.0.0.1:20003 ${T-5s} /t/x";
        assert_eq!(replaced(text, "/t", "/s"), expect);
    }
}
