//! What a test asks for in its comments, as older suites of HAProxy write it: `#REQUIRE_OPTIONS=LUA`.
//!
//! Newer tests say it with VTest's `feature cmd`, which VTest runs itself.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::needs;

/// What the test asks for and does not get; `None`: it can run.
pub(crate) fn missing(text: &str, program: &Path) -> Option<String> {
    text.lines().filter_map(|line| line.strip_prefix('#')).find_map(|line| {
        let (name, value) = line.split_once('=')?;
        let value = value.split('#').next().unwrap_or(value).trim();
        unmet(name.trim(), value, program).then(|| format!("{}={value}", name.trim()))
    })
}

fn unmet(name: &str, value: &str, program: &Path) -> bool {
    let mut words = value.split(',').map(str::trim);
    match name {
        "REQUIRE_VERSION" => !holds(program, &format!("version_atleast({value})")),
        "REQUIRE_VERSION_BELOW" => !holds(program, &format!("version_before({value})")),
        "REQUIRE_OPTION" | "REQUIRE_OPTIONS" => !words.all(|word| {
            word.split('|').any(|option| holds(program, &format!("feature({option})")))
        }),
        "REQUIRE_SERVICE" | "REQUIRE_SERVICES" => !words.all(|word| serves(program, word)),
        "REQUIRE_BINARY" | "REQUIRE_BINARIES" => words.any(|word| needs::find(word).is_none()),
        "EXCLUDE_TARGET" | "EXCLUDE_TARGETS" => words.any(|word| word == "linux-glibc"),
        "REGTEST_TYPE" => matches!(value, "broken" | "experimental"),
        _ => false,
    }
}

/// Whether the program says yes to a condition of its own language.
fn holds(program: &Path, condition: &str) -> bool {
    let status = Command::new(program)
        .args(["-cc", condition])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn serves(program: &Path, service: &str) -> bool {
    let output = Command::new(program).arg("-vv").stdin(Stdio::null()).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(service))
}
