//! The contenders: where their programs are, which versions, and how one is started.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::accounting;
use super::config::{self, Scene};
use super::machine;
use super::scenario::{Floor, Shape};
use super::stage::Stage;
use crate::needs;
use crate::shell::{self, Failure, Running};

/// Who competes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// Ours.
    Proxyd,
    /// The reference.
    Haproxy,
    /// The other one that everybody knows.
    Nginx,
    /// What the kernel and tokio cost before a balancer does anything; no rules, no log.
    Floor,
}

impl Kind {
    /// In the order of their turns.
    pub(crate) const ALL: [Kind; 4] = [Kind::Proxyd, Kind::Haproxy, Kind::Nginx, Kind::Floor];

    /// The name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Proxyd => "proxyd",
            Kind::Haproxy => "haproxy",
            Kind::Nginx => "nginx",
            Kind::Floor => "floor",
        }
    }
}

/// A contender that this machine has.
#[derive(Debug)]
pub(crate) struct Contender {
    /// Which one.
    pub(crate) kind: Kind,
    /// What it says its version is.
    pub(crate) version: String,
    /// Its program; of the floors, the folder.
    pub(crate) program: PathBuf,
}

/// A contender at work; it and its workers end when it is dropped.
#[derive(Debug)]
pub(crate) struct Started {
    /// Where it listens.
    pub(crate) port: u16,
    running: Running,
    /// Its files; removed after it has ended.
    _folder: tempfile::TempDir,
}

impl Contender {
    /// Looks for a contender; the failure says what to install.
    pub(crate) fn find(kind: Kind, bins: &Path) -> Result<Contender, Failure> {
        let (program, flag) = match kind {
            Kind::Proxyd => (keep(&bins.join("proxyd"))?, "-v"),
            Kind::Haproxy => (needs::need("haproxy")?, "-v"),
            Kind::Nginx => (needs::need("nginx")?, "-v"),
            Kind::Floor => {
                let version = env!("CARGO_PKG_VERSION").to_owned();
                return Ok(Contender { kind, version, program: bins.to_path_buf() });
            }
        };
        let line = machine::first_line(Command::new(&program).arg(flag));
        let mut version = version_of(&line);
        if kind == Kind::Proxyd {
            version = format!("{version} ({})", revision());
        }
        Ok(Contender { kind, version, program })
    }

    /// Starts it for a shape and waits until it listens.
    pub(crate) fn start(
        &self,
        shape: Shape,
        floor: Option<Floor>,
        threads: u32,
        stage: &Stage,
    ) -> Result<Started, Failure> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let scene = Scene {
            shape,
            threads,
            listen: shell::free_port(),
            origin: stage.origin,
            log: stage.syslog.port,
            folder: folder.path().to_path_buf(),
        };
        let command = match (self.kind, floor) {
            (Kind::Proxyd | Kind::Haproxy, _) => {
                self.command_of_file(&["-db", "-f"], &scene, &config::haproxy(&scene))?
            }
            (Kind::Nginx, _) => {
                let text = config::nginx(&scene)?;
                self.command_of_file(&["-e", "stderr", "-c"], &scene, &text)?
            }
            (Kind::Floor, Some(floor)) => self.floor_command(floor, &scene),
            (Kind::Floor, None) => return Err("no floor can do this".into()),
        };
        Started::spawn(command, folder, scene.listen, Duration::from_secs(10))
    }

    fn command_of_file(
        &self,
        flags: &[&str],
        scene: &Scene,
        text: &str,
    ) -> Result<Command, Failure> {
        let file = scene.folder.join("bench.cfg");
        std::fs::write(&file, text).map_err(|e| e.to_string())?;
        let mut command = Command::new(&self.program);
        command.args(flags).arg(file);
        Ok(command)
    }

    fn floor_command(&self, floor: Floor, scene: &Scene) -> Command {
        let listen = format!("127.0.0.1:{}", scene.listen);
        let origin = format!("127.0.0.1:{}", scene.origin);
        match floor {
            Floor::Http => {
                let mut command = Command::new(self.program.join("floor-http"));
                command.args([listen, origin, scene.threads.to_string()]);
                command
            }
            Floor::Tunnel => {
                let mut command = Command::new(self.program.join("floor-tunnel"));
                command.args([listen, origin]);
                command
            }
        }
    }
}

impl Started {
    /// Starts a program and waits until it listens, at most for `limit`.
    pub(crate) fn spawn(
        mut command: Command,
        folder: tempfile::TempDir,
        port: u16,
        limit: Duration,
    ) -> Result<Started, Failure> {
        let said = folder.path().join("stderr");
        let stderr = File::create(&said).map_err(|e| e.to_string())?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        let child = command.spawn().map_err(|e| e.to_string())?;
        let mut started = Started { port, running: Running { child }, _folder: folder };
        let mut ended = None;
        shell::wait_until(limit, || {
            ended = started.running.child.try_wait().ok().flatten();
            ended.is_some() || shell::listens(port)
        });
        if ended.is_none() && shell::listens(port) {
            return Ok(started);
        }
        let text = std::fs::read_to_string(said).unwrap_or_default();
        let how = ended.map_or_else(|| "does not listen".into(), |s| format!("ended with {s}"));
        Err(format!("{how}: {}", text.lines().next().unwrap_or("and said nothing")))
    }

    /// The process that was started.
    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // The master first: one that still lives replaces a worker that ended. Workers outlive
        // a master that is killed, so they are ended by the ids they had.
        let workers = accounting::family(self.pid());
        let _ = self.running.child.kill();
        let _ = self.running.child.wait();
        let ids = workers.iter().skip(1).map(u32::to_string);
        if workers.len() > 1 {
            let _ = Command::new("kill").arg("-KILL").args(ids).stderr(Stdio::null()).status();
        }
    }
}

/// Sets a build of ours aside, so that all scenarios of a run measure the same one.
fn keep(built: &Path) -> Result<PathBuf, Failure> {
    let kept = super::results().join("proxyd");
    std::fs::create_dir_all(super::results()).map_err(|e| e.to_string())?;
    std::fs::copy(built, &kept).map_err(|e| format!("{}: {e}", built.display()))?;
    Ok(kept)
}

/// The commit, and whether the tree had changes beyond it.
fn revision() -> String {
    let git = |arguments: &[&str]| {
        machine::first_line(Command::new("git").args(arguments).current_dir(shell::root()))
    };
    let changed = !git(&["status", "--porcelain", "-uno", "crates"]).is_empty();
    let changed = if changed { " with changes" } else { "" };
    format!("{}{changed}", git(&["rev-parse", "--short", "HEAD"]))
}

/// The first word that begins with a digit, or that has one behind a slash (`nginx/1.22.1`).
fn version_of(line: &str) -> String {
    let begins = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    line.split([' ', '/']).find(begins).unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_first_word_with_a_digit_in_front() {
        assert_eq!(
            version_of("HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://x"),
            "2.6.12-1+deb12u4"
        );
        assert_eq!(version_of("nginx version: nginx/1.22.1"), "1.22.1");
        assert_eq!(version_of(""), "unknown");
    }
}
