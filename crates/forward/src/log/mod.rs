//! Access and event logs: formatted on the thread that ran the stream, sent off its path.
//!
//! A [`ProxyLog`] is a proxy's `log` lines. [`ProxyLog::send_now`] sends at once, for the rare events
//! of a process; streams append to their thread's [`LogRing`], which a task of the same thread
//! empties when everything else is done.

mod batch;
mod destination;
mod feed;
mod forwarded;
mod header;
mod inputs;
mod ring;
mod sender;
mod servers;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use config::model::{Config, LogAddress, LogTarget, Mode, Proxy, Target};
use diag::Span;
use rules::LogTo;

use crate::clock::wall_micros;
use crate::connection::limit;
use crate::generation::Generation;
use crate::live::server_address;
use crate::process::Process;

use batch::Batch;
pub(crate) use destination::Destination;
use forwarded::{Filling, HostWay, Message};
pub(crate) use header::{Format, Header};
pub use inputs::LogInputs;
pub use ring::LogRing;
use sender::{At, Sender};

/// Where one proxy logs.
#[derive(Debug)]
pub struct ProxyLog {
    process: Arc<Process>,
    targets: Vec<OpenTarget>,
    tag: String,
    /// `log-tag` of each log profile.
    tags: Vec<Option<String>>,
    hostname: Option<String>,
}

#[derive(Debug)]
struct OpenTarget {
    destination: Arc<Destination>,
    format: Format,
    /// The format that its line spells out.
    given: Option<Format>,
    /// The number of its log profile.
    profile: Option<u32>,
    len: usize,
    facility: u8,
    max_level: u8,
    min_level: u8,
    sample: Option<Sampling>,
}

impl ProxyLog {
    pub(crate) fn new(process: &Arc<Process>, config: &Config, proxy: &Proxy) -> ProxyLog {
        let tag = proxy.log_tag.as_ref().or(config.global.log_tag.as_ref());
        ProxyLog::with(process, config, &proxy.log, tag.map(|tag| tag.value.as_str()))
    }

    /// The logs of the process itself: the `log` lines of `global`.
    pub fn of_process(process: &Arc<Process>, config: &Config) -> ProxyLog {
        let tag = config.global.log_tag.as_ref().map(|tag| tag.value.as_str());
        ProxyLog::with(process, config, &config.global.log, tag)
    }

    fn with(
        process: &Arc<Process>,
        config: &Config,
        lines: &[LogTarget],
        tag: Option<&str>,
    ) -> ProxyLog {
        let mut targets = Vec::new();
        let mut has_global = false;
        for line in lines {
            match line {
                LogTarget::Target(target) => targets.push(OpenTarget::new(process, config, target)),
                // `log global` counts once, also when `defaults` said it already.
                LogTarget::Global(_) if has_global => {}
                LogTarget::Global(at) => {
                    targets.extend(global_targets(process, config, *at));
                    has_global = true;
                }
                LogTarget::None(_) => {
                    targets.clear();
                    has_global = false;
                }
            }
        }
        let settings = process.settings();
        let hostname = config.global.log_send_hostname.as_ref();
        ProxyLog {
            process: Arc::clone(process),
            targets,
            tags: config
                .log_profiles
                .iter()
                .map(|profile| profile.tag.as_ref().map(|tag| tag.value.clone()))
                .collect(),
            tag: tag.unwrap_or(&settings.tag).to_owned(),
            hostname: hostname
                .map(|name| name.value.clone().unwrap_or_else(|| settings.hostname.clone())),
        }
    }

    /// The logs of a `log-forward` section.
    pub(crate) fn of_lines(
        process: &Arc<Process>,
        config: &Config,
        lines: &[LogTarget],
    ) -> ProxyLog {
        ProxyLog::with(process, config, lines, None)
    }

    /// Adds a message of another program to the batches of the targets that want its level.
    pub(crate) fn forward(
        &self,
        message: &Message<'_>,
        source: Option<IpAddr>,
        host: HostWay,
        micros: i64,
        batch: &mut Batch,
    ) {
        for target in &self.targets {
            if message.level() > target.max_level
                || !target.sample.as_ref().is_none_or(Sampling::takes)
            {
                continue;
            }
            let (facility, least_level) = (target.facility, target.min_level);
            let filling = Filling { facility, least_level, source, host, micros };
            batch.add(&target.destination, true, |line| {
                let start = line.len();
                let header = message.write(target.given, &filling, line);
                line.truncate(start + target.len);
                line.push(b'\n');
                header.min(target.len)
            });
        }
    }

    /// Whether anything is logged here.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Sends a line to every target that wants its level, without waiting. A target that cannot
    /// take it loses it, and that is counted.
    pub fn send_now(&self, level: u8, text: &[u8]) {
        let mut batch = Batch::default();
        let line = LineText { level, micros: wall_micros(), text, data: b"", to: LogTo::default() };
        self.append(&line, &mut batch);
        self.process.logs_dropped(batch.send(0));
    }

    /// Whether a target has a place for structured data.
    pub(crate) fn takes_data(&self) -> bool {
        self.targets.iter().any(|target| target.format == Format::Rfc5424)
    }

    /// Adds a line to the batches of the targets that want its level.
    pub(crate) fn append(&self, line: &LineText<'_>, batch: &mut Batch) {
        // Quirk: the text alone has one byte less than the longest line that any target takes.
        let longest = self.targets.iter().map(|target| target.len).max().unwrap_or(1);
        let text = &line.text[..line.text.len().min(longest - 1)];
        let own = line.to.tag.and_then(|profile| self.tags.get(profile as usize)?.as_deref());
        for target in &self.targets {
            if line.to.group.is_some_and(|group| group != target.profile)
                || line.level > target.max_level
                || !target.sample.as_ref().is_none_or(Sampling::takes)
            {
                continue;
            }
            let header = Header {
                priority: target.facility * 8 + line.level.max(target.min_level),
                micros: line.micros,
                tag: own.unwrap_or(&self.tag),
                pid: self.process.settings().pid,
                hostname: self.hostname.as_deref(),
                data: line.data,
            };
            let ordered = line.to.group.is_some();
            batch.add(&target.destination, ordered, |line| {
                let start = line.len();
                header.write(target.format, line);
                let header = (line.len() - start).min(target.len);
                line.extend_from_slice(text);
                line.truncate(start + target.len);
                line.push(b'\n');
                header
            });
        }
    }
}

/// What is known of a line before it has the form of a target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineText<'a> {
    pub(crate) level: u8,
    pub(crate) micros: i64,
    pub(crate) text: &'a [u8],
    pub(crate) data: &'a [u8],
    /// Which targets it is for.
    pub(crate) to: LogTo,
}

/// The targets of `global` at a `log global` line.
///
/// Quirk: only those above it count, so a `global` section at the end of a file logs for no proxy before it.
fn global_targets(process: &Arc<Process>, config: &Config, at: Span) -> Vec<OpenTarget> {
    let targets = config.global.log.iter().filter_map(|line| match line {
        LogTarget::Target(target) if target.span < at => {
            Some(OpenTarget::new(process, config, target))
        }
        LogTarget::Target(_) | LogTarget::Global(_) | LogTarget::None(_) => None,
    });
    targets.collect()
}

impl OpenTarget {
    fn new(process: &Arc<Process>, config: &Config, target: &Target) -> OpenTarget {
        let numbered = |name: &str| {
            let found = config.log_profiles.iter().position(|profile| profile.name.value == name);
            found.and_then(|at| u32::try_from(at).ok())
        };
        OpenTarget {
            destination: process.destination(&target.to),
            format: Format::named(format_of(config, target)),
            given: target.format_given.then(|| Format::named(&target.format)),
            profile: target.profile.as_deref().and_then(numbered),
            len: target.len.max(1) as usize,
            facility: target.facility.min(23),
            max_level: target.max_level,
            min_level: target.min_level,
            sample: target.sample.as_deref().and_then(Sampling::parse),
        }
    }
}

/// Makes the rings and the backends in `mode log` of a generation ready. Returns who sends what waits in them.
pub(crate) fn senders(generation: &Generation, process: &Process) -> Vec<Sender> {
    let program = &generation.program;
    let mut senders = Vec::new();
    for ring in &program.config().rings {
        let destination = process.destination(&LogAddress::Ring(ring.name.value.clone()));
        let Destination::Ring(feed) = &*destination else { continue };
        let bytes = |setting: Option<u64>| setting.and_then(|bytes| usize::try_from(bytes).ok());
        let longest = ring.maxlen.map(|len| u64::from(len.value));
        feed.limit(bytes(ring.size.map(|size| size.value)), bytes(longest));
        let names: Vec<String> = ring.servers.iter().map(|line| line.name.value.clone()).collect();
        feed.keep_readers(&names);
        for (line, name) in ring.servers.iter().zip(names) {
            let Some(address) = server_address(&line.address, &|_, _| None) else { continue };
            senders.push(Sender {
                name,
                feed: Arc::clone(feed),
                to: At::Fixed(address),
                octets: line.settings.log_octets.as_ref().is_some_and(|on| on.value),
                connect: limit(ring.connect),
                write: limit(ring.server),
            });
        }
    }
    for (backend, live) in program.backends().zip(&generation.live.backends) {
        if backend.mode() != Mode::Log {
            continue;
        }
        let name = backend.proxy().name.clone();
        if let Destination::Servers(servers) = &*process.destination(&LogAddress::Backend(name)) {
            senders.append(&mut servers.lead_to(program, live));
        }
    }
    senders
}

/// The format of a target: its own, or that of its ring.
fn format_of<'c>(config: &'c Config, target: &'c Target) -> &'c str {
    if let LogAddress::Ring(name) = &target.to
        && !target.format_given
        && let Some(ring) = config.rings.iter().find(|ring| ring.name.value == *name)
        && let Some(format) = &ring.format
    {
        return &format.value;
    }
    &target.format
}

/// `sample RANGES:SIZE`: of each SIZE lines, those whose number is in a range.
#[derive(Debug)]
struct Sampling {
    ranges: Vec<(u32, u32)>,
    size: u32,
    next: AtomicU32,
}

impl Sampling {
    fn parse(text: &str) -> Option<Sampling> {
        let (ranges, size) = text.rsplit_once(':')?;
        let range = |text: &str| {
            let (low, high) = text.split_once('-').unwrap_or((text, text));
            Some((low.trim().parse().ok()?, high.trim().parse().ok()?))
        };
        Some(Sampling {
            ranges: ranges.split(',').map(range).collect::<Option<_>>()?,
            size: size.parse().ok().filter(|size| *size > 0)?,
            next: AtomicU32::new(0),
        })
    }

    fn takes(&self) -> bool {
        let number = self.next.fetch_add(1, Relaxed) % self.size + 1;
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_takes_the_numbers_in_its_ranges() {
        let sampling = Sampling::parse("1-2,4:5").unwrap();
        let taken: Vec<bool> = (0..7).map(|_| sampling.takes()).collect();
        assert_eq!(taken, [true, true, false, true, false, true, true]);
        assert!(Sampling::parse("1-2").is_none() && Sampling::parse("1:0").is_none());
    }
}
