//! One `.vtc` test: run, and read for the one line that says why it failed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::require;

/// What became of a test.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All its expectations held.
    Passed,
    /// One did not, or the program did not start: the reason.
    Failed(String),
    /// It needs what the program or the machine has not: what.
    Skipped(String),
}

/// How tests are run.
#[derive(Debug)]
pub(crate) struct Runner {
    /// VTest or varnishtest.
    pub(crate) vtest: PathBuf,
    /// What stands in HAProxy's place.
    pub(crate) program: PathBuf,
    /// Seconds.
    pub(crate) timeout: u64,
    /// Where outputs of failed tests go.
    pub(crate) keep: Option<PathBuf>,
}

/// What HAProxy's own runner passes: no pool debugging, diagnostics allowed, warnings are errors.
const ARGUMENTS: &str = "-dM -dI -dW";

impl Runner {
    /// Runs one test in a folder of its own.
    pub(crate) fn run(&self, name: &str, file: &Path) -> Outcome {
        let text = match std::fs::read(file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(e) => return Outcome::Failed(e.to_string()),
        };
        if let Some(missing) = require::missing(&text, &self.program) {
            return Outcome::Skipped(missing);
        }
        match self.vtest(file) {
            Ok((Some(0), _)) => Outcome::Passed,
            Ok((Some(77), output)) => Outcome::Skipped(skip_reason(&output, &text)),
            Ok((_, output)) => {
                self.keep(name, &output);
                Outcome::Failed(reason(&output))
            }
            Err(why) => Outcome::Failed(why),
        }
    }

    fn vtest(&self, file: &Path) -> Result<(Option<i32>, String), String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let log = folder.path().join("output");
        let out = std::fs::File::create(&log).map_err(|e| e.to_string())?;
        let err = out.try_clone().map_err(|e| e.to_string())?;
        // A test names files beside itself from the folder above its own folder.
        let root = file.ancestors().nth(3).unwrap_or(Path::new("/"));
        let status = Command::new(&self.vtest)
            .args(["-v", "-b", "2097152", "-k", "-t", &self.timeout.to_string()])
            .arg(file)
            .env("HAPROXY_PROGRAM", &self.program)
            .env("HAPROXY_ARGS", ARGUMENTS)
            .env("TMPDIR", folder.path())
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .status()
            .map_err(|e| format!("{}: {e}", self.vtest.display()))?;
        let output = std::fs::read(&log).map_err(|e| e.to_string())?;
        Ok((status.code(), String::from_utf8_lossy(&output).into_owned()))
    }

    fn keep(&self, name: &str, output: &str) {
        let Some(folder) = &self.keep else { return };
        let file = folder.join(format!("{}.log", name.replace('/', "+")));
        if let Err(e) = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, output))
        {
            eprintln!("{}: {e}", file.display());
        }
    }
}

/// The first error of the program's own, or else the first expectation that did not hold.
fn reason(output: &str) -> String {
    let refused: Vec<&str> = output.lines().filter_map(refusal).collect();
    if let [first, rest @ ..] = refused.as_slice() {
        let mut reason = (*first).to_string();
        if !rest.is_empty() {
            let _ = write!(reason, " (and {} more)", rest.len());
        }
        return reason;
    }
    if let Some(panic) = output.lines().find(|line| line.contains("panicked at")) {
        return panic.trim().to_string();
    }
    let failed = output.lines().find_map(|line| line.strip_prefix("----"));
    failed.map_or_else(|| "no reason was told".into(), |line| line.trim().to_string())
}

/// A diagnostic with a code, without its place.
fn refusal(line: &str) -> Option<&str> {
    if !line.contains("debug|") {
        return None;
    }
    let at = line.find(" E0")?;
    let code = line.get(at + 1..)?;
    let digits = code.get(1..5)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(code)
}

/// The condition that did not hold: the last one told before the test was skipped. VTest cuts long lines, the
/// file has them whole.
fn skip_reason(output: &str, text: &str) -> String {
    let before = output.split("SKIPPING").next().unwrap_or(output);
    let told = before.rsplit("=== feature ").next().and_then(|rest| rest.lines().next());
    let told = told.unwrap_or("a feature").trim_end_matches("[...").trim_end_matches("...");
    let wanted = format!("feature {told}");
    let whole = text.lines().map(str::trim).find(|line| line.starts_with(&wanted));
    whole.and_then(|line| line.strip_prefix("feature ")).unwrap_or(told).trim().into()
}
