//! `cargo xtask peers`: clients and servers that are not ours, through proxyd: python `websockets`, curl, wrk and
//! Chromium on the demo page.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use clap::Args;

use crate::shell::{self, Failure, Running};
use crate::{demo, needs};

/// Options of `peers`.
#[derive(Debug, Args)]
pub(crate) struct Peers {
    /// Concurrent WebSockets.
    #[arg(long, default_value_t = 1000)]
    concurrent: usize,
    /// The cargo profile to build with.
    #[arg(long, default_value = "dev")]
    profile: String,
}

impl Default for Peers {
    fn default() -> Self {
        Peers { concurrent: 1000, profile: "dev".into() }
    }
}

/// Runs every peer that is here and names the others.
pub(crate) fn run(peers: &Peers) -> Result<(), Failure> {
    let bins = shell::build(&["proxyd", "testkit"], &peers.profile)?;
    if has_websockets() {
        websockets(&bins, peers.concurrent)?;
    } else {
        println!("peers: skipped, python3 has no `websockets`: python3 -m pip install websockets");
    }
    match (needs::find("curl"), needs::find("wrk")) {
        (Some(curl), Some(wrk)) => requests(&bins, &curl, &wrk)?,
        _ => println!("peers: skipped, curl and wrk are needed: apt-get install curl wrk"),
    }
    match needs::find("chromium") {
        Some(chromium) => browser(&chromium)?,
        None => println!("peers: skipped, `chromium` is missing: apt-get install chromium"),
    }
    Ok(())
}

fn has_websockets() -> bool {
    let import = ["-c", "import websockets.asyncio.client"];
    Command::new("python3").args(import).output().is_ok_and(|output| output.status.success())
}

/// A proxyd in front of servers on the given ports.
struct Front {
    port: u16,
    _proxyd: Running,
    _folder: tempfile::TempDir,
}

fn front(bins: &Path, ports: &[u16]) -> Result<Front, Failure> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let config = folder.path().join("peers.cfg");
    let port = shell::free_port();
    let mut text = format!(
        "global\n    maxconn 5000\ndefaults\n    mode http\n    timeout client 20s\n    timeout connect 5s\n    timeout server 20s\n    \
         timeout tunnel 1m\nfrontend fe\n    bind 127.0.0.1:{port}\n    default_backend be\nbackend be\n    balance leastconn\n"
    );
    for (number, server) in ports.iter().enumerate() {
        text.push_str(&format!("    server s{number} 127.0.0.1:{server}\n"));
    }
    std::fs::write(&config, text).map_err(|e| e.to_string())?;
    let proxyd = Command::new(bins.join("proxyd")).arg("-db").arg("-f").arg(&config).spawn();
    let proxyd = Running { child: proxyd.map_err(|e| format!("proxyd: {e}"))? };
    await_port(port)?;
    Ok(Front { port, _proxyd: proxyd, _folder: folder })
}

fn await_port(port: u16) -> Result<(), Failure> {
    let up = shell::wait_until(Duration::from_secs(10), || shell::listens(port));
    if up { Ok(()) } else { Err(format!("nothing listens on port {port} after 10 s")) }
}

fn websockets(bins: &Path, concurrent: usize) -> Result<(), Failure> {
    let script = shell::root().join("xtask/peers/peer.py").display().to_string();
    let ports = [shell::free_port(), shell::free_port()];
    let mut servers = Vec::new();
    for port in ports {
        servers.push(Running::quiet(Command::new("python3").args([
            &script,
            "serve",
            &port.to_string(),
        ]))?);
        await_port(port)?;
    }
    let front = front(bins, &ports)?;
    let url = format!("ws://127.0.0.1:{}", front.port);
    shell::run("python3", &[&script, "check", &url, &concurrent.to_string()])
}

/// curl in its usual forms, and a keep-alive load by wrk without a failed request.
fn requests(bins: &Path, curl: &Path, wrk: &Path) -> Result<(), Failure> {
    let server = shell::free_port();
    let _server = Running::quiet(
        Command::new(bins.join("wsload")).args(["echo", &format!("127.0.0.1:{server}")]),
    )?;
    await_port(server)?;
    let front = front(bins, &[server])?;
    let url = format!("http://127.0.0.1:{}/", front.port);
    for options in [&["-sf"][..], &["-sf", "--http1.0"], &["-sfI"], &["-sf", "-X", "OPTIONS"]] {
        let output = Command::new(curl)
            .args(options)
            .arg(&url)
            .output()
            .map_err(|e| format!("curl: {e}"))?;
        if !output.status.success() {
            return Err(format!("curl {} failed with {}", options.join(" "), output.status));
        }
        println!("ok   curl {}", options.join(" "));
    }
    let load = Command::new(wrk)
        .args(["-t1", "-c50", "-d3s", &url])
        .output()
        .map_err(|e| format!("wrk: {e}"))?;
    let said = String::from_utf8_lossy(&load.stdout).into_owned();
    if said.contains("Socket errors") || said.contains("Non-2xx") || !said.contains("Requests/sec")
    {
        return Err(format!("wrk saw failures:\n{said}"));
    }
    let rate = said.lines().find(|line| line.starts_with("Requests/sec")).unwrap_or("");
    println!("ok   wrk without a failure, {}", rate.trim());
    Ok(())
}

/// The demo page in a real browser: its script must have opened a WebSocket and shown the server's name.
fn browser(chromium: &Path) -> Result<(), Failure> {
    let stage = demo::stage()?;
    let profile = tempfile::tempdir().map_err(|e| e.to_string())?;
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--virtual-time-budget=4000", "--dump-dom"])
        .arg(format!("http://127.0.0.1:{}/", stage.port()))
        .output()
        .map_err(|e| format!("chromium: {e}"))?;
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    let shown = ["chat1", "chat2"]
        .iter()
        .find(|name| page.contains(&format!("<b id=\"server\">{name}</b>")));
    match shown {
        Some(name) => {
            println!("ok   Chromium opened a WebSocket through proxyd to {name}");
            Ok(())
        }
        None => Err(format!("the page shows no server:\n{page}")),
    }
}
