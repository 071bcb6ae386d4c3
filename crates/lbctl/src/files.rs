//! Reading configurations: files, directories, standard input, and the environment they see.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use config::{Loaded, Target};
use config_parse::env::Environment;

use crate::exit::CouldNot;

/// A file's name as the user gave it, and its bytes.
pub(crate) type Named = (String, Vec<u8>);

/// Reads files and directories in the order given; a directory means its `*.cfg` in C order.
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<Vec<Named>, CouldNot> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            for file in directory(path)? {
                files.push(read(&file)?);
            }
        } else {
            files.push(read(path)?);
        }
    }
    Ok(files)
}

fn directory(path: &Path) -> Result<Vec<PathBuf>, CouldNot> {
    let entries = fs::read_dir(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "cfg") && !is_hidden(file));
    files.sort();
    if files.is_empty() {
        return Err(format!("{}: no file of this folder ends in `.cfg`", path.display()));
    }
    Ok(files)
}

fn is_hidden(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn read(path: &Path) -> Result<Named, CouldNot> {
    let name = path.display().to_string();
    let bytes = if name == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    let bytes = bytes.map_err(|e| format!("{name}: {e}"))?;
    if u32::try_from(bytes.len()).is_err() {
        return Err(format!("{name}: a configuration of 4 GiB or more cannot be read"));
    }
    Ok((name, bytes))
}

/// The process's environment, as a daemon started from here would see it.
pub(crate) fn environment(target: Target) -> Environment {
    let mut environment = Environment::of_version(version_of(target)).with(std::env::vars_os());
    if target != Target::Proxyd {
        environment.features = FEATURES.iter().map(|name| (*name).to_owned()).collect();
        environment.openssl_version = "3.0.0".into();
        environment.ssllib_name = "OpenSSL 3.0.0".into();
    }
    environment
}

/// What `.if feature()` finds in a HAProxy as distributions build it.
const FEATURES: &[&str] = &[
    "ACCEPT4",
    "BACKTRACE",
    "CPU_AFFINITY",
    "CRYPT_H",
    "DL",
    "EPOLL",
    "GETADDRINFO",
    "LINUX_CAP",
    "LINUX_SPLICE",
    "LINUX_TPROXY",
    "LUA",
    "MATH",
    "NETFILTER",
    "NS",
    "OPENSSL",
    "PCRE2",
    "PCRE2_JIT",
    "POLL",
    "PRCTL",
    "PROMEX",
    "RT",
    "SHM_OPEN",
    "SPOE",
    "SSL",
    "TFO",
    "THREAD",
    "THREAD_DUMP",
    "TPROXY",
    "TRACE",
    "ZLIB",
];

/// Reads and lowers a configuration for a target.
pub(crate) fn load(paths: &[PathBuf], target: Target) -> Result<Loaded, CouldNot> {
    Ok(config::load(read_all(paths)?, &environment(target), target))
}

/// Whether a finding leaves a configuration without meaning. What only one of the daemons takes has a meaning all
/// the same: it can be explained and compared.
pub(crate) fn is_fatal(finding: &diag::Diagnostic) -> bool {
    finding.is_error() && finding.code != diag::codes::E0213
}

/// The version that `.if version_atleast()` compares with.
pub(crate) fn version_of(target: Target) -> &'static str {
    match target {
        Target::HaProxy(2, minor) if minor <= 6 => "2.6.12",
        Target::HaProxy(2, _) => "2.9.0",
        Target::Proxyd | Target::HaProxy(..) => "3.5.0",
    }
}

/// Contents of the files that a configuration names: error files, pattern files.
pub(crate) fn contents(name: &str) -> Result<Vec<u8>, String> {
    fs::read(name).map_err(|e| e.to_string())
}

/// The name as a line has it, of one that `default-path` led to.
pub(crate) fn as_written<'n>(name: &'n str, folder: &Path) -> &'n str {
    Path::new(name).strip_prefix(folder).ok().and_then(Path::to_str).unwrap_or(name)
}
