//! When log lines are written, and what a `log-profile` section makes of them (manual 4.2 `log-steps`, 8.3.5).
//!
//! A frontend's targets are grouped by their profile: each group has a line of its own. Lines that rules make are
//! written at once, for a later rule may change what they tell of, and taken by whoever sends them.

use config::model::{Config, LogProfile, LogTarget, Proxy};
use sample::{CompiledFormat, Context, FrontendRef, LogOrigin, LogRecord};

use crate::moment::Moment;
use crate::{Program, RuleFamily, log, so_far};

/// A compiled `log-profile`.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    pub(crate) steps: Vec<Step>,
}

/// What a profile makes of the lines of one step; `None` is `any`.
#[derive(Debug)]
pub(crate) struct Step {
    origin: Option<LogOrigin>,
    drop: bool,
    text: Option<CompiledFormat>,
    data: Option<CompiledFormat>,
}

impl Step {
    pub(crate) fn new(
        name: &str,
        drop: bool,
        text: Option<CompiledFormat>,
        data: Option<CompiledFormat>,
    ) -> Self {
        let origin = LogOrigin::ALL.into_iter().find(|origin| origin.step() == name);
        Self { origin, drop, text, data }
    }
}

impl Profile {
    /// The line for a step, or that for any.
    fn step(&self, origin: LogOrigin) -> Option<&Step> {
        let last = |wanted| self.steps.iter().rfind(|step| step.origin == wanted);
        last(Some(origin)).or_else(|| last(None))
    }
}

/// Which targets a line is for, and whose tag it bears.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogTo {
    /// Those whose profile is this, or that have none (`Some(None)`); `None` is all.
    pub group: Option<Option<u32>>,
    /// The profile whose `log-tag` counts.
    pub tag: Option<u32>,
}

/// The formats of a line: those of a profile, or the frontend's.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogFormats<'p> {
    text: Option<&'p CompiledFormat>,
    data: Option<&'p CompiledFormat>,
}

impl<'p> LogFormats<'p> {
    pub(crate) fn text(self) -> Option<&'p CompiledFormat> {
        self.text
    }

    pub(crate) fn data(self) -> Option<&'p CompiledFormat> {
        self.data
    }
}

/// A line that a rule made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogLine {
    /// For whom.
    pub to: LogTo,
    /// The text.
    pub text: Vec<u8>,
    /// Structured data (RFC 5424).
    pub data: Vec<u8>,
}

/// The lines that a frontend writes for a step: for which targets and in which formats. A profile that is `given`
/// counts for all of them. What a profile drops is not among them.
pub fn log_lines(
    program: &Program,
    frontend: FrontendRef,
    origin: LogOrigin,
    given: Option<u32>,
) -> impl Iterator<Item = (LogTo, LogFormats<'_>)> {
    let part = program.frontend(frontend).part();
    let of = move |profile: Option<u32>| {
        let step = part.log_profiles.get(profile? as usize)?.step(origin)?;
        Some((step.drop, LogFormats { text: step.text.as_ref(), data: step.data.as_ref() }))
    };
    let groups = if given.is_some() { &[] } else { part.log_groups.as_slice() };
    let whole = given.map(|profile| (LogTo { group: None, tag: given }, Some(profile)));
    // A frontend without profiles and steps has one line, for all.
    let alone = matches!(groups, [None]) && origin == LogOrigin::Close && part.log_steps.is_none();
    let groups = groups.iter().map(move |group| {
        let to = LogTo { group: Some(*group), tag: *group };
        (if alone { LogTo::default() } else { to }, *group)
    });
    whole.into_iter().chain(groups).filter_map(move |(to, profile)| {
        let (drop, formats) = of(profile).unwrap_or_default();
        (!drop).then_some((to, formats))
    })
}

/// Writes the lines of a step or of a `do-log` rule, as the stream is now.
pub(crate) fn note(m: &mut Moment<'_>, origin: LogOrigin, given: Option<u32>) {
    let program = m.program;
    let front = program.frontend(m.stream.frontend);
    let part = front.part();
    if part.log_groups.is_empty() {
        return;
    }
    let unread =
        matches!(origin, LogOrigin::TcpReqConn | LogOrigin::TcpReqSess | LogOrigin::Accept);
    let mut record = LogRecord { origin, termination: *b"----", ..so_far::record(m) };
    if unread {
        record.status = record.status.or(Some(0));
    }
    if unread && origin != LogOrigin::Accept {
        // There is no stream yet, as with a connection that is refused.
        record.termination = *b"PR--";
    }
    let ctx = Context { log: Some(&record), ..m.context() };
    let lines: Vec<LogLine> = log_lines(program, m.stream.frontend, origin, given)
        .map(|(to, formats)| {
            let mut line = LogLine { to, ..LogLine::default() };
            match formats.text.or(part.log.as_ref()) {
                Some(format) => format.write(&ctx, &mut line.text),
                None => log::plain(&record, front.mode(), &mut line.text),
            }
            if let Some(format) = formats.data.or(part.log_sd.as_ref()) {
                format.write(&ctx, &mut line.data);
            }
            line
        })
        .collect();
    m.settle();
    m.stream.lines.extend(lines);
}

/// The stream begins: `log-steps accept`.
pub(crate) fn begin(m: &mut Moment<'_>) {
    if !std::mem::replace(&mut m.stream.begun, true) {
        step(m, LogOrigin::Accept);
    }
}

/// Writes the lines of a step, where `log-steps` names it.
pub(crate) fn step(m: &mut Moment<'_>, origin: LogOrigin) {
    if m.program.frontend(m.stream.frontend).logs_at(origin) == Some(true) {
        note(m, origin, None);
    }
}

/// What `%OG` calls a rule.
pub(crate) fn origin(family: RuleFamily) -> LogOrigin {
    match family {
        RuleFamily::TcpRequestConnection => LogOrigin::TcpReqConn,
        RuleFamily::TcpRequestSession => LogOrigin::TcpReqSess,
        RuleFamily::TcpRequestContent => LogOrigin::TcpReqCont,
        RuleFamily::TcpResponseContent => LogOrigin::TcpResCont,
        RuleFamily::HttpResponse => LogOrigin::HttpRes,
        RuleFamily::HttpAfterResponse => LogOrigin::HttpAfterRes,
        _ => LogOrigin::HttpReq,
    }
}

/// The steps that a `log-steps` line names.
pub(crate) fn steps(names: &[String]) -> Vec<LogOrigin> {
    let all = names.iter().any(|name| name == "all");
    let named = |origin: &LogOrigin| all || names.iter().any(|name| name == origin.step());
    LogOrigin::ALL.into_iter().filter(named).collect()
}

/// The number of a profile.
pub(crate) fn number(profiles: &[LogProfile], name: &str) -> Option<u32> {
    let at = profiles.iter().position(|profile| profile.name.value == name)?;
    u32::try_from(at).ok()
}

/// The profiles of a frontend's targets, each once.
pub(crate) fn groups(config: &Config, proxy: &Proxy) -> Vec<Option<u32>> {
    let mut groups = Vec::new();
    let mut add = |target: &config::model::Target| {
        let profile = target.profile.as_ref();
        let group = profile.and_then(|name| number(&config.log_profiles, name));
        if !groups.contains(&group) {
            groups.push(group);
        }
    };
    // `no log` forgot those before it when the lines were read.
    for line in &proxy.log {
        match line {
            LogTarget::Target(target) => add(target),
            LogTarget::Global(_) => {
                for line in &config.global.log {
                    if let LogTarget::Target(target) = line {
                        add(target);
                    }
                }
            }
            LogTarget::None(_) => {}
        }
    }
    groups
}
