//! The configurations that changes start from, and their lines by keyword.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::compat::random::draw::Draw;
use crate::corpus::vtc;
use crate::shell::Failure;

/// A longer file costs more than its lines are worth.
const MOST_LINES: usize = 400;

/// One configuration that both programs accept.
pub(super) struct Base {
    pub(super) lines: Vec<String>,
    /// Where both programs run.
    pub(super) folder: PathBuf,
}

/// All of them.
pub(super) struct Bases {
    pub(super) files: Vec<Base>,
    /// File and line of each keyword.
    pub(super) lines: BTreeMap<String, Vec<(usize, usize)>>,
    /// The keywords, to draw from.
    names: Vec<String>,
    /// Words that stand in lines, for changes that take one from elsewhere.
    words: Vec<String>,
}

impl Bases {
    /// Reads folders; `accepts` says whether a file is a base.
    pub(super) fn read(
        folders: &[PathBuf],
        scratch: &Path,
        only: Option<&str>,
        accepts: &dyn Fn(&Path, &Path) -> bool,
    ) -> Result<Self, Failure> {
        let mut files = Vec::new();
        for folder in folders {
            let folder = folder.canonicalize().map_err(|e| format!("{}: {e}", folder.display()))?;
            let configs = folder.join("configs");
            let mut paths: Vec<PathBuf> = match std::fs::read_dir(&configs) {
                Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
                Err(_) => vtc::files(&folder, scratch)?,
            };
            paths.sort();
            for path in paths {
                let Ok(bytes) = std::fs::read(&path) else { continue };
                let text = String::from_utf8_lossy(&bytes);
                let lines: Vec<String> = text.lines().map(str::to_owned).collect();
                if lines.len() <= MOST_LINES && accepts(&path, &folder) {
                    files.push(Base { lines, folder: folder.clone() });
                }
            }
        }
        Ok(Self::of(files, only))
    }

    fn of(files: Vec<Base>, only: Option<&str>) -> Self {
        let mut lines: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
        let mut words: Vec<String> = Vec::new();
        for (at, file) in files.iter().enumerate() {
            for (number, line) in file.lines.iter().enumerate() {
                let name = keyword(line);
                words.extend(line.split_whitespace().skip(1).map(str::to_owned));
                if !name.is_empty() && only.is_none_or(|only| name.starts_with(only)) {
                    lines.entry(name).or_default().push((at, number));
                }
            }
        }
        words.sort();
        words.dedup();
        let names = lines.keys().cloned().collect();
        Self { files, lines, names, words }
    }

    /// A file and a line of it: each keyword is as likely as any other.
    pub(super) fn draw(&self, draw: &mut Draw) -> (&Base, usize) {
        let places = &self.lines[&self.names[draw.below(self.names.len())]];
        let (file, line) = places[draw.below(places.len())];
        (&self.files[file], line)
    }

    /// A word from anywhere.
    pub(super) fn word(&self, draw: &mut Draw) -> &str {
        &self.words[draw.below(self.words.len())]
    }

    /// A line with the same keyword, from anywhere.
    pub(super) fn like<'a>(&'a self, line: &'a str, draw: &mut Draw) -> &'a str {
        match self.lines.get(&keyword(line)) {
            Some(places) => {
                let (file, line) = places[draw.below(places.len())];
                &self.files[file].lines[line]
            }
            None => line,
        }
    }
}

/// What a line is about: its first word, and the second where the first only names a family. Empty for a line that
/// says nothing.
pub(super) fn keyword(line: &str) -> String {
    let mut words = line.split_whitespace().filter(|word| *word != "no");
    let first = words.next().unwrap_or("");
    if first.starts_with('#') || first.starts_with('.') {
        return String::new();
    }
    const FAMILIES: &[&str] = &[
        "option",
        "timeout",
        "http-request",
        "http-response",
        "http-after-response",
        "http-check",
        "tcp-check",
        "tcp-request",
        "tcp-response",
        "stats",
        "stick",
        "balance",
        "acl",
        "filter",
    ];
    if !FAMILIES.contains(&first) {
        return first.to_owned();
    }
    let mut name = first.to_owned();
    let depth = if first == "acl" { 2 } else { usize::from(first.starts_with("tcp-re")) + 1 };
    for (at, word) in words.take(depth).enumerate() {
        // The name of an ACL says nothing of it.
        if first != "acl" || at > 0 {
            name += " ";
            name += word.split('(').next().unwrap_or(word);
        }
    }
    name
}
