//! One backend, written for both sides: as lines for HAProxy and as a [`Balancer`] of ours.

use std::fmt::Write as _;

use balance::{
    Algorithm, Balancer, HashFunction, HashMethod, HashType, NoServer, NoTrace, PickInput,
    Recorder, ServerSpec, Spec, State,
};

/// A backend: how it balances, and its servers.
#[derive(Clone)]
pub(crate) struct Backend {
    /// The `balance` line's arguments, for HAProxy.
    pub(crate) balance: String,
    pub(crate) spec: Spec,
    /// True when the file has a `hash-type` line.
    pub(crate) hash_type_line: Option<String>,
    pub(crate) servers: Vec<ServerSpec>,
    /// More words at the end of each `server` line.
    pub(crate) words: String,
    /// More lines.
    pub(crate) lines: String,
}

impl Backend {
    pub(crate) fn new(balance: &str, algorithm: Algorithm, servers: Vec<ServerSpec>) -> Self {
        Self {
            balance: balance.to_owned(),
            spec: Spec { algorithm, ..Spec::default() },
            hash_type_line: None,
            servers,
            words: String::new(),
            lines: String::new(),
        }
    }

    pub(crate) fn hash_type(mut self, hash_type: HashType) -> Self {
        let method = match hash_type.method {
            HashMethod::MapBased => "map-based",
            HashMethod::Consistent => "consistent",
        };
        let function = match hash_type.function {
            HashFunction::Sdbm => "sdbm",
            HashFunction::Djb2 => "djb2",
            HashFunction::Wt6 => "wt6",
            HashFunction::Crc32 => "crc32",
            HashFunction::None => "none",
        };
        let modifier = if hash_type.avalanche { " avalanche" } else { "" };
        self.hash_type_line = Some(format!("hash-type {method} {function}{modifier}"));
        self.spec.hash_type = hash_type;
        self
    }

    /// `hash-type <method>` with no function.
    pub(crate) fn hash_method(mut self, method: HashMethod) -> Self {
        self = self.hash_type(HashType::with_default_function(method));
        let line = self.hash_type_line.take().unwrap_or_default();
        self.hash_type_line = Some(line.split(' ').take(2).collect::<Vec<_>>().join(" "));
        self
    }

    pub(crate) fn all_backups(mut self) -> Self {
        self.spec.all_backups = true;
        self
    }

    /// The section's lines for HAProxy.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("  balance {}\n", self.balance);
        for line in self.hash_type_line.iter().chain([&self.lines]) {
            let _ = writeln!(text, "  {line}");
        }
        if self.spec.all_backups {
            text.push_str("  option allbackups\n");
        }
        if self.spec.balance_factor > 0 {
            let _ = writeln!(text, "  hash-balance-factor {}", self.spec.balance_factor);
        }
        for server in &self.servers {
            let backup = if server.backup { " backup" } else { "" };
            let disabled = if server.state == State::Maint { " disabled" } else { "" };
            let (name, id, weight) = (&server.name, server.id, server.weight);
            let _ = writeln!(
                text,
                "  server {name} @{name} id {id} weight {weight}{backup}{disabled} {}",
                self.words
            );
        }
        text
    }

    pub(crate) fn balancer(&self) -> Balancer {
        Balancer::new(self.spec.clone(), self.servers.clone())
    }
}

/// The name that our balancer picks; the traced pick of a twin must be the same.
pub(crate) fn pick(ours: &Balancer, servers: &[ServerSpec], input: &PickInput<'_>) -> String {
    name(servers, ours.pick(input, &mut NoTrace).map(|pick| pick.server))
}

/// The same with a trace, for what changes nothing.
pub(crate) fn explained(ours: &Balancer, servers: &[ServerSpec], input: &PickInput<'_>) -> String {
    name(servers, ours.pick(input, &mut Recorder::default()).map(|pick| pick.server))
}

fn name(servers: &[ServerSpec], picked: Result<usize, NoServer>) -> String {
    match picked {
        Ok(server) => servers[server].name.clone(),
        Err(NoServer::NoneUsable) => "HTTP/1.1 503 Service Unavailable".to_owned(),
        Err(NoServer::AllFull) => "queued".to_owned(),
    }
}

/// Servers `s1`, `s2`, ... with these weights.
pub(crate) fn weighted(weights: &[u32]) -> Vec<ServerSpec> {
    (1..)
        .zip(weights)
        .map(|(id, weight)| ServerSpec::new(format!("s{id}"), id).weight(*weight))
        .collect()
}

/// Five server lists that differ in size, weights, ids, states and backups.
pub(crate) fn five_lists() -> [Vec<ServerSpec>; 5] {
    let mut ids = weighted(&[1, 2, 1, 3]);
    for (server, id) in ids.iter_mut().zip([10, 7, 100_000, 2_000_000_000]) {
        server.id = id;
    }
    ids.push(ServerSpec::new("s5", 5).backup());
    let mut disabled = weighted(&[10, 20, 30, 0, 25, 100, 256]);
    disabled[2].state = State::Maint;
    let mut backups = weighted(&[3, 3, 2, 4, 6]);
    for (server, backup) in backups.iter_mut().zip([false, false, true, true, true]) {
        server.backup = backup;
        server.state = if backup { State::Up } else { State::Maint };
    }
    [weighted(&[1; 3]), weighted(&[1, 2, 3, 4, 5]), disabled, ids, backups]
}
