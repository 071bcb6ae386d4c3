//! What the kernel says a process used: CPU time in nanoseconds, wake-ups, memory.
//!
//! `/proc/PID/stat` counts in ticks of 10 ms; the scheduler's own sum of each thread
//! (`/proc/PID/task/TID/schedstat`) is exact once the thread sleeps, which is when it is read.

use std::fs;

/// What a process and its descendants used until now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    /// CPU time of each thread: its id and nanoseconds.
    threads: Vec<(u32, u64)>,
    user_ticks: u64,
    system_ticks: u64,
    switches: u64,
}

/// What was used between two readings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Used {
    /// CPU time in nanoseconds, user and system.
    pub(crate) cpu_ns: u64,
    /// That of the thread that used most.
    pub(crate) busiest_ns: u64,
    /// The user's part of it in percent, from ticks: coarse when the time was short.
    pub(crate) user_percent: f64,
    /// How often a thread went to sleep and was woken.
    pub(crate) wakeups: u64,
}

impl Usage {
    /// Reads the figures of a process and its descendants. Processes that are gone count nothing.
    pub(crate) fn of(pid: u32) -> Usage {
        let mut usage = Usage::default();
        for pid in family(pid) {
            usage.read(pid);
        }
        usage
    }

    fn read(&mut self, pid: u32) {
        if let Some(fields) = stat(pid) {
            self.user_ticks += fields.user_ticks;
            self.system_ticks += fields.system_ticks;
        }
        for thread in numbers(&format!("/proc/{pid}/task")) {
            let path = format!("/proc/{pid}/task/{thread}");
            let text = fs::read_to_string(format!("{path}/schedstat")).unwrap_or_default();
            let time = text.split_whitespace().next().and_then(|word| word.parse().ok());
            self.threads.push((thread, time.unwrap_or(0)));
            let status = fs::read_to_string(format!("{path}/status")).unwrap_or_default();
            self.switches += field(&status, "voluntary_ctxt_switches:");
        }
    }

    /// What was used since an earlier reading of the same process.
    pub(crate) fn since(&self, earlier: &Usage) -> Used {
        let spent = self.threads.iter().map(|(id, time)| {
            let before = earlier.threads.iter().find(|(other, _)| other == id);
            time.saturating_sub(before.map_or(0, |(_, time)| *time))
        });
        let user = self.user_ticks.saturating_sub(earlier.user_ticks);
        let system = self.system_ticks.saturating_sub(earlier.system_ticks);
        Used {
            cpu_ns: spent.clone().sum(),
            busiest_ns: spent.max().unwrap_or(0),
            user_percent: 100.0 * user as f64 / (user + system).max(1) as f64,
            wakeups: self.switches.saturating_sub(earlier.switches),
        }
    }
}

/// Memory of a process and its descendants in bytes: the proportional set, which counts shared pages once.
///
/// Without the pages of files: how a library counts depends on who else on the machine has it open.
pub(crate) fn memory(pid: u32) -> u64 {
    let own = |pid| {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        (field(&text, "Pss_Anon:") + field(&text, "Pss_Shmem:")) * 1024
    };
    family(pid).into_iter().map(own).sum()
}

/// How much of it is in huge pages, in KB: a reading is no finer than those are.
pub(crate) fn huge_kb(pid: u32) -> u64 {
    let rollup = |pid| fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    family(pid).into_iter().map(|pid| field(&rollup(pid), "AnonHugePages:")).sum()
}

/// The largest resident set until now, in KB, over the process and its descendants.
pub(crate) fn peak_kb(pid: u32) -> u64 {
    let status = |pid| fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    family(pid).into_iter().map(|pid| field(&status(pid), "VmHWM:")).sum()
}

/// Open sockets of a process and its descendants.
pub(crate) fn sockets(pid: u32) -> usize {
    let open = |pid: u32| {
        let files = numbers(&format!("/proc/{pid}/fd"));
        let target = move |fd| fs::read_link(format!("/proc/{pid}/fd/{fd}")).unwrap_or_default();
        files.into_iter().filter(|fd| target(*fd).to_string_lossy().starts_with("socket:")).count()
    };
    family(pid).into_iter().map(open).sum()
}

/// The process and its descendants, itself first.
pub(crate) fn family(pid: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = numbers("/proc")
        .into_iter()
        .filter_map(|pid| stat(pid).map(|fields| (pid, fields.parent)))
        .collect();
    let mut family = vec![pid];
    let mut at = 0;
    while let Some(parent) = family.get(at).copied() {
        family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        at += 1;
    }
    family
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    user_ticks: u64,
    system_ticks: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// proc(5): the name in brackets may hold anything, so fields are counted after the last bracket.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, after) = text.rsplit_once(')')?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        user_ticks: fields.get(11)?.parse().ok()?,
        system_ticks: fields.get(12)?.parse().ok()?,
    })
}

/// The number behind a name at the beginning of a line.
fn field(text: &str, name: &str) -> u64 {
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value.and_then(|v| v.split_whitespace().next()).and_then(|v| v.parse().ok()).unwrap_or(0)
}

fn numbers(folder: &str) -> Vec<u32> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_move_the_fields() {
        let stat = parse_stat("7 (a) b (c)) S 3 7 7 0 -1 0 1 2 3 4 50 60 0 0 20 0 1 0 5");
        assert_eq!(stat, Some(Stat { parent: 3, user_ticks: 50, system_ticks: 60 }));
        assert_eq!(parse_stat("7 (a"), None);
    }

    #[test]
    fn this_process_has_used_something() {
        let pid = std::process::id();
        let used = Usage::of(pid).since(&Usage::default());
        assert!(used.cpu_ns > 0 && used.busiest_ns <= used.cpu_ns);
        assert!(memory(pid) > 0 && peak_kb(pid) > 0);
        assert_eq!(family(pid)[0], pid);
    }

    #[test]
    fn a_thread_that_began_later_counts_whole() {
        let early = Usage { threads: vec![(1, 10)], ..Usage::default() };
        let late = Usage { threads: vec![(1, 15), (2, 30)], ..Usage::default() };
        let used = late.since(&early);
        assert_eq!((used.cpu_ns, used.busiest_ns), (35, 30));
    }

    #[test]
    fn a_field_is_the_number_behind_its_name() {
        assert_eq!(field("Name:\tx\nVmHWM:\t  1234 kB\n", "VmHWM:"), 1234);
        assert_eq!(
            field(
                "nonvoluntary_ctxt_switches:\t9\nvoluntary_ctxt_switches:\t3\n",
                "voluntary_ctxt_switches:"
            ),
            3
        );
        assert_eq!(field("", "VmHWM:"), 0);
    }
}
