//! Where the configuration comes from: the same for the start, `-c` and every reload.

use std::net::{IpAddr, ToSocketAddrs};
use std::path::PathBuf;

use config_parse::address::Family;
use config_parse::env::Environment;

use crate::arguments::{Arguments, Naming};
use crate::disk::Disk;

/// The version of the language whose predicates hold, for `.if version_atleast()`.
const LANGUAGE: &str = "3.5.0";

/// What does not change between two readings of the configuration.
#[derive(Debug)]
pub(crate) struct Origin {
    /// The file system as the start saw it.
    pub(crate) disk: Disk,
    /// The files and directories of the command line.
    pub(crate) files: Vec<PathBuf>,
    /// `-N`.
    pub(crate) frontend_maxconn: Option<u32>,
    /// How names of servers are resolved.
    pub(crate) naming: Naming,
    /// `-m`: megabytes of memory.
    pub(crate) memory: Option<u32>,
    /// `-dD`: every finding is shown with its place.
    pub(crate) tells_all: bool,
    /// Lines of `global` that the command line stands for.
    pub(crate) lines: String,
    /// Variables that are set for the configuration (manual 2.3).
    pub(crate) variables: Vec<(String, String)>,
}

impl Origin {
    /// What a command line says; `disk` was opened in its directory.
    pub(crate) fn new(arguments: &Arguments, disk: Disk) -> Origin {
        Origin {
            disk,
            files: arguments.files.clone(),
            frontend_maxconn: arguments.frontend_maxconn,
            naming: arguments.naming,
            memory: arguments.memory,
            tells_all: arguments.dumps.diagnostics,
            lines: lines(arguments),
            variables: variables(arguments),
        }
    }

    /// The environment that the configuration is read in.
    pub(crate) fn environment(&self) -> Environment {
        let mut environment = inherited();
        for (name, value) in &self.variables {
            environment.set(name, value);
        }
        environment
    }

    /// Resolves a host name with the system's resolver.
    pub(crate) fn resolve(&self, name: &str, family: Family) -> Option<IpAddr> {
        let family = if self.naming.only_v4 { Family::V4 } else { family };
        resolve(name, family)
    }
}

/// The process's own environment, with what HAProxy sets for every configuration.
pub(crate) fn inherited() -> Environment {
    Environment::of_version(LANGUAGE).with(std::env::vars_os())
}

/// Resolves a host name with the system's resolver.
pub(crate) fn resolve(name: &str, family: Family) -> Option<IpAddr> {
    let addresses = (name, 0).to_socket_addrs().ok()?;
    let mut fitting = addresses.map(|address| address.ip()).filter(|ip| match family {
        Family::Any => true,
        Family::V4 => ip.is_ipv4(),
        Family::V6 => ip.is_ipv6(),
    });
    fitting.next()
}

fn lines(arguments: &Arguments) -> String {
    let given = [
        (arguments.insecure_fork, "insecure-fork-wanted"),
        (arguments.no_reuse_port, "noreuseport"),
    ];
    let lines: String =
        given.iter().filter(|(on, _)| *on).map(|(_, line)| format!("    {line}\n")).collect();
    if lines.is_empty() { lines } else { format!("global\n{lines}") }
}

fn variables(arguments: &Arguments) -> Vec<(String, String)> {
    let files: Vec<String> =
        arguments.files.iter().map(|file| file.display().to_string()).collect();
    let mut variables = vec![("HAPROXY_CFGFILES", files.join(";"))];
    let hostname = || {
        let name = nix::unistd::gethostname().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    variables.push(("HAPROXY_LOCALPEER", arguments.local_peer.clone().unwrap_or_else(hostname)));
    if arguments.master_worker {
        variables.push(("HAPROXY_MWORKER", "1".to_owned()));
    }
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
