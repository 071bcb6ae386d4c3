//! A network namespace in which every address is this machine, and a mount namespace with empty run folders.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Found;
use crate::needs;
use crate::shell::Failure;

/// Folders that a configuration may write into: empty ones of our own stand there.
const OURS: &[&str] = &["/run", "/var/run", "/var/lib/haproxy", "/var/log"];

/// Whether this machine lets us make namespaces.
pub(crate) fn possible() -> Result<(), Failure> {
    needs::need("unshare")?;
    needs::need("ip")?;
    let made = Command::new("unshare").args(["--net", "--mount", "true"]).output();
    match made {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err("no network namespaces here: run it as root".into()),
    }
}

/// Runs one file inside new namespaces and gives what that run says.
pub(crate) fn enter(folder: &Path, file: &Path, profile: &str) -> Result<Found, Failure> {
    let me = std::env::current_exe().map_err(|e| e.to_string())?;
    let output = Command::new("timeout")
        .args(["--kill-after=5", "300", "unshare", "--net", "--mount", "--pid", "--fork"])
        .arg("--kill-child")
        .arg(me)
        .args(["compat", "--profile", profile, "--corpus"])
        .arg(folder)
        .arg("--inside")
        .arg(file)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("unshare: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or("");
    Ok(serde_json::from_str(last).unwrap_or_else(|_| Found {
        differences: vec![format!(
            "    the run gave nothing ({}): {text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )],
        ..Found::default()
    }))
}

/// Makes every address local and puts empty folders in place.
pub(crate) fn set_up() -> Result<(), Failure> {
    for words in [
        "ip link set lo up",
        "ip route add local default dev lo",
        "ip -6 route add local default dev lo",
        "mount --make-rprivate /",
    ] {
        let mut parts = words.split(' ');
        let done = Command::new(parts.next().unwrap_or("")).args(parts).output();
        // Without IPv6 in the kernel the files that need it tell so themselves.
        match done {
            Ok(output) if output.status.success() || words.starts_with("ip -6") => {}
            Ok(output) => {
                return Err(format!("{words}: {}", String::from_utf8_lossy(&output.stderr)));
            }
            Err(why) => return Err(format!("{words}: {why}")),
        }
    }
    // A route alone makes no address of IPv6 one that may be bound.
    let _ = std::fs::write("/proc/sys/net/ipv6/ip_nonlocal_bind", "1");
    for folder in OURS.iter().filter(|folder| Path::new(folder).is_dir()) {
        // A folder that cannot be covered is the machine's own, as for any other program.
        let _ = Command::new("mount").args(["-t", "tmpfs", "tmpfs", folder]).output();
    }
    for folder in ["/run/haproxy", "/var/lib/haproxy/dev", "/var/lib/haproxy/run", "/var/empty"] {
        let _ = std::fs::create_dir_all(folder);
    }
    Ok(())
}
