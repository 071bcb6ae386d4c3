//! The machine and the day: figures mean nothing without them.

use std::fs;
use std::process::Command;

/// Processor, cores, kernel and date in one line.
pub(crate) fn describe() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.and_then(|rest| rest.split(':').nth(1)).unwrap_or("unknown").trim();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {cores} cores, Linux {}, {}", kernel.trim(), date())
}

/// The load average of the last minute: who else used the machine.
pub(crate) fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

/// Today as `2024-02-29`.
pub(crate) fn date() -> String {
    first_line(Command::new("date").arg("+%F"))
}

/// The first line that a program prints, on either stream.
pub(crate) fn first_line(command: &mut Command) -> String {
    let Ok(output) = command.output() else { return String::new() };
    let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    String::from_utf8_lossy(&text).lines().next().unwrap_or("").trim().to_owned()
}
