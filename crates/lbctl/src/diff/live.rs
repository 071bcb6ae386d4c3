//! A running daemon, through its runtime socket: the text it loaded, and what was changed since.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use admin::ConfigText;
use config::model::Config;
use config::{Loaded, Target};

use crate::exit::CouldNot;
use crate::files;

/// A difference between the daemon's state and the configuration that it loaded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Runtime {
    pub(crate) backend: String,
    pub(crate) server: String,
    /// `weight` or `state`.
    pub(crate) what: &'static str,
    pub(crate) running: String,
    pub(crate) loaded: String,
}

/// The configuration that the daemon runs, lowered again with the environment that it saw.
pub(crate) fn running(socket: &Path, target: Target) -> Result<Loaded, CouldNot> {
    let reply = ask(socket, "show config")?;
    let text = ConfigText::read(&reply).ok_or_else(|| {
        let said = String::from_utf8_lossy(&reply);
        let said = said.lines().next().unwrap_or("nothing");
        format!("{}: `show config` was answered with `{said}`: is this proxyd, and the socket's level admin?", socket.display())
    })?;
    let mut environment = files::environment(target);
    for (name, value) in &text.env {
        environment.set(name, value);
    }
    Ok(config::load(text.files, &environment, target))
}

/// What a running daemon says of one of its servers.
#[derive(Debug)]
pub(crate) struct LiveServer {
    pub(crate) backend: String,
    pub(crate) server: String,
    /// `maint`, `drain` or `ready`.
    pub(crate) admin: &'static str,
    /// Its checks let it take traffic.
    pub(crate) up: bool,
}

/// The states of all servers, now.
pub(crate) fn states(socket: &Path) -> Result<Vec<LiveServer>, CouldNot> {
    let reply = ask(socket, "show servers state")?;
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let server = |row: Row<'_>| LiveServer {
        backend: row.backend.to_owned(),
        server: row.server.to_owned(),
        admin: row
            .column("srv_admin_state")
            .and_then(|bits| bits.parse().ok())
            .map_or("ready", admin_word),
        up: row.column("srv_op_state").is_none_or(|state| state != "0"),
    };
    Ok(rows(&reply).map(server).collect())
}

/// A line of version 1 of `show servers state`.
struct Row<'r> {
    columns: Vec<&'r str>,
    words: Vec<&'r str>,
    backend: &'r str,
    server: &'r str,
}

impl<'r> Row<'r> {
    fn column(&self, name: &str) -> Option<&'r str> {
        let at = self.columns.iter().position(|known| *known == name)?;
        self.words.get(at).copied()
    }
}

/// A line of column names behind `#`, then a line a server.
fn rows(reply: &str) -> impl Iterator<Item = Row<'_>> {
    let mut columns: Vec<&str> = Vec::new();
    reply.lines().filter_map(move |line| {
        if let Some(names) = line.strip_prefix("# ") {
            columns = names.split(' ').collect();
            return None;
        }
        let words = line.split(' ').collect();
        let mut row = Row { columns: columns.clone(), words, backend: "", server: "" };
        row.backend = row.column("be_name")?;
        row.server = row.column("srv_name")?;
        Some(row)
    })
}

/// Weights and administrative states that differ from the loaded configuration.
pub(crate) fn runtime_changes(socket: &Path, loaded: &Config) -> Result<Vec<Runtime>, CouldNot> {
    let reply = ask(socket, "show servers state")?;
    let reply = String::from_utf8_lossy(&reply).into_owned();
    Ok(compare(&reply, loaded))
}

/// Compares a reply to `show servers state` with what the file says.
fn compare(reply: &str, loaded: &Config) -> Vec<Runtime> {
    let mut changes = Vec::new();
    for row in rows(reply) {
        let (backend, server) = (row.backend, row.server);
        let column = |name: &str| row.column(name);
        let known = loaded
            .backend(backend)
            .and_then(|proxy| proxy.servers.iter().find(|s| s.name.value == server));
        let Some(known) = known else { continue };
        let mut differs = |what, running: Option<&str>, loaded: String| {
            if let Some(running) = running.filter(|running| *running != loaded) {
                let (backend, server, running) =
                    (backend.to_owned(), server.to_owned(), running.to_owned());
                changes.push(Runtime { backend, server, what, running, loaded });
            }
        };
        let weight = known.settings.weight.map_or(1, |weight| weight.value);
        differs("weight", column("srv_uweight"), weight.to_string());
        let disabled = known.settings.disabled.is_some_and(|disabled| disabled.value);
        let state =
            column("srv_admin_state").and_then(|bits| bits.parse::<u32>().ok()).map(admin_word);
        differs("state", state, if disabled { "maint" } else { "ready" }.to_owned());
    }
    changes
}

/// The administrative bits of management.txt: maintenance, drain, or neither. 0x04 only remembers that the file
/// says `disabled`.
fn admin_word(bits: u32) -> &'static str {
    const MAINT: u32 = 0x01 | 0x02 | 0x20 | 0x40;
    const DRAIN: u32 = 0x08 | 0x10;
    if bits & MAINT != 0 {
        "maint"
    } else if bits & DRAIN != 0 {
        "drain"
    } else {
        "ready"
    }
}

/// Sends one command and reads the whole reply.
fn ask(socket: &Path, command: &str) -> Result<Vec<u8>, CouldNot> {
    let exchange = || -> std::io::Result<Vec<u8>> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(format!("{command}\n").as_bytes())?;
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply)?;
        Ok(reply)
    };
    exchange().map_err(|e| format!("{}: {e}", socket.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_and_a_state_that_were_set_at_run_time_are_found() {
        let text =
            "backend be\n  mode http\n  server a 127.0.0.1:1 weight 5\n  server b 127.0.0.1:2\n";
        let loaded =
            config::load(vec![("t.cfg".into(), text.into())], &Default::default(), Target::Proxyd);
        let reply = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight\n\
                     2 be 1 a 127.0.0.1 2 0 7\n2 be 2 b 127.0.0.1 2 8 1\n";
        let found: Vec<_> = compare(reply, &loaded.config)
            .into_iter()
            .map(|change| {
                format!(
                    "{}/{} {} {} was {}",
                    change.backend, change.server, change.what, change.running, change.loaded
                )
            })
            .collect();
        assert_eq!(found, ["be/a weight 7 was 5", "be/b state drain was ready"]);
    }
}
