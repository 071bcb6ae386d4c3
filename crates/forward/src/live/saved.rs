//! Files of server states, as `show servers state` writes them (manual 3.1, `server-state-file`).
//!
//! Read once, at the start: over a reload states live on in the process. A line that names no server, or that cannot
//! be read, says nothing.

use balance::EffectiveWeight;
use config::model::Server as ServerLine;
use health::Saved;

use super::{Backend, Server};
use crate::clock::wall_micros;
use crate::io::ServerAddress;

/// The version of the format that is known.
const VERSION: &str = "1";

/// Columns of a line, from 0.
mod column {
    pub(super) const BACKEND: usize = 1;
    pub(super) const SERVER: usize = 3;
    pub(super) const OPERATIONAL: usize = 5;
    pub(super) const ADMIN: usize = 6;
    pub(super) const WEIGHT: usize = 7;
    pub(super) const INITIAL_WEIGHT: usize = 8;
    pub(super) const CHANGED: usize = 9;
    pub(super) const CHECK: usize = 10;
    pub(super) const PORT: usize = 18;
}

impl Backend {
    /// Takes over what a file says of its servers; `lines` are those of the configuration.
    pub fn restore(&self, lines: &[ServerLine], file: &str) {
        let mut rows = file.lines().map(str::trim);
        if rows.next() != Some(VERSION) {
            return;
        }
        for row in rows.filter(|row| !row.is_empty() && !row.starts_with('#')) {
            let words: Vec<&str> = row.split_ascii_whitespace().collect();
            if words.get(column::BACKEND) != Some(&self.state.name()) {
                continue;
            }
            let named = |server: &Server| words.get(column::SERVER) == Some(&server.state.name());
            if let Some(at) = self.servers.iter().position(named) {
                self.restore_server(at, lines.get(at), &words);
            }
        }
    }

    fn restore_server(&self, at: usize, line: Option<&ServerLine>, words: &[&str]) {
        let number = |column: usize| words.get(column)?.parse::<u32>().ok();
        let byte = |column: usize| number(column).and_then(|number| u8::try_from(number).ok());
        let (Some(server), Some(line)) = (self.servers.get(at), line) else { return };
        if let (Some(operational), Some(admin)) = (byte(column::OPERATIONAL), byte(column::ADMIN)) {
            let check = byte(column::CHECK).unwrap_or(0);
            server.state.health().restore(Saved { operational, admin, check });
        }
        let initial = line.settings.weight.map_or(1, |weight| weight.value);
        // A weight that was changed in the configuration since counts more than that of the file.
        if let Some(weight) = number(column::WEIGHT)
            && number(column::INITIAL_WEIGHT) == Some(initial)
        {
            server.state.store_weight(weight);
            self.balancer.set_weight(at, EffectiveWeight::full(weight.min(256)));
        }
        if let Some(seconds) = number(column::CHANGED) {
            server.state.set_changed(wall_micros() - i64::from(seconds) * 1_000_000);
        }
        let port = number(column::PORT).and_then(|port| u16::try_from(port).ok());
        if let Some(port) = port.filter(|port| *port > 0)
            && let Some(ServerAddress::Tcp(mut address)) =
                server.state.address().map(|a| (*a).clone())
        {
            address.set_port(port);
            server.state.set_address(Some(ServerAddress::Tcp(address)));
        }
        self.tell_balancer(at as u32);
    }
}
