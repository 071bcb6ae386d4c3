//! `cargo xtask reload`: reloads under open tunnels and a steady flow of requests; none may be lost.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clap::Args;

use crate::shell::{self, Failure, Running};

/// Options of `reload`.
#[derive(Debug, Args)]
pub(crate) struct Reload {
    /// Open tunnels, each with five messages a second.
    #[arg(long, default_value_t = 200)]
    tunnels: usize,
    /// Requests a second.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Reloads, half a second apart.
    #[arg(long, default_value_t = 10)]
    reloads: u32,
    /// The cargo profile to build with.
    #[arg(long, default_value = "dev")]
    profile: String,
}

impl Default for Reload {
    fn default() -> Self {
        Reload { tunnels: 200, rate: 500, reloads: 10, profile: "dev".into() }
    }
}

/// Runs the reloads and fails if a tunnel closed or a request failed.
pub(crate) fn run(reload: &Reload) -> Result<(), Failure> {
    let bins = shell::build(&["proxyd", "lbctl", "testkit"], &reload.profile)?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let config = folder.path().join("reload.cfg");
    let ports = [shell::free_port(), shell::free_port(), shell::free_port()];
    let socket = folder.path().join("socket");
    let write = |spare: bool| {
        std::fs::write(&config, text(ports, &socket, spare)).map_err(|e| e.to_string())
    };
    write(false)?;
    let wsload = bins.join("wsload");
    let servers: Result<Vec<Running>, Failure> = ports[1..]
        .iter()
        .map(|port| Running::quiet(Command::new(&wsload).arg("echo").arg(address(*port))))
        .collect();
    let servers = servers?;
    let child = Command::new(bins.join("proxyd")).arg("-db").arg("-f").arg(&config).spawn();
    let mut proxyd = Running { child: child.map_err(|e| format!("proxyd: {e}"))? };
    if !shell::wait_until(Duration::from_secs(10), || shell::listens(ports[0])) {
        return Err("proxyd does not listen".into());
    }
    let seconds = (reload.reloads / 2 + 4).to_string();
    let watch = output(Command::new(&wsload).args([
        "watch",
        &address(ports[0]),
        &reload.tunnels.to_string(),
        &seconds,
    ]))?;
    let requests = output(Command::new(&wsload).args([
        "requests",
        &address(ports[0]),
        "20",
        &seconds,
        &reload.rate.to_string(),
    ]))?;
    std::thread::sleep(Duration::from_millis(1500));
    for number in 0..reload.reloads {
        write(number % 2 == 0)?;
        let signal = if number % 2 == 0 { "-HUP" } else { "-USR2" };
        shell::run("kill", &[signal, &proxyd.pid().to_string()])?;
        std::thread::sleep(Duration::from_millis(500));
        if let Ok(Some(status)) = proxyd.child.try_wait() {
            return Err(format!("proxyd ended with {status} after reload {}", number + 1));
        }
    }
    drift(&bins.join("lbctl"), &config, &socket)?;
    let (opened, kept) = figures(watch)?;
    let (good, failed) = figures(requests)?;
    println!(
        "reload: {} reloads under {opened} tunnels and {good} requests: {} tunnels closed, {failed} requests failed",
        reload.reloads,
        opened - kept
    );
    drop(servers);
    let held = opened == reload.tunnels as u64 && kept == opened && failed == 0 && good > 0;
    if held { Ok(()) } else { Err("a reload lost something".into()) }
}

/// `lbctl diff --live` sees that the daemon runs the file, and then that its weights were changed.
fn drift(lbctl: &Path, config: &Path, socket: &Path) -> Result<(), Failure> {
    let diff = || {
        let output = Command::new(lbctl)
            .arg("diff")
            .arg("-f")
            .arg(config)
            .arg("--live")
            .arg(socket)
            .output();
        let output = output.map_err(|e| format!("lbctl: {e}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok::<_, Failure>((output.status.code().unwrap_or(-1), text))
    };
    let same = diff()?;
    if same != (0, "no difference\n".to_owned()) {
        return Err(format!("lbctl diff --live should find nothing and found {same:?}"));
    }
    let mut runtime =
        UnixStream::connect(socket).map_err(|e| format!("the runtime socket: {e}"))?;
    runtime.write_all(b"set weight be/a 7\n").map_err(|e| e.to_string())?;
    let mut answer = String::new();
    runtime.read_to_string(&mut answer).map_err(|e| e.to_string())?;
    let changed = diff()?;
    if changed.0 != 1 || !changed.1.contains("be/a: weight is 7 in the daemon, 1 in the file") {
        return Err(format!("lbctl diff --live should find the weight and found {changed:?}"));
    }
    println!(
        "lbctl diff --live: the file runs; then {}",
        changed.1.trim_start_matches("! ").trim_end()
    );
    Ok(())
}

/// The configuration; each reload switches a spare server and a rule on or off.
fn text(ports: [u16; 3], socket: &Path, spare: bool) -> String {
    let [frontend, first, second] = ports;
    let socket = socket.display();
    let extra = if spare { "    server spare 127.0.0.1:9 disabled\n" } else { "" };
    let rule = if spare { "    http-request set-header x-generation odd\n" } else { "" };
    format!(
        "global\n    stats socket {socket} level admin\ndefaults\n    mode http\n    timeout client 30s\n    timeout connect 5s\n    timeout server 30s\n    timeout tunnel 1h\n\
         frontend fe\n    bind 127.0.0.1:{frontend}\n{rule}    default_backend be\n\
         backend be\n    balance leastconn\n    server a 127.0.0.1:{first}\n    server b 127.0.0.1:{second}\n{extra}"
    )
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

fn output(command: &mut Command) -> Result<Child, Failure> {
    command.stdout(Stdio::piped()).spawn().map_err(|e| format!("wsload: {e}"))
}

/// The two numbers that a load prints at its end.
fn figures(child: Child) -> Result<(u64, u64), Failure> {
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text.split_whitespace().filter_map(|word| word.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(a), Some(b)) => Ok((a, b)),
        _ => Err(format!("wsload printed `{}`", text.trim())),
    }
}
