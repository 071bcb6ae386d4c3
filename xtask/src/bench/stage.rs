//! What stands around the contenders: the origin behind them and the syslog server beside them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::syslog::Syslog;
use crate::shell::{self, Failure, Running};

/// The surroundings of one scenario; all of it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The folder of our own programs.
    pub(crate) bins: PathBuf,
    /// The origin's port.
    pub(crate) origin: u16,
    /// The syslog server.
    pub(crate) syslog: Syslog,
    _origin: Running,
}

impl Stage {
    /// Starts the origin and the syslog server.
    pub(crate) fn set(bins: &Path) -> Result<Stage, Failure> {
        let origin = shell::free_port();
        let address = format!("127.0.0.1:{origin}");
        let running = Running::quiet(Command::new(bins.join("bench-origin")).arg(address))?;
        if !shell::wait_until(Duration::from_secs(5), || shell::listens(origin)) {
            return Err("the origin does not listen".into());
        }
        let syslog = Syslog::start()?;
        Ok(Stage { bins: bins.to_path_buf(), origin, syslog, _origin: running })
    }
}
