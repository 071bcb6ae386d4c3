//! `option external-check`: a program tells the health of a server (manual 4.2).
//!
//! It runs without our environment and our sockets, and has one interval of time. Nothing is run unless `global` has
//! `external-check` and `insecure-fork-wanted`.

use std::process::ExitStatus;
use std::time::Duration;

use config::model::{CheckKind, Proxy};
use config_parse::address::{AddressKind, Host, Ports};
use health::{CheckResult, CheckStatus};
use rules::Backend;
use tokio::process::Command;
use tokio::time::{Instant, timeout};

use crate::io::ServerAddress;
use crate::live;

/// What an unknown address or port is called.
const NOT_USED: &str = "NOT_USED";

/// The program of a server's checks.
#[derive(Debug)]
pub(super) struct Program {
    /// `None`: nothing may be run.
    command: Option<String>,
    path: String,
    keeps_environment: bool,
    /// Address and port of the proxy's first listener.
    proxy: (String, String),
    backend: (u32, String),
    id: u32,
    maxconn: u32,
}

impl Program {
    /// The program, if the backend is checked by one.
    pub(super) fn of(
        backend: Backend<'_>,
        server: u32,
        global: &config::model::Global,
    ) -> Option<Program> {
        let proxy = backend.proxy();
        if !matches!(backend.check_of(server).0?, CheckKind::External) {
            return None;
        }
        let on = |name: &str| global.switches.iter().any(|switch| switch.value == name);
        let allowed = on("external-check") && on("insecure-fork-wanted");
        let value = |setting: &config::model::Setting<String>| {
            setting.as_ref().map(|setting| setting.value.clone())
        };
        let line = backend.servers().get(server as usize)?;
        Some(Program {
            command: value(&proxy.external_check_command).filter(|_| allowed),
            path: value(&proxy.external_check_path).unwrap_or_default(),
            keeps_environment: on("external-check preserve-env"),
            proxy: listener(proxy),
            backend: (backend.id(), backend.name().to_owned()),
            id: backend.server_id(server),
            maxconn: line.settings.maxconn.map_or(0, |maxconn| maxconn.value),
        })
    }

    /// Runs it once.
    pub(super) async fn run(&self, server: &live::Server, limit: Duration) -> CheckResult {
        let began = Instant::now();
        let failed = CheckResult::new(CheckStatus::ProcessError);
        let Some(command) = &self.command else { return failed };
        let (address, port) = place(server);
        let mut program = Command::new(command);
        if !self.keeps_environment {
            program.env_clear();
        }
        let shown = |text: &str| if text == NOT_USED { String::new() } else { text.to_owned() };
        let (proxy_address, proxy_port) = &self.proxy;
        program
            .args([proxy_address, proxy_port, &address, &port])
            .env("PATH", &self.path)
            .env("HAPROXY_PROXY_ADDR", shown(proxy_address))
            .env("HAPROXY_PROXY_ID", self.backend.0.to_string())
            .env("HAPROXY_PROXY_NAME", &self.backend.1)
            .env("HAPROXY_PROXY_PORT", shown(proxy_port))
            .env("HAPROXY_SERVER_ADDR", shown(&address))
            .env("HAPROXY_SERVER_CURCONN", server.state.streams.now().to_string())
            .env("HAPROXY_SERVER_ID", self.id.to_string())
            .env("HAPROXY_SERVER_MAXCONN", self.maxconn.to_string())
            .env("HAPROXY_SERVER_NAME", server.state.name())
            .env("HAPROXY_SERVER_PORT", shown(&port))
            .env("HAPROXY_SERVER_PROTO", "h1")
            .env("HAPROXY_SERVER_SSL", "0")
            .kill_on_drop(true);
        let result = match program.spawn() {
            // As a program that could not be begun ends in HAProxy.
            Err(_) => failed.with_code(255),
            Ok(mut child) => match timeout(limit, child.wait()).await {
                Ok(Ok(status)) => ended(status),
                Ok(Err(_)) => failed,
                Err(_) => CheckResult::new(CheckStatus::ProcessTimeout).with_code(0),
            },
        };
        result.after(began.elapsed())
    }
}

fn ended(status: ExitStatus) -> CheckResult {
    match status.code() {
        Some(0) => CheckResult::new(CheckStatus::ProcessOk).with_code(0),
        // A signal has no code.
        code => CheckResult {
            code: code.and_then(|code| u16::try_from(code).ok()),
            ..CheckResult::new(CheckStatus::ProcessError)
        },
    }
}

/// Address and port of a server as the program is told them.
fn place(server: &live::Server) -> (String, String) {
    match server.state.address().as_deref() {
        Some(ServerAddress::Tcp(address)) => (address.ip().to_string(), address.port().to_string()),
        Some(ServerAddress::Unix(path)) => (path.display().to_string(), NOT_USED.to_owned()),
        None => (NOT_USED.to_owned(), NOT_USED.to_owned()),
    }
}

/// Address and port of the proxy's first `bind` line.
fn listener(proxy: &Proxy) -> (String, String) {
    let unknown = || (NOT_USED.to_owned(), NOT_USED.to_owned());
    let address = proxy.binds.first().and_then(|bind| bind.addresses.first());
    let Some(address) = address else { return unknown() };
    match &address.kind {
        AddressKind::Inet { host, ports: Ports::One(port) | Ports::Range(port, _), .. } => {
            let host = match host {
                Host::Ip(ip) => ip.to_string(),
                Host::Any => String::from("0.0.0.0"),
                Host::Name(name) => name.clone(),
            };
            (host, port.to_string())
        }
        AddressKind::Unix(path) => (path.clone(), NOT_USED.to_owned()),
        _ => unknown(),
    }
}
