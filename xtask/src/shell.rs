//! Running programs: the one place that starts processes and says so.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Why a command of ours failed, in words for a person.
pub(crate) type Failure = String;

/// The project's root folder.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Runs a program in the root folder and shows what it prints.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<(), Failure> {
    println!("$ {program} {}", arguments.join(" "));
    let status = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .status()
        .map_err(|e| format!("{program}: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{program} {} ended with {status}", arguments.join(" ")))
    }
}

/// Builds packages in a profile and gives the folder of their programs.
pub(crate) fn build(packages: &[&str], profile: &str) -> Result<PathBuf, Failure> {
    let mut arguments = vec!["build", "--profile", profile, "--bins"];
    for package in packages {
        arguments.extend(["-p", package]);
    }
    run(&cargo(), &arguments)?;
    Ok(programs(profile))
}

/// The folder that the programs of a profile are built into.
pub(crate) fn programs(profile: &str) -> PathBuf {
    target().join(if profile == "dev" { "debug" } else { profile })
}

/// The cargo that runs us.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".into())
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A process that ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    /// The process.
    pub(crate) child: Child,
}

impl Running {
    /// Starts a program with its output thrown away.
    pub(crate) fn quiet(command: &mut Command) -> Result<Running, Failure> {
        let name = format!("{:?}", command.get_program());
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("{name}: {e}"))?;
        Ok(Running { child })
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The process may have ended by itself: both calls may fail and nothing is lost.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `ready` says yes, at most for `limit`.
pub(crate) fn wait_until(limit: Duration, mut ready: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < limit {
        if ready() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    ready()
}

/// A TCP port of the loopback address that nothing else will use while we run.
pub(crate) fn free_port() -> u16 {
    testkit::port::free()
}

/// Whether something listens on a loopback port.
pub(crate) fn listens(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}
