//! The programs that tests and comparisons need, and how to say that one is missing.

use std::path::PathBuf;

/// A program from the distribution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    /// Its command.
    pub(crate) name: &'static str,
    /// The Debian package that has it.
    pub(crate) package: &'static str,
    /// What is skipped without it.
    pub(crate) serves: &'static str,
}

/// Everything that `cargo xtask test` can use.
pub(crate) const PROGRAMS: &[Program] = &[
    Program { name: "haproxy", package: "haproxy", serves: "the differential tests" },
    Program { name: "varnishtest", package: "varnish", serves: "HAProxy's own regression tests" },
    Program { name: "nginx", package: "nginx-light", serves: "the bench" },
    Program { name: "wrk", package: "wrk", serves: "the bench and the load tests" },
    Program { name: "chromium", package: "chromium", serves: "the demo page in a browser" },
    Program { name: "valgrind", package: "valgrind", serves: "the count of instructions" },
    Program { name: "socat", package: "socat", serves: "the runtime socket by hand" },
    Program { name: "curl", package: "curl", serves: "the tests with curl" },
    Program { name: "python3", package: "python3", serves: "the tests with python websockets" },
];

/// Where a program is, looking through `PATH` and the system folders.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/bin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The program, or a failure that says what to install.
pub(crate) fn need(name: &str) -> Result<PathBuf, String> {
    find(name).ok_or_else(|| {
        let package = PROGRAMS.iter().find(|p| p.name == name).map_or(name, |p| p.package);
        format!("`{name}` is missing: apt-get install {package}")
    })
}

/// The programs of [`PROGRAMS`] that are not here.
pub(crate) fn missing() -> Vec<Program> {
    PROGRAMS.iter().copied().filter(|program| find(program.name).is_none()).collect()
}
